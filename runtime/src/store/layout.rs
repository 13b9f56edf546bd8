//! What a key of a store means. The strategy's prefix is the plugin's affair; keys here begin below it.
//!
//! ```text
//! store.json
//! <strategy>/<source>/<database>/<artifact-id>/manifest.json
//! <strategy>/<source>/<database>/<artifact-id>/<attempt>/<file>
//! <strategy>/<source>/<database>/<artifact-id>/<attempt>/<file>.index.jsonl
//! <strategy>/<source>/<database>/<artifact-id>/facts/<kind>-<time>-<run>.json
//! <strategy>/<source>/<database>/<artifact-id>/tombstone.json
//! <strategy>/<source>/<database>/<artifact-id>/swept/<attempt>.json
//! lease/<name>/<epoch>.json
//! texts/<n>-<digest>.json.zst
//! ```

use std::fmt::Write;

/// Document that says whose store it is.
pub const STORE: &str = "store.json";
const MANIFEST: &str = "manifest.json";
const FACTS: &str = "facts";
const TOMBSTONE: &str = "tombstone.json";
const SWEPT: &str = "swept";
const LEASE: &str = "lease";
/// Folder of the strategy's own texts.
pub const TEXTS: &str = "texts/";
const TEXTS_END: &str = ".json.zst";
/// No lease comes to more epochs: one a second would take longer than a century.
const LAST_EPOCH: u64 = 1 << 32;
/// Bytes of the longest component: what a file system takes as a name.
const LONGEST: usize = 255;

/// Folder of a strategy, with a slash at its end.
#[must_use]
pub fn strategy(strategy: &str) -> String {
    format!("{}/", component(strategy))
}

/// Folder of a database, with a slash at its end.
#[must_use]
pub fn database(strategy: &str, source: &str, database: &str) -> String {
    format!("{}/{}/{}/", component(strategy), component(source), component(database))
}

/// Folder of an artifact, with a slash at its end.
#[must_use]
pub fn artifact(strategy: &str, source: &str, database: &str, id: &str) -> String {
    format!("{}/{}/{}/{}/", component(strategy), component(source), component(database), component(id))
}

/// Key of the manifest in an artifact's folder.
#[must_use]
pub fn manifest(folder: &str) -> String {
    format!("{folder}{MANIFEST}")
}

/// Key of the bytes of an attempt. A `file` that was made of components stays as it is: manifests name it so.
#[must_use]
pub fn bytes(folder: &str, attempt: &str, file: &str) -> String {
    let file = if is_component(file) { file.to_owned() } else { component(file) };
    format!("{folder}{}/{file}", component(attempt))
}

/// Key of a later fact. `at` is RFC 3339; colons would be awkward in file names.
#[must_use]
pub fn fact(folder: &str, kind: &str, at: &str, run: &str) -> String {
    let at = at.replace(':', "-");
    format!("{folder}{FACTS}/{}-{}-{}.json", component(kind), component(&at), component(run))
}

/// How the keys of an artifact's later facts of a kind begin.
#[must_use]
pub fn facts(folder: &str, kind: &str) -> String {
    format!("{folder}{FACTS}/{}-", component(kind))
}

/// Key of the mark that the copy in a folder is to go.
#[must_use]
pub fn tombstone(folder: &str) -> String {
    format!("{folder}{TOMBSTONE}")
}

/// Key of the mark that no manifest names an attempt.
#[must_use]
pub fn swept(folder: &str, attempt: &str) -> String {
    format!("{folder}{SWEPT}/{}.json", component(attempt))
}

/// Folder of a lease's epochs, with a slash at its end.
#[must_use]
pub fn leases(name: &str) -> String {
    format!("{LEASE}/{}/", component(name))
}

/// Key of one epoch of a lease.
#[must_use]
pub fn lease(name: &str, epoch: u64) -> String {
    format!("{}{epoch}.json", leases(name))
}

/// The epoch whose document `key` is, in a lease's folder. One that no lease ever comes to is none: nothing could follow it.
#[must_use]
pub fn epoch_of(folder: &str, key: &str) -> Option<u64> {
    let epoch = key.strip_prefix(folder)?.strip_suffix(".json")?.parse().ok()?;
    (epoch <= LAST_EPOCH).then_some(epoch)
}

/// Key of a strategy's texts, by how many were kept before and the digest of what they say.
#[must_use]
pub fn texts(n: u64, digest: &str) -> String {
    format!("{TEXTS}{n}-{digest}{TEXTS_END}")
}

/// The number and the digest in a key of texts.
#[must_use]
pub fn texts_of(key: &str) -> Option<(u64, &str)> {
    let (n, digest) = key.strip_prefix(TEXTS)?.strip_suffix(TEXTS_END)?.split_once('-')?;
    Some((n.parse().ok()?, digest))
}

