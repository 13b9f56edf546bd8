//! `run-moved-by-clock`: a daily run names a time that one day of the year does not have, and is made later on that day.

use crate::diag::{Example, Explanation, Level};
use crate::lint::clock::{self, Effect};
use crate::lint::{Found, Levels, Rule, Subject};

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "run-moved-by-clock",
        summary: "a run at a time that one day of the year does not have",
        why: "When summer time begins an hour is left out. A run within it is made when the hour is over, later than is \
              said and beside whatever is due then. When summer time ends the run is made once.",
        example: Example::Nodes {
            wrong: r#"job "nightly" {
    schedule "30 2 * * *" timezone="Europe/Stockholm"
    backup "notes" to="desk"
    verify "notes"
}"#,
            right: r#"job "nightly" {
    schedule "30 3 * * *" timezone="Europe/Stockholm"
    backup "notes" to="desk"
    verify "notes"
}"#,
        },
        fix: "Name a time that every day has, or a zone without summer time such as `UTC`.",
    },
    levels: Levels { development: Level::Info, staging: Level::Info, production: Level::Info },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let mut changes = clock::Changes::default();
    for job in &subject.strategy.jobs {
        let Some(schedule) = &job.schedule else { continue };
        let moved = changes.of(schedule).iter().find_map(|change| match change.effect {
            Effect::Moved(to) => Some((change, to)),
            _ => None,
        });
        let Some((change, to)) = moved else { continue };
        let (zone, date) = (&schedule.timezone.value, change.named.date());
        let (from, until) = (change.from.strftime("%H:%M"), change.to.strftime("%H:%M"));
        out.push(Found {
            about: None,
            message: format!(
                "`{}` is due at {}, which {zone} does not have on {date}: it runs at {} on that day",
                job.name.value,
                change.named.strftime("%H:%M"),
                to.strftime("%H:%M")
            ),
            span: schedule.cron.span.clone(),
            label: format!("{from} to {until} is left out on {date}"),
            help: format!("Name a time outside of {from} to {until}."),
        });
    }
}
