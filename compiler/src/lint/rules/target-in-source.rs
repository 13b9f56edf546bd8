//! `target-in-source`: a drill would be made in the directory of live data, or of copies.

use crate::diag::{Example, Explanation, Level};
use crate::lint::{Found, Levels, Rule, Subject, copies, tree};
use crate::model::Engine;
use schema::target::TargetEngine;

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "target-in-source",
        summary: "a target whose directory is that of live data or of copies",
        why: "Nothing in a target is kept: a drill there would remove what it is to protect.",
        example: Example::Nodes {
            wrong: r#"target "scratch" engine="files" { directory "notes"; }"#,
            right: r#"target "scratch" engine="files" { directory "scratch"; }"#,
        },
        fix: "Give the target a directory that nothing else uses.",
    },
    levels: Levels { development: Level::Error, staging: Level::Error, production: Level::Error },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let strategy = subject.strategy;
    for target in &strategy.targets {
        let (TargetEngine::Files { directory } | TargetEngine::Neo4j { home: directory, .. }) = &target.engine;
        let sources = strategy.sources.iter().filter_map(|source| {
            let (live, whole) = match &source.engine {
                Engine::Neo4j(neo4j) if copies::is_here(neo4j) => (neo4j.server.home.as_deref()?, true),
                Engine::Files(files) => (files.root.as_ref().map(|_| files.tree.root.as_str())?, false),
                _ => return None,
            };
            // A tree of files may hold a scratch directory; the home of a server may not.
            let meets = tree::is_within(live, directory) || (whole && tree::is_within(directory, live));
            meets.then(|| format!("`{live}`, the live data of `{}`", source.name.value))
        });
        let stores = strategy.stores.iter().filter_map(|store| {
            let paths = copies::directories(subject, &store.name.value);
            let meets = |path: &&&str| tree::is_within(path, directory) || tree::is_within(directory, path);
            paths.iter().find(meets).map(|path| format!("`{path}`, the copies of `{}`", store.name.value))
        });
        let Some(what) = sources.chain(stores).next() else { continue };
        out.push(Found {
            about: None,
            message: format!("`{}` is made in `{directory}`, which meets {what}", target.name.value),
            span: target.span.clone(),
            label: "nothing in a target is kept".to_owned(),
            help: "Name a directory that nothing else uses.".to_owned(),
        });
    }
}
