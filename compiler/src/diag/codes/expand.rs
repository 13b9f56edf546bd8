//! Codes of the expand stage.

use crate::diag::{Example, Explanation};

pub static IMPORT_UNREADABLE: Explanation = Explanation {
    code: "import-unreadable",
    summary: "an import of something that cannot be read",
    why: "A part of the strategy would be missing, and with it what it protects.",
    example: Example::Nodes { wrong: r#"import "stroes.kdl""#, right: "" },
    fix: "Correct the path. It begins at the folder of the text that it stands in, and names a file or a folder of `.kdl` files.",
};

pub static IMPORT_CYCLE: Explanation = Explanation {
    code: "import-cycle",
    summary: "texts that import each other",
    why: "A text that contains itself would have no end.",
    example: Example::Text {
        wrong: r#"import "a.kdl"
strategy "example" { }
// text a.kdl
import "b.kdl"
// text b.kdl
import "a.kdl""#,
        right: r#"import "a.kdl"
import "b.kdl"
strategy "example" { }
// text a.kdl
import "both.kdl"
// text b.kdl
import "both.kdl"
// text both.kdl
let "hour" "1h""#,
    },
    fix: "Remove one of the imports, or move what both texts need into a third one.",
};

pub static TOO_MUCH_TEXT: Explanation = Explanation {
    code: "too-much-text",
    summary: "a strategy of more than 1,024 texts, or of more than 32 MiB",
    why: "No strategy is that large; an import probably names the wrong folder, and reading it would take a minute.",
    example: Example::Told {
        wrong: "an import of a folder with 5,000 files",
        right: "an import of a folder with 50 files",
    },
    fix: "Correct the import.",
};

pub static TEMPLATE_CYCLE: Explanation = Explanation {
    code: "template-cycle",
    summary: "templates that use each other",
    why: "A template that contains itself would have no end.",
    example: Example::Nodes {
        wrong: r#"template "daily" { use "daily"; }
use "daily""#,
        right: r#"template "daily" { objectives { rto "24h"; }; }
use "daily""#,
    },
    fix: "Remove one of these `use`.",
};

pub static EXPANSION_TOO_LARGE: Explanation = Explanation {
    code: "expansion-too-large",
    summary: "templates that make more than 100,000 nodes",
    why: "Templates that use each other twice double at each step, and would fill the memory.",
    example: Example::Text {
        wrong: r#"template "a" { use "b"; use "b"; }
template "b" { use "c"; use "c"; }
template "c" { use "d"; use "d"; }
template "d" { use "e"; use "e"; }
template "e" { use "f"; use "f"; }
template "f" { use "g"; use "g"; }
template "g" { use "h"; use "h"; }
template "h" { use "i"; use "i"; }
template "i" { use "j"; use "j"; }
template "j" { use "k"; use "k"; }
template "k" { use "l"; use "l"; }
template "l" { use "m"; use "m"; }
template "m" { use "n"; use "n"; }
template "n" { use "o"; use "o"; }
template "o" { use "p"; use "p"; }
template "p" { use "q"; use "q"; }
template "q" { objectives { rpo "1h"; }; }
strategy "example" { use "a"; }"#,
        right: r#"template "a" { use "b"; }
template "b" { objectives { rpo "1h"; }; }
strategy "example" { use "a"; }"#,
    },
    fix: "Use fewer templates inside each other.",
};

pub static MISPLACED_NODE: Explanation = Explanation {
    code: "misplaced-node",
    summary: "an import, a variable or a template where none can stand",
    why: "Their names hold in the whole strategy, so they do not belong to one part of it.",
    example: Example::Nodes {
        wrong: r#"objectives {
    let "hour" "1h"
    rto "1h"
}"#,
        right: r#"let "hour" "1h"
objectives { rto (var)"hour"; }"#,
    },
    fix: "Move it to the top of a text, or directly into `strategy`.",
};

pub static UNUSED_DEFINITION: Explanation = Explanation {
    code: "unused-definition",
    summary: "a template, a variable or a parameter that nothing uses",
    why: "Who changes it will believe that something changes. A text that holds nothing else is exempt: it is shared.",
    example: Example::Nodes {
        wrong: r#"let "hour" "1h""#,
        right: r#"let "hour" "1h"
objectives { rto (var)"hour"; }"#,
    },
    fix: "Remove it, or use it.",
};

pub static SILENT_OVERRIDE: Explanation = Explanation {
    code: "silent-override",
    summary: "a node in the block of a `use` that its template has too",
    why: "Whether it is to replace the template's node or was put there by mistake cannot be seen.",
    example: Example::Nodes {
        wrong: r#"template "hourly" { schedule "0 * * * *"; backup "notes" to="desk"; verify "desk"; }
job "notes" { use "hourly" { schedule "30 * * * *"; }; }"#,
        right: r#"template "hourly" { schedule "0 * * * *"; backup "notes" to="desk"; verify "desk"; }
job "notes" { use "hourly" { (override)schedule "30 * * * *"; }; }"#,
    },
    fix: "Write `(override)` before the node if it is to replace the template's, or remove it.",
};

pub static UNKNOWN_OVERRIDE: Explanation = Explanation {
    code: "unknown-override",
    summary: "an override of a node that the template does not have",
    why: "The template's own node would stay, and what was to be changed would not be.",
    example: Example::Nodes {
        wrong: r#"template "hourly" { backup "notes" to="desk"; verify "desk"; }
job "notes" { use "hourly" { (override)schedule "30 * * * *"; }; }"#,
        right: r#"template "hourly" { backup "notes" to="desk"; verify "desk"; }
job "notes" { use "hourly" { schedule "30 * * * *"; }; }"#,
    },
    fix: "Remove `(override)` to add the node, or name the node that is meant.",
};
