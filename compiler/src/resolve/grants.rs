//! What one use of a plugin may touch: the wants of its manifest, filled in from the node that uses it.

use crate::model::Plugin;
use crate::structure::{Condition, Manifest, Want};
use schema::grant::Grant;
use schema::store::{Config, PluginUse};

/// The plugin as the plan says it.
#[must_use]
pub fn plugin_use(plugin: &Plugin, manifests: &[Manifest]) -> PluginUse {
    let manifest = manifests.iter().find(|manifest| manifest.name == plugin.name.value);
    let wants = manifest.map(|manifest| manifest.wants.as_slice()).unwrap_or_default();
    PluginUse {
        name: plugin.name.value.clone(),
        config: plugin.config.iter().map(|(name, value)| (name.clone(), value.value.clone())).collect(),
        grants: wants.iter().flat_map(|want| grants(want, plugin)).collect(),
        secrets: plugin.secrets.clone(),
    }
}

/// A want whose node the strategy does not have grants nothing.
fn grants(want: &Want, plugin: &Plugin) -> Vec<Grant> {
    match want {
        Want::Dir { path } => fill(path, plugin).map(|path| Grant::Dir { path }).into_iter().collect(),
        Want::Http { url, methods, private, exact, when, unless } => {
            let wanted = when.as_ref().is_none_or(|when| holds(when, plugin))
                && unless.as_ref().is_none_or(|unless| !holds(unless, plugin));
            let grant = wanted.then(|| http(url, methods, private.as_deref(), *exact, plugin));
            grant.flatten().into_iter().collect()
        }
        Want::Secret { name, signs } => plugin
            .secrets
            .keys()
            .filter(|given| name == "*" || name == *given)
            .map(|given| Grant::Secret { name: given.clone(), signs: *signs })
            .collect(),
    }
}

/// Whether the strategy has that node, with that value.
fn holds(condition: &Condition, plugin: &Plugin) -> bool {
    let given = plugin.config.get(&condition.node).map(|given| &given.value);
    match (&condition.value, given) {
        (None, given) => given.is_some(),
        (Some(value), Some(Config::Text(text))) => value == text,
        (Some(_), _) => false,
    }
}

fn http(url: &str, methods: &[String], private: Option<&str>, exact: bool, plugin: &Plugin) -> Option<Grant> {
    let url = url::Url::parse(&fill(url, plugin)?).ok()?;
    Some(Grant::Http {
        scheme: url.scheme().to_owned(),
        host: url.host_str()?.to_owned(),
        port: url.port_or_known_default()?,
        path: url.path().to_owned(),
        methods: methods.to_vec(),
        private: private.and_then(|text| fill(text, plugin)).is_some_and(|value| value == "true"),
        exact,
    })
}

/// Replaces each `{node}` by the value of that node; `None` when one is missing. `{node?}` may be missing. `{node.scheme}`
/// and `{node.host}` are parts of a URL. No slash is doubled where a value ends with one or begins with one.
fn fill(template: &str, plugin: &Plugin) -> Option<String> {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, tail)) = rest.split_once('{') {
        let (name, after) = tail.split_once('}')?;
        out.push_str(before);
        let mut value = value(name, plugin)?;
        if after.starts_with('/') {
            value.truncate(value.trim_end_matches('/').len());
        }
        out.push_str(if before.ends_with('/') { value.trim_start_matches('/') } else { &value });
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}

fn value(name: &str, plugin: &Plugin) -> Option<String> {
    let (name, part) = name.split_once('.').map_or((name, None), |(name, part)| (name, Some(part)));
    let (name, optional) = name.strip_suffix('?').map_or((name, false), |name| (name, true));
    let text = match plugin.config.get(name).map(|given| &given.value) {
        Some(Config::Text(text)) => text.clone(),
        Some(Config::Bool(value)) => value.to_string(),
        Some(Config::Number(number)) => number.to_string(),
        None if optional => String::new(),
        Some(Config::List(_)) | None => return None,
    };
    let Some(part) = part else { return Some(text) };
    let (scheme, rest) = text.split_once("://")?;
    match part {
        "scheme" => Some(scheme.to_owned()),
        "host" => Some(rest.trim_end_matches('/').to_owned()),
        _ => None,
    }
}
