//! `run-lost-by-clock`: a change of the clock leaves out a run, or makes it twice.

use crate::diag::{Example, Explanation, Level};
use crate::lint::clock::{self, Change, Effect};
use crate::lint::{Found, Levels, Rule, Subject, figures};
use crate::model::{Job, Schedule};

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "run-lost-by-clock",
        summary: "a run that is left out, or made twice, when the clocks are changed",
        why: "A schedule with several times of day is read as an interval: a time that a day does not have is left out, \
              and one that it has twice is due twice. So more can be lost on that day than on all others.",
        example: Example::Nodes {
            wrong: r#"job "twice-a-day" {
    schedule "30 2,14 * * *" timezone="Europe/Stockholm"
    backup "notes" to="desk"
    verify "notes"
}"#,
            right: r#"job "twice-a-day" {
    schedule "30 3,15 * * *" timezone="Europe/Stockholm"
    backup "notes" to="desk"
    verify "notes"
}"#,
        },
        fix: "Name times that every day has once, or a zone without summer time such as `UTC`.",
    },
    levels: Levels { development: Level::Info, staging: Level::Warn, production: Level::Warn },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let mut known = clock::Changes::default();
    for job in &subject.strategy.jobs {
        let Some(schedule) = &job.schedule else { continue };
        let changes = known.of(schedule);
        // What is left out is worse than what is done twice.
        let rank = |change: &&Change| match change.effect {
            Effect::LeftOut { .. } => 0,
            _ => 1,
        };
        let lost = changes.iter().filter(|change| !matches!(change.effect, Effect::Moved(_))).min_by_key(rank);
        out.extend(lost.and_then(|change| found(job, schedule, change)));
    }
}

fn found(job: &Job, schedule: &Schedule, change: &Change) -> Option<Found> {
    let (name, zone, date) = (&job.name.value, &schedule.timezone.value, change.named.date());
    let at = change.named.strftime("%H:%M");
    let (from, until) = (change.from.strftime("%H:%M"), change.to.strftime("%H:%M"));
    let (message, label) = match change.effect {
        Effect::Moved(_) => return None,
        Effect::LeftOut { between, usual } => (
            format!(
                "`{name}` is not due at {at} on {date}, which {zone} does not have: {} pass between two runs, not {}",
                figures::time(between),
                figures::time(usual)
            ),
            format!("{from} to {until} is left out on {date}"),
        ),
        Effect::Twice { between, usual } => (
            format!(
                "`{name}` is due twice at {at} on {date}, as {zone} has it twice: {} pass between two runs, not {}",
                figures::time(between),
                figures::time(usual)
            ),
            format!("{from} to {until} comes twice on {date}"),
        ),
    };
    let help = format!("Name times outside of {from} to {until}.");
    Some(Found { about: None, message, span: schedule.cron.span.clone(), label, help })
}
