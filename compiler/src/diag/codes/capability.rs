//! Codes of what engines and editions cannot do, and of nodes that do not go together.

use crate::diag::{Example, Explanation};

pub static NOT_IN_EDITION: Explanation = Explanation {
    code: "not-in-edition",
    summary: "something that only an Enterprise server has, asked of a Community server",
    why: "The tools of that edition do not have it, so the job would fail when it runs.",
    example: Example::Nodes {
        wrong: r#"source "graph" engine="neo4j" {
    edition "community"; version "5.26"; home "/srv/neo4j"; admin "/srv/neo4j/bin/neo4j-admin"
    control { stop "systemctl" "stop" "neo4j"; start "systemctl" "start" "neo4j"; }
    databases "neo4j" "system"
}
job "nightly" {
    backup "graph" method="backup" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}"#,
        right: r#"source "graph" engine="neo4j" {
    edition "community"; version "5.26"; home "/srv/neo4j"; admin "/srv/neo4j/bin/neo4j-admin"
    control { stop "systemctl" "stop" "neo4j"; start "systemctl" "start" "neo4j"; }
    databases "neo4j" "system"
}
job "nightly" {
    backup "graph" method="dump" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}"#,
    },
    fix: "Remove it, or correct the edition.",
};

pub static UNKNOWN_VERSION: Explanation = Explanation {
    code: "unknown-version",
    summary: "a version line of Neo4j that Backstay does not know",
    why: "What its tools can do is not known, so nothing about it could be promised.",
    example: Example::Nodes {
        wrong: r#"target "scratch" engine="neo4j" { home "/srv/scratch"; edition "community"; version "4.4"; }"#,
        right: r#"target "scratch" engine="neo4j" { home "/srv/scratch"; edition "community"; version "5.26"; }"#,
    },
    fix: "Use a version line that is known, or a later version of Backstay.",
};

pub static DIFFERENTIAL_WITHOUT_FULL: Explanation = Explanation {
    code: "differential-without-full",
    summary: "a differential backup of what no job backs up in full",
    why: "A differential holds what changed since the backup before it; a chain begins with a full one.",
    example: Example::Nodes {
        wrong: r#"source "graph" engine="neo4j" {
    edition "enterprise"; version "5.26"; admin "/usr/bin/neo4j-admin"; work "/var/lib/backstay"
    databases "*"
}
job "hourly" {
    backup "graph" type="differential" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}"#,
        right: r#"source "graph" engine="neo4j" {
    edition "enterprise"; version "5.26"; admin "/usr/bin/neo4j-admin"; work "/var/lib/backstay"
    databases "orders" "system"
}
job "nightly" {
    backup "graph" type="full" to="desk"
    verify "desk"
}
job "hourly" {
    backup "graph" type="differential" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}"#,
    },
    fix: "Add a `backup` with `type=\"full\"` to a job.",
};

pub static CONTRADICTION: Explanation = Explanation {
    code: "contradiction",
    summary: "two things that exclude each other",
    why: "Only one of them could be done, and which one is not for a program to choose.",
    example: Example::Nodes {
        wrong: r#"job "nightly" {
    window "01:00" "01:00"
    backup "notes" to="desk"
    verify "notes"
}"#,
        right: r#"job "nightly" {
    window "01:00" "05:00"
    backup "notes" to="desk"
    verify "notes"
}"#,
    },
    fix: "Keep the one that is meant.",
};

pub static PRUNE_WITHOUT_KEEP: Explanation = Explanation {
    code: "prune-without-keep",
    summary: "a `prune` of a store that has no `keep`",
    why: "Without a rule there is nothing that says which copies may go.",
    example: Example::Nodes {
        wrong: r#"job "tidy" {
    prune "desk"
}"#,
        right: r#"keep in="desk" { last 2; daily 7; }
job "tidy" {
    prune "desk"
}"#,
    },
    fix: "Add a `keep` for the store.",
};

pub static IMPOSSIBLE_DRILL: Explanation = Explanation {
    code: "impossible-drill",
    summary: "a restore into a target that cannot take it",
    why: "The drill would fail each time, and say nothing about the copies.",
    example: Example::Nodes {
        wrong: r#"target "scratch" engine="neo4j" { home "/srv/scratch"; edition "community"; version "5.26"; }
job "drill" {
    restore "notes" from="desk" into="scratch"
}"#,
        right: r#"target "scratch" engine="files" { directory "/srv/scratch"; }
job "drill" {
    restore "notes" from="desk" into="scratch"
}"#,
    },
    fix: "Use a target of the same engine, whose version is not older.",
};
