//! What is installed: imports against wants, wants against grants, and the cache of compiled code.

use super::{Heard, NO_SECRETS, cache, dir_grant, fixture_plugin, http_grant, plugin_use};
use runtime::plugin::{Host, Kind, Limits, Origin, Plugin, Storage, Want, bundled};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

async fn open(host: &Arc<Host>, name: &str, grants: Vec<schema::grant::Grant>) -> Result<Storage, &'static str> {
    let observers = Arc::<Heard>::default().observers();
    let used = plugin_use(name, grants);
    Storage::open(host, &used, Path::new("/"), Arc::new(NO_SECRETS), observers).await.map_err(|error| error.code)
}

#[tokio::test(flavor = "multi_thread")]
async fn imports_wants_and_grants_must_agree() {
    let host = Host::new(cache()).expect("a host");
    let dir = || dir_grant(Path::new("/tmp"));
    assert!(open(&host, "fs", vec![dir()]).await.is_ok());
    assert_eq!(open(&host, "fs", vec![]).await.err(), Some("grant-missing"));
    assert_eq!(open(&host, "fs", vec![dir(), http_grant("h", 443, false)]).await.err(), Some("grant-not-wanted"));
    assert_eq!(open(&host, "fs", vec![dir(), dir()]).await.err(), Some("grant-not-wanted"));
    assert_eq!(open(&host, "tape", vec![dir()]).await.err(), Some("plugin-unknown"));
    assert_eq!(open(&host, "webhook", vec![dir()]).await.err(), Some("plugin-unknown"));
    host.install(Plugin { wants: vec![Want::Dir { node: "path".into() }], ..fixture_plugin() });
    assert_eq!(open(&host, "fixture", vec![dir()]).await.err(), Some("import-not-wanted"));
    let webhook = bundled().into_iter().find(|bundled| bundled.name == "webhook").expect("bundled");
    let wants = vec![Want::Http { node: "url".into() }, Want::Secret];
    let wrong = Plugin { name: "wrong".to_owned(), kind: Kind::Storage, wants, claims: &[], wasm: webhook.wasm.into() };
    host.install(wrong);
    let grants = vec![http_grant("h", 443, false)];
    assert_eq!(open(&host, "wrong", grants).await.err(), Some("interface-missing"));
}

/// A component of text that does not even get as far as its exports.
async fn start(name: &str, text: &str) -> &'static str {
    let limits = Limits { cpu: Duration::from_millis(200), ..Limits::default() };
    let host = Host::with_limits(cache(), limits).expect("a host");
    host.install(Plugin {
        name: name.to_owned(),
        kind: Kind::Storage,
        wants: vec![],
        claims: &[],
        wasm: text.as_bytes().to_vec().into(),
    });
    open(&host, name, vec![]).await.err().unwrap_or("opened")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_plugin_is_refused() {
    assert_eq!(start("empty", "(component)").await, "interface-missing");
    assert_eq!(start("module", "(module)").await, "plugin-invalid");
    assert_eq!(start("noise", "not wasm").await, "plugin-invalid");
    let foreign = "(component (import \"wasi:filesystem/types@0.2.0\" (instance)))";
    assert_eq!(start("foreign", foreign).await, "import-not-wanted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_cache_is_not_loaded() {
    let place = tempfile::tempdir().expect("a directory");
    let folder = place.path().join("cache");
    let origin = async || Host::new(&folder).expect("a host").prepare("fs", Kind::Storage).await.expect("prepared");
    assert_eq!(origin().await, Origin::Compiled);
    assert_eq!(origin().await, Origin::Cached);
    let code = || {
        let entries = std::fs::read_dir(&folder).expect("read").map(|entry| entry.expect("an entry").path());
        entries.into_iter().find(|path| path.extension().is_some_and(|end| end == "cwasm")).expect("compiled code")
    };
    let mut bytes = std::fs::read(code()).expect("read");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(code(), &bytes).expect("written");
    assert_eq!(origin().await, Origin::Compiled, "one flipped bit");
    assert_eq!(origin().await, Origin::Cached, "and it is whole again");
    std::fs::write(code(), b"").expect("written");
    assert_eq!(origin().await, Origin::Compiled);
    std::fs::remove_file(code().with_extension("b3")).expect("removed");
    assert_eq!(origin().await, Origin::Compiled);
}

#[test]
fn a_cache_that_others_can_use_is_refused() {
    let place = tempfile::tempdir().expect("a directory");
    let folder = place.path().join("cache");
    Host::new(&folder).expect("made private");
    assert_eq!(std::fs::metadata(&folder).expect("there").permissions().mode() & 0o777, 0o700);
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).expect("changed");
    assert_eq!(Host::new(&folder).expect_err("refused").code, "cache-not-private");
}
