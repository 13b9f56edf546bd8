//! A status in the text format of Prometheus, for a text file collector or a scrape.

use jiff::Timestamp;
use schema::report::Outcome;
use schema::status::{DatabaseStatus, Status, Verdict};
use std::fmt::Write;

type Labels<'a> = Vec<(&'a str, &'a str)>;

/// One kind of figure with its help line.
#[derive(Default)]
struct Page {
    out: String,
}

/// Every figure that there is; one that is not known is left out.
#[must_use]
pub fn prometheus(status: &Status) -> String {
    let mut page = Page::default();
    let worst = match status.verdict {
        Verdict::Fine => 0,
        Verdict::Unknown => 1,
        Verdict::Missed => 2,
    };
    let own: Labels<'_> = vec![("strategy", &status.strategy)];
    page.gauge("status", "0: all is as promised; 1: it cannot be told; 2: something is missed", [(own, Some(worst))]);
    databases(status, &mut page);
    copies(status, &mut page);
    stores(status, &mut page);
    jobs(status, &mut page);
    page.out
}

fn databases(status: &Status, page: &mut Page) {
    type Figure = fn(&DatabaseStatus) -> Option<u64>;
    let figures: [(&str, &str, Figure); 9] = [
        ("restorable_point_timestamp_seconds", "when the newest copy that can be restored was taken", |it| {
            seconds(&it.newest.as_ref()?.taken)
        }),
        ("rpo_achieved_seconds", "data that would be lost now", |it| it.rpo.is),
        ("rpo_target_seconds", "the objective", |it| it.rpo.target),
        ("rpo_worst_seconds", "the worst case of the schedules", |it| it.rpo.worst),
        ("rto_measured_seconds", "the way back, as the newest drill that succeeded took", |it| it.rto.is),
        ("rto_target_seconds", "the objective", |it| it.rto.target),
        ("copies", "copies that are there now, with the live data", |it| Some(it.spread.copies)),
        ("sites", "different sites of these", |it| Some(it.spread.sites.len() as u64)),
        ("media", "different media of these", |it| Some(it.spread.media.len() as u64)),
    ];
    for (name, help, figure) in figures {
        let of = |it: &'_ DatabaseStatus| figure(it);
        page.gauge(name, help, status.databases.iter().map(|it| (labels(it), of(it))));
    }
}

fn labels(database: &DatabaseStatus) -> Labels<'_> {
    vec![("source", &database.source), ("database", &database.database)]
}

fn copies(status: &Status, page: &mut Page) {
    let all = || {
        status.databases.iter().flat_map(|database| {
            database.copies.iter().map(move |copy| {
                let mut labels = labels(database);
                labels.push(("store", &copy.store));
                (labels, copy)
            })
        })
    };
    page.gauge("copy_artifacts", "artifacts in a store", all().map(|(labels, copy)| (labels, Some(copy.artifacts))));
    page.gauge("copy_damaged", "those found damaged", all().map(|(labels, copy)| (labels, Some(copy.damaged))));
    let checked = all().map(|(labels, copy)| (labels, copy.last_check.as_ref().and_then(|it| seconds(&it.at))));
    page.gauge("last_check_timestamp_seconds", "the newest check of a copy", checked);
    let drilled = all().map(|(labels, copy)| (labels, copy.last_drill.as_ref().and_then(|it| seconds(&it.at))));
    page.gauge("last_drill_timestamp_seconds", "the newest drill", drilled);
    let ok = all().map(|(labels, copy)| (labels, copy.last_drill.as_ref().map(|it| u64::from(it.ok))));
    page.gauge("last_drill_success", "whether that succeeded", ok);
}

fn stores(status: &Status, page: &mut Page) {
    let all = || status.stores.iter().map(|store| (vec![("store", store.name.as_str())], store));
    page.gauge(
        "store_reachable",
        "whether it can be read",
        all().map(|(labels, it)| (labels, status.asked.then_some(u64::from(it.reachable)))),
    );
    page.gauge("store_bytes", "size of its artifacts", all().map(|(labels, it)| (labels, Some(it.size))));
}

fn jobs(status: &Status, page: &mut Page) {
    let all = || status.jobs.iter().map(|job| (vec![("job", job.job.as_str())], job));
    let last = all().map(|(labels, job)| (labels, job.last.as_ref().and_then(|it| seconds(&it.started))));
    page.gauge("job_last_run_timestamp_seconds", "when its last run began", last);
    let ok = |job: &schema::status::JobStatus| {
        let last = job.last.as_ref()?.outcome?;
        Some(u64::from(matches!(last, Outcome::Ok | Outcome::Degraded)))
    };
    page.gauge("job_last_run_success", "whether that happened", all().map(|(labels, job)| (labels, ok(job))));
    let next = all().map(|(labels, job)| (labels, job.next.as_deref().and_then(seconds)));
    page.gauge("job_next_run_timestamp_seconds", "when it is due next", next);
    page.gauge(
        "job_missed_runs",
        "runs that were due and did not begin",
        all().map(|(labels, job)| (labels, Some(job.missed.len() as u64))),
    );
}

fn seconds(text: &str) -> Option<u64> {
    u64::try_from(text.parse::<Timestamp>().ok()?.as_second()).ok()
}

impl Page {
    fn gauge<'a>(&mut self, name: &str, help: &str, values: impl IntoIterator<Item = (Labels<'a>, Option<u64>)>) {
        let mut lines = String::new();
        for (labels, value) in values {
            let Some(value) = value else { continue };
            let labels: Vec<String> = labels.iter().map(|(key, text)| format!("{key}=\"{}\"", escaped(text))).collect();
            let _ = writeln!(lines, "backstay_{name}{{{}}} {value}", labels.join(","));
        }
        if !lines.is_empty() {
            let _ = write!(self.out, "# HELP backstay_{name} {help}\n# TYPE backstay_{name} gauge\n{lines}");
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
