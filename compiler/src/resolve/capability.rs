//! What an engine, its edition and its version can do, against what the strategy asks of them. What is refused here is
//! in no plan.

use crate::diag::{Diagnostic, Sink, codes};
use crate::model::{Backup, Copy, Drill, Engine, Neo4j, Source, Statement, Strategy};
use crate::resolve::flow;
use crate::span::{Span, Spanned};
use crate::structure::{did_you_mean, listed};
use schema::step::{Check, Extent, Method};
use schema::target::TargetEngine;

/// The newest version line that is known: year and month.
const NEWEST: (u32, u32) = (2026, 9);

/// Judges every source, and every statement of every job.
pub fn judge(strategy: &Strategy, sink: &mut Sink) {
    for source in &strategy.sources {
        if let Engine::Neo4j(neo4j) = &source.engine {
            self::source(source, neo4j, sink);
        }
    }
    for target in &strategy.targets {
        if let Some(version) = &target.version {
            known_version(&version.value, &version.span, sink);
        }
    }
    for statement in strategy.jobs.iter().flat_map(|job| &job.statements) {
        match statement {
            Statement::Backup(backup) => self::backup(backup, strategy, sink),
            Statement::Copy(copy) => self::copy(copy, strategy, sink),
            Statement::Drill(drill) => self::drill(drill, strategy, sink),
            Statement::Verify(verify) if verify.with == Check::Consistency => {
                let source = strategy.source(&verify.of.value);
                let blind = |source: &&Source| matches!(&source.engine, Engine::Command(command) if command.command.check.is_empty());
                if let Some(source) = source.filter(blind) {
                    sink.push(
                        impossible(source, "cannot be checked for consistency", &verify.of.span, "has no checker")
                            .help("Write `with=\"digest\"`, or add `check \"PROGRAM\"` to the source."),
                    );
                }
            }
            Statement::Verify(_) | Statement::Transfer(_) | Statement::Prune(_) => {}
        }
    }
}

/// Whether a version line is one that is known: `5.26`, or a year and a month from `2025.01` on. A patch may follow.
#[must_use]
pub fn version(text: &str) -> Option<(u32, u32)> {
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = text.split('.');
    let (major, minor, patch) = (parts.next()?, parts.next()?, parts.next());
    let whole = parts.next().is_none() && [major, minor].into_iter().chain(patch).all(plain);
    let line = (major.parse().ok()?, minor.parse().ok()?);
    let known = match line {
        (5, 26) => minor == "26",
        (year, month) => year >= 2025 && line <= NEWEST && (1..=12).contains(&month) && minor.len() == 2,
    };
    (whole && known).then_some(line)
}

fn known_version(text: &str, span: &Span, sink: &mut Sink) -> Option<(u32, u32)> {
    let line = version(text);
    if line.is_none() {
        let (year, month) = NEWEST;
        sink.push(
            Diagnostic::error(&codes::UNKNOWN_VERSION, format!("`{text}` is no version of Neo4j that is known"))
                .at(span, "what it can do is not known")
                .help(format!("Use `5.26`, or one from `2025.01` to `{year}.{month:02}`.")),
        );
    }
    line
}

fn source(source: &Source, neo4j: &Neo4j, sink: &mut Sink) {
    known_version(&neo4j.server.version, &neo4j.version, sink);
    if neo4j.is_enterprise() {
        return;
    }
    for word in &neo4j.enterprise {
        sink.push(not_in_edition(source, neo4j, &format!("no use for `{}`", word.value), &word.span));
    }
    if neo4j.server.home.is_none() {
        sink.push(homeless(source, "a Community server is dumped where it is installed", &neo4j.edition));
    }
}

fn not_in_edition(source: &Source, neo4j: &Neo4j, lacks: &str, span: &Span) -> Diagnostic {
    Diagnostic::error(
        &codes::NOT_IN_EDITION,
        format!("`{}` is a Community server, which has {lacks}", source.name.value),
    )
    .at(span, "needs Enterprise")
    .at(&neo4j.edition, "because of this")
    .help("Remove it, or write `edition \"enterprise\"` if that is what the server is.")
}

fn homeless(source: &Source, why: &str, span: &Span) -> Diagnostic {
    Diagnostic::error(&codes::MISSING_NODE, format!("`{}` needs a node `home`", source.name.value))
        .at(&source.span, "no `home` is given")
        .at(span, why)
        .help("Add `home \"/var/lib/neo4j\"`: the directory that the server is installed in.")
}

