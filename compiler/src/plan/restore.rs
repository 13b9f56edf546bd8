//! A request to bring a source back, as steps: which artifact, from which copies, staged, checked, and only then
//! exchanged with what is live, or placed beside it.

use super::draft::Graph;
use super::job::subject;
use super::nearest;
use crate::Facts;
use crate::diag::{Diagnostic, Sink, codes};
use crate::model::{Engine, Source, Strategy};
use crate::structure::{did_you_mean, is_name, listed};
use jiff::Timestamp;
use schema::fact::StoredArtifact;
use schema::step::{Action, Candidate, When};
use std::collections::{BTreeMap, BTreeSet};

/// The job that these steps belong to; no strategy may have one of this name.
const JOB: &str = "restore";
/// Longest name of a Neo4j database.
const LONGEST: usize = 63;

/// What to bring back, and where to.
#[derive(Clone, Debug, Default)]
pub struct RestoreRequest {
    pub source: String,
    /// One database; all that there are artifacts of, without it.
    pub database: Option<String>,
    /// The store to try first.
    pub from: Option<String>,
    /// How the artifact's id begins.
    pub artifact: Option<String>,
    /// Nothing newer than this.
    pub at: Option<Timestamp>,
    /// Nothing that holds a transaction after the one of this number.
    pub transaction: Option<u64>,
    /// A new name (neo4j) or directory (files); the live data is replaced without it.
    pub into: Option<String>,
    /// Only these names of a tree, relative to its root, and what is below them.
    pub files: Vec<String>,
    /// A query that must succeed after the exchange.
    pub query: Option<String>,
    /// What makes names of staged data this plan's own, for example the first characters of the artifact's id.
    pub staging: String,
}

/// One database to bring back.
struct Wanted {
    database: String,
    staging: String,
    candidates: Vec<Candidate>,
    /// A newer artifact that is passed over, because all of its copies were found damaged.
    damaged: Option<String>,
    /// Number of the last transaction in it, where one was asked for.
    transaction: Option<u64>,
    /// Newer artifacts of which nobody knows their last transaction, where one was asked for.
    unknown: usize,
}

/// Adds the steps; returns the copies that they cite.
pub(super) fn expand(
    strategy: &Strategy,
    facts: &Facts,
    request: &RestoreRequest,
    graph: &mut Graph,
    sink: &mut Sink,
) -> Option<Vec<StoredArtifact>> {
    let source = known_source(strategy, &request.source, sink)?;
    if let Some(from) = &request.from {
        known_store(strategy, from, sink)?;
    }
    if request.transaction.is_some() {
        counted(source, facts, request, sink)?;
    }
    let numbers = transactions(facts, source);
    let copies = eligible(facts, source, request, &numbers);
    let mut databases: Vec<&str> = copies.iter().map(|(copy, _)| copy.database.as_str()).collect();
    databases.sort_unstable();
    databases.dedup();
    if databases.is_empty() {
        sink.push(nothing(source, facts, request.transaction.map(|_| &numbers)));
        return None;
    }
    possible(source, &databases, request, sink)?;
    let (mut wanted, mut cited) = (Vec::new(), Vec::new());
    for database in databases {
        let chosen = nearest::copies(strategy, source, &copies, database);
        let candidate = |copy: &&StoredArtifact| nearest::candidate(strategy, source, copy, &facts.artifacts);
        wanted.push(Wanted {
            database: database.to_owned(),
            staging: staging(source, database, &request.staging),
            candidates: chosen.iter().map(candidate).collect(),
            damaged: nearest::damaged(&copies, database, chosen.first().copied()),
            transaction: request.transaction.and_then(|_| numbers.get(chosen.first()?.id.as_str()).copied()),
            unknown: request
                .transaction
                .map_or(0, |_| newer_unknown(facts, source, request, &numbers, chosen.first().copied())),
        });
        cited.extend(chosen.into_iter().cloned());
    }
    steps(source, &wanted, request, graph, sink);
    Some(cited)
}

pub(super) fn known_source<'a>(strategy: &'a Strategy, name: &str, sink: &mut Sink) -> Option<&'a Source> {
    let found = strategy.source(name);
    if found.is_none() {
        let known: Vec<&str> = strategy.sources.iter().map(|source| source.name.value.as_str()).collect();
        sink.push(unknown("source", name, &known, strategy));
    }
    found
}

pub(super) fn known_store(strategy: &Strategy, name: &str, sink: &mut Sink) -> Option<()> {
    if strategy.store(name).is_some() {
        return Some(());
    }
    let known: Vec<&str> = strategy.stores.iter().map(|store| store.name.value.as_str()).collect();
    sink.push(unknown("store", name, &known, strategy));
    None
}

