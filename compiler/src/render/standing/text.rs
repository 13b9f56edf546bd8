//! Tables as plain text, without colour.

use super::tables::{Table, headline, of_evidence, of_status, word};
use crate::render::markdown::escape::visible;
use schema::status::{Evidence, Status};
use unicode_width::UnicodeWidthStr;

/// A status.
#[must_use]
pub fn status(status: &Status) -> String {
    let head = format!("`{}` ({}) at {}: {}\n", status.strategy, status.environment, status.at, word(status.verdict));
    format!("{head}{}\n{}", headline(status), tables(&of_status(status)))
}

/// A report.
#[must_use]
pub fn report(evidence: &Evidence) -> String {
    let status = &evidence.status;
    let head = format!(
        "Evidence of `{}` ({}) from {} to {}\n",
        status.strategy, status.environment, evidence.from, evidence.to
    );
    format!(
        "{head}At {}: {}. {}\n{}",
        status.at,
        word(status.verdict),
        headline(status),
        tables(&of_evidence(evidence))
    )
}

fn tables(tables: &[Table]) -> String {
    tables.iter().filter(|table| !table.rows.is_empty()).map(table).collect()
}

fn table(table: &Table) -> String {
    let mut rows: Vec<Vec<String>> = vec![table.head.iter().map(|cell| (*cell).to_owned()).collect()];
    rows.extend(table.rows.iter().map(|row| row.iter().map(|cell| visible(cell)).collect()));
    let width = |at: usize| rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.width()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..table.head.len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell}{}", " ".repeat(width - cell.width())));
        format!("  {}", cells.collect::<Vec<_>>().join("   ")).trim_end().to_owned() + "\n"
    };
    let body: String = rows.iter().map(line).collect();
    format!("\n{} (from {})\n{body}", table.title, table.source)
}
