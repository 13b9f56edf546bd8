//! The plugin host with its real guests, and with one that misbehaves.

#![expect(clippy::indexing_slicing, reason = "a test may fail by panicking")]

mod bundle;
pub(crate) mod conformance;
mod fs;
mod hostile;
#[expect(dead_code, reason = "shared with the tests of the program, which use more of it")]
#[path = "../../../../tests/it/peer.rs"]
mod peer;
mod receiver;
mod s3;
mod webhook;

use runtime::event::{Observer, Observers, StepObservers};
use runtime::plugin::{Host, Kind, Limits, Plugin, SecretSource, Storage, Want};
use schema::event::Event;
use schema::grant::Grant;
use schema::step::Address;
use schema::store::PluginUse;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

/// Remembers all that was told.
#[derive(Default)]
pub(crate) struct Heard(Mutex<Vec<Event>>);

impl Observer for Heard {
    fn observe(&self, event: &Event) {
        self.0.lock().expect("no panic").push(event.clone());
    }
}

impl Heard {
    pub(crate) fn observers(self: &Arc<Self>) -> StepObservers {
        Observers::new(vec![self.clone()]).of(&Address("full/backup/files/vault".to_owned()))
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        let events = self.0.lock().expect("no panic");
        events
            .iter()
            .filter_map(|event| match event {
                Event::Output { line, .. } => Some(line.clone()),
                _ => None,
            })
            .collect()
    }

    /// Message and help of every notice.
    pub(crate) fn notices(&self) -> Vec<String> {
        let events = self.0.lock().expect("no panic");
        events
            .iter()
            .filter_map(|event| match event {
                Event::Notice { message, help } => Some(format!("{message}; {}", help.as_deref().unwrap_or(""))),
                _ => None,
            })
            .collect()
    }
}

/// Secrets of a test, by name.
#[derive(Debug)]
pub(crate) struct Given(pub(crate) &'static [(&'static str, &'static str)]);

impl SecretSource for Given {
    fn value(&self, name: &str) -> runtime::Result<String> {
        let found = self.0.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned()).ok_or_else(|| runtime::Error::permanent("secret-missing", name))
    }
}

pub(crate) const NO_SECRETS: Given = Given(&[]);

pub(crate) fn plugin_use(name: &str, grants: Vec<Grant>) -> PluginUse {
    PluginUse { name: name.to_owned(), config: [].into(), grants, secrets: [].into() }
}

pub(crate) fn dir_grant(path: &Path) -> Grant {
    Grant::Dir { path: path.to_str().expect("UTF-8").to_owned() }
}

/// The misbehaving guest, given one directory and perhaps more.
pub(crate) struct Fixture {
    pub(crate) place: TempDir,
    pub(crate) heard: Arc<Heard>,
    pub(crate) storage: Storage,
}

impl Fixture {
    pub(crate) async fn new(limits: Limits, more: Vec<Grant>, secrets: Given) -> Self {
        let place = tempfile::tempdir().expect("a directory");
        std::fs::create_dir(place.path().join("granted")).expect("made");
        let host = Host::with_limits(cache(), limits).expect("a host");
        host.install(fixture_plugin());
        let heard = Arc::<Heard>::default();
        let mut grants = vec![dir_grant(&place.path().join("granted"))];
        grants.extend(more);
        if !grants.iter().any(|grant| matches!(grant, Grant::Http { .. })) {
            grants.push(http_grant("hooks.invalid", 443, false));
        }
        let plugin_use = plugin_use("fixture", grants);
        let opened = Storage::open(&host, &plugin_use, place.path(), Arc::new(secrets), heard.observers()).await;
        Self { place, heard, storage: opened.expect("opened") }
    }
}

pub(crate) fn http_grant(host: &str, port: u16, private: bool) -> Grant {
    let scheme = if port == 443 { "https" } else { "http" };
    Grant::Http {
        scheme: scheme.to_owned(),
        host: host.to_owned(),
        port,
        path: "/hook".to_owned(),
        methods: vec!["POST".to_owned()],
        private,
        exact: false,
    }
}

pub(crate) fn fixture_plugin() -> Plugin {
    let wasm = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/dist/fixture.wasm");
    Plugin {
        name: "fixture".to_owned(),
        kind: Kind::Storage,
        wants: vec![Want::Dir { node: "path".into() }, Want::Http { node: "url".into() }, Want::Secret],
        claims: &[],
        wasm: std::fs::read(wasm).expect("run `cargo xtask plugins`").into(),
    }
}

/// One cache for all tests of the process: each guest is compiled once.
pub(crate) fn cache() -> &'static Path {
    static CACHE: std::sync::LazyLock<TempDir> = std::sync::LazyLock::new(|| {
        let made = tempfile::Builder::new().permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700)).tempdir();
        made.expect("a directory")
    });
    CACHE.path()
}
