//! Codes of the resolve stage.

use crate::diag::{Example, Explanation};

pub static DUPLICATE_NAME: Explanation = Explanation {
    code: "duplicate-name",
    summary: "two things of one kind have one name",
    why: "References could mean either, and their artifacts would mix.",
    example: Example::Nodes {
        wrong: r#"store "desk" plugin="fs" { path "other"; }"#,
        right: r#"store "third" plugin="fs" { path "other"; }"#,
    },
    fix: "Give one of them another name.",
};

pub static RESERVED_NAME: Explanation = Explanation {
    code: "reserved-name",
    summary: "a name that plans of Backstay itself have",
    why: "Steps of `restore` and `verify` plans have these job names in their addresses.",
    example: Example::Nodes {
        wrong: r#"job "restore" {
    backup "notes" to="desk"
    verify "notes"
}"#,
        right: r#"job "nightly" {
    backup "notes" to="desk"
    verify "notes"
}"#,
    },
    fix: "Choose another name.",
};

pub static UNKNOWN_NAME: Explanation = Explanation {
    code: "unknown-name",
    summary: "a reference to something that does not exist",
    why: "The step would have nothing to work on.",
    example: Example::Nodes {
        wrong: r#"job "nightly" {
    backup "notes" to="dsek"
    verify "notes"
}"#,
        right: r#"job "nightly" {
    backup "notes" to="desk"
    verify "notes"
}"#,
    },
    fix: "Use the name that is suggested, or define the thing.",
};

pub static AMBIGUOUS_NAME: Explanation = Explanation {
    code: "ambiguous-name",
    summary: "a reference that may mean a source or a store",
    why: "Verifying a source and verifying a store are different things.",
    example: Example::Nodes {
        wrong: r#"store "notes" plugin="fs" { path "other"; }
job "nightly" {
    backup "notes" to="notes"
    verify "notes"
}"#,
        right: r#"store "other" plugin="fs" { path "other"; }
job "nightly" {
    backup "notes" to="other"
    verify "notes"
}"#,
    },
    fix: "Give one of them another name.",
};

pub static UNKNOWN_DATABASE: Explanation = Explanation {
    code: "unknown-database",
    summary: "a database that the source does not have",
    why: "Its backup would fail, or silently cover nothing.",
    example: Example::Case {
        wrong: r#"// inventory graph orders system
source "graph" engine="neo4j" {
    edition "community"; version "5.26"
    home "/opt/neo4j"; admin "/opt/neo4j/bin/neo4j-admin"
    control { stop "systemctl" "stop" "neo4j"; start "systemctl" "start" "neo4j"; }
    databases "ordres" "system"
}
job "graph" {
    backup "graph" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}"#,
        right: r#"// inventory graph orders system
source "graph" engine="neo4j" {
    edition "community"; version "5.26"
    home "/opt/neo4j"; admin "/opt/neo4j/bin/neo4j-admin"
    control { stop "systemctl" "stop" "neo4j"; start "systemctl" "start" "neo4j"; }
    databases "orders" "system"
}
job "graph" {
    backup "graph" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}"#,
    },
    fix: "Correct the name, or remove it.",
};

pub static VIRTUAL_DATABASE: Explanation = Explanation {
    code: "virtual-database",
    summary: "a composite database or an alias among `databases`",
    why: "It holds nothing that could be backed up: an alias stands for another database, a composite one for several. That \
          they are there at all is kept with `system`.",
    example: Example::Case {
        wrong: r#"// inventory graph orders people system composite=shop
source "graph" engine="neo4j" {
    edition "community"; version "5.26"
    home "/opt/neo4j"; admin "/opt/neo4j/bin/neo4j-admin"
    control { stop "systemctl" "stop" "neo4j"; start "systemctl" "start" "neo4j"; }
    databases "shop" "system"
}
job "graph" {
    backup "graph" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}"#,
        right: r#"// inventory graph orders people system composite=shop
source "graph" engine="neo4j" {
    edition "community"; version "5.26"
    home "/opt/neo4j"; admin "/opt/neo4j/bin/neo4j-admin"
    control { stop "systemctl" "stop" "neo4j"; start "systemctl" "start" "neo4j"; }
    databases "orders" "people" "system"
}
job "graph" {
    backup "graph" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}"#,
    },
    fix: "Name the databases that it stands for.",
};

pub static UNKNOWN_JOB: Explanation = Explanation {
    code: "unknown-job",
    summary: "a job that the strategy does not have",
    why: "There is nothing to plan.",
    example: Example::Case {
        wrong: r#"// plan nihgtly
job "nightly" {
    backup "notes" to="desk"
    verify "desk"
}"#,
        right: r#"// plan nightly
job "nightly" {
    backup "notes" to="desk"
    verify "desk"
}"#,
    },
    fix: "Use the name of a job of the strategy.",
};
