//! `keys-unencrypted`: private keys or licences get into a store that does not encrypt.

use crate::diag::{Example, Explanation, Level};
use crate::lint::{Found, Levels, Rule, Subject, copies, tree};
use crate::model::{Engine, Strategy};

/// What a glob that takes keys or licences says, in lower case.
const WORDS: [&str; 11] =
    ["certificates", "/ssl/", "/pki/", ".key", ".pem", ".p12", ".pfx", ".jks", "licenses", "licences", ".license"];
/// Ends of names of what is public.
const PUBLIC: [&str; 3] = [".cer", ".crt", ".pub"];
/// Where a server has such files, below its home.
const BELOW: [(&str, &str); 2] =
    [("certificates/bolt/private.key", "certificates"), ("licenses/gds.license", "licenses")];

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "keys-unencrypted",
        summary: "files with private keys or licences in a store that does not encrypt",
        why: "Who can read the store can pretend to be the server. Restoring needs these files, so they belong into the \
              backup, encrypted.",
        example: Example::Nodes {
            wrong: r#"environment "production"
source "settings" engine="files" { root "/var/lib/neo4j"; include "conf/**" "certificates/**"; }
job "settings" {
    schedule "0 3 * * *"
    backup "settings" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}
job "drill" { schedule "0 6 2 * *"; restore "settings" from="cellar" into="spare"; }"#,
            right: r#"environment "production"
source "settings" engine="files" { root "/var/lib/neo4j"; include "conf/**"; }
job "settings" {
    schedule "0 3 * * *"
    backup "settings" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}
job "drill" { schedule "0 6 2 * *"; restore "settings" from="cellar" into="spare"; }"#,
        },
        fix: "Add `encrypt` and `identity` to the store, or a store of its own for these files.",
    },
    levels: Levels { development: Level::Info, staging: Level::Info, production: Level::Info },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let strategy = subject.strategy;
    if !subject.is_at_stake() {
        return;
    }
    let below = below(strategy);
    for kept in copies::kept(strategy) {
        let plain = kept.stores.iter().filter(|store| store.encrypt.is_empty());
        let plain: Vec<&str> = plain.map(|store| store.name.value.as_str()).collect();
        let Some(first) = plain.first() else { continue };
        let parts = tree::parts(kept.source, strategy);
        let Some(what) = parts.iter().find_map(|part| secret(part, &below)) else { continue };
        out.push(Found {
            about: None,
            message: format!(
                "keys or licences that `{}` takes (`{what}`) are in the clear in {}",
                kept.source.name.value,
                copies::named(&plain)
            ),
            span: kept.source.span.clone(),
            label: format!("gets into {} without `encrypt`", if plain.len() == 1 { "a store" } else { "stores" }),
            help: format!("Add `encrypt \"age1…\"` and `identity (file)\"PATH\"` to `{first}`, or leave them out."),
        });
    }
}

/// Where the servers on this machine have such files: one of them, and what to call it.
fn below(strategy: &Strategy) -> Vec<(String, String)> {
    let homes = strategy.sources.iter().filter_map(|source| match &source.engine {
        Engine::Neo4j(neo4j) if copies::is_here(neo4j) => neo4j.server.home.as_deref(),
        _ => None,
    });
    homes.flat_map(|home| BELOW.map(|(path, what)| (tree::join(home, path), tree::join(home, what)))).collect()
}

/// What a part takes that is to be kept secret.
fn secret(part: &tree::Taken, below: &[(String, String)]) -> Option<String> {
    let public = |glob: &str| PUBLIC.iter().any(|end| glob.to_lowercase().ends_with(end));
    let says =
        |glob: &str| !public(glob) && WORDS.iter().any(|word| format!("{}/", glob.to_lowercase()).contains(word));
    let left_out = |glob: &str| part.exclude.iter().any(|exclude| exclude == glob || tree::covers(exclude, glob));
    let said = part.include.iter().find(|glob| says(glob) && !left_out(glob));
    said.cloned().or_else(|| below.iter().find(|(path, _)| part.has(path)).map(|(_, what)| what.clone()))
}
