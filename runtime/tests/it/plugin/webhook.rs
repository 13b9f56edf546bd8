//! The bundled `webhook` against a real receiver: what arrives, and what never does.

use super::receiver::Receiver;
use super::{Given, Heard, cache, http_grant, plugin_use};
use runtime::plugin::{Host, Notifier};
use schema::grant::Grant;
use schema::report::ProblemKind;
use schema::store::Config;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const TOKEN: Given = Given(&[("token", "t0p-s3cret")]);

fn token() -> Grant {
    Grant::Secret { name: "token".to_owned(), signs: false }
}

async fn notify(url: &str, headers: &[&str], grants: Vec<Grant>, heard: &Arc<Heard>) -> runtime::Result<()> {
    let host = Host::new(cache()).expect("a host");
    let mut used = plugin_use("webhook", grants);
    used.config.insert("url".to_owned(), Config::Text(url.to_owned()));
    used.config.insert("private".to_owned(), Config::Bool(true));
    used.config.insert("header".to_owned(), Config::List(headers.iter().map(|&text| text.to_owned()).collect()));
    let notifier = Notifier::open(&host, &used, Path::new("/"), Arc::new(TOKEN), heard.observers()).await?;
    notifier.notify("{\"outcome\":\"ok\"}", "{\"text\":\"backup is ok\"}").await
}

