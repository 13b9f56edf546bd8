//! Stores: which there are, where they are, how they guard copies, and what their plugins may touch.

use super::ledger::{Found, Ledger};
use super::sides::Sides;
use super::{fields, words};
use schema::diff::{Code, Kind};
use schema::grant::Grant;
use schema::store::{PluginUse, Store};
use std::collections::BTreeMap;

pub(super) fn compare<'a>(sides: &Sides<'a>, ledger: &mut Ledger<'a>) {
    let (before, after) = (by_name(&sides.before.plan.stores), by_name(&sides.after.plan.stores));
    for (name, old) in &before {
        match after.get(name) {
            Some(new) if old == new => {}
            Some(new) => Change { sides, old, new }.tell(ledger),
            None => {
                let line = sides.before.line(&format!("store/{name}"));
                let found = Found::new(Code::StoreRemoved, Kind::Store, name).values(Some(shown(old)), None);
                ledger.add(found.direct(true).at(line));
                grants(Use { kind: Kind::Store, name, line }, Some(&old.plugin), None, ledger);
            }
        }
    }
    for (name, new) in after.iter().filter(|(name, _)| !before.contains_key(*name)) {
        let line = sides.after.line(&format!("store/{name}"));
        let found = Found::new(Code::StoreAdded, Kind::Store, name).values(None, Some(shown(new)));
        ledger.add(found.direct(true).at(line));
        grants(Use { kind: Kind::Store, name, line }, None, Some(&new.plugin), ledger);
    }
}

fn by_name(stores: &[Store]) -> BTreeMap<&str, &Store> {
    stores.iter().map(|store| (store.name.as_str(), store)).collect()
}

fn shown(store: &Store) -> String {
    let site = store.site.as_ref().map(|site| format!(" at {site}")).unwrap_or_default();
    let lock = store.immutable.map(|time| format!(", locked for {}", words::time(time))).unwrap_or_default();
    let encrypted = if store.encrypt.is_empty() { "" } else { ", encrypted" };
    format!("{}{site}{lock}{encrypted}", store.plugin.name)
}

struct Change<'a, 'b> {
    sides: &'b Sides<'a>,
    old: &'a Store,
    new: &'a Store,
}

impl<'a> Change<'a, '_> {
    fn tell(&self, ledger: &mut Ledger<'a>) {
        self.place(ledger);
        self.lock(ledger);
        self.encryption(ledger);
        let line = self.sides.after.line(&format!("store/{}", self.new.name));
        let user = Use { kind: Kind::Store, name: &self.new.name, line };
        grants(user, Some(&self.old.plugin), Some(&self.new.plugin), ledger);
        secrets(user, &self.old.plugin, &self.new.plugin, ledger);
    }

    fn found(&self, code: Code, node: &str) -> Found<'a> {
        let line = self.sides.line(&format!("store/{}/{node}", self.new.name));
        Found::new(code, Kind::Store, &self.new.name).direct(true).at(line)
    }

    /// What a plugin reaches is where copies are: when that is another one, they are elsewhere.
    fn place(&self, ledger: &mut Ledger<'a>) {
        let (old, new) = (self.old, self.new);
        let known = ["plugin", "immutable", "compress", "encrypt", "identity", "name"];
        let labels = fields::differing(old, new, &known);
        let (places, others): (Vec<_>, Vec<_>) = labels
            .into_iter()
            .partition(|field| !["media", "class", "parallel", "bandwidth"].contains(&field.name.as_str()));
        for field in places {
            let (was, is) = (labelled(&field.name, field.before), labelled(&field.name, field.after));
            ledger.add(self.found(Code::StoreMoved, &field.name).values(was, is));
        }
        for field in others {
            let (was, is) = (labelled(&field.name, field.before), labelled(&field.name, field.after));
            ledger.add(self.found(Code::StoreChanged, &field.name).values(was, is));
        }
        if old.compress != new.compress {
            let shown = |store: &Store| store.compress.map(|compress| format!("compress {compress}"));
            ledger.add(self.found(Code::StoreChanged, "compress").values(shown(old), shown(new)));
        }
        let settings = fields::differing(&old.plugin.config, &new.plugin.config, &[]);
        let moved = old.plugin.name != new.plugin.name || reach(&old.plugin) != reach(&new.plugin);
        let node = settings.first().map_or("plugin", |field| field.name.as_str()).to_owned();
        if old.plugin.name != new.plugin.name {
            let names = (Some(old.plugin.name.clone()), Some(new.plugin.name.clone()));
            ledger.add(self.found(Code::StoreMoved, "plugin").values(names.0, names.1).breaking(true));
        } else if !settings.is_empty() {
            let (was, is) = fields::joined(&settings);
            let code = if moved { Code::StoreMoved } else { Code::StoreChanged };
            ledger.add(self.found(code, &node).values(was, is).breaking(moved));
        }
    }

    fn lock(&self, ledger: &mut Ledger<'a>) {
        let (old, new) = (self.old.immutable, self.new.immutable);
        let code = match (old, new) {
            _ if old == new => return,
            (Some(_), None) => Code::ImmutabilityRemoved,
            (None, _) => Code::ImmutabilityAdded,
            _ if old > new => Code::ImmutabilityShorter,
            _ => Code::ImmutabilityLonger,
        };
        let worse = matches!(code, Code::ImmutabilityRemoved | Code::ImmutabilityShorter);
        let found = self.found(code, "immutable").values(old.map(words::time), new.map(words::time));
        ledger.add(found.breaking(worse));
    }

    fn encryption(&self, ledger: &mut Ledger<'a>) {
        let sorted = |store: &Store| {
            let mut recipients = store.encrypt.clone();
            recipients.sort_unstable();
            (!recipients.is_empty()).then(|| recipients.join(" "))
        };
        let (old, new) = (sorted(self.old), sorted(self.new));
        let code = match (&old, &new) {
            _ if old == new => None,
            (Some(_), None) => Some(Code::EncryptionRemoved),
            (None, _) => Some(Code::EncryptionAdded),
            _ => Some(Code::RecipientsChanged),
        };
        if let Some(code) = code {
            let found = self.found(code, "encrypt").values(old, new);
            let (removed, others) = (code == Code::EncryptionRemoved, code == Code::RecipientsChanged);
            ledger.add(found.breaking(removed).marked(others));
        }
        let identity = |store: &Store| store.identity.as_ref().map(|it| format!("identity {it}"));
        let (old, new) = (identity(self.old), identity(self.new));
        if old != new {
            ledger.add(self.found(Code::SecretChanged, "identity").values(old, new).marked(true));
        }
    }
}

