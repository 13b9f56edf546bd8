//! A whole run with a plugin that misbehaves: it is stopped, and the report says whose failure it was.

use crate::plugin::{cache, dir_grant, fixture_plugin, http_grant};
use runtime::event::Observers;
use runtime::plugin::{Host, Limits};
use runtime::run::{Cancel, Outfit, Request, Resume, run};
use runtime::secret::Secrets;
use runtime::world::RealWorld;
use schema::plan::{FORMAT, Plan};
use schema::report::{Outcome, ProblemKind};
use schema::source::{Engine, Files, OnChange, Source};
use schema::step::{Action, Address, Extent, Method, Origin, Step};
use schema::store::{Config, PluginUse, Store};
use std::path::Path;
use std::time::Duration;

/// A store that says nothing of itself but its plugin.
pub(crate) fn store(name: &str, plugin: PluginUse) -> Store {
    Store {
        name: name.to_owned(),
        plugin,
        site: None,
        zone: None,
        provider: None,
        account: None,
        host: None,
        media: None,
        class: None,
        immutable: None,
        compress: None,
        encrypt: Vec::new(),
        identity: None,
        parallel: None,
        bandwidth: None,
    }
}

/// One backup of `data` into a store whose plugin does `what` in every call.
fn plan(base: &Path, what: &str) -> Plan {
    let origin = Origin { input: "strategy.kdl".to_owned(), line: 7, column: 9, text: "backup".to_owned() };
    let files = Files {
        root: "data".to_owned(),
        include: vec!["**".to_owned()],
        exclude: Vec::new(),
        on_change: OnChange::Degrade,
        members: Vec::new(),
    };
    let plugin = PluginUse {
        name: "fixture".to_owned(),
        config: [("misbehave".to_owned(), Config::Text(what.to_owned()))].into(),
        grants: vec![dir_grant(&base.join("vault")), http_grant("hooks.invalid", 443, false)],
        secrets: [].into(),
    };
    Plan {
        format: FORMAT,
        strategy: "hostile".to_owned(),
        environment: "development".to_owned(),
        sources: vec![Source { name: "notes".to_owned(), engine: Engine::Files(files), parallel: None }],
        stores: vec![store("vault", plugin)],
        steps: vec![Step {
            address: Address("job/backup/notes/vault".to_owned()),
            job: "job".to_owned(),
            action: Action::Backup {
                source: "notes".to_owned(),
                database: "files".to_owned(),
                method: Method::Archive,
                extent: Extent::Full,
                store: "vault".to_owned(),
            },
            needs: Vec::new(),
            reason: String::new(),
            estimate: None,
            origin,
            host: "local".to_owned(),
            timeout: None,
        }],
        ..Plan::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_misbehaving_plugin_fails_its_step_by_name() {
    for (what, code) in [
        ("spin", "plugin-out-of-time"),
        ("hog", "plugin-out-of-memory"),
        ("trap", "plugin-trapped"),
        ("escape", "grant-denied"),
    ] {
        let place = tempfile::tempdir().unwrap();
        std::fs::create_dir(place.path().join("data")).unwrap();
        std::fs::write(place.path().join("data/one"), "one").unwrap();
        let limits = Limits { cpu: Duration::from_millis(300), ..Limits::default() };
        let host = Host::with_limits(cache(), limits).unwrap();
        host.install(fixture_plugin());
        let cancel = Cancel::new();
        let outfit = Outfit {
            world: RealWorld::start(place.path().to_owned()),
            host,
            secrets: Secrets::new(place.path()),
            observers: Observers::default(),
            cancel: cancel.in_order.clone(),
            exe: std::env::current_exe().unwrap(),
            texts: None,
            looked: None,
        };
        let plan = plan(place.path(), what);
        let request = Request {
            plan: &plan,
            plan_digest: "blake3:0".to_owned(),
            job: "job",
            resume: Resume::WhenSame,
            state: place.path().join("state"),
            limit: 2,
        };
        let report = run(request, outfit, &cancel).await.unwrap();
        assert_eq!(report.outcome, Outcome::Failed, "{what}");
        let problem = report.steps[0].problem.clone().unwrap();
        assert_eq!(problem.code, code, "{what}: {problem:?}");
        assert_eq!(problem.kind, ProblemKind::Plugin, "{what}: {problem:?}");
        assert!(problem.message.contains("`fixture`"), "{what}: {problem:?}");
        assert_eq!(problem.origin.map(|origin| origin.line), Some(7), "{what}");
        assert!(!place.path().join("outside").exists());
    }
}
