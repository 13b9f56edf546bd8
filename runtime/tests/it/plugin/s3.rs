//! The bundled `s3` on real servers: what is the affair of the protocol alone. What it shares with other storages is in
//! `conformance`.

use super::conformance::{Vault, suite};
use super::{Given, Heard, cache, peer};
use runtime::plugin::{Created, Host, Storage};
use schema::grant::Grant;
use schema::report::ProblemKind;
use schema::store::{Config, PluginUse};
use std::path::Path;
use std::sync::Arc;

fn http(port: u16, path: &str, methods: &[&str], exact: bool) -> Grant {
    Grant::Http {
        scheme: "http".to_owned(),
        host: "127.0.0.1".to_owned(),
        port,
        path: path.to_owned(),
        methods: methods.iter().map(|method| (*method).to_owned()).collect(),
        private: true,
        exact,
    }
}

/// A folder of the bucket at an endpoint.
pub(crate) async fn open(
    endpoint: &str,
    prefix: &str,
    secret: &'static str,
    heard: &Arc<Heard>,
) -> runtime::Result<Storage> {
    let host = Host::new(cache()).expect("a host");
    let port = endpoint.rsplit(':').next().expect("a port").parse().expect("a port");
    let text = |text: &str| Config::Text(text.to_owned());
    let config = [("bucket", peer::BUCKET), ("region", peer::REGION), ("endpoint", endpoint), ("prefix", prefix)];
    let secret_grant = |name: &str, signs| Grant::Secret { name: name.to_owned(), signs };
    let used = PluginUse {
        name: "s3".to_owned(),
        config: config.iter().map(|(name, value)| ((*name).to_owned(), text(value))).collect(),
        grants: vec![
            http(port, &format!("/{}/{prefix}", peer::BUCKET), &["GET", "HEAD", "PUT", "POST", "DELETE"], false),
            http(port, &format!("/{}/", peer::BUCKET), &["GET"], true),
            secret_grant("access-key", false),
            secret_grant("secret-key", true),
        ],
        secrets: [].into(),
    };
    let secrets: &'static [_] = Box::leak(Box::new([("access-key", peer::ACCESS), ("secret-key", secret)]));
    Storage::open(&host, &used, Path::new("/"), Arc::new(Given(secrets)), heard.observers()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn it_conforms_on_versitygw() {
    let server = Arc::new(peer::S3::versitygw());
    suite(async || Vault::s3(&server).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_conforms_on_seaweedfs() {
    let server = Arc::new(peer::S3::seaweedfs());
    suite(async || Vault::s3(&server).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_is_told_with_the_code_of_the_server() {
    let server = peer::S3::versitygw();
    let storage = open(&server.endpoint(), "p/", "another-secret", &Arc::default()).await.expect("opened");
    for error in [
        storage.create("a", b"x").await.expect_err("refused"),
        storage.stat("a").await.expect_err("refused"),
        storage.list("").await.expect_err("refused"),
        storage.get_small("a", 10).await.expect_err("refused"),
    ] {
        assert_eq!((error.kind, error.code), (ProblemKind::Permanent, "plugin-auth"), "{error:?}");
        assert!(error.message.contains("403: SignatureDoesNotMatch"), "{}", error.message);
        assert!(!error.to_string().contains("another-secret"), "{error}");
    }
    assert!(server.keys().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_is_temporary() {
    let mut server = peer::S3::versitygw();
    let storage = open(&server.endpoint(), "p/", peer::SECRET, &Arc::default()).await.expect("opened");
    assert_eq!(storage.create("a", b"x").await.expect("created"), Created::Created);
    server.running.stop();
    let error = storage.create("b", b"x").await.expect_err("nobody there");
    assert_eq!((error.kind, error.code), (ProblemKind::Temporary, "plugin-busy"), "{error:?}");
}

/// A bucket with locks keeps versions: what is removed is really gone, unless it is held.
#[tokio::test(flavor = "multi_thread")]
async fn a_lock_holds() {
    let server = peer::S3::versitygw();
    let storage = open(&server.endpoint(), "p/", peer::SECRET, &Arc::default()).await.expect("opened");
    storage.create("a", b"x").await.expect("created");
    let until = u64::try_from(jiff::Timestamp::now().as_millisecond()).expect("after 1970") + 3_600_000;
    let refused = storage.protect("a", until).await.expect_err("a bucket without locks");
    assert_eq!(refused.code, "plugin-unsupported", "{refused:?}");
    storage.delete("a").await.expect("nothing holds it");

    let server = peer::S3::versitygw_with_locks();
    let storage = open(&server.endpoint(), "p/", peer::SECRET, &Arc::default()).await.expect("opened");
    for key in ["held", "free"] {
        assert_eq!(storage.create(key, b"x").await.expect("created"), Created::Created);
        assert_eq!(storage.create(key, b"y").await.expect("answered"), Created::Exists);
    }
    storage.protect("held", until).await.expect("held");
    storage.protect("held", until).await.expect("held already");
    storage.protect("held", until - 1000).await.expect("held for longer than that");
    let error = storage.delete("held").await.expect_err("held");
    assert_eq!(error.kind, ProblemKind::Permanent, "{error:?}");
    storage.delete("free").await.expect("removed");
    assert_eq!(storage.get_small("held", 10).await.expect("read"), Some(b"x".to_vec()));
    assert_eq!(storage.protect("missing", until).await.expect_err("missing").code, "object-missing");
    let versions = server.ask("GET", "?versions=", &[]);
    assert!(versions.contains("<Key>p/held</Key>") && !versions.contains("p/free"), "{versions}");
}
