//! `server-files-missing`: the databases of a server are kept, and what makes it whole beside them is not.

use crate::diag::{Example, Explanation, Level};
use crate::lint::copies::{self, named};
use crate::lint::tree::{self, Taken};
use crate::lint::{Found, Levels, Rule, Subject};
use crate::model::{Engine, Neo4j, Source, Strategy};
use std::collections::BTreeMap;

/// What a server has beside its databases.
struct Kind {
    noun: &'static str,
    /// Where one is: below a home, or where images and packages have it.
    places: [&'static str; 2],
    /// Parts of a path, and ends of names, that stand for it.
    words: &'static [&'static str],
    /// As a glob below a home.
    glob: &'static str,
}

const KINDS: [Kind; 4] = [
    Kind {
        noun: "configuration",
        places: ["conf/neo4j.conf", "/etc/neo4j/neo4j.conf"],
        words: &["conf", "config", "configuration", ".conf"],
        glob: "conf/**",
    },
    Kind {
        noun: "certificates",
        places: ["certificates/bolt/public.crt", "/ssl/bolt/public.crt"],
        words: &["certificates", "certs", "ssl", "tls", "pki", ".crt", ".pem"],
        glob: "certificates/**",
    },
    Kind {
        noun: "plugins",
        places: ["plugins/a.jar", "/plugins/a.jar"],
        words: &["plugins", ".jar"],
        glob: "plugins/**",
    },
    Kind {
        noun: "licences",
        places: ["licenses/a.license", "/licenses/a.license"],
        words: &["licenses", "licences", ".license"],
        glob: "licenses/**",
    },
];
/// Where packages and images have a server.
const HOME: &str = "/var/lib/neo4j";

pub(in crate::lint) static RULE: Rule = Rule {
    explanation: Explanation {
        code: "server-files-missing",
        summary: "a server whose configuration, certificates, plugins or licences no source takes",
        why: "A database alone is no service: without its settings, keys and plugins a new server does not start, or not as \
              it was. They differ from server to server, so each member of a cluster counts. A Community server needs no \
              licences.",
        example: Example::Nodes {
            wrong: r#"environment "staging"
source "graph" engine="neo4j" {
    edition "community"; version "5.26"; home "/srv/neo4j"; admin "/srv/neo4j/bin/neo4j-admin"
    control { stop "systemctl" "stop" "neo4j"; start "systemctl" "start" "neo4j"; }
    databases "neo4j" "system"
    server "main" via="ssh"
}
target "scratch" engine="neo4j" { home "/srv/scratch"; edition "community"; version "5.26"; }
job "nightly" {
    backup "graph" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}
job "drill" {
    schedule "0 6 1 * *"
    restore "graph" from="cellar" into="scratch"
}"#,
            right: r#"environment "staging"
source "graph" engine="neo4j" {
    edition "community"; version "5.26"; home "/srv/neo4j"; admin "/srv/neo4j/bin/neo4j-admin"
    control { stop "systemctl" "stop" "neo4j"; start "systemctl" "start" "neo4j"; }
    databases "neo4j" "system"
    server "main" via="ssh"
}
source "around" engine="files" {
    on "main" { include "/srv/neo4j/conf/**" "/srv/neo4j/plugins/**" "/etc/tls/neo4j.crt"; }
}
target "scratch" engine="neo4j" { home "/srv/scratch"; edition "community"; version "5.26"; }
job "nightly" {
    backup "graph" to="desk"; backup "around" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}
job "drill" {
    schedule "0 6 1 * *"
    restore "graph" from="cellar" into="scratch"
    restore "around" from="cellar" into="spare"
}"#,
        },
        fix: "Add a source of engine `files` that takes them, with `on` for servers elsewhere, and back it up.",
    },
    levels: Levels { development: Level::Info, staging: Level::Info, production: Level::Warn },
    check,
};

fn check(subject: &Subject<'_>, out: &mut Vec<Found>) {
    let strategy = subject.strategy;
    if !subject.is_at_stake() {
        return;
    }
    let trees = strategy.sources.iter().filter_map(|source| match &source.engine {
        Engine::Files(files) => Taken::of_tree(files),
        _ => None,
    });
    let trees: Vec<Taken> = trees.collect();
    for kept in copies::kept(strategy).iter().filter(|kept| !kept.stores.is_empty()) {
        let Engine::Neo4j(neo4j) = &kept.source.engine else { continue };
        out.extend(found(strategy, &trees, kept.source, neo4j));
    }
}

