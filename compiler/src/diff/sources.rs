//! Sources, targets and the runner: what engines are told.

use super::fields;
use super::ledger::{Found, Ledger};
use super::sides::Sides;
use schema::diff::{Code, Kind};
use schema::source::{Engine, Files, Neo4j, Source};
use schema::target::{Target, TargetEngine};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn compare<'a>(sides: &Sides<'a>, ledger: &mut Ledger<'a>) {
    sources(sides, ledger);
    targets(sides, ledger);
    let (old, new) = (&sides.before.plan.runner, &sides.after.plan.runner);
    if old != new {
        let shown = |runner: &Option<schema::plan::Runner>| {
            let runner = runner.as_ref()?;
            let site = runner.site.as_ref().map(|site| format!(" at {site}")).unwrap_or_default();
            Some(format!("{} ({}){site}", runner.name, runner.host))
        };
        let named = new.as_ref().or(old.as_ref()).map_or("", |runner| runner.name.as_str());
        let found = Found::new(Code::RunnerChanged, Kind::Strategy, &sides.after.plan.strategy);
        let line = sides.line(&format!("runner/{named}"));
        ledger.add(found.values(shown(old), shown(new)).direct(true).at(line));
    }
}

fn sources<'a>(sides: &Sides<'a>, ledger: &mut Ledger<'a>) {
    let by_name = |sources: &'a [Source]| -> BTreeMap<&'a str, &'a Source> {
        sources.iter().map(|source| (source.name.as_str(), source)).collect()
    };
    let (before, after) = (by_name(&sides.before.plan.sources), by_name(&sides.after.plan.sources));
    for (name, old) in &before {
        let line = sides.line(&format!("source/{name}"));
        match after.get(name) {
            Some(new) if old == new => {}
            Some(new) => {
                engine(sides, name, &old.engine, &new.engine, ledger);
                if old.parallel != new.parallel {
                    let shown = |most: Option<u32>| most.map(|most| format!("parallel {most}"));
                    let found = Found::new(Code::SourceChanged, Kind::Source, name);
                    ledger.add(found.values(shown(old.parallel), shown(new.parallel)).direct(true).at(line));
                }
            }
            None => {
                let found = Found::new(Code::SourceRemoved, Kind::Source, name);
                ledger.add(found.values(Some(kind(&old.engine).to_owned()), None).direct(true).at(line));
            }
        }
    }
    for (name, new) in after.iter().filter(|(name, _)| !before.contains_key(*name)) {
        let line = sides.line(&format!("source/{name}"));
        let found = Found::new(Code::SourceAdded, Kind::Source, name);
        ledger.add(found.values(None, Some(kind(&new.engine).to_owned())).direct(true).at(line));
    }
}

fn kind(engine: &Engine) -> &'static str {
    match engine {
        Engine::Files(_) => "files",
        Engine::Neo4j(_) => "neo4j",
        Engine::Command(_) => "command",
    }
}

fn engine<'a>(sides: &Sides<'a>, name: &'a str, old: &'a Engine, new: &'a Engine, ledger: &mut Ledger<'a>) {
    let differing = match (old, new) {
        (Engine::Files(old), Engine::Files(new)) => {
            files(sides, name, old, new, ledger);
            fields::differing(old, new, &["root", "include", "exclude", "members"])
        }
        (Engine::Neo4j(old), Engine::Neo4j(new)) => {
            neo4j(sides, name, old, new, ledger);
            fields::differing(old, new, &["edition", "version", "tls"])
        }
        (Engine::Command(old), Engine::Command(new)) => fields::differing(old, new, &[]),
        _ => {
            let (was, is) = (Some(kind(old).to_owned()), Some(kind(new).to_owned()));
            vec![fields::Field { name: "engine".to_owned(), before: was, after: is }]
        }
    };
    for field in differing {
        let label = |value: Option<String>| value.map(|value| format!("{} {value}", field.name));
        let line = sides.line(&format!("source/{name}/{}", field.name));
        let found = Found::new(Code::SourceChanged, Kind::Source, name);
        ledger.add(found.values(label(field.before.clone()), label(field.after.clone())).direct(true).at(line));
    }
}

fn neo4j<'a>(sides: &Sides<'a>, name: &'a str, old: &Neo4j, new: &Neo4j, ledger: &mut Ledger<'a>) {
    let found = |code, node: &str| {
        let line = sides.line(&format!("source/{name}/{node}"));
        Found::new(code, Kind::Source, name).direct(true).at(line)
    };
    let values = |old: &str, new: &str| (Some(old.to_owned()), Some(new.to_owned()));
    if old.edition != new.edition {
        let (was, is) = values(&old.edition, &new.edition);
        ledger.add(found(Code::EditionChanged, "edition").values(was, is));
    }
    if old.version != new.version {
        let (was, is) = values(&old.version, &new.version);
        ledger.add(found(Code::VersionChanged, "version").values(was, is));
    }
    let policy = |tls: &Option<String>| tls.as_ref().map(|policy| format!("policy {policy}"));
    match (policy(&old.tls), policy(&new.tls)) {
        (was, is) if was == is => {}
        (was @ Some(_), None) => ledger.add(found(Code::TlsRemoved, "tls").values(was, None).breaking(true)),
        (None, is) => ledger.add(found(Code::TlsAdded, "tls").values(None, is)),
        (was, is) => ledger.add(found(Code::SourceChanged, "tls").values(was, is)),
    }
}

