//! What a step costs beside its work: the scheduler's deciding, and the journal's records, one after the other and from
//! many steps at once.

use crate::Setting;
use crate::measure::Samples;
use crate::table::Table;
use runtime::journal::{Beginning, Journal};
use runtime::run::scheduler::{Scheduler, Traits};
use schema::plan::Plan;
use schema::record::Record;
use schema::report::Outcome;
use schema::step::{Action, Address, Need, Origin, Step, When};
use std::path::Path;
use std::time::Instant;

/// Steps of the graph: chains of four beside each other.
const STEPS: usize = 10_000;
const CHAIN: usize = 4;
/// Steps at once.
const AT_ONCE: usize = 4;
/// Records that are written one after the other, and by each of the steps that write at once.
const RECORDS: usize = 500;
const EACH: usize = 100;
const WRITERS: [usize; 3] = [4, 64, 512];

pub(crate) fn measure(setting: &Setting, table: &mut Table) -> Result<(), String> {
    let mut decided = Samples::default();
    for _ in 0..5 {
        decided.0.push(scheduled()? / STEPS as f64);
    }
    table.times(&format!("scheduler, a step of {STEPS}, without a journal"), &decided, None, "≤ 10 µs");
    let folder = setting.work.join("journal");
    std::fs::create_dir_all(&folder).map_err(|e| format!("cannot make `{}`: {e}", folder.display()))?;
    let alone = journalled(&folder, 1, RECORDS)?;
    table.figure("journal, records one after the other", &per_second(RECORDS, alone), "–");
    for writers in WRITERS {
        let seconds = journalled(&folder, writers, EACH)?;
        // A step has two records: that it begins, and how it ended.
        let steps = per_second(writers * EACH / 2, seconds);
        table.figure(&format!("journalled steps, {writers} at once"), &steps, "≥ 20,000/s");
    }
    Ok(())
}

fn per_second(count: usize, seconds: f64) -> String {
    format!("{:.0}/s", count as f64 / seconds)
}

fn step(index: usize) -> Step {
    let address = |index: usize| Address(format!("job/step/{index}"));
    let need = (!index.is_multiple_of(CHAIN)).then(|| Need { step: address(index - 1), when: When::Success });
    Step {
        address: address(index),
        job: "job".to_owned(),
        action: Action::Stop { source: "s".to_owned(), database: None },
        needs: need.into_iter().collect(),
        reason: String::new(),
        origin: Origin { input: String::new(), line: 1, column: 1, text: String::new() },
        host: "local".to_owned(),
        estimate: None,
        timeout: None,
    }
}

/// Seconds for all steps, each ended as soon as it began.
fn scheduled() -> Result<f64, String> {
    let steps: Vec<Step> = (0..STEPS).map(step).collect();
    let traits = vec![Traits::default(); STEPS];
    let began = Instant::now();
    let mut scheduler = Scheduler::new(&steps, traits, AT_ONCE).map_err(|need| format!("no step `{need}`"))?;
    while !scheduler.is_over() {
        for id in scheduler.start() {
            scheduler.end(id, Outcome::Ok);
        }
    }
    Ok(began.elapsed().as_secs_f64())
}

/// Seconds until `writers` threads have written `each` records, on disk.
fn journalled(folder: &Path, writers: usize, each: usize) -> Result<f64, String> {
    let told = |error: runtime::Error| format!("journal: {error}");
    let journal = Journal::open(&folder.join(format!("{writers}.db"))).map_err(told)?;
    let (plan, now) = (Plan::default(), runtime::world::RealWorld::start(folder.to_owned()).now());
    let begin = Beginning { run: "r", job: "job", plan: &plan, plan_digest: "", first: &[], instead_of: None };
    journal.begin(&begin, now).map_err(told)?;
    let record =
        Record::AttemptStarted { step: Address("job/backup/source/store".to_owned()), attempt: "a".to_owned() };
    let began = Instant::now();
    std::thread::scope(|scope| {
        let write = || (0..each).try_for_each(|_| journal.append("r", &record, now));
        let threads: Vec<_> = (0..writers).map(|_| scope.spawn(write)).collect();
        threads.into_iter().try_for_each(|thread| match thread.join() {
            Ok(written) => written.map_err(told),
            Err(_) => Err("a writer panicked".to_owned()),
        })
    })?;
    Ok(began.elapsed().as_secs_f64())
}