fn found(strategy: &Strategy, trees: &[Taken], source: &Source, neo4j: &Neo4j) -> Option<Found> {
    let name = &source.name.value;
    // Members that lack the same are told together.
    let mut lacks: BTreeMap<Vec<usize>, Vec<&str>> = BTreeMap::new();
    for (server, elsewhere, here) in members(strategy, source, neo4j) {
        let trees = if here { trees } else { &[] };
        let missing = missing(neo4j, &elsewhere, trees);
        if !missing.is_empty() {
            lacks.entry(missing).or_default().push(server);
        }
    }
    let (first, servers) = lacks.iter().max_by_key(|(_, servers)| servers.len())?;
    let told: Vec<String> =
        lacks.iter().map(|(kinds, servers)| format!("{} of {}", nouns(kinds), named(servers))).collect();
    let globs = |home: &str| {
        let globs = first.iter().filter_map(|kind| KINDS.get(*kind)).map(|kind| format!("\"{home}{}\"", kind.glob));
        globs.collect::<Vec<_>>().join(" ")
    };
    let home = neo4j.server.home.as_deref().unwrap_or(HOME).trim_end_matches('/');
    let where_from = if copies::is_here(neo4j) {
        format!("root \"{home}\"; include {}", globs(""))
    } else {
        let server = servers.first().copied().unwrap_or("*");
        let on = if lacks.len() == 1 { "*" } else { server };
        format!("on \"{on}\" {{ include {}; }}", globs(&format!("{home}/")))
    };
    Some(Found {
        about: None,
        message: format!("no source takes {}", told.join("; ")),
        span: source.span.clone(),
        label: "only its databases are kept".to_owned(),
        help: format!("Add `source \"{name}-files\" engine=\"files\" {{ {where_from}; }}`, and back it up."),
    })
}

fn nouns(kinds: &[usize]) -> String {
    let nouns: Vec<&str> = kinds.iter().filter_map(|kind| KINDS.get(*kind)).map(|kind| kind.noun).collect();
    match nouns.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// Every server of a source, with what is taken of it by name, and whether it is on the machine that runs jobs. One that
/// is not named goes by the name of the source.
fn members<'a>(strategy: &Strategy, source: &'a Source, neo4j: &'a Neo4j) -> Vec<(&'a str, Vec<Taken>, bool)> {
    let here = neo4j.server.home.is_some();
    if neo4j.server.servers.is_empty() {
        return vec![(&source.name.value, Vec::new(), here)];
    }
    let named = |server: &str| -> Vec<Taken> {
        let files = strategy.sources.iter().filter_map(|source| match &source.engine {
            Engine::Files(files) => Taken::of_server(files, server),
            _ => None,
        });
        files.collect()
    };
    let servers = neo4j.server.servers.iter();
    servers.map(|server| (server.name.as_str(), named(&server.name), here && server.via.is_none())).collect()
}

/// The kinds that nothing takes.
fn missing(neo4j: &Neo4j, elsewhere: &[Taken], trees: &[Taken]) -> Vec<usize> {
    let needed = KINDS.iter().enumerate().filter(|(_, kind)| neo4j.is_enterprise() || kind.noun != "licences");
    let taken = |kind: &Kind| elsewhere.iter().chain(trees).any(|part| takes(part, kind, neo4j));
    needed.filter(|(_, kind)| !taken(kind)).map(|(at, _)| at).collect()
}

fn takes(part: &Taken, kind: &Kind, neo4j: &Neo4j) -> bool {
    let homes = [neo4j.server.home.as_deref(), Some(HOME)].into_iter().flatten();
    let mut places = homes.flat_map(|home| kind.places.map(|place| tree::join(home, place)));
    let says = |glob: &String| {
        let glob = glob.to_lowercase();
        kind.words.iter().any(|word| match word.strip_prefix('.') {
            Some(_) => glob.ends_with(word),
            None => glob.split('/').any(|name| name == *word),
        })
    };
    places.any(|place| part.has(&place)) || (part.include.iter().any(says) && !part.exclude.iter().any(says))
}
