//! The plan as a value: ordered steps with everything that the runtime must know beside them, and what it came from.

use super::Inputs;
use crate::diag::{Diagnostic, Level, Sink, codes};
use crate::model::{self, Engine, Job};
use crate::resolve::{databases, grants};
use crate::span::Spanned;
use schema::fact::StoredArtifact;
use schema::forecast::{Growth, Objectives, Resources, Workload};
use schema::notifier::Notifier;
use schema::plan::{Exception, FORMAT, Finding, Input, InputKind, Plan, Runner, Schedule, Window};
use schema::source::Source;
use schema::step::{Action, Step};
use schema::store::Store;
use schema::target::Target;

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
        runner: strategy.runner.as_ref().map(runner),
        jobs: jobs.into_iter().map(job).collect(),
        sources: strategy.sources.iter().map(|source| self::source(source, strategy)).collect(),
        stores: strategy.stores.iter().map(|store| self::store(store, inputs)).collect(),
        targets: strategy.targets.iter().map(target).collect(),
        notifiers: strategy.notifiers.iter().map(|notifier| self::notifier(notifier, inputs)).collect(),
        steps,
        findings,
        requirements: strategy.policy.requirements.iter().map(requirement).collect(),
        exceptions: strategy.policy.exceptions.iter().map(exception).collect(),
        approvals: strategy.policy.approvals(inputs.facts.today),
        objectives: objectives(&strategy.objectives),
        workload: workload(&strategy.workload),
        resources: resources(&strategy.resources),
        forecast: None,
        lines: super::lines::lines(strategy),
    }
}

fn objectives(objectives: &model::Objectives) -> Objectives {
    Objectives {
        rpo: value(objectives.rpo.as_ref()),
        rto: value(objectives.rto.as_ref()),
        backup_downtime: value(objectives.backup_downtime.as_ref()),
        restore_downtime: value(objectives.restore_downtime.as_ref()),
    }
}

fn workload(workload: &model::Workload) -> Workload {
    let growth = value(workload.growth.as_ref());
    Workload {
        size: value(workload.size.as_ref()),
        growth: growth.map(|growth| Growth { basis_points: growth.basis_points, per: growth.per }),
        change_rate: value(workload.change_rate.as_ref()),
    }
}

fn resources(resources: &model::Resources) -> Resources {
    Resources {
        cpus: value(resources.cpus.as_ref()),
        memory: value(resources.memory.as_ref()),
        temp: value(resources.temp.as_ref()),
        disk: value(resources.disk.as_ref()),
        network: value(resources.network.as_ref()),
    }
}

fn value<T: Copy>(said: Option<&Spanned<T>>) -> Option<T> {
    said.map(|said| said.value)
}

fn job(job: &Job) -> schema::plan::Job {
    let schedule = job.schedule.as_ref();
    let timezone = schedule.map_or_else(|| "UTC".to_owned(), |schedule| schedule.timezone.value.clone());
    let schedule = schedule.map(|it| Schedule { cron: it.cron.value.clone(), timezone: it.timezone.value.clone() });
    let window = job.window.as_ref().map(|it| Window {
        from: it.from.clone(),
        to: it.to.clone(),
        timezone,
        outside: it.outside,
        closing: it.closing,
        left_out: it.left_out,
    });
    let (name, on_overlap) = (job.name.value.clone(), job.on_overlap);
    schema::plan::Job { name, schedule, window, on_overlap, origin: job.span.origin() }
}

fn runner(runner: &model::Runner) -> Runner {
    let name = runner.name.value.clone();
    let host = runner.host.as_ref().map_or_else(|| name.clone(), |host| host.value.clone());
    Runner { name, host, site: said(&runner.site) }
}

fn said(value: &Option<crate::span::Spanned<String>>) -> Option<String> {
    value.as_ref().map(|value| value.value.clone())
}

fn source(source: &model::Source, strategy: &model::Strategy) -> Source {
    let engine = match &source.engine {
        Engine::Files(files) => {
            let members = databases::members(files, strategy).into_iter().map(|(member, _)| member).collect();
            let mut tree = schema::source::Files { members, ..files.tree.clone() };
            if !files.on.is_empty() {
                tree.include.clear();
            }
            schema::source::Engine::Files(tree)
        }
        Engine::Neo4j(neo4j) => schema::source::Engine::Neo4j(Box::new(neo4j.server.clone())),
        Engine::Command(command) => schema::source::Engine::Command(command.command.clone()),
    };
    Source { name: source.name.value.clone(), engine, parallel: value(source.parallel.as_ref()) }
}

fn store(store: &model::Store, inputs: Inputs<'_>) -> Store {
    Store {
        name: store.name.value.clone(),
        plugin: grants::plugin_use(&store.plugin, inputs.manifests),
        site: said(&store.site),
        zone: said(&store.zone),
        provider: said(&store.provider),
        account: said(&store.account),
        host: said(&store.host),
        media: said(&store.media),
        class: said(&store.class),
        immutable: store.immutable.as_ref().map(|time| time.value),
        compress: store.compress,
        encrypt: store.encrypt.clone(),
        identity: store.identity.clone(),
        parallel: value(store.parallel.as_ref()),
        bandwidth: value(store.bandwidth.as_ref()),
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

fn requirement(requirement: &model::Requirement) -> schema::plan::Requirement {
    let what = requirement.what.value.clone();
    let (within, lasting) = (value(requirement.within.as_ref()), value(requirement.lasting.as_ref()));
    schema::plan::Requirement { what, min: requirement.min, within, lasting, origin: requirement.span.origin() }
}

fn exception(exception: &model::Exception) -> Exception {
    let (what, reason) = (exception.what.value.clone(), exception.reason.clone());
    Exception { what, reason, until: exception.until.value.to_string() }
}

fn target(target: &model::Target) -> Target {
    Target { name: target.name.value.clone(), engine: target.engine.clone() }
}

/// A diagnostic as a plan has it.
pub(crate) fn finding(diagnostic: &Diagnostic) -> Option<Finding> {
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
    let variables = inputs.facts.variables.iter();
    out.extend(variables.map(|(name, value)| input(InputKind::Variable, name, value)));
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
