//! Guests that misbehave: each is stopped, named, and leaves nothing behind.

use super::receiver::Receiver;
use super::{Fixture, Given, NO_SECRETS, http_grant};
use bytes::Bytes;
use runtime::event::{Observer, Observers};
use runtime::plugin::{Body, Limits};
use schema::event::Event;
use schema::grant::Grant;
use schema::report::ProblemKind;
use schema::step::Address;
use std::sync::Arc;
use std::time::{Duration, Instant};

fn tight() -> Limits {
    Limits { cpu: Duration::from_millis(300), idle: Duration::from_secs(5), ..Limits::default() }
}

async fn fixture() -> Fixture {
    Fixture::new(tight(), vec![], NO_SECRETS).await
}

#[tokio::test(flavor = "multi_thread")]
async fn endless_work_of_any_kind_is_stopped() {
    let fixture = fixture().await;
    for (key, code, within) in [
        ("spin", "plugin-out-of-time", 3),
        ("hog", "plugin-out-of-memory", 3),
        ("recurse", "plugin-trapped", 3),
        ("panic", "plugin-trapped", 3),
        ("flood", "plugin-", 5),
        ("random", "plugin-trapped", 3),
    ] {
        let begun = Instant::now();
        let error = fixture.storage.stat(key).await.expect_err(key);
        assert_eq!(error.kind, ProblemKind::Plugin, "{key}: {error:?}");
        assert!(error.code.starts_with(code) && error.message.contains("`fixture`"), "{key}: {error:?}");
        assert!(begun.elapsed() < Duration::from_secs(within), "{key} took {:?}", begun.elapsed());
    }
    assert_eq!(fixture.storage.stat("names").await.expect("the next call is a fresh one"), Some(0));
}

