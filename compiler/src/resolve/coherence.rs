//! Nodes that need or exclude each other, and names that only their own place knows: of servers, of facts in templates,
//! of requirements.

use crate::diag::{Diagnostic, Sink, codes};
use crate::model::{ATOMIC_CREATE, Command, Engine, Files, Job, Source, Statement, Strategy, Words};
use crate::structure::{did_you_mean, strategy as vocabulary, unit};
use handlebars::Handlebars;

/// Judges all of a strategy. `rules` are the codes that an exception may name.
pub fn judge(strategy: &Strategy, rules: &[&str], sink: &mut Sink) {
    for source in &strategy.sources {
        match &source.engine {
            Engine::Files(files) => self::files(source, files, strategy, sink),
            Engine::Command(command) => templates(command, sink),
            Engine::Neo4j(_) => {}
        }
    }
    for job in &strategy.jobs {
        self::job(job, strategy, sink);
    }
    for keep in &strategy.keeps {
        if keep.rules == schema::keep::Keep::default() {
            sink.push(
                Diagnostic::error(&codes::MISSING_NODE, "`keep` needs at least one rule")
                    .at(&keep.span, "keeps nothing")
                    .help("Add `last`, `hourly`, `daily`, `weekly`, `monthly`, `yearly` or `within`."),
            );
        }
    }
    requirements(strategy, sink);
    super::body::judge(strategy, sink);
    exceptions(strategy, rules, sink);
}

fn files(source: &Source, files: &Files, strategy: &Strategy, sink: &mut Sink) {
    match (&files.root, files.on.first()) {
        (None, None) => sink.push(
            Diagnostic::error(&codes::MISSING_NODE, "`source` needs a node `root` or `on`")
                .at(&source.span, "neither is given")
                .help("Add `root \"DIRECTORY\"`, or `on \"SERVER\" { include \"/GLOB\"; }`."),
        ),
        (Some(root), Some(on)) => sink.push(
            Diagnostic::error(&codes::CONTRADICTION, "`root` and `on` exclude each other")
                .at(&on.span, "files of servers")
                .at(root, "a directory of the machine that runs the job")
                .help("Make two sources of it."),
        ),
        (None, Some(on)) if files.tree.include != ["**"] || !files.tree.exclude.is_empty() => sink.push(
            Diagnostic::error(&codes::CONTRADICTION, "`include` and `exclude` belong inside `on`")
                .at(&source.span, "has one beside it")
                .at(&on.span, "this `on`")
                .help("Move them into its block."),
        ),
        _ => {}
    }
    for on in &files.on {
        for glob in on.include.iter().chain(&on.exclude).filter(|glob| !glob.starts_with('/')) {
            sink.push(
                Diagnostic::error(&codes::INVALID_VALUE, format!("`{glob}` does not begin at the root"))
                    .at(&on.span, "a server has no directory to begin at")
                    .help(format!("Write `/{glob}`, or where it is.")),
            );
        }
        for pattern in &on.servers {
            let known: Vec<&str> = strategy.servers().map(|server| server.name.as_str()).collect();
            if !known.iter().any(|server| pattern.covers(server)) {
                let what = if pattern.is_glob() { "like" } else { "named" };
                let none = "There is no server yet: add one to a source.".to_owned();
                sink.push(
                    Diagnostic::error(&codes::UNKNOWN_NAME, format!("no server is {what} `{}`", pattern.text))
                        .at(&pattern.span, "not defined")
                        .help(did_you_mean(&pattern.text, &known).unwrap_or(none)),
                );
            }
        }
    }
}