/// What a key in an artifact's folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    Manifest,
    Tombstone,
    Fact,
    /// The mark on the attempt of that name.
    Swept(&'a str),
    /// Bytes of the attempt of that name.
    Bytes(&'a str),
    /// Nothing of ours.
    Stray,
}

/// The artifact's folder that a key is in, with its slash, and what it is there. `None` when it is in none.
#[must_use]
pub fn part(key: &str) -> Option<(&str, Part<'_>)> {
    let (at, _) = key.match_indices('/').nth(3)?;
    let (folder, rest) = key.split_at(at + 1);
    let part = match rest.split_once('/') {
        None if rest == MANIFEST => Part::Manifest,
        None if rest == TOMBSTONE => Part::Tombstone,
        None => Part::Stray,
        Some((FACTS, name)) if !name.contains('/') => Part::Fact,
        Some((SWEPT, name)) => name.strip_suffix(".json").map_or(Part::Stray, Part::Swept),
        Some((attempt, name)) if is_attempt(attempt) && !name.contains('/') => Part::Bytes(attempt),
        Some(_) => Part::Stray,
    };
    Some((folder, part))
}

/// Whether an attempt can have that name: no folder of ours has it.
#[must_use]
pub fn is_attempt(name: &str) -> bool {
    is_component(name) && name != FACTS && name != SWEPT
}

/// Whether a name can be a component of a key as it is.
#[must_use]
pub fn is_component(name: &str) -> bool {
    let length = 1..=LONGEST;
    length.contains(&name.len())
        && !name.starts_with('.')
        && name.bytes().all(|byte| stays(byte) || b".=".contains(&byte))
}

/// The folder whose manifest `key` is.
#[must_use]
pub fn folder_of_manifest(key: &str) -> Option<&str> {
    let folder = key.strip_suffix(MANIFEST)?;
    (folder.matches('/').count() == 4 && folder.ends_with('/')).then_some(folder)
}

/// The artifact's folder in which `key` is a later fact.
#[must_use]
pub fn folder_of_fact(key: &str) -> Option<&str> {
    let (folder, name) = key.split_once("/facts/")?;
    let length = folder.len() + 1;
    (folder.matches('/').count() == 3 && !name.contains('/')).then(|| key.get(..length)).flatten()
}

/// The attempt that `key`, in the artifact's `folder`, belongs to.
#[must_use]
pub fn attempt_of<'a>(folder: &str, key: &'a str) -> Option<&'a str> {
    let (attempt, _) = key.strip_prefix(folder)?.split_once('/')?;
    (attempt != FACTS && attempt != SWEPT).then_some(attempt)
}

/// A name as one component of a key: letters, digits, `-`, `_` and inner dots stay, every other byte is `=XX`, which keys
/// may hold and a URL, a shell and a file system leave alone.
#[must_use]
pub fn component(name: &str) -> String {
    let mut out = String::new();
    for (index, byte) in name.bytes().enumerate() {
        if stays(byte) || (byte == b'.' && index > 0) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "={byte:02X}");
        }
    }
    out
}

fn stays(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_back() {
        let folder = artifact("orders", "graph", "neo4j", "ab12");
        assert_eq!(folder, "orders/graph/neo4j/ab12/");
        assert_eq!(folder_of_manifest(&manifest(&folder)), Some(folder.as_str()));
        assert_eq!(folder_of_manifest("orders/manifest.json"), None);
        let fact = fact(&folder, "digest", "2026-11-22T01:00:03Z", "r1");
        assert_eq!(fact, "orders/graph/neo4j/ab12/facts/digest-2026-11-22T01-00-03Z-r1.json");
        assert_eq!(folder_of_fact(&fact), Some(folder.as_str()));
        assert_eq!(attempt_of(&folder, &bytes(&folder, "a1", "x.dump")), Some("a1"));
        assert_eq!(attempt_of(&folder, &fact), None);
        assert_eq!(attempt_of(&folder, &manifest(&folder)), None);
    }

    #[test]
    fn parts_are_told_apart() {
        let folder = artifact("orders", "graph", "neo4j", "ab12");
        for (key, wanted) in [
            (manifest(&folder), Part::Manifest),
            (tombstone(&folder), Part::Tombstone),
            (fact(&folder, "lock", "2026-11-22T01:00:03Z", "r1"), Part::Fact),
            (swept(&folder, "a1"), Part::Swept("a1")),
            (bytes(&folder, "a1", "x.dump"), Part::Bytes("a1")),
            (format!("{folder}notes.txt"), Part::Stray),
            (format!("{folder}facts/deeper/x.json"), Part::Stray),
        ] {
            assert_eq!(part(&key), Some((folder.as_str(), wanted)), "{key}");
        }
        assert_eq!(part("orders/graph/neo4j/stray"), None);
        assert_eq!(epoch_of(&leases("prune"), &lease("prune", 12)), Some(12));
        assert_eq!(epoch_of(&leases("prune"), &lease("prune", u64::MAX)), None);
        assert_eq!(texts_of(&texts(3, "ab12")), Some((3, "ab12")));
        assert_eq!(texts_of("texts/3.json.zst"), None);
    }

    #[test]
    fn no_name_leaves_its_component() {
        for name in ["..", ".", "a/b", "a\\b", "å", "a b", "%2e", ""] {
            let component = component(name);
            assert!(!component.contains(['/', '\\', ' ']) && !component.starts_with('.'), "{name:?}: {component}");
            assert!(name.is_empty() || is_component(&component), "{name:?}: {component}");
            assert!(name.is_empty() || crate::plugin::key::check(&component).is_ok(), "{name:?}: {component}");
        }
    }
}
