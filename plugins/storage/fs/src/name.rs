//! Names of files that are not yet objects. They begin with a dot, which no segment of a key does.

/// The folder of a key, with its slash, and the name in it.
fn split(key: &str) -> (&str, &str) {
    key.rsplit_once('/').map_or(("", key), |(_, name)| (&key[..key.len() - name.len()], name))
}

/// The folder that all keys with that beginning are in, with its slash.
pub(crate) fn folder(prefix: &str) -> &str {
    split(prefix).0
}

/// The key whose parts a file is for; `None` of every other file.
pub(crate) fn key_of(path: &str) -> Option<String> {
    let (folder, name) = split(path);
    let (name, _) = name.strip_prefix('.')?.strip_suffix(".part")?.rsplit_once('.')?;
    let key = format!("{folder}{name}");
    (!name.is_empty() && !hidden(&key) && leftover_of(&key, path)).then_some(key)
}

/// A file for the parts of `key`, its own by `random`.
pub(crate) fn part(key: &str, random: &[u8]) -> String {
    let mut path = leftover_prefix(key);
    for byte in random {
        path.push_str(&format!("{byte:02x}"));
    }
    path + ".part"
}

/// How every unfinished file of `key` begins. So do some of other keys: see [`leftover_of`].
pub(crate) fn leftover_prefix(key: &str) -> String {
    let (folder, name) = split(key);
    format!("{folder}.{name}.")
}

/// Whether a path is an unfinished file of that key: of `part` here, or of the host's own `create`.
pub(crate) fn leftover_of(key: &str, path: &str) -> bool {
    let Some(rest) = path.strip_prefix(&leftover_prefix(key)) else { return false };
    let Some(token) = rest.strip_suffix(".part").or_else(|| rest.strip_suffix(".new")) else { return false };
    token.len() == 16 && token.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether a path is none of the objects'.
pub(crate) fn hidden(path: &str) -> bool {
    path.split('/').any(|segment| segment.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leftovers_belong_to_one_key() {
        let ours = part("a/b.dump", &[0, 1, 2, 3, 4, 5, 6, 255]);
        assert_eq!(ours, "a/.b.dump.00010203040506ff.part");
        assert!(leftover_of("a/b.dump", &ours) && hidden(&ours));
        assert!(!leftover_of("a/b", &ours) && !leftover_of("b.dump", &ours));
        assert!(!hidden("a/b.dump"));
        assert_eq!(key_of(&ours).as_deref(), Some("a/b.dump"));
        assert_eq!(key_of(&part("b", &[7; 8])).as_deref(), Some("b"));
        let others = [
            "a/b.dump",
            "a/.b.0001020304050607.new",
            "a/.b.part",
            "a/..0001020304050607.part",
            ".a/.b.0001020304050607.part",
        ];
        assert!(others.iter().all(|path| key_of(path).is_none()));
        assert_eq!((folder("a/b"), folder("a/"), folder("a")), ("a/", "a/", ""));
    }
}
