//! Windows, with a clock that only moves when the test says so: what happens when one closes while a run is under way.

use crate::plugin::{cache, dir_grant};
use crate::run::store;
use jiff::Timestamp;
use runtime::event::{Observer, Observers};
use runtime::plugin::Host;
use runtime::run::{Cancel, Outfit, Request, Resume, run};
use runtime::secret::Secrets;
use runtime::world::World;
use schema::event::Event;
use schema::plan::{Closing, FORMAT, Job, LeftOut, Outside, Overlap, Plan, Window};
use schema::report::{Outcome, Report};
use schema::source::{Engine, Files, OnChange, Source};
use schema::step::{Action, Address, ArtifactRef, Check, Extent, Method, Need, Origin, Step, When};
use schema::store::{Config, PluginUse};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// Half an hour after it opened, and the moment at which it closes.
const INSIDE: &str = "2026-11-27T01:00:00Z";
const END: &str = "2026-11-27T05:00:00Z";
const BEFORE: &str = "2026-11-27T00:00:00Z";

#[derive(Debug)]
struct Clock {
    base: PathBuf,
    now: Mutex<Timestamp>,
}

impl Clock {
    fn set(&self, time: &str) {
        *self.now.lock().unwrap() = time.parse().unwrap();
    }
}

impl World for Clock {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    fn base(&self) -> &Path {
        &self.base
    }
}

/// Moves the clock when something happens.
struct Moves {
    clock: Arc<Clock>,
    happens: fn(&Event) -> bool,
    then: &'static str,
}

impl Observer for Moves {
    fn observe(&self, event: &Event) {
        if (self.happens)(event) {
            self.clock.set(self.then);
        }
    }
}

fn step(kind: &str, action: Action, needs: &[&str]) -> Step {
    let needs = needs.iter().map(|need| Need { step: Address(format!("job/{need}")), when: When::Success });
    Step {
        address: Address(format!("job/{kind}")),
        job: "job".to_owned(),
        action,
        needs: needs.collect(),
        reason: String::new(),
        origin: Origin { input: "strategy.kdl".to_owned(), line: 7, column: 9, text: kind.to_owned() },
        host: "local".to_owned(),
        timeout: None,
        estimate: None,
    }
}

/// A backup, its check, and a transfer at so many bytes a second.
fn plan(base: &Path, window: Window, bandwidth: Option<u64>) -> Plan {
    let files = Files {
        root: "data".to_owned(),
        include: vec!["**".to_owned()],
        exclude: Vec::new(),
        on_change: OnChange::Degrade,
        members: Vec::new(),
    };
    let fs = |name: &str| PluginUse {
        name: "fs".to_owned(),
        config: [("path".to_owned(), Config::Text(name.to_owned()))].into(),
        grants: vec![dir_grant(&base.join(name))],
        secrets: [].into(),
    };
    let made = || ArtifactRef::Step { step: Address("job/backup".to_owned()) };
    let (source, database, method) = ("notes".to_owned(), "files".to_owned(), Method::Archive);
    let backup = Action::Backup { source, database, method, extent: Extent::Full, store: "vault".to_owned() };
    let verify = Action::Verify { artifact: made(), store: "vault".to_owned(), with: Check::Digest };
    let transfer = Action::Transfer { artifact: made(), from: "vault".to_owned(), to: "offsite".to_owned(), bandwidth };
    let origin = Origin { input: "strategy.kdl".to_owned(), line: 3, column: 5, text: "job".to_owned() };
    Plan {
        format: FORMAT,
        strategy: "windows".to_owned(),
        jobs: vec![Job {
            name: "job".to_owned(),
            schedule: None,
            window: Some(window),
            on_overlap: Overlap::Skip,
            origin,
        }],
        sources: vec![Source { name: "notes".to_owned(), engine: Engine::Files(files), parallel: None }],
        stores: vec![store("vault", fs("vault")), store("offsite", fs("offsite"))],
        steps: vec![
            step("backup", backup, &[]),
            step("transfer", transfer, &["backup"]),
            step("verify", verify, &["transfer"]),
        ],
        ..Plan::default()
    }
}

fn window() -> Window {
    Window {
        from: "00:30".to_owned(),
        to: "05:00".to_owned(),
        timezone: "UTC".to_owned(),
        outside: Outside::Fail,
        closing: Closing::Finish,
        left_out: LeftOut::Fail,
    }
}

struct Stage {
    place: tempfile::TempDir,
    clock: Arc<Clock>,
}

impl Stage {
    fn new(now: &str) -> Self {
        let place = tempfile::tempdir().unwrap();
        for folder in ["data", "vault", "offsite"] {
            std::fs::create_dir(place.path().join(folder)).unwrap();
        }
        std::fs::write(place.path().join("data/file"), vec![7; 300_000]).unwrap();
        let clock = Arc::new(Clock { base: place.path().to_owned(), now: Mutex::new(now.parse().unwrap()) });
        Self { place, clock }
    }

