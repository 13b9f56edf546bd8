//! Codes of the plan stage.

use crate::diag::{Example, Explanation};

pub static CYCLE: Explanation = Explanation {
    code: "cycle",
    summary: "steps that wait for each other",
    why: "None of them could ever begin.",
    example: Example::Nodes {
        wrong: r#"job "nightly" {
    backup "notes" to="desk" after="check"
    verify "notes" name="check"
}"#,
        right: r#"job "nightly" {
    backup "notes" to="desk"
    verify "notes" name="check"
}"#,
    },
    fix: "Remove one `after=`, or put the statements into another order.",
};

pub static DUPLICATE_STEP: Explanation = Explanation {
    code: "duplicate-step",
    summary: "the same step twice in a job",
    why: "Both would have one address, and the second would do the first one's work again.",
    example: Example::Nodes {
        wrong: r#"job "nightly" {
    backup "notes" to="desk"
    backup "notes" to="desk"
    verify "notes"
}"#,
        right: r#"job "nightly" {
    backup "notes" to="desk"
    verify "notes"
}"#,
    },
    fix: "Remove one of the statements. Of two checks keep `consistency`: it reads every byte as well.",
};

pub static IMPOSSIBLE_METHOD: Explanation = Explanation {
    code: "impossible-method",
    summary: "a method that the engine does not have",
    why: "The backup would fail when it runs.",
    example: Example::Nodes {
        wrong: r#"job "nightly" {
    backup "notes" to="desk" method="dump"
    verify "notes"
}"#,
        right: r#"job "nightly" {
    backup "notes" to="desk" method="archive"
    verify "notes"
}"#,
    },
    fix: "Use the method that is shown, or leave it out.",
};

pub static NOTHING_TO_VERIFY: Explanation = Explanation {
    code: "nothing-to-verify",
    summary: "a `verify` of what the job has not made",
    why: "It would succeed without having looked at anything.",
    example: Example::Nodes {
        wrong: r#"job "nightly" {
    verify "cellar"
    backup "notes" to="desk"
    verify "desk"
}"#,
        right: r#"job "nightly" {
    backup "notes" to="desk"
    verify "desk"
}"#,
    },
    fix: "Put it after the statement that makes the copy.",
};

pub static NOTHING_TO_TRANSFER: Explanation = Explanation {
    code: "nothing-to-transfer",
    summary: "a `transfer` from a store into which the job has put nothing",
    why: "It would succeed without having copied anything.",
    example: Example::Nodes {
        wrong: r#"job "nightly" {
    backup "notes" to="desk"
    verify "desk"
    transfer from="cellar" to="desk"
}"#,
        right: r#"job "nightly" {
    backup "notes" to="desk"
    verify "desk"
    transfer from="desk" to="cellar"
    verify "cellar"
}"#,
    },
    fix: "Put it after the `backup`, and name the store that it writes to.",
};

pub static NOTHING_TO_RESTORE: Explanation = Explanation {
    code: "nothing-to-restore",
    summary: "no artifact is as the restore asks for",
    why: "There is nothing to bring back.",
    example: Example::Case {
        wrong: "// artifact desk notes files 1f2e3d4c 2026-11-20T01:30:00Z\n// restore notes at=2001-01-01T00:00:00Z",
        right: "// artifact desk notes files 1f2e3d4c 2026-11-20T01:30:00Z\n// restore notes",
    },
    fix: "Ask for one of those that are listed, or rebuild the catalog.",
};

pub static IMPOSSIBLE_REQUEST: Explanation = Explanation {
    code: "impossible-request",
    summary: "a restore that contradicts itself",
    why: "No order of steps does what it asks for.",
    example: Example::Case {
        wrong: r#"// artifact desk graph neo4j 1f2e3d4c 2026-11-20T01:30:00Z
// artifact desk graph system 5b6a7988 2026-11-20T01:30:00Z
// restore graph into=copy
source "graph" engine="neo4j" {
    edition "community"; version "5.26"
    home "/opt/neo4j"; admin "/opt/neo4j/bin/neo4j-admin"
    control { stop "systemctl" "stop" "neo4j"; start "systemctl" "start" "neo4j"; }
    databases "neo4j" "system"
}
job "graph" {
    backup "graph" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}"#,
        right: r#"// artifact desk graph neo4j 1f2e3d4c 2026-11-20T01:30:00Z
// artifact desk graph system 5b6a7988 2026-11-20T01:30:00Z
// restore graph database=neo4j into=copy
source "graph" engine="neo4j" {
    edition "community"; version "5.26"
    home "/opt/neo4j"; admin "/opt/neo4j/bin/neo4j-admin"
    control { stop "systemctl" "stop" "neo4j"; start "systemctl" "start" "neo4j"; }
    databases "neo4j" "system"
}
job "graph" {
    backup "graph" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}"#,
    },
    fix: "Ask for one database, or leave out the option.",
};

pub static KNOWN_AT_RUN_TIME: Explanation = Explanation {
    code: "known-at-run-time",
    summary: "a glob over databases that cannot be expanded yet",
    why: "The plan cannot show which databases it covers before the source has been asked.",
    example: Example::Case {
        wrong: r#"// plan
source "graph" engine="neo4j" {
    edition "community"; version "5.26"
    home "/opt/neo4j"; admin "/opt/neo4j/bin/neo4j-admin"
    control { stop "systemctl" "stop" "neo4j"; start "systemctl" "start" "neo4j"; }
    databases "customers-*" "system"
}
job "graph" {
    backup "graph" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}"#,
        right: r#"// inventory graph customers-1 customers-2 system
// plan
source "graph" engine="neo4j" {
    edition "community"; version "5.26"
    home "/opt/neo4j"; admin "/opt/neo4j/bin/neo4j-admin"
    control { stop "systemctl" "stop" "neo4j"; start "systemctl" "start" "neo4j"; }
    databases "customers-*" "system"
}
job "graph" {
    backup "graph" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}"#,
    },
    fix: "Plan with `--refresh`, which asks the source.",
};