#[tokio::test(flavor = "multi_thread")]
async fn body_and_secret_header_arrive() {
    let receiver = Receiver::ok().await;
    let url = format!("http://127.0.0.1:{}/hook/a?b=c", receiver.port);
    let heard = Arc::default();
    let headers = ["X-Team", "ops", "X-Key", "key={{secret:token}}"];
    notify(&url, &headers, vec![http_grant("127.0.0.1", receiver.port, true), token()], &heard).await.expect("sent");
    let hits = receiver.hits();
    let [hit] = &hits[..] else { panic!("{hits:?}") };
    assert_eq!(hit.body, "{\"text\":\"backup is ok\"}");
    let head = hit.head.to_lowercase();
    for line in [
        "post /hook/a?b=c http/1.1",
        "authorization: bearer t0p-s3cret",
        "x-key: key=t0p-s3cret",
        "x-team: ops",
        "content-type: application/json",
    ] {
        assert!(head.lines().any(|found| found == line), "{line} is not in {head}");
    }
    assert!(heard.notices().is_empty() && heard.lines().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_secret_there_is_no_such_header() {
    let receiver = Receiver::ok().await;
    let url = format!("http://127.0.0.1:{}/hook", receiver.port);
    let grants = vec![http_grant("127.0.0.1", receiver.port, true)];
    notify(&url, &["Content-Type", "text/plain"], grants, &Arc::default()).await.expect("sent");
    let head = receiver.hits()[0].head.to_lowercase();
    assert!(!head.contains("authorization") && head.contains("content-type: text/plain"), "{head}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_granted_is_never_sent() {
    let (granted, other) = (Receiver::ok().await, Receiver::ok().await);
    for url in [
        format!("http://127.0.0.1:{}/hook", other.port),
        format!("http://127.0.0.1:{}/hooks", granted.port),
        format!("http://127.0.0.1:{}/hook/../x", granted.port),
        format!("http://127.0.0.1:{}/", granted.port),
        format!("http://localhost:{}/hook", granted.port),
        format!("http://u:p@127.0.0.1:{}/hook", granted.port),
        format!("https://127.0.0.1:{}/hook", granted.port),
    ] {
        let heard = Arc::<Heard>::default();
        let grants = vec![http_grant("127.0.0.1", granted.port, true), token()];
        let error = notify(&url, &[], grants, &heard).await.expect_err(&url);
        assert_eq!((error.kind, error.code), (ProblemKind::Plugin, "grant-denied"), "{url}: {error:?}");
        assert_eq!(heard.notices().len(), 1, "the operator hears of {url}");
    }
    let heard = Arc::<Heard>::default();
    let url = format!("http://127.0.0.1:{}/hook", other.port);
    let error = notify(&url, &[], vec![http_grant("127.0.0.1", granted.port, true)], &heard).await.expect_err("denied");
    let help = error.help.expect("a help");
    assert!(help.contains(&format!("add `url \"{url}\"`")), "{help}");
    assert!(granted.hits().is_empty() && other.hits().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_address_needs_a_grant_that_says_so() {
    let receiver = Receiver::ok().await;
    for host in ["127.0.0.1", "localhost", "2130706433"] {
        let url = format!("http://{host}:{}/hook", receiver.port);
        let granted = if host == "localhost" { host } else { "127.0.0.1" };
        let grants = vec![http_grant(granted, receiver.port, false)];
        let error = notify(&url, &[], grants, &Arc::default()).await.expect_err(host);
        assert_eq!(error.code, "grant-denied", "{error:?}");
        assert!(error.help.expect("a help").contains("`private #true`"));
    }
    assert!(receiver.hits().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_method_is_refused() {
    let receiver = Receiver::ok().await;
    let url = format!("http://127.0.0.1:{}/hook", receiver.port);
    let mut grant = http_grant("127.0.0.1", receiver.port, true);
    if let Grant::Http { methods, .. } = &mut grant {
        *methods = vec!["GET".to_owned()];
    }
    assert_eq!(notify(&url, &[], vec![grant], &Arc::default()).await.expect_err("denied").code, "grant-denied");
    assert!(receiver.hits().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_are_not_followed() {
    let target = Receiver::ok().await;
    let answer =
        format!("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:{}/hook\r\ncontent-length: 0\r\n\r\n", target.port);
    let receiver = Receiver::answering(&answer).await;
    let url = format!("http://127.0.0.1:{}/hook", receiver.port);
    let grants = vec![http_grant("127.0.0.1", receiver.port, true), http_grant("127.0.0.1", target.port, true)];
    let error = notify(&url, &[], grants, &Arc::default()).await.expect_err("a redirect");
    assert_eq!(error.code, "plugin-config", "{error:?}");
    assert_eq!((receiver.hits().len(), target.hits().len()), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_become_errors_of_their_kind() {
    for (answer, kind, code) in [
        ("HTTP/1.1 503 Busy\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n", ProblemKind::Temporary, "plugin-busy"),
        ("HTTP/1.1 429 Slow\r\ncontent-length: 0\r\n\r\n", ProblemKind::Temporary, "plugin-busy"),
        ("HTTP/1.1 401 No\r\ncontent-length: 0\r\n\r\n", ProblemKind::Permanent, "plugin-auth"),
        ("HTTP/1.1 404 No\r\ncontent-length: 4\r\n\r\nnope", ProblemKind::Permanent, "plugin-failed"),
    ] {
        let receiver = Receiver::answering(answer).await;
        let url = format!("http://127.0.0.1:{}/hook", receiver.port);
        let grants = vec![http_grant("127.0.0.1", receiver.port, true)];
        let error = notify(&url, &[], grants, &Arc::default()).await.expect_err(answer);
        assert_eq!((error.kind, error.code), (kind, code), "{error:?}");
        let waits = answer.contains("retry-after").then(|| Duration::from_secs(7));
        assert_eq!(error.retry_after, waits);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_there_is_temporary() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("bound").local_addr().expect("an address").port();
    let url = format!("http://127.0.0.1:{port}/hook");
    let error = notify(&url, &[], vec![http_grant("127.0.0.1", port, true)], &Arc::default()).await.expect_err("none");
    assert_eq!(error.kind, ProblemKind::Temporary, "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_echoes_reveals_nothing() {
    let answer = "HTTP/1.1 400 Bad\r\nconnection: close\r\n\r\n{echo}";
    let receiver = Receiver::answering(answer).await;
    let url = format!("http://127.0.0.1:{}/hook", receiver.port);
    let grants = vec![http_grant("127.0.0.1", receiver.port, true), token()];
    let error = notify(&url, &[], grants, &Arc::default()).await.expect_err("a bad request");
    assert!(receiver.hits()[0].head.contains("t0p-s3cret"), "the receiver had it");
    assert!(error.message.contains("[secret]") && !error.message.contains("t0p"), "{}", error.message);
}
