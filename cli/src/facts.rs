//! Facts for the compiler: which plugins there are, and, when a command needs them, what sources and stores hold.

use crate::exit::Exit;
use crate::input::Input;
use crate::observe;
use crate::print;
use compiler::Facts;
use runtime::event::Observers;
use runtime::plugin::Host;
use runtime::run::Outfit;
use runtime::secret::Secrets;
use runtime::store::survey::Looked;
use runtime::world::{RealWorld, World};
use schema::fact::{Drift, Inventory, PluginManifest, StoredArtifact};
use schema::plan::Plan;
use schema::step::Action;
use std::path::PathBuf;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// The plugins that come with Backstay.
pub(crate) fn bundled() -> Facts {
    let manifest = |plugin: runtime::plugin::Bundled| PluginManifest {
        name: plugin.name.to_owned(),
        text: plugin.manifest.to_owned(),
    };
    Facts { plugins: runtime::plugin::bundled().into_iter().map(manifest).collect(), ..Facts::default() }
}

/// What a command knows before it asks anyone: imports, the values that are given, the day, the plugins that come with
/// Backstay, and those of which the operator has given the manifest. An installed plugin's own manifest goes first.
pub(crate) fn of(input: &Input) -> Facts {
    let mut facts = Facts { imports: input.imports.clone(), variables: input.variables.clone(), ..bundled() };
    // In UTC, as for a run and its report: the same strategy says the same on every machine.
    facts.today = Some(jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date());
    for manifest in &input.manifests {
        if facts.plugins.iter().any(|plugin| plugin.name == manifest.name) {
            continue;
        }
        let used = format!("\"{}\"", manifest.name);
        if input.texts.iter().any(|text| text.text.contains(&used)) {
            print::line(&format!(
                "note: plugin `{}` is known by its manifest only; `run` needs the plugin",
                manifest.name
            ));
        }
        facts.plugins.push(manifest.clone());
    }
    facts
}

/// What a command brings to the runtime.
pub(crate) fn outfit(input: &Input, observers: Observers) -> Result<Outfit, Exit> {
    let failed = |error: runtime::Error| {
        print::error(&error);
        Exit::Failed
    };
    let world: Arc<dyn World> = RealWorld::start(input.base.clone());
    let exe =
        std::env::current_exe().map_err(|error| failed(runtime::Error::io("find this program's own file", &error)))?;
    Ok(Outfit {
        secrets: Secrets::new(world.base()).with_environment(input.environment.clone()),
        world,
        host: Host::new(&cache(input)).map_err(failed)?,
        observers,
        cancel: CancellationToken::new(),
        exe,
        texts: None,
        looked: None,
    })
}

/// Where compiled plugins are kept: the user's cache, or the state directory of a user who has none.
fn cache(input: &Input) -> PathBuf {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let user = set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")));
    user.map_or_else(|| input.state.join("plugins"), |user| user.join("backstay").join("plugins"))
}

/// Asks the sources of `plan` which databases they have.
pub(crate) async fn inventory(plan: &Plan, input: &Input) -> Result<Vec<Inventory>, Exit> {
    let outfit = outfit(input, observe::none())?;
    runtime::look::inventory(plan, &outfit, &input.state).await.map_err(|error| {
        print::error(&error);
        Exit::from(&error)
    })
}

/// Asks the stores of `plan` what they hold.
pub(crate) async fn artifacts(plan: &Plan, input: &Input) -> Result<Vec<StoredArtifact>, Exit> {
    let outfit = outfit(input, observe::none())?;
    let looked = runtime::look::artifacts(plan, &outfit, &input.state).await.map_err(|error| {
        print::error(&error);
        Exit::from(&error)
    })?;
    warn(&looked);
    Ok(looked.artifacts)
}

/// The same, and where the catalog says something else; the catalog stays as it is.
pub(crate) async fn drift(plan: &Plan, input: &Input) -> Result<(Vec<StoredArtifact>, Vec<Drift>), Exit> {
    let outfit = outfit(input, observe::none())?;
    let (looked, drift) = runtime::look::drift(plan, &outfit, &input.state).await.map_err(|error| {
        print::error(&error);
        Exit::from(&error)
    })?;
    warn(&looked);
    Ok((looked.artifacts, drift))
}

/// What the stores of `plan` hold, and where the catalog says something else; nothing is told, and the catalog stays.
pub(crate) async fn look(plan: &Plan, input: &Input) -> Result<(runtime::look::Held, Vec<Drift>), Exit> {
    let outfit = outfit(input, observe::none())?;
    runtime::look::drift(plan, &outfit, &input.state).await.map_err(|error| {
        print::error(&error);
        Exit::from(&error)
    })
}

/// What the stores hold that the prunes of a job, or of a plan, name. What cannot be asked now decides nothing.
/// With `looked`, the looks are left there for the run.
pub(crate) async fn pruned(
    plan: &Plan,
    job: Option<&str>,
    looked: Option<&Looked>,
    input: &Input,
) -> Result<Vec<StoredArtifact>, Exit> {
    let prunes = plan.steps.iter().filter(|step| job.is_none_or(|job| step.job == job));
    let names: Vec<&str> = prunes
        .filter_map(|step| match &step.action {
            Action::Prune { store, .. } => Some(store.as_str()),
            _ => None,
        })
        .collect();
    let stores = plan.stores.iter().filter(|store| names.contains(&store.name.as_str())).cloned().collect();
    let outfit = Outfit { looked: looked.cloned(), ..outfit(input, observe::none())? };
    let only = Plan { stores, strategy: plan.strategy.clone(), ..Plan::default() };
    let looked = runtime::look::artifacts(&only, &outfit, &input.state).await.map_err(|error| {
        print::error(&error);
        Exit::from(&error)
    })?;
    warn(&looked);
    let unread = |copy: &StoredArtifact| looked.unreachable.iter().any(|(store, _)| *store == copy.store);
    Ok(looked.artifacts.iter().filter(|copy| !unread(copy)).cloned().collect())
}

fn warn(looked: &runtime::look::Held) {
    for (store, error) in &looked.faults {
        print::line(&format!("warning: store `{store}`: {error}"));
    }
    for (store, error) in &looked.unreachable {
        print::line(&format!("warning: store `{store}` cannot be read: {error}"));
    }
}