fn impossible(source: &Source, what: &str, span: &Span, why: &str) -> Diagnostic {
    let (name, engine) = (&source.name.value, source.engine_name());
    Diagnostic::error(&codes::IMPOSSIBLE_METHOD, format!("`{name}` {what}"))
        .at(span, format!("engine `{engine}` {why}"))
}

fn backup(backup: &Backup, strategy: &Strategy, sink: &mut Sink) {
    let Some(source) = strategy.source(&backup.source.value) else { return };
    let asked = backup.method.as_ref();
    if let Some(asked) = asked.filter(|asked| !source.methods().contains(&asked.value)) {
        sink.push(no_such_method(source, asked));
        return;
    }
    let method = asked.map(|asked| asked.value).or_else(|| source.methods().first().copied());
    let differential = backup.extent.value == Extent::Differential;
    match (&source.engine, method) {
        (Engine::Neo4j(neo4j), Some(Method::Dump)) if differential && !neo4j.is_enterprise() => {
            sink.push(not_in_edition(source, neo4j, "no differential backup", &backup.extent.span));
        }
        (Engine::Neo4j(neo4j), Some(Method::Dump)) => {
            if differential {
                let help = "Write `method=\"backup\"`, or leave it out.";
                sink.push(
                    impossible(
                        source,
                        "cannot be dumped differentially",
                        &backup.extent.span,
                        "dumps all of a database",
                    )
                    .help(help),
                );
            }
            if neo4j.is_enterprise() && neo4j.server.home.is_none() {
                sink.push(homeless(source, "a dump is made where the server is installed", &backup.step.span));
            }
        }
        (Engine::Neo4j(neo4j), _) if differential => self::differential(source, neo4j, backup, strategy, sink),
        (Engine::Files(_), _) if differential => begun(source, backup, strategy, sink),
        (_, _) if differential => sink.push(
            impossible(source, "cannot be backed up differentially", &backup.extent.span, "takes all each time")
                .help("Write `type=\"full\"`, or leave it out."),
        ),
        _ => {}
    }
}

fn no_such_method(source: &Source, asked: &Spanned<Method>) -> Diagnostic {
    if let (Engine::Neo4j(neo4j), Method::Backup) = (&source.engine, asked.value) {
        return not_in_edition(source, neo4j, "no online backup", &asked.span);
    }
    let has: Vec<&str> = source.methods().iter().map(|method| name(*method)).collect();
    let has: Vec<String> = has.iter().map(|has| format!("method=\"{has}\"")).collect();
    let has: Vec<&str> = has.iter().map(String::as_str).collect();
    impossible(source, "cannot be backed up by this method", &asked.span, "does not have it")
        .help(format!("Write {}, or leave it out.", listed(&has)))
}

fn name(method: Method) -> &'static str {
    match method {
        Method::Archive => "archive",
        Method::Dump => "dump",
        Method::Backup => "backup",
        Method::Command => "command",
    }
}

/// A differential goes on with a chain: there is a place for it, and something that begins it.
fn differential(source: &Source, neo4j: &Neo4j, backup: &Backup, strategy: &Strategy, sink: &mut Sink) {
    let name = &source.name.value;
    if neo4j.server.work.is_none() {
        sink.push(
            Diagnostic::error(&codes::MISSING_NODE, format!("`{name}` needs a node `work`"))
                .at(&source.span, "no `work` is given")
                .at(&backup.extent.span, "a differential is taken from the chain that is there")
                .help("Add `work \"/var/lib/backstay\"`: a directory that keeps the current chain."),
        );
    }
    begun(source, backup, strategy, sink);
}

/// Something begins the chain that a differential goes on with, and begins it anew from time to time.
fn begun(source: &Source, backup: &Backup, strategy: &Strategy, sink: &mut Sink) {
    let name = &source.name.value;
    if !flow::of(strategy).begun.contains(name) {
        sink.push(
            Diagnostic::error(&codes::DIFFERENTIAL_WITHOUT_FULL, format!("no job makes a full backup of `{name}`"))
                .at(&backup.extent.span, "has nothing to build on")
                .help(format!("Add `backup \"{name}\" type=\"full\" to=…` to a job.")),
        );
    }
}

