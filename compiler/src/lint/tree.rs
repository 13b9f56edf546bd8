//! Paths and globs as text: what is below what, and which paths a source of files takes. No file is looked at.

use crate::model::{Engine, Files, Source, Strategy};

/// A path without `.`, doubled and trailing slashes; what it begins at stays.
#[must_use]
pub(super) fn plain(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        match (part, parts.last()) {
            ("..", Some(last)) if *last != ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    format!("{}{}", if path.starts_with('/') { "/" } else { "" }, parts.join("/"))
}

/// Whether a path is a directory or below it. A relative and an absolute path are never compared.
#[must_use]
pub(super) fn is_within(path: &str, directory: &str) -> bool {
    let (path, directory) = (plain(path), plain(directory));
    if path.starts_with('/') != directory.starts_with('/') || path.starts_with("..") != directory.starts_with("..") {
        return false;
    }
    let below = |rest: &str| rest.is_empty() || rest.starts_with('/');
    matches!(directory.as_str(), "" | "/") || path.strip_prefix(&directory).is_some_and(below)
}

/// A path below a directory.
#[must_use]
pub(super) fn join(directory: &str, path: &str) -> String {
    if path.starts_with('/') { plain(path) } else { plain(&format!("{directory}/{path}")) }
}

/// What one part of a source of files takes, as globs from where its paths begin.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    pub include: Vec<String>,
    pub exclude: Vec<String>,
}

impl Taken {
    /// What a tree on the machine that runs jobs takes; `None` for files of servers.
    #[must_use]
    pub(super) fn of_tree(files: &Files) -> Option<Self> {
        files.on.is_empty().then(|| {
            // A root is a name, whatever is in it.
            let root = files.tree.root.replace(['*', '?', '[', ']', '{', '}'], "?");
            let all = |globs: &[String]| globs.iter().map(|glob| join(&root, glob)).collect();
            Self { include: all(&files.tree.include), exclude: all(&files.tree.exclude) }
        })
    }

    /// What is taken of a server, when any is.
    #[must_use]
    pub(super) fn of_server(files: &Files, server: &str) -> Option<Self> {
        let on = files.on.iter().find(|on| on.servers.iter().any(|pattern| pattern.covers(server)))?;
        Some(Self::of(&on.include, &on.exclude))
    }

    /// What absolute globs take.
    #[must_use]
    pub(super) fn of(include: &[String], exclude: &[String]) -> Self {
        let all = |globs: &[String]| globs.iter().map(|glob| plain(glob)).collect();
        Self { include: all(include), exclude: all(exclude) }
    }

    /// Whether a path, which is [`plain`], is taken.
    #[must_use]
    pub(super) fn has(&self, path: &str) -> bool {
        let matched = |globs: &[String]| globs.iter().any(|glob| covers(glob, path));
        matched(&self.include) && !matched(&self.exclude)
    }
}

/// Every part of a source of files: its tree, or what it takes of each server.
#[must_use]
pub(super) fn parts(source: &Source, strategy: &Strategy) -> Vec<Taken> {
    let Engine::Files(files) = &source.engine else { return Vec::new() };
    match Taken::of_tree(files) {
        Some(tree) => vec![tree],
        None => strategy.servers().filter_map(|server| Taken::of_server(files, &server.name)).collect(),
    }
}

/// More alternatives than this are not told apart.
const MOST: usize = 256;

/// Whether a glob covers a path: `**` is any directories, `*` any characters of one name, `?` one, `{a,b}` one of several.
/// A set of characters counts as `?`.
#[must_use]
pub(super) fn covers(glob: &str, path: &str) -> bool {
    // Most are told apart by how they begin.
    let begins = glob.split(['*', '?', '[', '{']).next().unwrap_or_default();
    if !path.starts_with(begins.trim_end_matches('/')) {
        return false;
    }
    let parts = |text: &str| text.split('/').filter(|part| !part.is_empty()).map(simple).collect::<Vec<_>>();
    let names: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let one = |glob: &String| glob.starts_with('/') == path.starts_with('/') && crosses(&parts(glob), &names);
    alternatives(glob).iter().any(one)
}