fn labelled(name: &str, value: Option<String>) -> Option<String> {
    value.map(|value| format!("{name} {value}"))
}

/// What a plugin reaches, without the secrets that it may use.
fn reach(plugin: &PluginUse) -> Vec<&Grant> {
    plugin.grants.iter().filter(|grant| !matches!(grant, Grant::Secret { .. })).collect()
}

/// Who uses a plugin.
#[derive(Clone, Copy)]
pub(super) struct Use<'a> {
    pub(super) kind: Kind,
    pub(super) name: &'a str,
    pub(super) line: Option<&'a schema::step::Origin>,
}

/// What a plugin may do that it could not, and the other way round. When its settings are the same, its manifest changed.
pub(super) fn grants<'a>(
    user: Use<'a>,
    old: Option<&'a PluginUse>,
    new: Option<&'a PluginUse>,
    ledger: &mut Ledger<'a>,
) {
    let set = |plugin: Option<&'a PluginUse>| plugin.map(|plugin| plugin.grants.as_slice()).unwrap_or_default();
    let said = |plugin: &PluginUse| (plugin.name.clone(), plugin.config.clone(), plugin.secrets.clone());
    let direct = old.map(said) != new.map(said);
    let found = |code| Found::new(code, user.kind, user.name).direct(direct).at(user.line);
    let only = |one: &[Grant], other: &[Grant]| -> Option<String> {
        let grants: Vec<String> = one.iter().filter(|grant| !other.contains(grant)).map(Grant::to_string).collect();
        (!grants.is_empty()).then(|| grants.join("; "))
    };
    if let Some(gone) = only(set(old), set(new)) {
        ledger.add(found(Code::GrantRemoved).values(Some(gone), None));
    }
    if let Some(come) = only(set(new), set(old)) {
        ledger.add(found(Code::GrantAdded).values(None, Some(come)).marked(true));
    }
}

/// Where the secrets of a plugin come from, for those that it has before and after.
pub(super) fn secrets<'a>(user: Use<'a>, old: &'a PluginUse, new: &'a PluginUse, ledger: &mut Ledger<'a>) {
    for (name, was) in &old.secrets {
        if let Some(is) = new.secrets.get(name).filter(|is| *is != was) {
            let values = (Some(format!("{name} {was}")), Some(format!("{name} {is}")));
            let found = Found::new(Code::SecretChanged, user.kind, user.name).values(values.0, values.1);
            ledger.add(found.direct(true).marked(true).at(user.line));
        }
    }
}