/// What of a tree, or of a server's files, is taken.
fn files<'a>(sides: &Sides<'a>, name: &'a str, old: &'a Files, new: &'a Files, ledger: &mut Ledger<'a>) {
    if old.root != new.root {
        let line = sides.line(&format!("source/{name}/root"));
        let found = Found::new(Code::FilesChanged, Kind::Source, name);
        let values = (Some(format!("root {}", old.root)), Some(format!("root {}", new.root)));
        ledger.add(found.values(values.0, values.1).direct(true).breaking(true).at(line));
    }
    let found = |code| Found::new(code, Kind::Source, name);
    globs(sides, name, (&old.include, &old.exclude), (&new.include, &new.exclude), found, ledger);
    let known: BTreeMap<&str, _> = old.members.iter().map(|member| (member.server.as_str(), member)).collect();
    for member in &new.members {
        let Some(before) = known.get(member.server.as_str()) else { continue };
        let found = |code| Found::new(code, Kind::Database, &member.server).of(name);
        let (was, is) = ((&before.include, &before.exclude), (&member.include, &member.exclude));
        globs(sides, name, was, is, found, ledger);
    }
}

/// Globs that include, and globs that exclude.
type Globs<'a> = (&'a Vec<String>, &'a Vec<String>);

fn globs<'a>(
    sides: &Sides<'a>,
    name: &str,
    old: Globs<'_>,
    new: Globs<'_>,
    found: impl Fn(Code) -> Found<'a>,
    ledger: &mut Ledger<'a>,
) {
    let only = |one: &[String], other: &[String], word: &str| -> Vec<String> {
        let other: BTreeSet<&String> = other.iter().collect();
        one.iter().filter(|glob| !other.contains(glob)).map(|glob| format!("{word} {glob}")).collect()
    };
    let was = [only(old.0, new.0, "include"), only(old.1, new.1, "exclude")];
    let is = [only(new.0, old.0, "include"), only(new.1, old.1, "exclude")];
    let [gone, free] = [&was[0], &was[1]].map(|globs| !globs.is_empty());
    let [come, shut] = [&is[0], &is[1]].map(|globs| !globs.is_empty());
    // `**` takes everything: with any other include instead, fewer are taken, and the other way round.
    let (all_gone, all_come) = (is_all(old.0) && !is_all(new.0), is_all(new.0) && !is_all(old.0));
    let fewer = shut || (gone && !all_come);
    let more = free || (come && !all_gone);
    let code = match (fewer, more) {
        (false, false) => return,
        (true, false) => Code::FilesFewer,
        (false, true) => Code::FilesMore,
        (true, true) => Code::FilesChanged,
    };
    let listed = |globs: [Vec<String>; 2]| {
        let all = globs.concat();
        (!all.is_empty()).then(|| all.join(", "))
    };
    let line = sides.line(&format!("source/{name}/include"));
    ledger.add(found(code).values(listed(was), listed(is)).direct(true).breaking(fewer).at(line));
}

fn is_all(include: &[String]) -> bool {
    include.iter().any(|glob| glob == "**")
}

fn targets<'a>(sides: &Sides<'a>, ledger: &mut Ledger<'a>) {
    let by_name = |targets: &'a [Target]| -> BTreeMap<&'a str, &'a Target> {
        targets.iter().map(|target| (target.name.as_str(), target)).collect()
    };
    let (before, after) = (by_name(&sides.before.plan.targets), by_name(&sides.after.plan.targets));
    for (name, old) in &before {
        let line = sides.line(&format!("target/{name}"));
        match after.get(name) {
            Some(new) if old == new => {}
            Some(new) => {
                let (was, is) = fields::joined(&fields::differing(&old.engine, &new.engine, &[]));
                let found = Found::new(Code::TargetChanged, Kind::Target, name);
                ledger.add(found.values(was, is).direct(true).at(line));
            }
            None => {
                let found = Found::new(Code::TargetRemoved, Kind::Target, name);
                ledger.add(found.values(Some(place(old)), None).direct(true).at(line));
            }
        }
    }
    for (name, new) in after.iter().filter(|(name, _)| !before.contains_key(*name)) {
        let line = sides.line(&format!("target/{name}"));
        let found = Found::new(Code::TargetAdded, Kind::Target, name);
        ledger.add(found.values(None, Some(place(new))).direct(true).at(line));
    }
}

fn place(target: &Target) -> String {
    match &target.engine {
        TargetEngine::Files { directory } => format!("files in {directory}"),
        TargetEngine::Neo4j { home, edition, version, .. } => format!("neo4j {version} {edition} in {home}"),
    }
}
