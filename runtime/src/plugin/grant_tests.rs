//! The matcher against a table of attempts to get around it, and against laws.

use super::*;
use proptest::prelude::*;

fn grant(scheme: &str, host: &str, port: u16, path: &str) -> Grant {
    Grant::Http {
        scheme: scheme.to_owned(),
        host: host.to_owned(),
        port,
        path: path.to_owned(),
        methods: vec!["POST".to_owned()],
        private: false,
        exact: false,
    }
}

fn verdict(method: &str, url: &str) -> Option<Verdict> {
    let grants = [grant("https", "hooks.example.org", 443, "/team/ops")];
    Target::parse(method, url).ok().map(|target| judge(&grants, &target))
}

#[test]
fn what_was_granted_is_allowed() {
    for url in [
        "https://hooks.example.org/team/ops",
        "https://hooks.example.org:443/team/ops/",
        "https://HOOKS.Example.ORG./team/ops/now?x=1",
        "https://hooks.example.org/team/%6fps",
        "https://hooks.example.org/other/../team/ops",
        "https://hooks.example.org/team/%2e/ops",
    ] {
        assert_eq!(verdict("POST", url), Some(Verdict::Allowed { private: false }), "{url}");
    }
}

#[test]
fn anything_else_is_not() {
    for url in [
        "http://hooks.example.org/team/ops",
        "https://hooks.example.org:8443/team/ops",
        "https://evil.org/team/ops",
        "https://hooks.example.org.evil.org/team/ops",
        "https://hooks.example.org@evil.org/team/ops",
        "https://evilhooks.example.org/team/ops",
        "https://sub.hooks.example.org/team/ops",
        "https://hooks.example.org/team/opsx",
        "https://hooks.example.org/team",
        "https://hooks.example.org/Team/ops",
        "https://hooks.example.org/team/ops/../../admin",
        "https://hooks.example.org/team/ops/%2e%2e/admin",
        "https://hooks.example.org/team/ops/..%2fadmin",
        "https://hooks.example.org/team/ops/%252e%252e/admin",
        "https://hooks.example.org/team/ops/..\\..\\admin",
        "https://hooks.example.org/team%2fops",
        "https://hooks.example.org//team/ops",
        "https://user:pass@hooks.example.org/team/ops",
        "https://hooks.example.org/team/ops#x",
        "https://h\u{3bf}oks.example.org/team/ops",
        "file:///team/ops",
        "//hooks.example.org/team/ops",
        "",
    ] {
        assert!(matches!(verdict("POST", url), None | Some(Verdict::Unknown)), "{url}");
    }
    assert_eq!(
        verdict("DELETE", "https://hooks.example.org/team/ops"),
        Some(Verdict::OtherMethods(vec!["POST".to_owned()]))
    );
    assert_eq!(verdict("post", "https://hooks.example.org/team/ops"), None);
}

#[test]
fn literals_are_one_host_however_they_are_spelt() {
    let grants = [grant("http", "127.0.0.1", 9000, "/")];
    for (url, same) in [
        ("http://127.0.0.1:9000/x", true),
        ("http://0x7f.1:9000/x", true),
        ("http://2130706433:9000/x", true),
        ("http://[::1]:9000/x", false),
        ("http://[::ffff:127.0.0.1]:9000/x", false),
        ("http://localhost:9000/x", false),
        ("http://127.0.0.2:9000/x", false),
    ] {
        let target = Target::parse("POST", url).expect("a URL");
        assert_eq!(judge(&grants, &target) == Verdict::Allowed { private: false }, same, "{url}");
    }
    let six = [grant("http", "::1", 9000, "/")];
    let target = Target::parse("POST", "http://[0:0::1]:9000/").expect("a URL");
    assert_eq!(judge(&six, &target), Verdict::Allowed { private: false });
}

proptest! {
    #[test]
    fn an_allowed_request_stays_below_its_prefix(tail in "[a-c./%2eEfF\\\\?#@:-]{0,24}") {
        let text = format!("https://hooks.example.org/team/ops{tail}");
        if verdict("POST", &text) == Some(Verdict::Allowed { private: false }) {
            let url = Url::parse(&text).expect("parsed before");
            prop_assert_eq!(bare(url.host_str().expect("a host")), "hooks.example.org");
            prop_assert!(url.path() == "/team/ops" || url.path().starts_with("/team/ops/"), "{}", url.path());
        }
    }

    #[test]
    fn no_other_host_is_allowed(host in "[a-z0-9.@:\\[\\]-]{1,20}") {
        let text = format!("https://{host}/team/ops");
        if verdict("POST", &text) == Some(Verdict::Allowed { private: false }) {
            prop_assert_eq!(host.trim_end_matches(":443").trim_end_matches('.'), "hooks.example.org");
        }
    }
}

#[test]
fn a_grant_of_one_path_is_none_of_what_is_below() {
    let mut bucket = grant("https", "objects.example.org", 443, "/vault/");
    if let Grant::Http { exact, .. } = &mut bucket {
        *exact = true;
    }
    for (path, allowed) in
        [("/vault/?list", true), ("/vault", true), ("/vault/a", false), ("/", false), ("/vaults", false)]
    {
        let target = Target::parse("POST", &format!("https://objects.example.org{path}")).expect("a URL");
        let verdict = judge(std::slice::from_ref(&bucket), &target);
        assert_eq!(verdict == Verdict::Allowed { private: false }, allowed, "{path}");
    }
}