#[tokio::test]
async fn a_loop_leaves_the_only_thread_to_others() {
    let fixture = fixture().await;
    let ticks = async {
        let mut ticks = 0u32;
        loop {
            tokio::time::sleep(Duration::from_millis(5)).await;
            ticks += 1;
            if ticks == 10 {
                return;
            }
        }
    };
    tokio::select! {
        ended = fixture.storage.stat("spin") => panic!("nobody else ran: {ended:?}"),
        () = ticks => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_lines_is_cut_and_escaped() {
    let fixture = fixture().await;
    assert_eq!(fixture.storage.stat("chatty").await.expect("an answer"), Some(500));
    let lines = fixture.heard.lines();
    assert_eq!(lines.len(), 101, "a hundred, and that there were more");
    assert!(lines.iter().all(|line| !line.chars().any(char::is_control)), "{:?}", lines.first());
    assert!(lines[0].contains("\\u{1b}[31mred\\nforged"), "{:?}", lines[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_outside_the_grant_are_refused() {
    let fixture = fixture().await;
    let outside = fixture.place.path().join("escaped");
    for path in ["../escaped", "a/../../escaped", outside.to_str().expect("UTF-8"), "/tmp/escaped", "a\0b", "."] {
        let error = fixture.storage.create("dir", path.as_bytes()).await.expect_err(path);
        assert_eq!((error.kind, error.code), (ProblemKind::Plugin, "grant-denied"), "{path}: {error:?}");
    }
    assert!(!outside.exists() && !std::path::Path::new("/tmp/escaped").exists());
    assert!(fixture.heard.notices()[0].contains("`../escaped`"), "{:?}", fixture.heard.notices());
    assert_eq!(std::fs::read_dir(fixture.place.path().join("granted")).expect("read").count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_of_other_parts_are_out_of_reach() {
    let fixture = fixture().await;
    let session = fixture.storage.begin("slice-outside", None).await.expect("begun");
    let body = Body::new(0, vec![Bytes::from_static(b"part")]);
    let error = fixture.storage.put_part(&session, 1, body).await.expect_err("refused");
    assert_eq!(error.code, "plugin-trapped", "{error:?}");
    assert!(error.message.contains("not in this part"), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trap_in_one_part_is_that_parts_failure() {
    let fixture = fixture().await;
    let session = fixture.storage.begin("trap-in-part-3", None).await.expect("begun");
    for n in 1..=5 {
        let body = Body::new(0, vec![Bytes::from_static(b"part")]);
        let put = fixture.storage.put_part(&session, n, body).await;
        assert_eq!(put.is_err(), n == 3, "{n}: {put:?}");
    }
    fixture.storage.abort(&session).await.expect("aborted");
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_break_the_contract_are_refused() {
    let fixture = fixture().await;
    let code = |error: runtime::Error| error.code;
    let sized = fixture.storage.begin("huge-answer", Some(65 << 10)).await;
    assert_eq!(sized.map_err(code), Err("plugin-broke-contract"));
    let huge = fixture.storage.begin("huge-answer", Some(8 << 20)).await;
    assert_eq!(huge.map_err(code), Err("plugin-trapped"), "more than a host call may hand over");
    assert_eq!(fixture.storage.prepare("part-size-zero", None).await.map_err(code), Err("plugin-broke-contract"));
    assert_eq!(fixture.storage.list("endless").await.map_err(code), Err("plugin-broke-contract"));
    assert_eq!(fixture.storage.list("escape").await.map_err(code), Err("plugin-broke-contract"));
    assert_eq!(fixture.storage.get_small("lies", 10).await.map_err(code), Err("plugin-broke-contract"));
    assert!(fixture.storage.get_each(&["lies".to_owned()], 10).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn kinds_of_errors_are_kept() {
    let fixture = fixture().await;
    for (key, kind, code) in [
        ("retry", ProblemKind::Temporary, "plugin-busy"),
        ("auth", ProblemKind::Permanent, "plugin-auth"),
        ("quota", ProblemKind::Permanent, "store-full"),
        ("conflict", ProblemKind::Conflict, "object-exists"),
    ] {
        let error = fixture.storage.stat(key).await.expect_err(key);
        assert_eq!((error.kind, error.code), (kind, code));
        assert_eq!(error.retry_after, (key == "retry").then(|| Duration::from_millis(1500)));
    }
    assert_eq!(fixture.storage.stat("nothing").await.expect("an answer"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_and_secrets_stay_within_the_grants() {
    let (granted, other) =
        (Receiver::answering("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{echo}").await, Receiver::ok().await);
    let grants =
        vec![http_grant("127.0.0.1", granted.port, true), Grant::Secret { name: "key".to_owned(), signs: false }];
    let fixture = Fixture::new(tight(), grants, Given(&[("key", "v3ry-secret")])).await;
    let good = format!("http://127.0.0.1:{}/hook", granted.port);
    let send = async |method: &str, url: &str, header: &str, body: &str| {
        let request = format!("{method}\n{url}\n{header}\n{body}");
        fixture.storage.create("http", request.as_bytes()).await.expect_err("it always says what came back")
    };
    for (method, url, header, body) in [
        ("POST", format!("http://127.0.0.1:{}/hook", other.port), "{{secret:key}}", ""),
        ("DELETE", good.clone(), "", ""),
        ("POST", good.clone(), "", "take {{secret:key}}"),
        ("POST", format!("{good}?k={{{{secret:key}}}}"), "", ""),
        ("POST", good.clone(), "{{secret:other}}", ""),
        ("POST", "http://169.254.169.254/latest/meta-data".to_owned(), "", ""),
    ] {
        let error = send(method, &url, header, body).await;
        assert_eq!((error.kind, error.code), (ProblemKind::Plugin, "grant-denied"), "{method} {url}: {error:?}");
    }
    for header in ["a\r\nx-evil: 1", "a\0", "{{secret:key"] {
        let error = send("POST", &good, &header.replace('\n', "\u{b}"), "").await;
        assert_eq!(error.code, "plugin-failed", "{header:?}: {error:?}");
    }
    assert!(granted.hits().is_empty() && other.hits().is_empty(), "zero hits");
    let echoed = send("POST", &good, "{{secret:key}}", "").await;
    assert_eq!(granted.hits().len(), 1);
    assert!(granted.hits()[0].head.contains("x-test: v3ry-secret"));
    assert!(echoed.message.contains("x-test: [secret]"), "{echoed:?}");
    let told = format!("{:?} {:?} {echoed:?}", fixture.heard.lines(), fixture.heard.notices());
    assert!(!told.contains("v3ry"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_never_comes_ends() {
    let receiver = Receiver::answering("HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n").await;
    let fixture = Fixture::new(tight(), vec![http_grant("127.0.0.1", receiver.port, true)], NO_SECRETS).await;
    let request = format!("POST\nhttp://127.0.0.1:{}/hook", receiver.port);
    let error = fixture.storage.create("http", request.as_bytes()).await.expect_err("cut off");
    assert_eq!(error.code, "plugin-failed", "{error:?}");
}

/// A defect of the host that a guest's line of log sets off.
struct Defective;

impl Observer for Defective {
    fn observe(&self, event: &Event) {
        assert!(!matches!(event, Event::Output { .. }), "as the test wants");
    }
}

#[tokio::test]
async fn a_panic_of_the_host_fails_one_call_alone() {
    let fixture = fixture().await;
    let observers = Observers::new(vec![Arc::new(Defective)]).of(&Address("job/backup/files/vault".to_owned()));
    let error = fixture.storage.with_observers(observers).stat("chatty").await.expect_err("it panicked");
    assert_eq!((error.kind, error.code), (ProblemKind::Plugin, "plugin-host-fault"), "{error:?}");
    assert_eq!(fixture.storage.stat("names").await.expect("the next call is a fresh one"), Some(0));
}
