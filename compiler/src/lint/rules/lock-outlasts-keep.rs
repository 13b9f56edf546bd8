//! `lock-outlasts-keep`: what a store need not keep any more, its lock holds back.

use crate::diag::{Example, Explanation, Level};
use crate::lint::{Found, Levels, Rule, Subject};
use jiff::ToSpan;
use schema::keep::{Keep, span};

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "lock-outlasts-keep",
        summary: "a `keep` that lets copies go before their lock ends",
        why: "`prune` cannot remove what is locked: the store holds more than `keep` says, for longer. It costs room, and \
              is safe.",
        example: Example::Nodes {
            wrong: r#"keep in="cellar" { daily 7; }
job "tidy" { prune "cellar"; }"#,
            right: r#"keep in="cellar" { daily 30; }
job "tidy" { prune "cellar"; }"#,
        },
        fix: "Keep copies for as long as the lock holds them, or shorten `immutable`.",
    },
    levels: Levels { development: Level::Info, staging: Level::Info, production: Level::Info },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let strategy = subject.strategy;
    for keep in &strategy.keeps {
        let store = &keep.store.value;
        let lock = strategy.store(store).and_then(|store| store.immutable.as_ref());
        let (Some(lock), Some(reach)) = (lock, reach(&keep.rules)) else { continue };
        if reach >= lock.value {
            continue;
        }
        let until = subject.today.zip(i64::try_from(lock.value.div_ceil(DAY)).ok());
        let until = until.and_then(|(today, days)| today.checked_add(days.days()).ok());
        let until = until.map(|until| format!(": one of today until {until}")).unwrap_or_default();
        let (kept, held) = (span(reach), span(lock.value));
        out.push(Found {
            about: None,
            message: format!("`{store}` keeps copies for {kept} at most, and its lock holds them for {held}{until}"),
            span: keep.span.clone(),
            label: format!("holds back deletions for {}", span(lock.value - reach)),
            help: format!("Keep them for {held}, for example with `within \"{held}\"`, or shorten `immutable`."),
        });
    }
}

/// Seconds for which the rules keep a copy at most; `None` when that depends on how often there is one.
fn reach(keep: &Keep) -> Option<u64> {
    let periods = [
        (keep.hourly, HOUR),
        (keep.daily, DAY),
        (keep.weekly, 7 * DAY),
        (keep.monthly, 31 * DAY),
        (keep.yearly, 366 * DAY),
    ];
    let counted =
        periods.iter().filter_map(|(count, period)| count.map(|count| u64::from(count).saturating_mul(*period)));
    if keep.last.is_some() { None } else { counted.chain(keep.within).max() }
}