fn copy(copy: &Copy, strategy: &Strategy, sink: &mut Sink) {
    let Some(source) = strategy.source(&copy.source.value) else { return };
    let Engine::Neo4j(neo4j) = &source.engine else {
        sink.push(
            impossible(source, "cannot be copied", &copy.source.span, "has no databases of a server")
                .help("Name a source of engine `neo4j`."),
        );
        return;
    };
    if copy.database.value.eq_ignore_ascii_case("system") {
        sink.push(
            impossible(source, "keeps `system` to itself", &copy.database.span, "does not copy `system`")
                .help("Name another database."),
        );
    } else {
        protected(source, neo4j, &copy.database, sink);
    }
    if copy.into.value.eq_ignore_ascii_case(&copy.database.value) {
        sink.push(
            Diagnostic::error(&codes::CONTRADICTION, format!("`{}` cannot be copied onto itself", copy.into.value))
                .at(&copy.into.span, "the same name")
                .at(&copy.database.span, "as this")
                .help("Give the copy a name that no database has."),
        );
    }
    if neo4j.server.home.is_none() {
        sink.push(homeless(source, "a copy is made where the server is installed", &copy.step.span));
    }
    if neo4j.is_enterprise() {
        return;
    }
    let format = copy.format.as_ref().map(|format| &format.span);
    let asked = [("compact", copy.compact.as_ref()), ("format", format), ("schema", copy.schema.as_ref())];
    for (what, span) in asked {
        if let Some(span) = span {
            let lacks = format!("no copy but a dump and a load, so no use for `{what}`");
            sink.push(not_in_edition(source, neo4j, &lacks, span));
        }
    }
}

fn drill(drill: &Drill, strategy: &Strategy, sink: &mut Sink) {
    let (Some(source), Some(target)) = (strategy.source(&drill.source.value), strategy.target(&drill.into.value))
    else {
        return;
    };
    let refused = |message: String, span: &Span, label: &str| {
        Diagnostic::error(&codes::IMPOSSIBLE_DRILL, message).at(span, label).at(&target.span, "this target")
    };
    let (name, into) = (&source.name.value, &target.name.value);
    match (&source.engine, &target.engine) {
        (Engine::Neo4j(neo4j), TargetEngine::Neo4j { version: to, .. }) => {
            let older = version(&neo4j.server.version).zip(version(to)).is_some_and(|(from, to)| to < from);
            if older {
                let message = format!("`{into}` is older than what `{name}` is backed up from");
                sink.push(
                    refused(message, &drill.into.span, "cannot read its copies")
                        .help(format!("Use a target of version `{}` or later.", neo4j.server.version)),
                );
            }
        }
        (Engine::Files(_), TargetEngine::Files { .. }) => {
            let asks = drill.check.iter().map(|span| ("check", span));
            let asks = asks.chain(drill.queries.iter().map(|query| ("query", &query.cypher.span)));
            for (what, span) in asks {
                sink.push(
                    refused(format!("files have no `{what}`"), span, "needs a database")
                        .help("Remove it: what is restored is compared with its manifest anyway."),
                );
            }
        }
        _ => sink.push(
            refused(
                format!("`{name}` cannot be restored into `{into}`"),
                &drill.into.span,
                &format!("`{name}` is of engine `{}`", source.engine_name()),
            )
            .help("Name a target of the same engine."),
        ),
    }
    if let Engine::Neo4j(neo4j) = &source.engine {
        let queried = drill.queries.iter().filter_map(|query| query.database.as_ref());
        for database in drill.database.iter().chain(queried) {
            protected(source, neo4j, database, sink);
        }
    }
}

/// A database that a statement names is one of those that its source names.
fn protected(source: &Source, neo4j: &Neo4j, database: &Spanned<String>, sink: &mut Sink) {
    if neo4j.databases.iter().any(|pattern| pattern.covers(&database.value)) {
        return;
    }
    let known: Vec<&str> = neo4j.databases.iter().map(|pattern| pattern.text.as_str()).collect();
    let help = did_you_mean(&database.value, &known).unwrap_or_else(|| "Name one that it protects.".to_owned());
    let message = format!("`{}` does not protect `{}`", source.name.value, database.value);
    sink.push(
        Diagnostic::error(&codes::UNKNOWN_DATABASE, message)
            .at(&database.span, "is not among its `databases`")
            .help(help),
    );
}
