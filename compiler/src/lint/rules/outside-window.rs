//! `outside-window`: a job is due at times at which its own window is closed.

use crate::diag::{Example, Explanation, Level};
use crate::lint::{Found, Levels, Rule, Subject, clock};
use crate::structure::{schedule, unit};

/// How many runs are looked at: a year of daily ones, with both changes of the clock.
const RUNS: usize = 366;

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "outside-window",
        summary: "a schedule that is due outside the job's window",
        why: "Such a run would have to wait for the window, or be left out.",
        example: Example::Nodes {
            wrong: r#"job "nightly" {
    schedule "0 12 * * *"
    window "01:00" "05:00"
    backup "notes" to="desk"
    verify "notes"
}"#,
            right: r#"job "nightly" {
    schedule "0 2 * * *"
    window "01:00" "05:00"
    backup "notes" to="desk"
    verify "notes"
}"#,
        },
        fix: "Move the schedule into the window, or the window around the schedule.",
    },
    levels: Levels { development: Level::Info, staging: Level::Warn, production: Level::Warn },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let strategy = subject.strategy;
    for job in &strategy.jobs {
        let (Some(window), Some(due)) = (&job.window, &job.schedule) else { continue };
        let (Some(from), Some(to)) = (unit::time(&window.from), unit::time(&window.to)) else { continue };
        let open = |minute: u32| match from < to {
            true => (from..to).contains(&minute),
            false => minute >= from || minute < to,
        };
        // This is about the times of a day, and those at which the clocks are changed.
        let runs = schedule::next(&due.cron.value, &due.timezone.value, clock::year(), RUNS);
        let minute =
            |time: &jiff::Zoned| u32::try_from(i32::from(time.hour()) * 60 + i32::from(time.minute())).unwrap_or(0);
        if let Some(run) = runs.iter().find(|run| !open(minute(run))) {
            out.push(Found {
                about: None,
                message: format!("`{}` is due at {}, outside its window", job.name.value, run.strftime("%H:%M")),
                span: due.cron.span.clone(),
                label: format!("open from {} to {}", window.from, window.to),
                help: "Move the schedule into the window, or the window around the schedule.".to_owned(),
            });
        }
    }
}
