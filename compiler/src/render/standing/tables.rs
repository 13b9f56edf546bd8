//! What is told, as tables: each says where its figures come from and when they were so.

use crate::amount::{bytes, exactly, time};
use schema::status::{CheckSeen, CopyStatus, DatabaseStatus, Evidence, JobStatus, Measured, Status, Verdict};
use serde::Serialize;

/// One part of a report.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Table {
    pub(super) title: &'static str,
    /// Where the figures come from, and of when they are.
    pub(super) source: String,
    pub(super) head: Vec<&'static str>,
    pub(super) rows: Vec<Vec<String>>,
}

pub(super) fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Fine => "fine",
        Verdict::Unknown => "cannot tell",
        Verdict::Missed => "missed",
    }
}

/// The state of all, in one line.
pub(super) fn headline(status: &Status) -> String {
    let count = |verdict| status.problems.iter().filter(|problem| problem.verdict == verdict).count();
    match status.verdict {
        Verdict::Fine => "All is as promised.".to_owned(),
        _ => format!("{} missed, {} that cannot be told.", count(Verdict::Missed), count(Verdict::Unknown)),
    }
}

/// The tables of a status.
pub(super) fn of_status(status: &Status) -> Vec<Table> {
    let place = if status.asked { "the stores" } else { "the catalog of this machine; the stores were not asked" };
    let source = format!("{place}, {}", status.as_of);
    vec![
        Table {
            title: "Problems",
            source: format!("what follows, {}", status.at),
            head: vec!["state", "about", "code", "what"],
            rows: status.problems.iter().map(problem).collect(),
        },
        Table {
            title: "Databases",
            source: format!("{source}; worst cases by the plan's forecast"),
            head: vec!["database", "newest", "data lost now", "way back", "copies", "sites", "media"],
            rows: status.databases.iter().map(database).collect(),
        },
        Table {
            title: "Copies",
            source: format!("{source}; checks and drills by their facts"),
            head: vec!["database", "store", "artifacts", "newest", "last check", "last drill"],
            rows: status.databases.iter().flat_map(copies).collect(),
        },
        Table {
            title: "Stores",
            source,
            head: vec!["store", "state", "artifacts", "size", "site", "media"],
            rows: status.stores.iter().map(|it| store(it, status.asked)).collect(),
        },
        Table {
            title: "Jobs",
            source: format!("the journal of this machine, {}", status.at),
            head: vec!["job", "last run", "ended", "next run", "missed runs"],
            rows: status.jobs.iter().map(job).collect(),
        },
    ]
}

/// The tables of a report: the status, and what was done.
pub(super) fn of_evidence(evidence: &Evidence) -> Vec<Table> {
    let mut out = of_status(&evidence.status);
    let within = format!("from {} to {}", evidence.from, evidence.to);
    out.push(Table {
        title: "Runs",
        source: format!("the journal of `{}`, {within}", evidence.machine),
        head: vec!["started", "ended", "job", "outcome", "run"],
        rows: evidence.runs.iter().map(run).collect(),
    });
    out.push(Table {
        title: "Artifacts",
        source: format!("the manifests in the stores, {within}"),
        head: vec!["taken", "of", "store", "size", "newest check", "artifact", "manifest"],
        rows: evidence.artifacts.iter().map(artifact).collect(),
    });
    out.push(Table {
        title: "Checks and drills",
        source: format!("the facts beside the artifacts, {within}"),
        head: vec!["at", "of", "store", "with", "result", "took", "artifact", "run", "what was found"],
        rows: evidence.checks.iter().map(|seen| found(&seen.of, &seen.store, &seen.check)).collect(),
    });
    out.push(Table {
        title: "Exceptions",
        source: "the policy of the strategy".to_owned(),
        head: vec!["what", "until", "why"],
        rows: evidence.exceptions.iter().map(|it| vec![it.what.clone(), it.until.clone(), it.reason.clone()]).collect(),
    });
    out
}

fn problem(problem: &schema::status::Trouble) -> Vec<String> {
    let state = word(problem.verdict).to_owned();
    vec![state, problem.about.clone(), problem.code.clone(), problem.message.clone()]
}

fn name(database: &DatabaseStatus) -> String {
    format!("{}:{}", database.source, database.database)
}

/// `2h, of 24h; 26h at worst`.
fn measured(figure: &Measured, none: &str) -> String {
    // Two times that differ must be seen to.
    let spell = if figure.verdict == Verdict::Missed { exactly } else { time };
    let mut out = figure.is.map_or_else(|| none.to_owned(), spell);
    if let Some(target) = figure.target {
        out.push_str(&format!(" of {}", time(target)));
    }
    if let Some(worst) = figure.worst {
        out.push_str(&format!("; {} at worst", time(worst)));
    }
    if figure.verdict == Verdict::Missed {
        out.push_str(" (missed)");
    }
    out
}

