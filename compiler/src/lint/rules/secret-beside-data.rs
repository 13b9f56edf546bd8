//! `secret-beside-data`: a file that holds a secret is itself backed up in the clear, or lies among the copies.

use crate::diag::{Example, Explanation, Level};
use crate::lint::{Found, Levels, Rule, Subject, copies, tree};
use crate::model::{Engine, Store, Strategy};
use crate::span::Span;
use schema::secret::SecretRef;
use std::collections::BTreeMap;

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "secret-beside-data",
        summary: "a secret's file that gets into a store in the clear, or lies in one",
        why: "Whoever can read the copies then has the key to delete them, to read them or to log in.",
        example: Example::Nodes {
            wrong: r#"store "cloud" plugin="fs" { path "cloud"; secret "access-key" (file)"notes/cloud.key"; }"#,
            right: r#"store "cloud" plugin="fs" { path "cloud"; secret "access-key" (file)"/run/secrets/cloud"; }"#,
        },
        fix: "Move the file out of what is backed up, for example below `/run/secrets`, or leave it out with `exclude`.",
    },
    levels: Levels { development: Level::Info, staging: Level::Warn, production: Level::Warn },
    check,
};

/// A secret's file and who uses it.
pub(super) struct Secret<'a> {
    pub(super) owner: String,
    pub(super) path: &'a str,
    pub(super) span: &'a Span,
}

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let strategy = subject.strategy;
    let all = secrets(strategy);
    if all.is_empty() {
        return;
    }
    let trees = plain_trees(strategy);
    // Many may use one file.
    let mut known: BTreeMap<&str, Option<String>> = BTreeMap::new();
    for secret in all {
        let how = known.entry(secret.path).or_insert_with(|| exposed(subject, &trees, secret.path));
        let Some(how) = how else { continue };
        out.push(Found {
            about: None,
            message: format!("a secret of `{}`, `(file)\"{}\"`, {how}", secret.owner, secret.path),
            span: secret.span.clone(),
            label: "uses that file".to_owned(),
            help: "Move the file out of there, for example below `/run/secrets`, or leave it out with `exclude`."
                .to_owned(),
        });
    }
}

/// How a file comes to be where others can read it.
pub(super) fn exposed(subject: &Subject<'_>, trees: &[(tree::Taken, String)], path: &str) -> Option<String> {
    let path = tree::plain(path);
    let taken = trees.iter().find(|(tree, _)| tree.has(&path)).map(|(_, how)| how.clone());
    taken.or_else(|| {
        let inside = |store: &&Store| {
            let paths = copies::directories(subject, &store.name.value);
            paths.iter().any(|directory| tree::is_within(&path, directory))
        };
        let store = subject.strategy.stores.iter().find(inside);
        store.map(|store| format!("lies in the store `{}`", store.name.value))
    })
}

/// Trees on this machine that get into stores that do not encrypt, with what that means for a file in them.
pub(super) fn plain_trees(strategy: &Strategy) -> Vec<(tree::Taken, String)> {
    let of = |kept: copies::Kept<'_>| {
        let Engine::Files(files) = &kept.source.engine else { return None };
        let plain = kept.stores.iter().filter(|store| store.encrypt.is_empty());
        let plain: Vec<&str> = plain.map(|store| store.name.value.as_str()).collect();
        let from = &kept.source.name.value;
        let how = format!("gets into {} with `{from}`, in the clear", copies::named(&plain));
        tree::Taken::of_tree(files).filter(|_| !plain.is_empty()).map(|tree| (tree, how))
    };
    copies::kept(strategy).into_iter().filter_map(of).collect()
}

/// Every secret that is in a file.
pub(super) fn secrets(strategy: &Strategy) -> Vec<Secret<'_>> {
    let mut out: Vec<Secret<'_>> = Vec::new();
    for source in &strategy.sources {
        let Engine::Neo4j(neo4j) = &source.engine else { continue };
        let password = neo4j.server.login.as_ref().map(|login| &login.password);
        out.extend(password.and_then(|it| of(&source.name.value, it, &source.span)));
    }
    for store in &strategy.stores {
        let all = store.plugin.secrets.values().chain(&store.identity);
        out.extend(all.filter_map(|it| of(&store.name.value, it, &store.span)));
    }
    for notifier in &strategy.notifiers {
        out.extend(notifier.plugin.secrets.values().filter_map(|it| of(&notifier.name.value, it, &notifier.span)));
    }
    out
}

fn of<'a>(owner: &str, reference: &'a SecretRef, span: &'a Span) -> Option<Secret<'a>> {
    match reference {
        SecretRef::File(path) => Some(Secret { owner: owner.to_owned(), path, span }),
        _ => None,
    }
}
