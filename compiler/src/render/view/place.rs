//! Stores, targets and notifiers, and what their plugins may touch.

use super::{Part, Style};
use schema::plan::Plan;
use schema::store::{PluginUse, Store};
use schema::target::TargetEngine;

pub(super) fn stores(plan: &Plan) -> Option<Part> {
    let rows = plan.stores.iter().map(|store| vec![store.name.clone(), place(store), touches(&store.plugin)]);
    Part::new("Stores", Style::Named, &["store", "place", "plugin and what it may touch"], rows.collect())
}

pub(super) fn targets(plan: &Plan) -> Option<Part> {
    let rows = plan.targets.iter().map(|target| {
        let what = match &target.engine {
            TargetEngine::Files { directory } => format!("files in {directory}"),
            TargetEngine::Neo4j { home, edition, version, .. } => format!("neo4j {version} {edition} in {home}"),
        };
        vec![target.name.clone(), what]
    });
    Part::new("Targets", Style::Named, &["target", "what it is"], rows.collect())
}

pub(super) fn notifiers(plan: &Plan) -> Option<Part> {
    let rows = plan.notifiers.iter().map(|notifier| {
        let on: Vec<String> = notifier.on.iter().map(ToString::to_string).collect();
        vec![notifier.name.clone(), format!("when {}", on.join(" or ")), touches(&notifier.plugin)]
    });
    Part::new("Notifiers", Style::Named, &["notifier", "when", "plugin and what it may touch"], rows.collect())
}

/// Where a store is, and what becomes of copies in it.
fn place(store: &Store) -> String {
    let zone = store.zone.as_ref().map(|zone| format!("/{zone}")).unwrap_or_default();
    let site = store.site.as_ref().map(|site| format!("{site}{zone}"));
    let at = [store.media.clone(), site].into_iter().flatten().collect::<Vec<_>>().join(" at ");
    let owner = [&store.provider, &store.account].into_iter().flatten().cloned().collect::<Vec<_>>().join(" ");
    let said = [
        at,
        owner,
        store.host.as_ref().map(|host| format!("on {host}")).unwrap_or_default(),
        store.class.as_ref().map(|class| format!("class {class}")).unwrap_or_default(),
        store.immutable.map(|time| format!("locked for {}", schema::keep::span(time))).unwrap_or_default(),
        store.compress.map(|compress| compress.to_string()).unwrap_or_default(),
        if store.encrypt.is_empty() { String::new() } else { "encrypted".to_owned() },
        store.parallel.map(|most| format!("at most {most} at once")).unwrap_or_default(),
        store.bandwidth.map(|rate| format!("at most {}/s", crate::amount::whole(rate))).unwrap_or_default(),
    ];
    said.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

fn touches(plugin: &PluginUse) -> String {
    let grants: Vec<String> = plugin.grants.iter().map(ToString::to_string).collect();
    let grants = if grants.is_empty() { "may touch nothing".to_owned() } else { grants.join("; ") };
    format!("{} {grants}", plugin.name)
}
