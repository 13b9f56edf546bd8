//! Notifiers: who is told of what.

use super::fields;
use super::ledger::{Found, Ledger};
use super::sides::Sides;
use super::stores::{Use, grants, secrets};
use schema::diff::{Code, Kind};
use schema::notifier::{Notifier, Occasion};
use std::collections::BTreeMap;

pub(super) fn compare<'a>(sides: &Sides<'a>, ledger: &mut Ledger<'a>) {
    let (before, after) = (by_name(&sides.before.plan.notifiers), by_name(&sides.after.plan.notifiers));
    for (name, old) in &before {
        match after.get(name) {
            Some(new) => changed(sides, old, new, ledger),
            None => {
                let line = sides.before.line(&format!("notify/{name}"));
                told(name, &old.on, Code::NotificationRemoved, line, ledger);
                grants(Use { kind: Kind::Notifier, name, line }, Some(&old.plugin), None, ledger);
            }
        }
    }
    for (name, new) in after.iter().filter(|(name, _)| !before.contains_key(*name)) {
        let line = sides.after.line(&format!("notify/{name}"));
        told(name, &new.on, Code::NotificationAdded, line, ledger);
        grants(Use { kind: Kind::Notifier, name, line }, None, Some(&new.plugin), ledger);
    }
}

fn by_name(notifiers: &[Notifier]) -> BTreeMap<&str, &Notifier> {
    notifiers.iter().map(|notifier| (notifier.name.as_str(), notifier)).collect()
}

/// What somebody is told of no more, or newly.
fn told<'a>(
    name: &'a str,
    on: &[Occasion],
    code: Code,
    line: Option<&'a schema::step::Origin>,
    ledger: &mut Ledger<'a>,
) {
    let mut occasions = on.to_vec();
    occasions.sort_unstable();
    occasions.dedup();
    if occasions.is_empty() {
        return;
    }
    let shown = Some(occasions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "));
    let gone = code == Code::NotificationRemoved;
    let bad = |occasion: &Occasion| matches!(occasion, Occasion::Degraded | Occasion::Failed | Occasion::Missed);
    let breaking = gone && occasions.iter().any(bad);
    let (before, after) = if gone { (shown, None) } else { (None, shown) };
    let found = Found::new(code, Kind::Notifier, name).values(before, after);
    ledger.add(found.direct(true).breaking(breaking).at(line));
}

fn changed<'a>(sides: &Sides<'a>, old: &'a Notifier, new: &'a Notifier, ledger: &mut Ledger<'a>) {
    if old == new {
        return;
    }
    let line = sides.after.line(&format!("notify/{}", new.name));
    let lost: Vec<Occasion> = old.on.iter().filter(|occasion| !new.on.contains(occasion)).copied().collect();
    let won: Vec<Occasion> = new.on.iter().filter(|occasion| !old.on.contains(occasion)).copied().collect();
    told(&new.name, &lost, Code::NotificationRemoved, line, ledger);
    told(&new.name, &won, Code::NotificationAdded, line, ledger);
    let mut settings = fields::differing(&old.plugin.config, &new.plugin.config, &[]);
    settings.extend(fields::differing(old, new, &["name", "on", "plugin"]));
    if old.plugin.name != new.plugin.name {
        let named = |plugin: &schema::store::PluginUse| Some(plugin.name.clone());
        settings.insert(
            0,
            fields::Field { name: "plugin".to_owned(), before: named(&old.plugin), after: named(&new.plugin) },
        );
    }
    if let Some(first) = settings.first() {
        let (was, is) = fields::joined(&settings);
        let at = sides.line(&format!("notify/{}/{}", new.name, first.name));
        ledger.add(Found::new(Code::NotifierChanged, Kind::Notifier, &new.name).values(was, is).direct(true).at(at));
    }
    let user = Use { kind: Kind::Notifier, name: &new.name, line };
    grants(user, Some(&old.plugin), Some(&new.plugin), ledger);
    secrets(user, &old.plugin, &new.plugin, ledger);
}
