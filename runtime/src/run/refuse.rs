//! What a plan may ask for that a run cannot do yet. It is told before the run begins and anything is touched: nothing
//! that a strategy says is left out without a word.

use super::source_of;
use crate::artifact::seal;
use crate::error::{Error, Result};
use crate::plugin::Host;
use schema::notifier::Notifier;
use schema::plan::Plan;
use schema::secret::SecretRef;
use schema::source::{Engine, Neo4j, Source};
use schema::step::{Action, Extent, Method, Step};
use schema::store::{PluginUse, Store};
use std::collections::BTreeSet;

/// An error that names every step, store and notifier of a job that would not be done as the plan says. A job that is in no
/// strategy, a restore or a look at what there is, is not held up by who would be told of it.
pub fn refuse(plan: &Plan, job: &str, host: &Host) -> Result<()> {
    let mut told = Vec::new();
    let steps: Vec<&Step> = plan.steps.iter().filter(|step| step.job == job).collect();
    for step in &steps {
        let why = [action(step), source(plan, step), place(plan, step)];
        told.extend(why.into_iter().flatten().take(1).map(|why| format!("{}: {why} ({})", step.address, step.origin)));
    }
    let used: BTreeSet<&str> = steps.iter().flat_map(|step| stores(&step.action)).collect();
    let written: BTreeSet<&str> = steps.iter().filter_map(|step| written(&step.action)).collect();
    for store in plan.stores.iter().filter(|store| used.contains(store.name.as_str())) {
        let why = plugin(&store.plugin, host).into_iter();
        let why =
            why.chain(written.contains(store.name.as_str()).then(|| self::store(store, host)).into_iter().flatten());
        told.extend(why.map(|why| format!("store `{}`: {why}", store.name)));
    }
    if plan.jobs.iter().any(|known| known.name == job) {
        told.extend(notifiers(plan, host));
    }
    if told.is_empty() {
        return Ok(());
    }
    let message = format!("job `{job}` asks for what cannot be run yet; nothing was touched\n  {}", told.join("\n  "));
    Err(Error::permanent("not-there-yet", message)
        .help("The strategy is valid and can be planned. Leave these out of the job to run it with this version."))
}

/// What the notifiers of a plan would not be told.
pub(super) fn notifiers(plan: &Plan, host: &Host) -> Vec<String> {
    let of = |notifier: &Notifier| {
        let told = plugin(&notifier.plugin, host).into_iter();
        told.map(|why| format!("notifier `{}`: {why}", notifier.name)).collect::<Vec<_>>()
    };
    plan.notifiers.iter().flat_map(of).collect()
}

/// Where the step is to run.
fn place(plan: &Plan, step: &Step) -> Option<String> {
    match &plan.runner {
        _ if step.host == "local" => None,
        Some(runner) if runner.name == step.host => {
            let here = rustix::system::uname();
            let here = here.nodename().to_string_lossy().into_owned();
            let short = |name: &str| name.split('.').next().unwrap_or_default().to_lowercase();
            let same = runner.host.eq_ignore_ascii_case(&here)
                || (!(runner.host.contains('.') && here.contains('.')) && short(&runner.host) == short(&here));
            (!same).then(|| format!("it runs on `{}` ({}), and this is `{here}`", runner.name, runner.host))
        }
        _ => Some(format!("it runs on `{}`, and steps on other machines are not there yet", step.host)),
    }
}

fn action(step: &Step) -> Option<String> {
    let what = match &step.action {
        Action::Backup { extent: Extent::Differential, method, .. } if *method != Method::Archive => {
            "differential backups are"
        }
        Action::Backup { method: Method::Backup, .. } => "online backups are",
        Action::Stop { database: Some(_), .. } | Action::Start { database: Some(_), .. } => {
            "stopping one database of a server is"
        }
        Action::Copy { .. } => "copies of databases are",
        Action::Aggregate { .. } => "aggregating a chain is",
        _ => return None,
    };
    Some(format!("{what} not there yet"))
}

/// What the step's source says that the engine does not heed.
fn source(plan: &Plan, step: &Step) -> Option<String> {
    let name = source_of(plan, step)?;
    match plan.sources.iter().find(|source| source.name == name) {
        Some(Source { engine: Engine::Command(command), .. }) => command.secrets.values().find_map(keyring),
        Some(Source { engine: Engine::Files(files), .. }) if !files.members.is_empty() => {
            Some("files of servers are not there yet".to_owned())
        }
        Some(Source { engine: Engine::Neo4j(neo4j), .. }) => self::neo4j(neo4j, step),
        _ => None,
    }
}

fn neo4j(neo4j: &Neo4j, step: &Step) -> Option<String> {
    let brings_back = matches!(
        step.action,
        Action::Stage { .. }
            | Action::Inspect { .. }
            | Action::Swap { .. }
            | Action::Settle { .. }
            | Action::Place { .. }
    );
    if let Some(told) = neo4j.login.as_ref().and_then(|login| keyring(&login.password)) {
        return Some(told);
    }
    if neo4j.servers.len() > 1 {
        return Some("sources of several servers are not there yet".to_owned());
    }
    if neo4j.servers.iter().any(|server| server.via.is_some()) {
        return Some("its server is reached by `via`, which is not there yet".to_owned());
    }
    if neo4j.home.is_none() {
        return Some("its source has no `home`, and only a server on this machine can be worked on yet".to_owned());
    }
    (brings_back && neo4j.topology.is_some()).then(|| "a restore with a `topology` is not there yet".to_owned())
}

/// The stores that a step reads or writes.
pub(super) fn stores(action: &Action) -> Vec<&str> {
    match action {
        Action::Backup { store, .. }
        | Action::Verify { store, .. }
        | Action::Aggregate { store, .. }
        | Action::Restore { store, .. }
        | Action::Prune { store, .. } => vec![store],
        Action::Transfer { from, to, .. } => vec![from, to],
        Action::Stage { candidates, .. } => candidates.iter().map(|candidate| candidate.store.as_str()).collect(),
        _ => Vec::new(),
    }
}

/// The store that a step puts copies into.
fn written(action: &Action) -> Option<&str> {
    match action {
        Action::Backup { store, .. } | Action::Transfer { to: store, .. } => Some(store),
        _ => None,
    }
}

/// What a copy in a store would lack.
fn store(store: &Store, host: &Host) -> Vec<String> {
    let strange = |recipient: &&String| seal::recipient(recipient).is_err();
    let strange = store.encrypt.iter().filter(strange);
    let strange =
        strange.map(|recipient| format!("recipient `{recipient}` is of a plugin of age, which is not there yet"));
    let class = (store.class.is_some() && !host.claims(&store.plugin.name, "storage-class"))
        .then(|| "`class` is not there yet".to_owned());
    // A directory has nobody who could forbid its owner to remove a file; other plugins are asked when they are used.
    let cannot = (store.immutable.is_some() && store.plugin.name == "fs")
        .then(|| "`immutable` is more than plugin `fs` can do: it cannot forbid removal".to_owned());
    class.into_iter().chain(cannot).chain(strange).collect()
}

fn plugin(plugin: &PluginUse, host: &Host) -> Vec<String> {
    let mut told = Vec::new();
    if !host.has(&plugin.name) {
        told.push(format!("plugin `{}` is not installed", plugin.name));
    }
    told.extend(plugin.secrets.values().filter_map(keyring));
    told
}

fn keyring(secret: &SecretRef) -> Option<String> {
    matches!(secret, SecretRef::Keyring(_)).then(|| format!("{secret}: keyrings are not read yet"))
}
