//! `secret-beside-strategy`: a file that holds a secret lies in the strategy's own folder, where version control takes it.

use super::secret_beside_data::{exposed, plain_trees, secrets};
use crate::diag::{Example, Explanation, Level};
use crate::lint::{Found, Levels, Rule, Subject, tree};
use std::collections::BTreeSet;

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "secret-beside-strategy",
        summary: "a secret's file in the strategy's own folder",
        why: "A strategy is kept in version control, and so is what lies beside it: a secret that was committed once is in \
              every clone, and in the history for good.",
        example: Example::Nodes {
            wrong: r#"store "cloud" plugin="fs" { path "cloud"; secret "access-key" (file)"keys/cloud.key"; }"#,
            right: r#"store "cloud" plugin="fs" { path "cloud"; secret "access-key" (file)"/run/secrets/cloud"; }"#,
        },
        fix: "Keep the file elsewhere, for example below `/run/secrets`, and name it by its whole path; or use `(env)`.",
    },
    levels: Levels { development: Level::Info, staging: Level::Warn, production: Level::Warn },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let all = secrets(subject.strategy);
    if all.is_empty() {
        return;
    }
    let trees = plain_trees(subject.strategy);
    let files: BTreeSet<&str> = all.iter().map(|secret| secret.path).collect();
    let count = if files.len() == 1 { "1 file".to_owned() } else { format!("{} files", files.len()) };
    // What gets into a store besides is told by `secret-beside-data`.
    let beside: BTreeSet<&str> =
        files.into_iter().filter(|path| is_beside(path) && exposed(subject, &trees, path).is_none()).collect();
    for secret in all.iter().filter(|secret| beside.contains(secret.path)) {
        let (owner, path, do_so) = (&secret.owner, secret.path, beside.len());
        out.push(Found {
            about: None,
            message: format!(
                "a secret of `{owner}`, `(file)\"{path}\"`, lies in the strategy's own folder, as {do_so} of {count} do"
            ),
            span: secret.span.clone(),
            label: "would be committed with the strategy".to_owned(),
            help: "Name a file elsewhere by its whole path, for example `(file)\"/run/secrets/…\"`, or use `(env)`."
                .to_owned(),
        });
    }
}

/// Only what is relative begins at that folder, and `..` leads out of it.
fn is_beside(path: &str) -> bool {
    !path.starts_with('/') && tree::plain(path).split('/').next() != Some("..")
}