fn unknown(what: &str, name: &str, known: &[&str], strategy: &Strategy) -> Diagnostic {
    Diagnostic::error(&codes::UNKNOWN_NAME, format!("no {what} is named `{name}`"))
        .at(&strategy.span, "this strategy")
        .help(did_you_mean(name, known).unwrap_or_else(|| format!("Add a `{what}` to the strategy.")))
}

/// Whether the engine of the source is the one that made a copy: a source may have had another one under the same name.
fn is_of(source: &Source, copy: &StoredArtifact) -> bool {
    copy.engine.is_empty() || copy.engine == source.engine_name()
}

/// Numbers of last transactions by the id of the artifact: what one copy was looked at for holds for all of them.
type Transactions<'a> = BTreeMap<&'a str, u64>;

fn transactions<'a>(facts: &'a Facts, source: &Source) -> Transactions<'a> {
    let of_source = facts.artifacts.iter().filter(|copy| copy.source == source.name.value);
    of_source.filter_map(|copy| Some((copy.id.as_str(), copy.transaction?))).collect()
}

/// Artifacts that are newer than what was chosen, and may hold what was asked for: nobody knows their last transaction.
fn newer_unknown(
    facts: &Facts,
    source: &Source,
    request: &RestoreRequest,
    numbers: &Transactions<'_>,
    chosen: Option<&StoredArtifact>,
) -> usize {
    let Some(chosen) = chosen else { return 0 };
    let anything = RestoreRequest { transaction: None, ..request.clone() };
    let same = |copy: &&StoredArtifact| copy.database == chosen.database && !numbers.contains_key(copy.id.as_str());
    let than = chosen.taken.parse::<Timestamp>().ok();
    let copies = eligible(facts, source, &anything, numbers).into_iter();
    let newer = copies.filter(|(_, taken)| Some(*taken) > than).map(|(copy, _)| copy).filter(same);
    newer.map(|copy| copy.id.as_str()).collect::<BTreeSet<_>>().len()
}

/// Copies that the request allows, with the time at which each was taken.
fn eligible<'a>(
    facts: &'a Facts,
    source: &Source,
    request: &RestoreRequest,
    numbers: &Transactions<'_>,
) -> Vec<(&'a StoredArtifact, Timestamp)> {
    let holds = |copy: &StoredArtifact| numbers.get(copy.id.as_str()).copied();
    facts
        .artifacts
        .iter()
        .filter(|copy| copy.source == request.source)
        .filter(|copy| is_of(source, copy))
        .filter(|copy| request.database.as_ref().is_none_or(|database| *database == copy.database))
        .filter(|copy| request.from.as_ref().is_none_or(|from| *from == copy.store))
        .filter(|copy| request.artifact.as_ref().is_none_or(|prefix| copy.id.starts_with(prefix.as_str())))
        // What is marked to go is not relied on, unless it is asked for by its name.
        .filter(|copy| copy.tombstone.is_none() || request.artifact.is_some())
        .filter_map(|copy| Some((copy, copy.taken.parse::<Timestamp>().ok()?)))
        .filter(|(_, taken)| request.at.is_none_or(|at| *taken <= at))
        .filter(|(copy, _)| request.transaction.is_none_or(|most| holds(copy).is_some_and(|last| last <= most)))
        .collect()
}

/// `numbers` are there when a transaction was asked for.
fn nothing(source: &Source, facts: &Facts, numbers: Option<&Transactions<'_>>) -> Diagnostic {
    let name = &source.name.value;
    let last = |copy: &StoredArtifact| match numbers.map(|numbers| numbers.get(copy.id.as_str())) {
        Some(Some(number)) => format!(", last transaction {number}"),
        Some(None) => ", last transaction not known".to_owned(),
        None => String::new(),
    };
    let mut known: Vec<String> = facts
        .artifacts
        .iter()
        .filter(|copy| copy.source == *name)
        .map(|copy| {
            let (id, last) = (short(&copy.id), last(copy));
            let other = if is_of(source, copy) { String::new() } else { format!(", by the engine `{}`", copy.engine) };
            format!("{id} of {} in {}, taken {}{last}{other}", copy.database, copy.store, copy.taken)
        })
        .collect();
    known.reverse();
    let help = match known.as_slice() {
        [] => {
            format!("Nothing is known of `{name}`: run a job that backs it up, or rebuild the catalog from the stores.")
        }
        known => {
            let (shown, more) = known.split_at(known.len().min(5));
            let more = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
            let look = numbers.map_or_else(String::new, |_| format!(" {}", look(name)));
            format!("Ask for one that there is: {}{more}.{look}", shown.join("; "))
        }
    };
    Diagnostic::error(&codes::NOTHING_TO_RESTORE, format!("no artifact of `{name}` is as asked for"))
        .at(&source.span, "this source")
        .help(help)
}

/// How the last transaction of an artifact becomes known.
fn look(source: &str) -> String {
    format!("`backstay verify --source {source} --with consistency` looks for the last transaction of the newest one.")
}

