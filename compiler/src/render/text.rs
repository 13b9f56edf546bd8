//! The plan for people: what would happen, in which order, why, and what it may touch. Plain text, no colour.

use super::markdown::escape::visible;
use super::view::{JobView, Part, Preview, Style, View, view};
use schema::plan::Plan;
use std::fmt::Write;
use unicode_width::UnicodeWidthStr;

/// The whole plan.
#[must_use]
pub fn text(plan: &Plan, preview: &Preview<'_>) -> String {
    let view = view(plan, preview);
    let mut out = format!("Plan of `{}` ({})\n", visible(&view.strategy), view.environment);
    for line in view.runner.iter().chain(&view.hidden) {
        let _ = writeln!(out, "{}", visible(line));
    }
    if view.unchanged {
        out.push_str("\nNo changes: there is nothing to do.\n");
    } else {
        legend(&view, &mut out);
    }
    if let Some(part) = &view.deletions {
        table(part, "− ", &mut out);
    }
    for it in &view.jobs {
        job(it, &mut out);
    }
    for part in &view.parts {
        table(part, "", &mut out);
    }
    for line in view.folded.iter().filter(|_| !view.unchanged) {
        let _ = writeln!(out, "\n{line}.");
    }
    if !view.unchanged {
        let _ = writeln!(out, "\n{}", view.totals);
    }
    out
}

fn legend(view: &View, out: &mut String) {
    let signs: Vec<String> = view.legend.iter().map(|sign| format!("{} {}", sign.symbol, sign.meaning)).collect();
    if !signs.is_empty() {
        let _ = writeln!(out, "  {}", signs.join("   "));
    }
}

fn job(job: &JobView, out: &mut String) {
    let _ = writeln!(out, "\n{} · {}", visible(&job.name), visible(&job.when.join(" · ")));
    if !job.next.is_empty() {
        let _ = writeln!(out, "  next: {}", job.next.join(", "));
    }
    let width = job.rows.iter().map(|row| row.address.width()).max().unwrap_or_default();
    let takes = job.rows.iter().filter_map(|row| row.takes.as_ref()).map(|takes| takes.width()).max();
    for row in &job.rows {
        let bar = if job.down { format!(" {}", row.bar) } else { String::new() };
        let needs = row.needs.as_ref().map(|needs| format!("; {needs}")).unwrap_or_default();
        let more = row.more.as_ref().map(|more| format!(" {more}")).unwrap_or_default();
        let what = visible(&format!("{}{needs}{more}", row.reason));
        let takes = takes.map(|width| format!("  {:<width$}", row.takes.as_deref().unwrap_or_default()));
        let (address, takes) = (padded(&visible(&row.address), width), takes.unwrap_or_default());
        let _ = writeln!(out, "  {} {address}{bar}{takes}  {what}", row.symbol);
    }
    if let Some(more) = &job.more {
        let _ = writeln!(out, "  {}", visible(more));
    }
}

fn table(part: &Part, mark: &str, out: &mut String) {
    let _ = writeln!(out, "\n{}", part.title);
    let mut rows: Vec<Vec<String>> =
        part.rows.iter().map(|row| row.iter().map(|cell| visible(cell)).collect()).collect();
    if part.style == Style::Headed {
        rows.insert(0, part.head.iter().map(|cell| (*cell).to_owned()).collect());
    }
    let widths = widths(part, &rows);
    for row in rows {
        let line = match (part.style, row.as_slice()) {
            (Style::Finding, [level, code, message, origin]) => format!("{level} {code}: {message} ({origin})"),
            (Style::Named, [name, rest @ ..]) => {
                let said: Vec<&str> = rest.iter().map(String::as_str).filter(|cell| !cell.is_empty()).collect();
                format!("{}  {}", padded(name, widths.first().copied().unwrap_or_default()), said.join("; "))
            }
            (_, cells) => {
                let cells = cells.iter().zip(&widths).map(|(cell, width)| padded(cell, *width));
                cells.collect::<Vec<_>>().join("  ")
            }
        };
        let _ = writeln!(out, "  {mark}{}", line.trim_end());
    }
    if let Some(note) = &part.note {
        let _ = writeln!(out, "  {note}.");
    }
}

/// The widest cell of each column.
fn widths(part: &Part, rows: &[Vec<String>]) -> Vec<usize> {
    let column = |at: usize| rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.width()).max();
    (0..part.head.len()).map(|at| column(at).unwrap_or_default()).collect()
}

/// With spaces up to a width in columns of a terminal.
fn padded(cell: &str, width: usize) -> String {
    format!("{cell}{}", " ".repeat(width.saturating_sub(cell.width())))
}
