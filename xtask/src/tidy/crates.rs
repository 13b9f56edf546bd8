//! The walls between crates as cargo sees them: what each may reach through ordinary dependencies, and how deep it goes.

use crate::shell;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Longest chain of the workspace's own crates.
const DEPTH: usize = 4;

/// What a crate must not reach, even through others.
const NEVER: [(&str, &[&str]); 5] = [
    ("backstay-schema", &["tokio", "wasmtime", "clap", "kdl", "petgraph", "rusqlite", "reqwest", "backstay-compiler"]),
    ("backstay-compiler", &["tokio", "wasmtime", "clap", "rusqlite", "reqwest", "backstay-runtime"]),
    ("backstay-runtime", &["kdl", "petgraph", "clap", "miette", "backstay-compiler"]),
    ("backstay-lsp", &["tokio", "wasmtime", "clap", "rusqlite", "reqwest", "backstay-runtime"]),
    ("xtask", &["tokio", "wasmtime", "backstay-runtime", "backstay-compiler"]),
];

/// The resolved graph.
pub(super) fn metadata() -> Result<Value, String> {
    let text = shell::output(&mut shell::cargo(&["metadata", "--format-version", "1", "--locked"]))?;
    serde_json::from_str(&text).map_err(|e| format!("`cargo metadata` did not print JSON: {e}"))
}

/// Names and ordinary dependencies, by package id.
struct Graph<'a> {
    names: BTreeMap<&'a str, &'a str>,
    needs: BTreeMap<&'a str, Vec<&'a str>>,
    members: BTreeSet<&'a str>,
}

impl<'a> Graph<'a> {
    fn read(metadata: &'a Value) -> Self {
        let list = |pointer: &str| metadata.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
        let text = |value: &'a Value, key: &str| value.get(key).and_then(Value::as_str);
        let names = list("/packages").filter_map(|p| Some((text(p, "id")?, text(p, "name")?))).collect();
        let needs = list("/resolve/nodes").filter_map(|node| Some((text(node, "id")?, ordinary(node)))).collect();
        let members = list("/workspace_members").filter_map(Value::as_str).collect();
        Self { names, needs, members }
    }

    /// All that a package reaches, by name.
    fn reach(&self, id: &'a str) -> BTreeSet<&'a str> {
        let mut seen = BTreeSet::new();
        let mut open = vec![id];
        while let Some(next) = open.pop() {
            for need in self.needs.get(next).into_iter().flatten() {
                if seen.insert(*need) {
                    open.push(need);
                }
            }
        }
        seen.iter().filter_map(|id| self.names.get(id).copied()).collect()
    }

    /// Number of the workspace's own crates on the longest chain from this one.
    fn depth(&self, id: &str) -> usize {
        let needs = self.needs.get(id).into_iter().flatten().filter(|need| self.members.contains(*need));
        1 + needs.map(|need| self.depth(need)).max().unwrap_or(0)
    }
}

/// Dependencies that are neither for tests nor for building.
fn ordinary(node: &Value) -> Vec<&str> {
    let deps = node.get("deps").and_then(Value::as_array).into_iter().flatten();
    deps.filter(|dep| {
        let kinds = dep.get("dep_kinds").and_then(Value::as_array).into_iter().flatten();
        kinds.into_iter().any(|kind| kind.get("kind").is_none_or(Value::is_null))
    })
    .filter_map(|dep| dep.get("pkg").and_then(Value::as_str))
    .collect()
}

/// No crate reaches beyond its wall, and the chain of our own is short.
pub(super) fn edges(metadata: &Value) -> Vec<String> {
    let graph = Graph::read(metadata);
    let mut faults = Vec::new();
    for id in &graph.members {
        let name = graph.names.get(id).copied().unwrap_or_default();
        let reach = graph.reach(id);
        let never = NEVER.iter().filter(|(of, _)| *of == name).flat_map(|(_, never)| never.iter());
        for other in never.filter(|other| reach.contains(*other)) {
            faults.push(format!("crate `{name}` reaches `{other}`: see `cargo tree -p {name} -i {other}`"));
        }
        let depth = graph.depth(id);
        if depth > DEPTH {
            faults.push(format!("crate `{name}` is {depth} crates deep, at most {DEPTH}"));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn node(id: &str, deps: &[(&str, Option<&str>)]) -> Value {
        let deps: Vec<Value> =
            deps.iter().map(|(id, kind)| json!({ "pkg": id, "dep_kinds": [{ "kind": kind }] })).collect();
        json!({ "id": id, "deps": deps })
    }

    #[test]
    fn what_a_crate_reaches_through_others_counts_and_what_its_tests_use_does_not() {
        let package = |id: &str, name: &str| json!({ "id": id, "name": name });
        let metadata = json!({
            "packages": [package("c", "backstay-compiler"), package("r", "backstay-runtime"), package("m", "middle"),
                package("t", "tokio"), package("k", "kdl")],
            "workspace_members": ["c", "r"],
            "resolve": { "nodes": [node("c", &[("m", None)]), node("m", &[("t", None)]), node("t", &[]),
                node("r", &[("k", Some("dev")), ("t", None)]), node("k", &[])] },
        });
        let expected = "crate `backstay-compiler` reaches `tokio`: see `cargo tree -p backstay-compiler -i tokio`";
        assert_eq!(edges(&metadata), [expected]);
    }

    #[test]
    fn a_long_chain_of_our_own_crates_is_a_fault() {
        let ids = ["a", "b", "c", "d", "e"];
        let packages: Vec<Value> = ids.iter().map(|id| json!({ "id": id, "name": id })).collect();
        let pairs = ids.iter().zip(ids.iter().skip(1));
        let nodes: Vec<Value> = pairs.map(|(id, need)| node(id, &[(need, None)])).collect();
        let metadata = json!({ "packages": packages, "workspace_members": ids, "resolve": { "nodes": nodes } });
        assert_eq!(edges(&metadata), ["crate `a` is 5 crates deep, at most 4"]);
    }
}
