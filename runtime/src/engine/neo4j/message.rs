//! What the admin tool says, understood: progress, and why it failed. Exit codes alone mean little; its words decide.

use crate::error::Error;
use schema::report::ProblemKind;

/// How far a dump or load has come, in percent.
pub(super) fn progress(line: &str) -> Option<u64> {
    let line = line.trim();
    if line.starts_with("Done: ") && line.contains(" files, ") {
        return Some(100);
    }
    // The checker draws a bar of dots.
    let bar = line
        .strip_suffix('%')
        .map(|bar| (bar.trim_start_matches('.'), bar))
        .filter(|(rest, bar)| rest.len() < bar.len());
    if let Some((percent, _)) = bar {
        return percent.trim().parse().ok().filter(|percent| *percent <= 100);
    }
    let percent = line.strip_prefix("Files: ")?.split_once("data:")?.1.trim().strip_suffix('%')?;
    // The tool writes one decimal; a bar needs none.
    percent.split(['.', ',']).next()?.trim().parse().ok().filter(|percent| *percent <= 100)
}

struct Known {
    /// A part of the line that says it.
    says: &'static str,
    code: &'static str,
    kind: ProblemKind,
    help: &'static str,
}

/// The first that matches counts: the more telling ones come first.
const KNOWN: &[Known] = &[
    Known {
        says: "The database is in use",
        code: "database-in-use",
        kind: ProblemKind::Permanent,
        help: "Stop the server, or give the source a `control` node so that Backstay can.",
    },
    Known {
        says: "Active logical log detected",
        code: "active-logical-log",
        kind: ProblemKind::Permanent,
        help: "The server was not stopped cleanly: start it, stop it, then try again.",
    },
    Known {
        says: "UnsupportedLogVersionException",
        code: "store-newer-than-tool",
        kind: ProblemKind::Permanent,
        help: "Use the `neo4j-admin` of the server's own version.",
    },
    Known {
        says: "Archive already exists",
        code: "archive-exists",
        kind: ProblemKind::Permanent,
        help: "Remove it, or dump to another place.",
    },
    Known {
        says: "Database already exists",
        code: "database-exists",
        kind: ProblemKind::Permanent,
        help: "Choose another name: nothing is ever overwritten.",
    },
    Known {
        says: "Database does not exist",
        code: "database-missing",
        kind: ProblemKind::Permanent,
        help: "Look at `databases` of the source.",
    },
    Known {
        says: "Inconsistencies found",
        code: "inconsistent",
        kind: ProblemKind::Integrity,
        help: "Do not rely on this database: use an older artifact, and look at the live one.",
    },
    Known {
        says: "Not a valid Neo4j archive",
        code: "archive-damaged",
        kind: ProblemKind::Integrity,
        help: "Use another copy or an older artifact.",
    },
    Known {
        says: "ZstdIOException",
        code: "archive-damaged",
        kind: ProblemKind::Integrity,
        help: "Use another copy or an older artifact.",
    },
    Known {
        says: "Truncated source",
        code: "archive-damaged",
        kind: ProblemKind::Integrity,
        help: "Use another copy or an older artifact.",
    },
    Known {
        says: "EOFException",
        code: "archive-damaged",
        kind: ProblemKind::Integrity,
        help: "Use another copy or an older artifact.",
    },
    Known {
        says: "No space left on device",
        code: "disk-full",
        kind: ProblemKind::Permanent,
        help: "Free space there, then run it again.",
    },
    Known {
        says: "OutOfMemoryError",
        code: "tool-out-of-memory",
        kind: ProblemKind::Permanent,
        help: "Give the tool more with `limits heap=…`.",
    },
    Known {
        says: "you do not have permission",
        code: "no-permission",
        kind: ProblemKind::Permanent,
        help: "Run the tool as the owner of the data: `admin \"…\" user=\"neo4j\"`.",
    },
    Known {
        says: "AccessDeniedException",
        code: "no-permission",
        kind: ProblemKind::Permanent,
        help: "Run the tool as the owner of the data: `admin \"…\" user=\"neo4j\"`.",
    },
    Known {
        says: "Unknown option",
        code: "bad-option",
        kind: ProblemKind::Permanent,
        help: "This tool does not know an option that Backstay uses: look at `version` of the source.",
    },
    Known {
        says: "UnsupportedClassVersionError",
        code: "wrong-java",
        kind: ProblemKind::Permanent,
        help: "Set `JAVA_HOME` in the `environment` of the source: 5.26 needs Java 17 or 21, 2025.10 and later 21 or 25.",
    },
];

/// The error that an ended command means. `lines` are the last ones of its output, oldest first.
pub(super) fn failure(doing: &str, exit: i32, lines: &[String]) -> Error {
    for known in KNOWN {
        if let Some(line) = lines.iter().find(|line| line.contains(known.says)) {
            return Error::new(known.kind, known.code, format!("cannot {doing}: {}", plain(line))).help(known.help);
        }
    }
    let code = if matches!(exit, 2 | 64) { "bad-option" } else { "tool-failed" };
    // A stack trace tells its cause in its first line, and the tool's own words come before it.
    let telling = lines.iter().rev().find(|line| !line.starts_with("\tat ") && !line.trim().is_empty());
    let said = telling.map_or_else(|| "it said nothing".to_owned(), |line| plain(line));
    Error::permanent(code, format!("cannot {doing}: `neo4j-admin` ended with {exit}: {said}"))
}

/// Without the time, level and logger in front, and without the name of an exception class.
fn plain(line: &str) -> String {
    let line = line.trim();
    let after_logger = if line.starts_with("20") { line.split_once("] ").map(|(_, rest)| rest) } else { None };
    let line = after_logger.unwrap_or(line);
    let line = line.trim_end_matches('.');
    line.chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::{failure, plain, progress};

    #[test]
    fn progress_is_a_percentage() {
        assert_eq!(progress("Files: 3/37, data:  4.0%"), Some(4));
        assert_eq!(progress("Files: 37/37, data: 100.0%"), Some(100));
        assert_eq!(progress("Done: 37 files, 259.6MiB processed in 0.931 seconds."), Some(100));
        assert_eq!(progress("....................  40%"), Some(40));
        assert_eq!(progress("Dump completed successfully"), None);
        assert_eq!(progress("Files: 3/37, data: x%"), None);
    }

    #[test]
    fn words_decide_before_codes() {
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(
            failure("x", 1, &lines("a\nThe database is in use. Stop database 'neo4j' and try again.")).code,
            "database-in-use"
        );
        assert_eq!(failure("x", 64, &lines("Usage: …")).code, "bad-option");
        assert_eq!(failure("x", 1, &[]).code, "tool-failed");
        assert_eq!(plain("2024-10-15 09:27:10.749+0000 INFO  [o.n.c.d.DumpCommand] Starting dump."), "Starting dump");
    }
}
