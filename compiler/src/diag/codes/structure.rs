//! Codes of the structural check: nodes, their number, and their plugins.

use crate::diag::{Example, Explanation};

pub static UNKNOWN_NODE: Explanation = Explanation {
    code: "unknown-node",
    summary: "a node that the language does not have there",
    why: "A misspelt node would silently protect nothing, so it is refused.",
    example: Example::Nodes {
        wrong: r#"job "nightly" {
    bakup "notes" to="desk"
}"#,
        right: r#"job "nightly" {
    backup "notes" to="desk"
    verify "desk"
}"#,
    },
    fix: "Use the name that is suggested, or move the node to where it belongs.",
};

pub static UNKNOWN_PROPERTY: Explanation = Explanation {
    code: "unknown-property",
    summary: "a property that the node does not have",
    why: "A misspelt property would silently have no effect, so it is refused.",
    example: Example::Nodes {
        wrong: r#"job "nightly" {
    backup "notes" to="desk"
    verify "desk" wiht="digest"
}"#,
        right: r#"job "nightly" {
    backup "notes" to="desk"
    verify "desk" with="digest"
}"#,
    },
    fix: "Use the name that is suggested, or remove the property.",
};

pub static UNEXPECTED_ARGUMENT: Explanation = Explanation {
    code: "unexpected-argument",
    summary: "a value too many",
    why: "The value would have no effect; it is probably meant as a property.",
    example: Example::Nodes {
        wrong: r#"job "nightly" {
    backup "notes" "extra" to="desk"
    verify "desk"
}"#,
        right: r#"job "nightly" {
    backup "notes" to="desk"
    verify "desk"
}"#,
    },
    fix: "Remove the value, or say which property it is.",
};

pub static MISSING_NODE: Explanation = Explanation {
    code: "missing-node",
    summary: "a node that must be there is not",
    why: "Without it the parent says too little to be run.",
    example: Example::Nodes {
        wrong: r#"source "letters" engine="files" {
    exclude "**/*.tmp"
}
job "letters" {
    backup "letters" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}"#,
        right: r#"source "letters" engine="files" {
    root "letters"
    exclude "**/*.tmp"
}
job "letters" {
    backup "letters" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}"#,
    },
    fix: "Add the node; the help shows how it is typed.",
};

pub static MISSING_PROPERTY: Explanation = Explanation {
    code: "missing-property",
    summary: "a property that must be there is not",
    why: "Without it the node says too little to be run.",
    example: Example::Nodes {
        wrong: r#"job "nightly" {
    backup "notes"
}"#,
        right: r#"job "nightly" {
    backup "notes" to="desk"
    verify "desk"
}"#,
    },
    fix: "Add the property; the help shows how it is typed.",
};

pub static MISSING_ARGUMENT: Explanation = Explanation {
    code: "missing-argument",
    summary: "a value that must be there is not",
    why: "Without it the node says nothing.",
    example: Example::Nodes { wrong: "objectives { rto }", right: r#"objectives { rto "1h"; }"# },
    fix: "Add the value; the help shows how it is typed.",
};

pub static DUPLICATE_NODE: Explanation = Explanation {
    code: "duplicate-node",
    summary: "a node that may stand once stands twice",
    why: "One of the two would silently win.",
    example: Example::Nodes { wrong: r#"objectives { rto "1h"; rto "2h"; }"#, right: r#"objectives { rto "1h"; }"# },
    fix: "Keep one of them.",
};

pub static DUPLICATE_PROPERTY: Explanation = Explanation {
    code: "duplicate-property",
    summary: "a property is said twice",
    why: "One of the two would silently win.",
    example: Example::Nodes {
        wrong: r#"job "nightly" {
    backup "notes" to="desk" to="cellar"
    verify "notes"
}"#,
        right: r#"job "nightly" {
    backup "notes" to="desk"
    verify "notes"
}"#,
    },
    fix: "Keep one of them.",
};

pub static NOT_APPLICABLE: Explanation = Explanation {
    code: "not-applicable",
    summary: "a node of another engine",
    why: "What it says would have no effect on this engine.",
    example: Example::Nodes {
        wrong: r#"source "letters" engine="files" {
    root "letters"
    edition "community"
}
job "letters" {
    backup "letters" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}"#,
        right: r#"source "letters" engine="files" {
    root "letters"
}
job "letters" {
    backup "letters" to="desk"
    transfer from="desk" to="cellar"
    verify "desk"; verify "cellar"
}"#,
    },
    fix: "Remove the node, or correct the engine.",
};

pub static WRONG_PLUGIN_KIND: Explanation = Explanation {
    code: "wrong-plugin-kind",
    summary: "a notifier where a storage plugin is needed, or the other way round",
    why: "The plugin does not have the functions that this node calls.",
    example: Example::Nodes {
        wrong: r#"store "third" plugin="webhook""#,
        right: r#"store "third" plugin="fs" { path "third"; }"#,
    },
    fix: "Name a plugin of the right kind.",
};

pub static INVALID_MANIFEST: Explanation = Explanation {
    code: "invalid-manifest",
    summary: "a plugin's manifest cannot be understood",
    why: "What the plugin may be told and may touch would be guesswork.",
    example: Example::Case {
        wrong: r#"// plugin tape plugin "tape" kind="storage" { wants { disk "/"; }; }
store "third" plugin="tape""#,
        right: r#"// plugin tape plugin "tape" kind="storage" { wants { dir "/dev/st0"; }; }
store "third" plugin="tape""#,
    },
    fix: "Correct the manifest, or use another version of the plugin.",
};

pub static VOCABULARY_MISMATCH: Explanation = Explanation {
    code: "vocabulary-mismatch",
    summary: "the compiler does not understand what its own vocabulary allows",
    why: "This is a defect of the compiler.",
    example: Example::Told {
        wrong: "a node in `schema/strategy.kdl` that no decoder takes; tests find one before it is released",
        right: "any strategy, with a vocabulary that the decoders cover",
    },
    fix: "Report it, with the strategy.",
};
