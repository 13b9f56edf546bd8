//! `one-credential`: one secret is enough to delete every copy of a source.

use crate::diag::{Example, Explanation, Level};
use crate::lint::copies::{self, Kept};
use crate::lint::{Found, Levels, Rule, Subject};
use schema::secret::SecretRef;

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "one-credential",
        summary: "a secret that reaches every store of a source, of which none is locked or offline",
        why: "Who steals that one secret can delete all copies. That they are all in one account is told by \
              `shared-failure-domain`.",
        example: Example::Nodes {
            wrong: r#"environment "staging"
source "letters" engine="files" { root "letters"; }
store "one" plugin="fs" { path "one"; site "dc-1"; media "object"; secret "key" (env)"KEY"; }
store "two" plugin="fs" { path "two"; site "dc-2"; media "object"; secret "key" (env)"KEY"; }
policy { allow "three-two-one-one-zero" reason="a lock is ordered" until="2027-12-31"; }
job "nightly" {
    backup "letters" to="one"
    transfer from="one" to="two"
    verify "one"; verify "two"
}
job "drill" { schedule "0 6 2 * *"; restore "letters" from="two" into="spare"; }"#,
            right: r#"environment "staging"
source "letters" engine="files" { root "letters"; }
store "one" plugin="fs" { path "one"; site "dc-1"; media "object"; secret "key" (env)"KEY"; }
store "two" plugin="fs" { path "two"; site "dc-2"; media "object"; secret "key" (env)"OTHER_KEY"; }
policy { allow "three-two-one-one-zero" reason="a lock is ordered" until="2027-12-31"; }
job "nightly" {
    backup "letters" to="one"
    transfer from="one" to="two"
    verify "one"; verify "two"
}
job "drill" { schedule "0 6 2 * *"; restore "letters" from="two" into="spare"; }"#,
        },
        fix: "Use another credential for one of the stores, or a lock: `immutable \"30d\"`.",
    },
    levels: Levels { development: Level::Info, staging: Level::Info, production: Level::Warn },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    if !subject.is_at_stake() {
        return;
    }
    for kept in copies::kept(subject.strategy) {
        if kept.stores.len() < 2 || kept.stores.iter().any(|store| copies::is_out_of_reach(store)) {
            continue;
        }
        let Some(secret) = shared(&kept).filter(|_| !one_account(&kept)) else { continue };
        let last = kept.stores.last().map(|store| store.name.value.as_str()).unwrap_or_default();
        out.push(Found {
            about: None,
            message: format!(
                "`{secret}` reaches all {} stores that keep `{}`, and 0 of them are locked or offline",
                kept.stores.len(),
                kept.source.name.value
            ),
            span: kept.source.span.clone(),
            label: "one secret can delete every copy".to_owned(),
            help: format!("Give `{last}` a credential of its own, or `immutable \"30d\"` if it can lock."),
        });
    }
}

/// A secret that all stores use.
fn shared<'a>(kept: &Kept<'a>) -> Option<&'a SecretRef> {
    let (first, rest) = kept.stores.split_first()?;
    let by_all =
        |secret: &&SecretRef| rest.iter().all(|store| store.plugin.secrets.values().any(|other| other == *secret));
    first.plugin.secrets.values().find(by_all)
}

fn one_account(kept: &Kept<'_>) -> bool {
    let account = |store: &crate::model::Store| store.account.as_ref().map(|account| account.value.clone());
    let accounts: std::collections::BTreeSet<_> = kept.stores.iter().map(|store| account(store)).collect();
    accounts.len() == 1 && !accounts.contains(&None)
}