/// The globs that one with `{a,b}` stands for.
fn alternatives(glob: &str) -> Vec<String> {
    let mut out = vec![glob.to_owned()];
    while let Some(at) = out.iter().position(|glob| braces(glob).is_some()) {
        let glob = out.remove(at);
        let Some((before, inside, after)) = braces(&glob) else { break };
        if out.len() > MOST {
            out.push(format!("{before}*{after}"));
            continue;
        }
        out.extend(inside.split(',').map(|choice| format!("{before}{choice}{after}")));
    }
    out
}

/// An innermost `{…}` of a glob, with what is around it.
fn braces(glob: &str) -> Option<(&str, &str, &str)> {
    let (before, after) = glob.split_once('}')?;
    let (before, inside) = before.rsplit_once('{')?;
    Some((before, inside, after))
}

fn crosses(glob: &[Vec<char>], path: &[&str]) -> bool {
    match (glob.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((first, rest)), _) if first.as_slice() == ['*', '*'] => {
            // One `**` does the work of several; more would make the search grow with each.
            let again = rest.first().is_some_and(|next| next.as_slice() == ['*', '*']);
            if again {
                crosses(rest, path)
            } else {
                (0..=path.len()).any(|at| crosses(rest, path.get(at..).unwrap_or_default()))
            }
        }
        (Some((first, rest)), Some((name, tail))) => {
            fits(first, &name.chars().collect::<Vec<_>>()) && crosses(rest, tail)
        }
        _ => false,
    }
}

/// One part of a glob with sets as `?`, and stars beside each other as one unless it is `**`.
fn simple(part: &str) -> Vec<char> {
    if part == "**" {
        return vec!['*', '*'];
    }
    let (mut out, mut inside) = (Vec::new(), false);
    for char in part.chars() {
        match (inside, char) {
            (true, _) => inside = char != ']',
            (false, '[') => {
                inside = true;
                out.push('?');
            }
            (false, _) => out.push(char),
        }
    }
    out.dedup_by(|next, before| *next == '*' && *before == '*');
    out
}

fn fits(glob: &[char], name: &[char]) -> bool {
    match (glob.split_first(), name.split_first()) {
        (None, None) => true,
        (Some(('*', rest)), _) => {
            rest.is_empty() || (0..=name.len()).any(|at| fits(rest, name.get(at..).unwrap_or_default()))
        }
        (Some(('?', rest)), Some((_, tail))) => fits(rest, tail),
        (Some((char, rest)), Some((other, tail))) => char == other && fits(rest, tail),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{covers, is_within, join, plain};

    #[test]
    fn globs_cover_paths() {
        let yes = [
            ("/srv/**", "/srv"),
            ("/srv/**", "/srv/a/b"),
            ("/srv/*/b", "/srv/a/b"),
            ("**/*.conf", "etc/neo4j/neo4j.conf"),
            ("**", "a/b"),
            ("/a/**/**/z", "/a/b/c/z"),
            ("/a/{b,c{d,e}}/f", "/a/ce/f"),
            ("/a/[bc]?", "/a/bx"),
        ];
        for (glob, path) in yes {
            assert!(covers(glob, path), "{glob} covers {path}");
        }
        let no = [
            ("/srv/*", "/srv/a/b"),
            ("/srv/**", "/srvx/a"),
            ("srv/**", "/srv/a"),
            ("/a/{b,c}/f", "/a/d/f"),
            ("/a/[bc]", "/a/bx"),
            ("**/b", "a/c"),
            ("/a/**/z", "/a/b"),
        ];
        for (glob, path) in no {
            assert!(!covers(glob, path), "{glob} does not cover {path}");
        }
    }

    #[test]
    fn paths_are_told_apart() {
        assert_eq!(plain("./a//b/../c/"), "a/c");
        assert_eq!(plain("/a/../../b"), "/../b");
        assert_eq!(join(".", "**"), "**");
        assert!(is_within("/srv/a", "/srv") && is_within("a/b", ".") && is_within("/x", "/"));
        assert!(!is_within("/srvx", "/srv") && !is_within("/srv", "srv") && !is_within("../a", "."));
    }
}
