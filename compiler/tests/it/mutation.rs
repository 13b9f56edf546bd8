//! Breaks whole strategies, one thing at a time, by machine. Every mutant is refused, by one error with a code, at the
//! broken place; those that are not are listed with a reason in `tests/mutation/accepted.txt`. `UPDATE=1` rewrites the
//! numbers, never the list.

mod mutants;
mod reuse;

use crate::case::of_example;
use crate::expected::{here, matches, read};
use crate::places::{Fixture, fixtures, places, texts};
use compiler::diag::{Diagnostic, Label};
use compiler::{Text, check, structure};
use mutants::{Maker, Mutant};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// The strategies that are broken: between them they hold every node.
const WHOLE: [&str; 7] = [
    "examples/01-quickstart",
    "examples/02-neo4j-community",
    "examples/03-enterprise-gfs",
    "suite/nodes-that-no-example-has",
    PARTS,
    "suite/every-way-of-reuse",
    "suite/plugin-of-a-bucket-at-an-endpoint",
];

/// The third of them in parts.
const PARTS: &str = "examples/03-enterprise-gfs/parts";
/// In these only what is reused, or is reuse, is broken: the rest is in the others.
const OF_REUSE: [&str; 2] = [PARTS, "suite/every-way-of-reuse"];

fn whole() -> Vec<Fixture> {
    let (texts, facts) = (texts(&here().join("..").join(PARTS)), of_example("03-enterprise-gfs"));
    let parts = Fixture { name: PARTS.to_owned(), texts, facts };
    let all = fixtures().into_iter().chain([parts]);
    let out: Vec<Fixture> = all.filter(|fixture| WHOLE.contains(&fixture.name.as_str())).collect();
    assert_eq!(out.len(), WHOLE.len(), "a strategy that is to be broken does not compile, or is gone");
    out
}

/// What became of a mutant.
enum Fate {
    Refused(&'static str),
    Accepted,
    /// Refused, and not as it should be.
    Wrong(String),
}

fn judge(mutant: &Mutant, fixture: &Fixture, at: usize) -> Fate {
    let mut texts = fixture.texts.clone();
    texts[at].text.clone_from(&mutant.text);
    let in_it = |label: &Label| {
        let (start, end) = (label.span.start(), label.span.end());
        let here = mutant.broken.iter().map(|range| (at, range));
        let mut all = here.chain(mutant.elsewhere.iter().map(|(text, range)| (*text, range)));
        let name = label.span.source().name();
        all.any(|(text, range)| {
            fixture.texts[text].name == name && range.start <= start && end <= range.end && start < end
        })
    };
    let checked = check(&texts, &fixture.facts);
    let errors: Vec<&Diagnostic> = checked.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).collect();
    let Some(first) = errors.first() else { return Fate::Accepted };
    for error in &errors {
        let Some(label) = error.labels.first() else { return Fate::Wrong(format!("{}: no place", error.code())) };
        if !(in_it(label) || mutant.through && error.labels.iter().any(in_it)) {
            let (source, text) = (label.span.source().name(), label.span.text());
            return Fate::Wrong(format!("{}: {error}, at `{text}` in {source}", error.code()));
        }
    }
    // Each of several uses of a name is told; of anything else, one error is enough.
    if errors.len() > mutant.most {
        let all: Vec<String> = errors.iter().map(|error| format!("{}: {error}", error.code())).collect();
        return Fate::Wrong(all.join(" + "));
    }
    Fate::Refused(first.code())
}

/// The lines `PATTERN: reason` of the list. A `*` stands for anything.
fn listed() -> Vec<(String, String)> {
    let text = read("compiler/tests/mutation/accepted.txt");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (pattern, reason) = line.split_once(": ").unwrap_or_else(|| panic!("no reason: {line}"));
            (pattern.to_owned(), reason.to_owned())
        })
        .collect()
}

fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|tail| {
            (0..=tail.len()).filter(|at| tail.is_char_boundary(*at)).any(|at| fits(rest, &tail[at..]))
        }),
    }
}

#[derive(Default)]
struct Row {
    refused: usize,
    accepted: usize,
    codes: BTreeSet<&'static str>,
}