/// Renders every template as a run would, with facts of the right shape.
fn templates(command: &Command, sink: &mut Sink) {
    let mut handlebars = Handlebars::new();
    handlebars.set_strict_mode(true);
    handlebars.register_escape_fn(handlebars::no_escape);
    let mut last = None;
    for (template, of) in &command.templates {
        // The first of each command is the program.
        if last != Some(of) && template.value.trim().is_empty() {
            sink.push(
                Diagnostic::error(&codes::INVALID_VALUE, "the program has no name")
                    .at(&template.span, "empty")
                    .help("Write the program, then its arguments."),
            );
        }
        last = Some(of);
        let mut facts = serde_json::json!({ "strategy": "s", "source": "s", "database": "d" });
        if let (Words::Restore, Some(facts)) = (of, facts.as_object_mut()) {
            facts.insert("into".to_owned(), "d".into());
        }
        if handlebars.render_template(&template.value, &facts).is_err() {
            let known = if *of == Words::Restore {
                "`{{strategy}}`, `{{source}}`, `{{database}}` or `{{into}}`"
            } else {
                "`{{strategy}}`, `{{source}}` or `{{database}}`"
            };
            sink.push(
                Diagnostic::error(&codes::INVALID_TEMPLATE, "the template asks for something that is not there")
                    .at(&template.span, "cannot be rendered")
                    .help(format!("Use {known}.")),
            );
        }
    }
}

fn job(job: &Job, strategy: &Strategy, sink: &mut Sink) {
    if let Some(window) = &job.window
        && unit::time(&window.from) == unit::time(&window.to)
    {
        sink.push(
            Diagnostic::error(&codes::CONTRADICTION, "the window is never open")
                .at(&window.span, "ends when it begins")
                .help("Write the time when it opens and the time when it closes."),
        );
    }
    for statement in &job.statements {
        let Statement::Prune(prune) = statement else { continue };
        if strategy.keep(&prune.store.value).is_none() {
            let store = &prune.store.value;
            sink.push(
                Diagnostic::error(&codes::PRUNE_WITHOUT_KEEP, format!("nothing says what `{store}` keeps"))
                    .at(&prune.step.span, "would remove all or nothing")
                    .help(format!("Add `keep in=\"{store}\" {{ last 7; }}` to the strategy.")),
            );
        }
    }
}

/// A requirement is of a number, of a time at most, or of a time at least.
fn requirements(strategy: &Strategy, sink: &mut Sink) {
    for requirement in &strategy.policy.requirements {
        let what = requirement.what.value.as_str();
        let (most, least) = match what {
            "rpo" | "rto" => (true, false),
            "retention" => (false, true),
            _ => (false, false),
        };
        let needs = [("within", most, &requirement.within), ("for", least, &requirement.lasting)];
        for (property, needed, said) in needs {
            let may = needed || (what == "immutable" && property == "for");
            match said {
                None if needed => sink.push(
                    Diagnostic::error(&codes::MISSING_PROPERTY, format!("`require \"{what}\"` needs `{property}`"))
                        .at(&requirement.span, format!("no `{property}` is given"))
                        .help(format!("Add `{property}=\"1h\"`, with the time that you want.")),
                ),
                Some(said) if !may => sink.push(
                    Diagnostic::error(
                        &codes::NOT_APPLICABLE,
                        format!("`{property}` has no meaning for `require \"{what}\"`"),
                    )
                    .at(&said.span, "not asked of this")
                    .help(format!("Remove `{property}`.")),
                ),
                _ => {}
            }
        }
        if (most || least) && requirement.min > 1 {
            sink.push(
                Diagnostic::error(&codes::NOT_APPLICABLE, format!("`min` has no meaning for `require \"{what}\"`"))
                    .at(&requirement.span, "is of a time, not of a number")
                    .help("Remove `min`."),
            );
        }
    }
}

/// What may be excused: a requirement of the vocabulary, a rule, or what only a run can see of a store.
fn exceptions(strategy: &Strategy, rules: &[&str], sink: &mut Sink) {
    let requirements = vocabulary()
        .iter()
        .flat_map(|strategy| strategy.children.iter().filter(|node| node.name == "policy"))
        .flat_map(|policy| policy.children.iter().filter(|node| node.name == "require"))
        .flat_map(|require| require.arguments.iter().flat_map(|argument| &argument.one_of));
    let mut known: Vec<&str> = requirements.map(String::as_str).collect();
    known.extend(rules);
    known.push(ATOMIC_CREATE);
    for exception in &strategy.policy.exceptions {
        let what = &exception.what;
        if !known.contains(&what.value.as_str()) {
            sink.push(
                Diagnostic::error(&codes::UNKNOWN_NAME, format!("no requirement or rule is named `{}`", what.value))
                    .at(&what.span, "not defined")
                    .help_maybe(did_you_mean(&what.value, &known)),
            );
        }
    }
}
