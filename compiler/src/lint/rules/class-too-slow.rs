//! `class-too-slow`: a storage class gives copies back later than service must be back.

use crate::diag::{Example, Explanation, Level};
use crate::forecast;
use crate::lint::{Found, Levels, Rule, Subject, copies};
use crate::model::Store;
use schema::keep::span;

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "class-too-slow",
        summary: "a storage class whose copies come back later than `rto`",
        why: "Copies in an archive class must be thawed before they can be read. That takes up to 12 hours for Glacier, 15 \
              for Azure's archive and 48 for Deep Archive, before the first byte.",
        example: Example::Nodes {
            wrong: r#"objectives { rto "4h"; }
store "ice" plugin="fs" { path "ice"; site "eu-west-1"; media "object"; class "deep-archive"; }
job "weekly" {
    backup "notes" to="desk"
    transfer from="desk" to="ice"
    verify "desk"; verify "ice"
}"#,
            right: r#"objectives { rto "4h"; }
store "ice" plugin="fs" { path "ice"; site "eu-west-1"; media "object"; class "glacier-ir"; }
job "weekly" {
    backup "notes" to="desk"
    transfer from="desk" to="ice"
    verify "desk"; verify "ice"
}"#,
        },
        fix: "Use a class that answers at once, allow a longer `rto`, or count on another copy and say so with `allow`.",
    },
    levels: Levels { development: Level::Info, staging: Level::Warn, production: Level::Warn },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let strategy = subject.strategy;
    let Some(rto) = &strategy.objectives.rto else { return };
    let all = copies::kept(strategy);
    for store in copies::used(strategy) {
        let (Some(class), Some(seconds)) = (&store.class, thaw(store)) else { continue };
        if seconds <= rto.value {
            continue;
        }
        let name = &store.name.value;
        let fast = |store: &&Store| thaw(store).is_none_or(|seconds| seconds <= rto.value);
        let alone = all
            .iter()
            .filter(|kept| kept.stores.iter().any(|other| other.name.value == *name) && !kept.stores.iter().any(fast));
        let alone = match alone.count() {
            0 => "when only it is left".to_owned(),
            1 => "and 1 source has no faster copy".to_owned(),
            count => format!("and {count} sources have no faster copy"),
        };
        out.push(Found {
            about: None,
            message: format!(
                "a copy in `{name}` takes up to {} to thaw, more than the `rto` of {}, {alone}",
                span(seconds),
                span(rto.value)
            ),
            span: class.span.clone(),
            label: format!("{} to the first byte", span(seconds)),
            help: "Use a class that answers at once, or a longer `rto`.".to_owned(),
        });
    }
}

/// Seconds until the first byte, when the class is known to need any.
fn thaw(store: &Store) -> Option<u64> {
    let provider = store.provider.as_ref().map(|provider| provider.value.as_str());
    forecast::thaw(provider, &store.class.as_ref()?.value)
}
