//! Rules about which words may stand where: the walls between crates and modules that the crate graph cannot show.

use super::{File, Tree};

/// Words that only some places may hold.
struct Wall {
    /// Path prefixes that the rule is about; empty is everywhere.
    within: &'static [&'static str],
    /// Path prefixes in which the words are at home.
    home: &'static [&'static str],
    words: &'static [&'static str],
    why: &'static str,
}

const WALLS: [Wall; 8] = [
    Wall {
        within: &[],
        home: &["compiler/src/syntax", "bench/"],
        words: &["kdl::"],
        why: "only `compiler/src/syntax` names the `kdl` crate",
    },
    Wall {
        within: &[],
        home: &["runtime/src/plugin", "runtime/tests/", "runtime/build.rs", "bench/"],
        words: &["wasmtime::"],
        why: "only `runtime/src/plugin` names the `wasmtime` crate",
    },
    Wall {
        within: &[],
        home: &["cli/", "xtask/", "bench/"],
        words: &["clap::"],
        why: "arguments are the business of programs",
    },
    Wall {
        within: &["compiler/src/", "schema/src/"],
        home: &[],
        words: &[
            "std::fs",
            "std::env",
            "std::process",
            "std::net",
            "std::io::stdin",
            "SystemTime::now",
            "Instant::now",
            "Timestamp::now",
            "Zoned::now",
            "println!",
            "eprintln!",
            "tokio::",
        ],
        why: "the compiler reads nothing but its arguments",
    },
    Wall {
        within: &["runtime/src/run/scheduler", "runtime/src/run/board"],
        home: &[],
        words: &["async fn", "async move", ".await", "tokio"],
        why: "the scheduler is not async",
    },
    Wall {
        within: &["runtime/src/run/executor"],
        home: &[],
        words: &["scheduler", "plan::Plan", "Plan {", "&Plan"],
        why: "the executor has never heard of the graph",
    },
    Wall {
        within: &["runtime/src/"],
        home: &[],
        words: &["compiler::", "petgraph::", "miette::"],
        why: "the runtime cannot read a strategy",
    },
    Wall {
        within: &["schema/src/", "compiler/src/", "runtime/src/"],
        home: &["runtime/src/process"],
        words: &["process::exit"],
        why: "nothing below `cli` exits",
    },
];

/// No word stands beyond its wall.
pub(super) fn words(tree: &Tree) -> Vec<String> {
    let mut faults = Vec::new();
    for wall in &WALLS {
        for file in tree.rust().filter(|file| wall.judges(&file.path)) {
            for (line, text) in file.code() {
                if let Some(word) = wall.words.iter().find(|word| names(text, word)) {
                    faults.push(format!("{}:{line}: `{word}`: {}", file.path, wall.why));
                }
            }
        }
    }
    faults
}

impl Wall {
    fn judges(&self, path: &str) -> bool {
        let starts = |all: &[&str]| all.iter().any(|prefix| path.starts_with(prefix));
        // The rules themselves must be able to say the words.
        (self.within.is_empty() || starts(self.within)) && !starts(self.home) && !path.starts_with("xtask/src/tidy/")
    }
}

/// Whether a line has the word whole: neither end goes on as a longer name.
fn names(line: &str, word: &str) -> bool {
    let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let goes_on = |end: Option<char>, next: Option<char>| part(end) && part(next);
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line.get(at + word.len()..).and_then(|text| text.chars().next());
        !goes_on(word.chars().next(), before) && !goes_on(word.chars().next_back(), after)
    })
}

/// Places beside `schema` that may derive `Serialize`, each for something that is in no file format.
const VIEWS: [&str; 5] = [
    "compiler/src/render", // views of a plan for one output
    "compiler/src/diag",   // diagnostics for `--format json`
    "cli/",                // `--format json` of commands
    "runtime/src/engine",  // the intent file, which only the engine that wrote it reads
    "bench/",
];

/// Types that are written to disk or sent away live in `schema`.
pub(super) fn serialised(tree: &Tree) -> Vec<String> {
    let elsewhere = |file: &&File| {
        let path = &file.path;
        let ours = ["compiler/src/", "runtime/src/", "cli/src/", "bench/"].iter().any(|p| path.starts_with(p));
        ours && !VIEWS.iter().any(|view| path.starts_with(view))
    };
    let mut faults = Vec::new();
    for file in tree.rust().filter(elsewhere) {
        for (line, text) in file.code() {
            if text.contains("derive(") && names(text, "Serialize") {
                faults.push(format!("{}:{line}: `Serialize`: types of file formats live in `schema`", file.path));
            }
        }
    }
    faults
}
