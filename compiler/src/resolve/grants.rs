//! What one use of a plugin may touch: the wants of its manifest, filled in from the node that uses it.

use crate::model::Plugin;
use crate::structure::{Manifest, Want};
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
        Want::Http { url, methods, private } => http(url, methods, private.as_deref(), plugin).into_iter().collect(),
        Want::Secret { name } => plugin
            .secrets
            .keys()
            .filter(|given| name == "*" || name == *given)
            .map(|given| Grant::Secret { name: given.clone() })
            .collect(),
    }
}

fn http(url: &str, methods: &[String], private: Option<&str>, plugin: &Plugin) -> Option<Grant> {
    let url = url::Url::parse(&fill(url, plugin)?).ok()?;
    Some(Grant::Http {
        scheme: url.scheme().to_owned(),
        host: url.host_str()?.to_owned(),
        port: url.port_or_known_default()?,
        path: url.path().to_owned(),
        methods: methods.to_vec(),
        private: private.and_then(|text| fill(text, plugin)).is_some_and(|value| value == "true"),
    })
}

/// Replaces each `{node}` by the value of that node; `None` when one is missing.
fn fill(template: &str, plugin: &Plugin) -> Option<String> {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, tail)) = rest.split_once('{') {
        let (name, after) = tail.split_once('}')?;
        out.push_str(before);
        match &plugin.config.get(name)?.value {
            Config::Text(text) => out.push_str(text),
            Config::Bool(value) => out.push_str(&value.to_string()),
            Config::Number(number) => out.push_str(&number.to_string()),
            Config::List(_) => return None,
        }
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}