#[test]
fn mutants_are_refused_where_they_are_broken() {
    let listed = listed();
    let mut rows: BTreeMap<&'static str, Row> = BTreeMap::new();
    let mut used = vec![0_usize; listed.len()];
    let mut wrong = BTreeSet::new();
    let mut broken_paths = BTreeSet::new();
    for fixture in whole() {
        let manifests = structure::manifests(&fixture.facts.plugins, &mut Vec::new());
        for (at, text) in fixture.texts.iter().enumerate() {
            for (mutant, fate) in fates(&fixture, at, text, &manifests) {
                let name = format!("{} @ {}", mutant.kind, mutant.target);
                broken_paths.insert(mutant.target.split(' ').next().unwrap().to_owned());
                let row = rows.entry(mutant.kind).or_default();
                match fate {
                    Fate::Refused(code) => {
                        row.refused += 1;
                        row.codes.insert(code);
                    }
                    Fate::Accepted => {
                        row.accepted += 1;
                        match listed.iter().position(|(pattern, _)| fits(pattern, &name)) {
                            Some(reason) => used[reason] += 1,
                            None => _ = wrong.insert(format!("accepted: {name}")),
                        }
                    }
                    Fate::Wrong(why) => _ = wrong.insert(format!("{name}: {why}")),
                }
            }
        }
    }
    for ((pattern, _), _) in listed.iter().zip(&used).filter(|(_, count)| **count == 0) {
        wrong.insert(format!("listed and not accepted any more: {pattern}"));
    }
    assert!(wrong.is_empty(), "{}\n{} in all", wrong.iter().cloned().collect::<Vec<_>>().join("\n"), wrong.len());
    matches(&here().join("tests/mutation/numbers.txt"), &numbers(&rows, &listed, &used, broken_paths.len())).unwrap();
}

/// All mutants of a text with their fates, on as many threads as there are processors.
fn fates(fixture: &Fixture, at: usize, text: &Text, manifests: &[structure::Manifest]) -> Vec<(Mutant, Fate)> {
    let mut mutants = reuse::all(fixture, at);
    if !OF_REUSE.contains(&fixture.name.as_str()) {
        let places = places(text, structure::strategy(), manifests);
        let mut maker = Maker { text: &text.text, places: &places, out: Vec::new(), seen: BTreeSet::new() };
        maker.all();
        mutants.append(&mut maker.out);
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = mutants.len().div_ceil(threads).max(1);
    let fates: Vec<Fate> = std::thread::scope(|scope| {
        let work = mutants
            .chunks(share)
            .map(|part| scope.spawn(move || part.iter().map(|mutant| judge(mutant, fixture, at)).collect::<Vec<_>>()));
        work.collect::<Vec<_>>().into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    mutants.into_iter().zip(fates).collect()
}

fn numbers(rows: &BTreeMap<&str, Row>, listed: &[(String, String)], used: &[usize], paths: usize) -> String {
    let refused: usize = rows.values().map(|row| row.refused).sum();
    let accepted: usize = rows.values().map(|row| row.accepted).sum();
    let mut out = format!(
        "Mutants of {}: {} in all, of {paths} kinds of node.\n{refused} refused, each by one error inside the broken place (or one for each use of a name that is gone); {accepted} accepted.\n\n",
        WHOLE.join(", "),
        refused + accepted
    );
    for (kind, row) in rows {
        let codes: Vec<&str> = row.codes.iter().copied().collect();
        writeln!(out, "{kind:<28} {:>5} refused {:>3} accepted  {}", row.refused, row.accepted, codes.join(" "))
            .unwrap();
    }
    out.push_str("\nAccepted, by reason:\n");
    for ((pattern, reason), count) in listed.iter().zip(used) {
        writeln!(out, "{count:>3} {pattern}: {reason}").unwrap();
    }
    out
}

/// The mutants above are of every node that the vocabulary and the bundled plugins have.
#[test]
fn no_node_is_spared() {
    let manifests = structure::manifests(&crate::case::facts().plugins, &mut Vec::new());
    let mut missing: BTreeSet<String> = BTreeSet::new();
    fn all(shape: &structure::NodeShape, path: &str, out: &mut BTreeSet<String>) {
        out.insert(path.to_owned());
        shape.children.iter().for_each(|child| all(child, &format!("{path}/{}", crate::places::step(child)), out));
    }
    structure::strategy().iter().for_each(|shape| all(shape, &shape.name, &mut missing));
    for manifest in &manifests {
        missing.extend(manifest.nodes.iter().map(|node| format!("{}/{}", manifest.name, node.name)));
    }
    for fixture in whole() {
        for place in fixture.texts.iter().flat_map(|text| places(text, structure::strategy(), &manifests)) {
            missing.remove(&place.path);
        }
    }
    assert_eq!(missing, BTreeSet::new());
}
