//! What keys and paths may look like. Checked before a guest sees a key, and again on whatever path it makes of it.

use crate::error::{Error, Result};

/// Bytes of a key.
const LONGEST: usize = 1024;
/// Bytes of a segment of a key: a plugin may add some and still have a name that file systems take.
const LONGEST_SEGMENT: usize = 200;
/// Bytes of a path that a plugin makes of a key.
const LONGEST_PATH: usize = LONGEST + 64;
/// Bytes of a file name.
const LONGEST_NAME: usize = 255;

/// Refuses a key that is not: segments of ASCII letters, digits and `._-+=@~,`, none beginning with a dot, between
/// single slashes. Such a key means the same on every file system and in every URL.
///
/// # Errors
/// `bad-key`.
pub fn check(key: &str) -> Result<()> {
    fault(key, LONGEST, LONGEST_SEGMENT, false).map_or(Ok(()), |why| refuse(key, why))
}

/// Refuses a prefix that no key can have. It may be empty, and end anywhere in a segment.
pub(super) fn check_prefix(prefix: &str) -> Result<()> {
    let whole = prefix.strip_suffix('/').unwrap_or(prefix);
    if prefix.is_empty() { Ok(()) } else { check(whole) }
}

/// Why a path of a guest is refused: the rules of keys, but a segment may begin with a dot.
pub(super) fn path_fault(path: &str) -> Option<&'static str> {
    fault(path, LONGEST_PATH, LONGEST_NAME, true)
}

fn refuse(key: &str, why: &str) -> Result<()> {
    let shown: String = key.chars().take(80).flat_map(char::escape_default).collect();
    Err(Error::permanent("bad-key", format!("`{shown}` cannot be a key: {why}")))
}

fn fault(key: &str, longest: usize, longest_segment: usize, hidden: bool) -> Option<&'static str> {
    if key.is_empty() {
        return Some("it is empty");
    }
    if key.len() > longest {
        return Some("it is too long");
    }
    key.split('/').find_map(|segment| match segment {
        "" => Some("a segment is empty, or it begins or ends with a slash"),
        "." | ".." => Some("a segment is a dot or two"),
        _ if segment.starts_with('.') && !hidden => Some("a segment begins with a dot"),
        _ if segment.len() > longest_segment => Some("a segment is too long"),
        _ if !segment.bytes().all(allowed) => Some("it has other characters than letters, digits and `._-+=@~,`"),
        _ => None,
    })
}

fn allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._-+=@~,".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn odd_keys_are_refused() {
        let odd = [
            "",
            "/",
            "/a",
            "a/",
            "a//b",
            ".",
            "..",
            "../a",
            "a/../b",
            "a/./b",
            "a/..",
            "%2e%2e/a",
            "a\\b",
            "a\0b",
            "a\nb",
            ".a",
            "a/.b.part",
            "a b",
            "caf\u{e9}",
            "cafe\u{301}",
            "C:",
            "a:b",
            "a*",
            "a?b",
            "~/../x",
        ];
        for key in odd {
            assert!(check(key).is_err(), "{key:?}");
        }
        assert!(check(&"a".repeat(201)).is_err() && check(&"a/".repeat(600)).is_err());
    }

    #[test]
    fn keys_of_stores_are_taken() {
        for key in ["store.json", "orders/graph/neo4j/0f3a/1/neo4j-2026-11-22T01-00-03Z.dump", "a-b_c+d=e@f~g,h"] {
            assert!(check(key).is_ok(), "{key:?}");
        }
        assert!(check_prefix("").is_ok() && check_prefix("a/").is_ok() && check_prefix("a//").is_err());
    }

    proptest! {
        #[test]
        fn no_key_leads_out(key in "[a./\\\\%~-]{0,12}|\\PC{0,12}") {
            if path_fault(&key).is_none() {
                let clean: std::path::PathBuf = key.split('/').collect();
                prop_assert!(clean.components().all(|part| matches!(part, std::path::Component::Normal(_))));
                prop_assert_eq!(clean.to_str(), Some(key.as_str()));
            }
            if check(&key).is_ok() {
                prop_assert!(path_fault(&key).is_none());
            }
        }
    }
}