    /// Runs the job; when something happens, the clock is moved.
    async fn run(
        &self,
        window: Window,
        bandwidth: Option<u64>,
        happens: fn(&Event) -> bool,
        then: &'static str,
    ) -> runtime::Result<Report> {
        let cancel = Cancel::new();
        let moves = Moves { clock: self.clock.clone(), happens, then };
        let outfit = Outfit {
            world: self.clock.clone(),
            host: Host::new(cache()).unwrap(),
            secrets: Secrets::new(self.place.path()),
            observers: Observers::new(vec![Arc::new(moves)]),
            cancel: cancel.in_order.clone(),
            exe: std::env::current_exe().unwrap(),
            texts: None,
            looked: None,
        };
        let plan = plan(self.place.path(), window, bandwidth);
        let request = Request {
            plan: &plan,
            plan_digest: "blake3:0".to_owned(),
            job: "job",
            resume: Resume::WhenSame,
            state: self.place.path().join("state"),
            limit: 2,
        };
        run(request, outfit, &cancel).await
    }
}

fn never(_: &Event) -> bool {
    false
}

fn backup_ended(event: &Event) -> bool {
    matches!(event, Event::StepEnded { step, .. } if step.0 == "job/backup")
}

fn transfer_moves(event: &Event) -> bool {
    matches!(event, Event::StepStarted { step, .. } if step.0 == "job/transfer")
}

fn waits(event: &Event) -> bool {
    matches!(event, Event::Notice { message, .. } if message.contains("waiting for it"))
}

fn outcomes(report: &Report) -> Vec<(&str, Outcome, &str)> {
    report.steps.iter().map(|step| (step.address.0.as_str(), step.outcome, step.detail.as_str())).collect()
}

#[tokio::test]
async fn what_has_not_begun_when_it_closes_is_left_out() {
    for (left_out, outcome) in [(LeftOut::Fail, Outcome::Failed), (LeftOut::Degrade, Outcome::Degraded)] {
        let stage = Stage::new(INSIDE);
        let window = Window { left_out, ..window() };
        let report = stage.run(window, None, backup_ended, END).await.unwrap();
        assert_eq!(report.outcome, outcome);
        let left = "left out: the window closed at 05:00; it opens Sat 2026-11-28 00:30 (UTC)";
        let [backup, transfer, verify] = outcomes(&report).try_into().unwrap();
        assert_eq!((backup.0, backup.1), ("job/backup", Outcome::Ok));
        assert_eq!(transfer, ("job/transfer", Outcome::Skipped, left));
        assert_eq!(verify, ("job/verify", Outcome::Skipped, "not tried, because of job/transfer"));
    }
}

#[tokio::test]
async fn what_runs_when_it_closes_goes_on_or_is_stopped() {
    let stage = Stage::new(INSIDE);
    let report = stage.run(window(), Some(400 << 10), transfer_moves, END).await.unwrap();
    assert_eq!(report.outcome, Outcome::Failed);
    let ends = outcomes(&report);
    assert_eq!((ends[1].1, ends[2].1), (Outcome::Ok, Outcome::Skipped), "{ends:?}");

    let stage = Stage::new(INSIDE);
    let stops = Window { closing: Closing::Stop, left_out: LeftOut::Degrade, ..window() };
    // At this rate it would take an hour.
    let report = stage.run(stops, Some(100), transfer_moves, END).await.unwrap();
    assert_eq!(report.outcome, Outcome::Failed);
    let problem = report.steps[1].problem.clone().unwrap();
    assert_eq!(problem.code, "window-closed");
    assert!(problem.origin.is_some());
    let manifests = walkdir::WalkDir::new(stage.place.path().join("offsite")).into_iter();
    assert_eq!(manifests.filter(|file| file.as_ref().unwrap().file_name() == "manifest.json").count(), 0);
}

#[tokio::test]
async fn outside_it_fails_or_waits() {
    let stage = Stage::new(BEFORE);
    let error = stage.run(window(), None, never, INSIDE).await.unwrap_err();
    assert_eq!(error.code, "window-closed");
    assert!(error.message.contains("opens Fri 2026-11-27 00:30 (UTC)"), "{}", error.message);
    assert!(error.message.contains("strategy.kdl:3"), "{}", error.message);

    let waits_for_it = Window { outside: Outside::Wait, ..window() };
    let report = stage.run(waits_for_it, None, waits, INSIDE).await.unwrap();
    assert_eq!(report.outcome, Outcome::Ok);
}

/// The clock stands a second before the end: nothing that took longer than that begins.
#[tokio::test]
async fn what_took_longer_than_is_left_does_not_begin() {
    let stage = Stage::new(INSIDE);
    // About three seconds.
    let report = stage.run(window(), Some(100 << 10), never, END).await.unwrap();
    assert_eq!(report.outcome, Outcome::Ok);
    stage.clock.set("2026-11-28T04:59:58.5Z");
    let report = stage.run(window(), None, never, END).await.unwrap();
    assert_eq!(report.outcome, Outcome::Failed);
    let ends = outcomes(&report);
    assert_eq!((ends[0].1, ends[1].1), (Outcome::Ok, Outcome::Skipped), "{ends:?}");
    assert!(ends[1].2.starts_with("left out: it took "), "{ends:?}");
    assert!(ends[1].2.ends_with("closes Sat 2026-11-28 05:00 (UTC)"), "{ends:?}");
}
