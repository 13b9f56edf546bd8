//! `live-database-files`: files of a database are taken while its server may write them, which is never a backup.

use crate::diag::{Example, Explanation, Level};
use crate::lint::tree::{self, Taken};
use crate::lint::{Found, Levels, Rule, Subject, copies};
use crate::model::{Engine, Files, Source, Strategy, Words};
use crate::span::Span;

/// Where a server has its data, below its home.
const LIVE: [&str; 2] = ["data/databases", "data/transactions"];

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "live-database-files",
        summary: "`files` or `command` pointed at the data directories of a database server",
        why: "A server writes several files at once, and moves data between them. A copy of files that are read one after \
              the other fits together by luck only, and often says so when it is opened, long after.",
        example: Example::Nodes {
            wrong: r#"source "graph" engine="neo4j" {
    edition "community"; version "5.26"; home "/srv/neo4j"; admin "/srv/neo4j/bin/neo4j-admin"
    control { stop "systemctl" "stop" "neo4j"; start "systemctl" "start" "neo4j"; }
    databases "neo4j" "system"
}
source "around" engine="files" { root "/srv/neo4j"; }
job "nightly" {
    backup "graph" to="desk"; backup "around" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}"#,
            right: r#"source "graph" engine="neo4j" {
    edition "community"; version "5.26"; home "/srv/neo4j"; admin "/srv/neo4j/bin/neo4j-admin"
    control { stop "systemctl" "stop" "neo4j"; start "systemctl" "start" "neo4j"; }
    databases "neo4j" "system"
}
source "around" engine="files" { root "/srv/neo4j"; exclude "data/**" "logs/**" "run/**"; }
job "nightly" {
    backup "graph" to="desk"; backup "around" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}"#,
        },
        fix: "Leave the data directories out with `exclude \"data/**\"`; a source of engine `neo4j` backs them up.",
    },
    levels: Levels { development: Level::Error, staging: Level::Error, production: Level::Error },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let strategy = subject.strategy;
    let here = strategy.sources.iter().filter_map(|source| match &source.engine {
        Engine::Neo4j(neo4j) if copies::is_here(neo4j) => neo4j.server.home.as_deref(),
        _ => None,
    });
    let here: Vec<String> = places(here).collect();
    for source in &strategy.sources {
        let found = match &source.engine {
            Engine::Files(files) => self::files(strategy, source, files, &here),
            Engine::Command(command) => {
                let words = command.templates.iter().filter(|(_, of)| *of == Words::Backup).map(|(word, _)| word);
                let live = words.into_iter().find(|word| LIVE.iter().any(|live| word.value.contains(live)));
                live.map(|word| (word.value.clone(), word.span.clone()))
            }
            Engine::Neo4j(_) => None,
        };
        let Some((what, span)) = found else { continue };
        out.push(Found {
            about: None,
            message: format!(
                "`{}` takes `{what}`, which a running server writes to: that is no backup",
                source.name.value
            ),
            span,
            label: "takes live files of a database".to_owned(),
            help: "Leave them out with `exclude \"data/**\"`, and back them up as a source of engine `neo4j`."
                .to_owned(),
        });
    }
}

/// Where servers with these homes have their data.
fn places<'a>(homes: impl Iterator<Item = &'a str>) -> impl Iterator<Item = String> {
    homes.flat_map(|home| LIVE.map(|live| tree::join(home, live)))
}

/// What a source of files takes of a server's data, and where it says so. `here` is where servers of this machine have it.
fn files(strategy: &Strategy, source: &Source, files: &Files, here: &[String]) -> Option<(String, Span)> {
    if let Some(tree) = Taken::of_tree(files) {
        let span = files.root.as_ref().unwrap_or(&source.span);
        return live(&tree, here).map(|what| (what, span.clone()));
    }
    files.on.iter().find_map(|on| {
        let homes = strategy.sources.iter().filter_map(|source| match &source.engine {
            Engine::Neo4j(neo4j) => {
                let mut servers = neo4j.server.servers.iter();
                let covered = servers.any(|server| on.servers.iter().any(|pattern| pattern.covers(&server.name)));
                neo4j.server.home.as_deref().filter(|_| covered)
            }
            _ => None,
        });
        let places: Vec<String> = places(homes).collect();
        live(&Taken::of(&on.include, &on.exclude), &places).map(|what| (what, on.span.clone()))
    })
}

/// What a part takes of the data at these places, or where it says that it takes some.
fn live(taken: &Taken, places: &[String]) -> Option<String> {
    let said = taken.include.iter().filter_map(|glob| {
        let live = LIVE.iter().find(|live| format!("/{glob}/").contains(&format!("/{live}/")))?;
        let (before, _) = glob.split_once(live)?;
        Some(format!("{before}{live}"))
    });
    let has =
        |place: &String| ["neo4j/neostore", "neo4j/block.x1.db"].iter().any(|it| taken.has(&tree::join(place, it)));
    places.iter().cloned().chain(said).find(has)
}
