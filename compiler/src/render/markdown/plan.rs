//! A plan as a page in Markdown: what matters most outside of every fold, and what is left out named.

use super::escape::{code, fenced, text};
use super::{Page, Section, table};
use crate::render::view::{JobView, Part, Preview, Style, View, plural, view};
use schema::plan::Plan;
use std::fmt::Write;

/// Most steps of a plan whose graph is drawn: with more, forges give up.
const DRAWN: usize = 60;

/// At most [`super::MOST`] bytes, whatever the plan.
#[must_use]
pub fn markdown(plan: &Plan, preview: &Preview<'_>) -> String {
    let view = view(plan, preview);
    let mut page = Page::new(&head(&view));
    if let Some(part) = view.deletions.as_ref().filter(|part| !part.rows.is_empty()) {
        page.push(section(part));
    }
    let (open, folded): (Vec<&Part>, Vec<&Part>) = view.parts.iter().partition(|part| !is_folded(part));
    for part in open {
        page.push(section(part));
    }
    for it in view.jobs.iter().filter(|job| !job.rows.is_empty()) {
        page.push(job(it));
    }
    for part in folded {
        page.push(section(part));
    }
    if (1..=DRAWN).contains(&plan.steps.len()) && preview.only.is_none() {
        let body = fenced("mermaid", &crate::render::mermaid(plan));
        page.push(Section { title: "Graph".to_owned(), body, brief: String::new(), folded: true });
    }
    page.text("backstay plan")
}

fn head(view: &View) -> String {
    let mut out = format!("## Plan of {} ({})\n", code(&view.strategy), text(&view.environment));
    for line in view.runner.iter().chain(&view.hidden) {
        let _ = writeln!(out, "\n{}.", words(line));
    }
    if view.unchanged {
        out.push_str("\n**No changes:** there is nothing to do.\n");
        return out;
    }
    let _ = writeln!(out, "\n**{}**", words(&view.totals));
    for note in view.deletions.iter().filter(|part| part.rows.is_empty()).filter_map(|part| part.note.as_ref()) {
        let _ = writeln!(out, "\n{}.", text(note));
    }
    let rows: Vec<[String; 4]> = view
        .jobs
        .iter()
        .map(|job| {
            let next = job.next.first().map_or_else(|| "–".to_owned(), |next| text(next));
            let more = job.more.as_ref().map(|more| format!(" {}", text(more))).unwrap_or_default();
            [code(&job.name) + &more, words(&job.when.join(" · ")), next, job.steps.to_string()]
        })
        .collect();
    out.push('\n');
    out.push_str(&table(["job", "when", "next run", "steps"], &rows));
    let signs: Vec<String> =
        view.legend.iter().map(|sign| format!("{} {}", code(&sign.symbol.to_string()), sign.meaning)).collect();
    let _ = writeln!(out, "\n{}", signs.join(" · "));
    if let Some(folded) = view.folded {
        let _ = writeln!(out, "\n{}.", text(folded));
    }
    out
}

/// A text of ours with names in backticks.
fn words(line: &str) -> String {
    let parts: Vec<&str> = line.split('`').collect();
    let last = parts.len().saturating_sub(1);
    let shown = |(at, part): (usize, &&str)| match at % 2 {
        1 if at < last => code(part),
        // A backtick without a second one is only that.
        1 => text(&format!("`{part}")),
        _ => text(part),
    };
    parts.iter().enumerate().map(shown).collect()
}

fn job(job: &JobView) -> Section {
    let is_reckoned = job.rows.iter().any(|row| row.takes.is_some());
    let rows: Vec<[String; 5]> = job
        .rows
        .iter()
        .map(|row| {
            let bar = if row.bar == ' ' { String::new() } else { format!(" {}", row.bar) };
            let more = row.more.as_ref().map(|more| format!(" {}", text(more))).unwrap_or_default();
            let needs = row.needs.as_ref().map(|needs| text(needs)).unwrap_or_default();
            let takes = row.takes.as_ref().map(|takes| text(takes)).unwrap_or_default();
            let symbol = format!("{}{bar}", code(&row.symbol.to_string()));
            [symbol, code(&row.address), takes, words(&row.reason) + &more, needs]
        })
        .collect();
    let mut body = String::new();
    if !job.next.is_empty() {
        let _ = writeln!(body, "Next: {}\n", text(&job.next.join(", ")));
    }
    if is_reckoned {
        body.push_str(&table(["", "step", "takes", "why", "needs"], &rows));
    } else {
        let rows: Vec<[String; 4]> =
            rows.into_iter().map(|[symbol, step, _, why, needs]| [symbol, step, why, needs]).collect();
        body.push_str(&table(["", "step", "why", "needs"], &rows));
    }
    if let Some(more) = &job.more {
        let _ = writeln!(body, "\n{}", text(more));
    }
    let title = format!("{}: {}, {}", job.name, plural(job.steps, "step"), job.when.join(" · "));
    Section { title, body, brief: format!("{}.\n", plural(job.steps, "step")), folded: true }
}

/// What the reader of a change must not have to look for stands outside: promises, differences, and a policy of which
/// something is not met.
fn is_folded(part: &Part) -> bool {
    match part.title {
        "What it comes to" | "Drift" => false,
        "Policy" => part.rows.iter().all(|row| row.last().is_some_and(|outcome| outcome == "met")),
        _ => true,
    }
}

fn section(part: &Part) -> Section {
    let named = |at: usize| at == 0 || (part.style == Style::Columns && part.head.get(at) == Some(&"artifact"));
    let row = |cells: &Vec<String>| -> String {
        let cells = cells.iter().enumerate().map(|(at, cell)| if named(at) { code(cell) } else { words(cell) });
        format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
    };
    let mut body = format!("| {} |\n|{}\n", part.head.join(" | "), " --- |".repeat(part.head.len()));
    body.extend(part.rows.iter().map(row));
    let note = part.note.as_ref().map(|note| format!("{}.\n", text(note))).unwrap_or_default();
    if !note.is_empty() {
        body = format!("{note}\n{body}");
    }
    let count = plural(part.rows.len(), "line");
    let brief = format!("{note}The {count} of this table do not fit here.\n");
    let folded = part.title != "Deletions" && is_folded(part);
    let title = if folded { format!("{} ({})", part.title, part.rows.len()) } else { part.title.to_owned() };
    Section { title, body, brief, folded }
}
