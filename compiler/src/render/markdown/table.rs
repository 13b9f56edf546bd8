//! Tables in Markdown. Cells are Markdown already: `escape.rs` makes them so.

/// A table with a line break at the end. Cells that a row lacks are empty.
#[must_use]
pub fn table<'a, const COLUMNS: usize>(
    head: [&str; COLUMNS],
    rows: impl IntoIterator<Item = &'a [String; COLUMNS]>,
) -> String {
    let mut out = format!("| {} |\n|{}\n", head.join(" | "), " --- |".repeat(COLUMNS));
    for row in rows {
        out.push_str("| ");
        out.push_str(&row.join(" | "));
        out.push_str(" |\n");
    }
    out
}
