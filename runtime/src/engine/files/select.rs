//! Which names of a tree are taken: globs on bytes, relative to the root. It reads nothing.

use crate::error::{Error, Result};
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use std::path::{Path, PathBuf};

/// Includes and excludes of one source.
#[derive(Clone, Debug)]
pub(super) struct Selection {
    include: GlobSet,
    exclude: GlobSet,
    /// The part of each include before its first special character: nothing else needs to be looked at.
    prefixes: Vec<PathBuf>,
    whole: bool,
}

impl Selection {
    /// # Errors
    /// `bad-glob`.
    pub(super) fn new(include: &[String], exclude: &[String]) -> Result<Self> {
        Ok(Self {
            include: set(include)?,
            exclude: set(exclude)?,
            prefixes: include.iter().map(|glob| literal(glob)).collect(),
            whole: exclude.is_empty() && include.iter().any(|glob| glob == "**"),
        })
    }

    /// Everything.
    pub(super) fn everything() -> Self {
        Self { include: GlobSet::empty(), exclude: GlobSet::empty(), prefixes: Vec::new(), whole: true }
    }

    pub(super) fn excludes(&self, name: &Path) -> bool {
        self.exclude.is_match(name)
    }

    pub(super) fn includes(&self, name: &Path) -> bool {
        self.whole || self.include.is_match(name)
    }

    /// Whether a name below this directory could be included.
    pub(super) fn enters(&self, folder: &Path) -> bool {
        self.whole || self.prefixes.iter().any(|prefix| prefix.starts_with(folder) || folder.starts_with(prefix))
    }
}

fn set(globs: &[String]) -> Result<GlobSet> {
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        let built = GlobBuilder::new(glob).literal_separator(true).backslash_escape(true).build();
        set.add(built.map_err(|error| bad(glob, &error))?);
    }
    set.build().map_err(|error| bad(&globs.join(" "), &error))
}

fn bad(glob: &str, error: &globset::Error) -> Error {
    Error::permanent("bad-glob", format!("`{glob}` is not a glob: {}", error.kind()))
}

fn literal(glob: &str) -> PathBuf {
    let parts = glob.split('/').take_while(|part| !part.contains(['*', '?', '[', '{', '\\']));
    // The last part names an entry itself, not a folder above one.
    parts.filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::Selection;
    use std::path::Path;

    #[test]
    fn globs_decide_and_prefixes_spare_the_rest() {
        let globs = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let some = Selection::new(&globs(&["etc/*.conf", "var/lib/**"]), &globs(&["**/*.tmp"])).expect("globs");
        let includes = |name: &str| some.includes(Path::new(name));
        assert!(includes("etc/a.conf") && !includes("etc/a/b.conf") && includes("var/lib/x/y"));
        assert!(some.excludes(Path::new("x.tmp")) && some.excludes(Path::new("a/b/x.tmp")));
        assert!(some.enters(Path::new("var")) && some.enters(Path::new("var/lib/x")) && !some.enters(Path::new("usr")));
        assert!(!some.whole && Selection::new(&globs(&["**"]), &[]).expect("glob").whole);
        assert_eq!(Selection::new(&globs(&["a["]), &[]).expect_err("no glob").code, "bad-glob");
    }
}
