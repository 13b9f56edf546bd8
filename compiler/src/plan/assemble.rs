//! The plan as a value: ordered steps with everything that the runtime must know beside them, and what it came from.

use super::Inputs;
use crate::diag::{Diagnostic, Level, Sink, codes};
use crate::model::{self, Engine, Job};
use crate::resolve::grants;
use schema::fact::StoredArtifact;
use schema::notifier::Notifier;
use schema::plan::{FORMAT, Finding, Input, InputKind, Plan, Schedule};
use schema::source::Source;
use schema::step::{Action, Step};
use schema::store::Store;

/// Puts a plan together. `jobs` are those that it shows, `cited` the artifacts that its steps name.
pub(super) fn plan(
    inputs: Inputs<'_>,
    jobs: Vec<&Job>,
    steps: Vec<Step>,
    cited: Vec<StoredArtifact>,
    sink: &mut Sink,
) -> Plan {
    let strategy = inputs.strategy;
    let mut findings: Vec<Finding> = inputs.findings.iter().filter_map(finding).collect();
    for diagnostic in open_globs(inputs, &steps) {
        findings.extend(finding(&diagnostic));
        sink.push(diagnostic);
    }
    Plan {
        format: FORMAT,
        strategy: strategy.name.value.clone(),
        environment: strategy.environment.name().to_owned(),
        inputs: made_from(inputs, &steps, &cited),
        jobs: jobs.into_iter().map(job).collect(),
        sources: strategy.sources.iter().map(source).collect(),
        stores: strategy.stores.iter().map(|store| self::store(store, inputs)).collect(),
        notifiers: strategy.notifiers.iter().map(|notifier| self::notifier(notifier, inputs)).collect(),
        steps,
        findings,
    }
}

fn job(job: &Job) -> schema::plan::Job {
    let schedule = job.schedule.as_ref();
    let schedule = schedule.map(|it| Schedule { cron: it.cron.value.clone(), timezone: it.timezone.value.clone() });
    schema::plan::Job { name: job.name.value.clone(), schedule, origin: job.span.origin() }
}

fn source(source: &model::Source) -> Source {
    let engine = match &source.engine {
        Engine::Files(files) => schema::source::Engine::Files(files.clone()),
        Engine::Neo4j(neo4j) => schema::source::Engine::Neo4j(Box::new(neo4j.server.clone())),
    };
    Source { name: source.name.value.clone(), engine }
}

fn store(store: &model::Store, inputs: Inputs<'_>) -> Store {
    Store {
        name: store.name.value.clone(),
        plugin: grants::plugin_use(&store.plugin, inputs.manifests),
        site: store.site.as_ref().map(|site| site.value.clone()),
        media: store.media.as_ref().map(|media| media.value.clone()),
    }
}

fn notifier(notifier: &model::Notifier, inputs: Inputs<'_>) -> Notifier {
    Notifier {
        name: notifier.name.value.clone(),
        plugin: grants::plugin_use(&notifier.plugin, inputs.manifests),
        on: notifier.on.clone(),
        body: notifier.body.as_ref().map(|body| body.value.clone()),
    }
}

fn finding(diagnostic: &Diagnostic) -> Option<Finding> {
    Some(Finding {
        code: diagnostic.code().to_owned(),
        level: diagnostic.level,
        message: diagnostic.message.clone(),
        origin: diagnostic.labels.first()?.span.origin(),
    })
}

/// Globs over databases that no inventory has expanded, among the sources that steps back up.
fn open_globs(inputs: Inputs<'_>, steps: &[Step]) -> Vec<Diagnostic> {
    let backed_up = |name: &str, text: &str| {
        let is = |action: &Action| matches!(action, Action::Backup { source, database, .. } if source == name && database == text);
        steps.iter().any(|step| is(&step.action))
    };
    let mut out = Vec::new();
    for source in &inputs.strategy.sources {
        let Engine::Neo4j(neo4j) = &source.engine else { continue };
        for pattern in neo4j.databases.iter().filter(|pattern| pattern.is_glob()) {
            if backed_up(&source.name.value, &pattern.text) {
                let message =
                    format!("what `{}` covers in `{}` is known only at run time", pattern.text, source.name.value);
                out.push(
                    Diagnostic::new(&codes::KNOWN_AT_RUN_TIME, Level::Info, message)
                        .at(&pattern.span, "expands when the source has been asked")
                        .help("Ask the source with `plan --refresh` to see its databases here."),
                );
            }
        }
    }
    out
}

fn made_from(inputs: Inputs<'_>, steps: &[Step], cited: &[StoredArtifact]) -> Vec<Input> {
    let input = |kind, name: &str, text: &str| Input { kind, name: name.to_owned(), digest: digest(text) };
    let mut out: Vec<Input> = inputs.texts.iter().map(|text| input(InputKind::Text, &text.name, &text.text)).collect();
    let used = |name: &str| {
        let stores = inputs.strategy.stores.iter().map(|store| &store.plugin);
        let mut all = stores.chain(inputs.strategy.notifiers.iter().map(|notifier| &notifier.plugin));
        all.any(|plugin| plugin.name.value == name)
    };
    let manifests = inputs.manifests.iter().filter(|manifest| used(&manifest.name));
    out.extend(manifests.map(|manifest| input(InputKind::Plugin, &manifest.name, &manifest.text)));
    for inventory in &inputs.facts.inventory {
        let is = |action: &Action| matches!(action, Action::Backup { source, .. } if *source == inventory.source);
        let of_databases =
            inputs.strategy.source(&inventory.source).is_some_and(|it| matches!(it.engine, Engine::Neo4j(_)));
        if of_databases && steps.iter().any(|step| is(&step.action)) {
            out.push(input(InputKind::Inventory, &inventory.source, &inventory.databases.join("\n")));
        }
    }
    out.extend(cited.iter().map(|artifact| Input {
        kind: InputKind::Artifact,
        name: format!("{}/{}/{}/{}", artifact.store, artifact.source, artifact.database, artifact.id),
        digest: artifact.manifest.clone(),
    }));
    out
}

fn digest(text: &str) -> String {
    format!("blake3:{}", blake3::hash(text.as_bytes()).to_hex())
}
