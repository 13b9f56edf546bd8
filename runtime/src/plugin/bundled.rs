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
    /// A component; its text form is taken too where that is compiled in.
    pub wasm: Cow<'static, [u8]>,
}

const FS: Bundled = Bundled {
    name: "fs",
    manifest: include_str!("../../../plugins/storage/fs/plugin.kdl"),
    wasm: include_bytes!("../../../plugins/dist/fs.wasm"),
};
const WEBHOOK: Bundled = Bundled {
    name: "webhook",
    manifest: include_str!("../../../plugins/notify/webhook/plugin.kdl"),
    wasm: include_bytes!("../../../plugins/dist/webhook.wasm"),
};

/// All bundled plugins, by name.
#[must_use]
pub fn bundled() -> Vec<Bundled> {
    vec![FS, WEBHOOK]
}

/// The same, as a host uses them.
pub(super) fn plugins() -> Vec<Plugin> {
    let plugin = |bundled: Bundled, kind, wants| Plugin {
        name: bundled.name.to_owned(),
        kind,
        wants,
        wasm: Cow::Borrowed(bundled.wasm),
    };
    vec![
        plugin(FS, Kind::Storage, vec![Want::Dir { node: "path".into() }]),
        plugin(WEBHOOK, Kind::Notifier, vec![Want::Http { node: "url".into() }, Want::Secret]),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wants_are_those_of_the_manifests() {
        for (bundled, plugin) in bundled().iter().zip(plugins()) {
            let line = bundled.manifest.lines().find_map(|line| line.trim().strip_prefix("wants {")).expect("wants");
            let written: Vec<&str> = line.trim_end_matches('}').split(';').map(str::trim).collect();
            assert_eq!(written.len(), plugin.wants.len(), "{}", plugin.name);
            for (text, want) in written.iter().zip(&plugin.wants) {
                let begins = match want {
                    Want::Dir { node } => format!("dir \"{{{node}}}\""),
                    Want::Http { node } => format!("http \"{{{node}}}\""),
                    Want::Secret => "secret ".to_owned(),
                };
                assert!(text.starts_with(&begins), "{text} is not {begins}");
            }
            assert!(bundled.manifest.contains(&format!("kind=\"{}\"", plugin.kind.interface())));
        }
    }
}
