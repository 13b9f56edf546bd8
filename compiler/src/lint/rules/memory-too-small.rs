//! `memory-too-small`: the tools of a source may take more memory than the machine that runs them has.

use crate::diag::{Example, Explanation, Level};
use crate::lint::{Found, Levels, Rule, Subject, figures};
use crate::model::Engine;

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "memory-too-small",
        summary: "`limits` that come to more than `memory`",
        why: "A tool that takes more than there is swaps, or is ended by the system in the middle of a backup.",
        example: Example::Nodes {
            wrong: r#"resources { memory "4GiB"; }
source "graph" engine="neo4j" {
    edition "enterprise"; version "5.26"; admin "/usr/bin/neo4j-admin"; databases "orders" "system"
    limits heap="2GiB" pagecache="4GiB"
}
job "nightly" {
    backup "graph" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}"#,
            right: r#"resources { memory "8GiB"; }
source "graph" engine="neo4j" {
    edition "enterprise"; version "5.26"; admin "/usr/bin/neo4j-admin"; databases "orders" "system"
    limits heap="2GiB" pagecache="4GiB"
}
job "nightly" {
    backup "graph" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}"#,
        },
        fix: "Give the tools less with `limits`, or the machine more.",
    },
    levels: Levels { development: Level::Info, staging: Level::Warn, production: Level::Warn },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let strategy = subject.strategy;
    let Some(memory) = &strategy.resources.memory else { return };
    for source in &strategy.sources {
        let Engine::Neo4j(neo4j) = &source.engine else { continue };
        let (heap, cache) = (neo4j.server.heap.unwrap_or(0), neo4j.server.pagecache.unwrap_or(0));
        let both = heap.saturating_add(cache);
        if both <= memory.value {
            continue;
        }
        out.push(Found {
            about: None,
            message: format!(
                "the tools of `{}` may take {} (heap {} + page cache {}), and `memory` is {}",
                source.name.value,
                figures::size(both),
                figures::size(heap),
                figures::size(cache),
                figures::size(memory.value)
            ),
            span: memory.span.clone(),
            label: format!("{} too little", figures::size(both.saturating_sub(memory.value))),
            help: format!(
                "Lower `limits` of `{}`, or write `memory \"{}\"`.",
                source.name.value,
                figures::written_size(both)
            ),
        });
    }
}