fn database(database: &DatabaseStatus) -> Vec<String> {
    let list = |all: &[String]| if all.is_empty() { "not said".to_owned() } else { all.join(", ") };
    vec![
        name(database),
        database.newest.as_ref().map_or_else(|| "none".to_owned(), |point| point.taken.clone()),
        measured(&database.rpo, "all"),
        measured(&database.rto, "never measured"),
        format!("{} with the live data", database.spread.copies),
        list(&database.spread.sites),
        list(&database.spread.media),
    ]
}

fn copies(database: &DatabaseStatus) -> Vec<Vec<String>> {
    let row = |copy: &CopyStatus| {
        let known = if copy.verified { "verified" } else { "unverified" };
        let newest = copy.newest.as_ref().map_or_else(|| "none".to_owned(), |newest| format!("{newest}, {known}"));
        let damaged = if copy.damaged > 0 { format!(", {} damaged", copy.damaged) } else { String::new() };
        let store = if copy.reachable { copy.store.clone() } else { format!("{} (away)", copy.store) };
        let artifacts = format!("{}{damaged}", copy.artifacts);
        vec![name(database), store, artifacts, newest, last(copy.last_check.as_ref()), last(copy.last_drill.as_ref())]
    };
    database.copies.iter().map(row).collect()
}

fn last(check: Option<&CheckSeen>) -> String {
    let Some(check) = check else { return "never".to_owned() };
    let took = check.seconds.map_or_else(String::new, |seconds| format!(", {}", time(seconds)));
    let what = if check.with == "drill" { String::new() } else { format!(" ({})", check.with) };
    format!("{} {}{what}{took}", check.at, if check.ok { "ok" } else { "failed" })
}

fn store(store: &schema::status::StoreStatus, asked: bool) -> Vec<String> {
    let state = match &store.why {
        Some(why) => format!("away: {why}"),
        None if asked => "reachable".to_owned(),
        None => "not asked".to_owned(),
    };
    let said = |value: &Option<String>| value.clone().unwrap_or_else(|| "not said".to_owned());
    let (artifacts, size) = (store.artifacts.to_string(), bytes(store.size));
    vec![store.name.clone(), state, artifacts, size, said(&store.site), said(&store.media)]
}

fn job(job: &JobStatus) -> Vec<String> {
    let last = job.last.as_ref();
    let ended = last.map_or("", |last| outcome(last.outcome));
    let missed = match job.missed.as_slice() {
        [] => "none".to_owned(),
        [.., newest] => format!("{}, the last {newest}", job.missed.len()),
    };
    vec![
        job.job.clone(),
        last.map_or_else(|| "never".to_owned(), |last| last.started.clone()),
        ended.to_owned(),
        job.next.clone().unwrap_or_else(|| "when asked for".to_owned()),
        missed,
    ]
}

fn outcome(outcome: Option<schema::report::Outcome>) -> &'static str {
    use schema::report::Outcome;
    match outcome {
        None => "no end",
        Some(Outcome::Ok) => "ok",
        Some(Outcome::Degraded) => "degraded",
        Some(Outcome::Failed) => "failed",
        Some(Outcome::Skipped) => "skipped",
        Some(Outcome::Cancelled) => "cancelled",
    }
}

fn run(run: &schema::status::RunSeen) -> Vec<String> {
    let ended = outcome(run.outcome).to_owned();
    vec![run.started.clone(), run.ended.clone(), run.job.clone(), ended, run.run.clone()]
}

fn artifact(copy: &schema::status::ArtifactSeen) -> Vec<String> {
    let known = match (copy.damaged, copy.verified) {
        (true, _) => "damaged",
        (false, true) => "right",
        (false, false) => "none",
    };
    vec![
        copy.taken.clone(),
        format!("{}:{}", copy.source, copy.database),
        copy.store.clone(),
        bytes(copy.size),
        known.to_owned(),
        copy.id.clone(),
        copy.manifest.clone(),
    ]
}

fn found(of: &str, store: &str, check: &CheckSeen) -> Vec<String> {
    vec![
        check.at.clone(),
        if of.is_empty() { "what is gone by now".to_owned() } else { of.to_owned() },
        store.to_owned(),
        check.with.clone(),
        if check.ok { "ok" } else { "failed" }.to_owned(),
        check.seconds.map_or_else(String::new, time),
        check.artifact.clone(),
        check.run.clone(),
        check.detail.clone(),
    ]
}