pub(super) fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

/// Refuses a transaction where it can mean nothing, or more than one thing.
fn counted(source: &Source, facts: &Facts, request: &RestoreRequest, sink: &mut Sink) -> Option<()> {
    let refused = |message: &str, help: String| {
        Diagnostic::error(&codes::IMPOSSIBLE_REQUEST, message).at(&source.span, "this source").help(help)
    };
    if !matches!(source.engine, Engine::Neo4j(_)) {
        sink.push(refused("only a database of Neo4j counts its transactions", "Leave out `--transaction`.".to_owned()));
        return None;
    }
    let of_source = facts.artifacts.iter().filter(|copy| copy.source == source.name.value);
    let databases: BTreeSet<&str> = of_source.map(|copy| copy.database.as_str()).collect();
    if request.database.is_none() && databases.len() > 1 {
        let help = format!("Say which one with `--database`: {}.", listed(&databases.into_iter().collect::<Vec<_>>()));
        sink.push(refused("each database counts its own transactions", help));
        return None;
    }
    Some(())
}

/// Refuses what contradicts itself.
fn possible(source: &Source, databases: &[&str], request: &RestoreRequest, sink: &mut Sink) -> Option<()> {
    let refused = |message: &str, help: String| {
        Diagnostic::error(&codes::IMPOSSIBLE_REQUEST, message).at(&source.span, "this source").help(help)
    };
    let files = matches!(source.engine, Engine::Files(_));
    if request.into.is_some() && databases.len() > 1 {
        let help = format!("Say which one with `--database`: {}.", listed(databases));
        sink.push(refused("several databases cannot be restored into one name", help));
        return None;
    }
    if let Some(into) = request.into.as_ref().filter(|into| !files && !is_name(into)) {
        let help = "Use letters, digits, `-` and `.`, at most 63.".to_owned();
        sink.push(refused(&format!("`{into}` cannot be the name of a database"), help));
        return None;
    }
    if let Engine::Files(parts) = &source.engine
        && request.into.is_none()
        && (parts.tree.is_partial() || !parts.on.is_empty())
    {
        let help = "Add `--into DIR`: a directory that does not exist yet.".to_owned();
        sink.push(refused("the source is only part of its directory, which cannot be exchanged as a whole", help));
        return None;
    }
    if !request.files.is_empty() && !files {
        let help = "Leave out `--file`.".to_owned();
        sink.push(refused("single files can only be restored of a source of files", help));
        return None;
    }
    if !request.files.is_empty() && request.into.is_none() {
        let help = "Add `--into DIR`: a directory that does not exist yet.".to_owned();
        sink.push(refused("a part of the tree cannot be exchanged with all of it", help));
        return None;
    }
    if let Engine::Command(command) = &source.engine
        && command.command.restore.is_empty()
    {
        let help = "Add `restore \"PROGRAM\"` to the source: a program that reads an artifact from standard input.";
        sink.push(refused("nothing says how it is brought back", help.to_owned()));
        return None;
    }
    if request.query.is_some() && (files || matches!(source.engine, Engine::Command(_)) || request.into.is_some()) {
        let why = "a query can only be asked of a server that serves what was restored";
        sink.push(refused(why, "Leave out `--query`.".to_owned()));
        return None;
    }
    Some(())
}

/// Where staged data stands: a database name of its own, or a directory beside the root.
fn staging(source: &Source, database: &str, token: &str) -> String {
    match &source.engine {
        Engine::Files(files) => format!("{}.backstay-{token}", files.tree.root.trim_end_matches('/')),
        Engine::Neo4j(_) | Engine::Command(_) => {
            let plain = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || matches!(char, '.' | '-');
            let clean = |text: &str| -> String {
                text.to_lowercase().chars().map(|char| if plain(char) { char } else { '-' }).collect()
            };
            let name = format!("bk-{}-{}", clean(token), clean(database));
            if name.len() <= LONGEST && clean(database) == database {
                return name;
            }
            // Two long names may begin alike: the digest keeps them apart.
            let digest = blake3::hash(database.as_bytes()).to_hex();
            let head: String = name.chars().take(LONGEST - 9).collect();
            format!("{head}-{}", short(digest.as_str()))
        }
    }
}

