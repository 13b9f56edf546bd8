//! The plugins that are part of the program, and what the host must know of a plugin's manifest when it runs.
//!
//! The runtime cannot read KDL, so what a manifest wants stands here again; a test holds the two together.

use std::borrow::Cow;

/// A plugin that is part of the program.
#[derive(Clone, Copy, Debug)]
pub struct Bundled {
    pub name: &'static str,
    /// Its `plugin.kdl`.
    pub manifest: &'static str,
    pub wasm: &'static [u8],
}

/// What a plugin is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Storage,
    Notifier,
}

impl Kind {
    pub(super) fn interface(self) -> &'static str {
        match self {
            Self::Storage => "storage",
            Self::Notifier => "notifier",
        }
    }
}

/// A capability that a manifest asks for, with the node that its grant is filled in from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Want {
    Dir { node: Cow<'static, str> },
    Http { node: Cow<'static, str> },
    Secret,
}

impl Want {
    pub(super) fn interface(&self) -> &'static str {
        match self {
            Self::Dir { .. } => "dir",
            Self::Http { .. } => "http",
            Self::Secret => "secrets",
        }
    }

    pub(super) fn covers(&self, grant: &schema::grant::Grant) -> bool {
        use schema::grant::Grant;
        matches!(
            (self, grant),
            (Self::Dir { .. }, Grant::Dir { .. })
                | (Self::Http { .. }, Grant::Http { .. })
                | (Self::Secret, Grant::Secret { .. })
        )
    }
}

/// A plugin that a host can use.
#[derive(Clone, Debug)]
pub struct Plugin {
    pub name: String,
    pub kind: Kind,
    pub wants: Vec<Want>,
    /// What it says of itself, by the words of its manifest.
    pub claims: &'static [&'static str],
    /// A component; its text form is taken too where that is compiled in.
    pub wasm: Cow<'static, [u8]>,
}

const FS: Bundled = Bundled {
    name: "fs",
    manifest: include_str!("../../../plugins/storage/fs/plugin.kdl"),
    wasm: include_bytes!("../../../plugins/dist/fs.wasm"),
};
const S3: Bundled = Bundled {
    name: "s3",
    manifest: include_str!("../../../plugins/storage/s3/plugin.kdl"),
    wasm: include_bytes!("../../../plugins/dist/s3.wasm"),
};
const WEBHOOK: Bundled = Bundled {
    name: "webhook",
    manifest: include_str!("../../../plugins/notify/webhook/plugin.kdl"),
    wasm: include_bytes!("../../../plugins/dist/webhook.wasm"),
};

/// All bundled plugins, by name.
#[must_use]
pub fn bundled() -> Vec<Bundled> {
    vec![FS, S3, WEBHOOK]
}

/// The same, as a host uses them.
pub(super) fn plugins() -> Vec<Plugin> {
    let plugin = |bundled: Bundled, kind, wants, claims| Plugin {
        name: bundled.name.to_owned(),
        kind,
        wants,
        claims,
        wasm: Cow::Borrowed(bundled.wasm),
    };
    let http = |node: &'static str| Want::Http { node: node.into() };
    vec![
        plugin(FS, Kind::Storage, vec![Want::Dir { node: "path".into() }], &["atomic-create"]),
        plugin(S3, Kind::Storage, vec![http("endpoint"), Want::Secret], &["atomic-create", "storage-class", "lock"]),
        plugin(WEBHOOK, Kind::Notifier, vec![http("url"), Want::Secret], &[]),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words in the block of a node of a manifest, one entry a line or a semicolon.
    fn block(manifest: &str, name: &str) -> Vec<String> {
        let Some((_, after)) = manifest.split_once(&format!(" {name} {{")) else { return Vec::new() };
        // A brace inside of a text is followed by no line break and no blank.
        let end = after.find(" }").expect("a closed block");
        let lines = after.get(..end).expect("text").split(['\n', ';']).map(str::trim);
        lines.filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    #[test]
    fn wants_and_claims_are_those_of_the_manifests() {
        for (bundled, plugin) in bundled().iter().zip(plugins()) {
            let written = block(bundled.manifest, "wants");
            assert!(!written.is_empty(), "{}", plugin.name);
            let wants = |text: &str| {
                plugin.wants.iter().position(|want| match want {
                    Want::Dir { node } => text.starts_with(&format!("dir \"{{{node}}}\"")),
                    Want::Http { node } => text.starts_with("http ") && text.contains(node.as_ref()),
                    Want::Secret => text.starts_with("secret "),
                })
            };
            let mut met: Vec<usize> = written.iter().map(|text| wants(text).expect(text)).collect();
            met.sort_unstable();
            met.dedup();
            assert_eq!(met.len(), plugin.wants.len(), "{}", plugin.name);
            assert_eq!(block(bundled.manifest, "claims"), plugin.claims);
            assert!(bundled.manifest.contains(&format!("kind=\"{}\"", plugin.kind.interface())));
        }
    }
}