fn steps(
    source: &Source,
    wanted: &[Wanted],
    request: &RestoreRequest,
    graph: &mut Graph,
    sink: &mut Sink,
) -> Option<()> {
    let (name, span) = (&source.name.value, &source.span);
    // What is to be brought back may be gone: nothing need be there.
    let action = Action::Preflight { source: name.clone(), databases: Vec::new() };
    let preflight = graph.add(JOB, name, action, "before anything is touched", span, sink)?;
    let mut inspected = Vec::new();
    for Wanted { database, staging, candidates, damaged, transaction, unknown } in wanted {
        let (subject, of) = (subject(source, database), name.clone());
        let mut reason = candidates.first().map_or_else(String::new, |first| {
            let only =
                if request.files.is_empty() { String::new() } else { format!("; only {}", request.files.join(", ")) };
            let chain = match first.chain.len() {
                0 => String::new(),
                before => format!(", and the {before} before it"),
            };
            let last = transaction.map_or_else(String::new, |number| format!(" with transaction {number} as its last"));
            format!("{} taken {}{last}{chain}, from {}{only}", short(&first.id), first.taken, first.store)
        });
        if *unknown > 0 {
            let is = if *unknown == 1 { "artifact is" } else { "artifacts are" };
            reason.push_str(&format!("; {unknown} newer {is} passed over, the last transaction not being known"));
        }
        if let Some(newer) = damaged {
            reason.push_str(&format!("; every copy of the newer {} was found damaged", short(newer)));
        }
        let (database, staging, candidates) = (database.clone(), staging.clone(), candidates.clone());
        let action = Action::Stage {
            source: of.clone(),
            database: database.clone(),
            candidates,
            staging: staging.clone(),
            only: request.files.clone(),
        };
        let stage = graph.add(JOB, &subject, action, &reason, span, sink)?;
        let action = Action::Inspect { source: of, database, staging };
        let inspect = graph.add(JOB, &subject, action, "sound before anything is exchanged", span, sink)?;
        graph.need(stage, preflight, When::Success, span);
        graph.need(inspect, stage, When::Success, span);
        inspected.push(inspect);
    }
    match &request.into {
        Some(into) => place(source, wanted, into, &inspected, graph, sink),
        None => exchange(source, wanted, request, &inspected, graph, sink),
    }
}

fn place(
    source: &Source,
    wanted: &[Wanted],
    into: &str,
    inspected: &[usize],
    graph: &mut Graph,
    sink: &mut Sink,
) -> Option<()> {
    for (wanted, inspect) in wanted.iter().zip(inspected) {
        let action = Action::Place {
            source: source.name.value.clone(),
            database: wanted.database.clone(),
            staging: wanted.staging.clone(),
            into: into.to_owned(),
        };
        let reason = match &source.engine {
            Engine::Command(_) => format!("its own program reads it in, as {into}"),
            Engine::Files(_) | Engine::Neo4j(_) => format!("as {into}; nothing is replaced"),
        };
        let step = graph.add(JOB, &subject(source, &wanted.database), action, &reason, &source.span, sink)?;
        graph.need(step, *inspect, When::Success, &source.span);
    }
    Some(())
}

fn exchange(
    source: &Source,
    wanted: &[Wanted],
    request: &RestoreRequest,
    inspected: &[usize],
    graph: &mut Graph,
    sink: &mut Sink,
) -> Option<()> {
    let (name, span) = (&source.name.value, &source.span);
    let (mut stop, mut start) = (None, None);
    if source.is_controlled() {
        let action = Action::Stop { source: name.clone(), database: None };
        let down = graph.add(JOB, name, action, "data is exchanged with the server down", span, sink)?;
        let action = Action::Start { source: name.clone(), database: None };
        let up = graph.add(JOB, name, action, "the server comes back, whatever happened", span, sink)?;
        for inspect in inspected {
            graph.need(down, *inspect, When::Success, span);
        }
        graph.need(up, down, When::Always, span);
        (stop, start) = (Some(down), Some(up));
    }
    for wanted in wanted {
        let (subject, of) = (subject(source, &wanted.database), name.clone());
        let (database, staging) = (wanted.database.clone(), wanted.staging.clone());
        let action = Action::Swap { source: of.clone(), database: database.clone(), staging: staging.clone() };
        let (swapped, settled) = match &source.engine {
            Engine::Command(_) => {
                ("its own program writes over what is there; nothing is kept aside", "nothing can be put back")
            }
            Engine::Files(_) | Engine::Neo4j(_) => ("the old data is kept aside", "kept if it answers, else put back"),
        };
        let swap = graph.add(JOB, &subject, action, swapped, span, sink)?;
        let action = Action::Settle { source: of, database, staging, query: request.query.clone() };
        let settle = graph.add(JOB, &subject, action, settled, span, sink)?;
        graph.need(settle, swap, When::Always, span);
        match (stop, start) {
            (Some(stop), Some(start)) => {
                graph.need(swap, stop, When::Success, span);
                graph.need(start, swap, When::Always, span);
                graph.need(settle, start, When::Always, span);
                graph.need(settle, stop, When::Success, span);
            }
            _ => {
                for inspect in inspected {
                    graph.need(swap, *inspect, When::Success, span);
                    graph.need(settle, *inspect, When::Success, span);
                }
            }
        }
    }
    Some(())
}
