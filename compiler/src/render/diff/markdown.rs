//! A diff as the comment of a pull request: what breaks stands outside every fold, and the whole always fits into one
//! comment. Its first line is a mark by which the comment is found again.

use super::{DiffOptions, approval, counted, doomed, doomed_rows, said, sections, steps, subject};
use crate::diff::words;
use crate::render::markdown::{Page, Section, escape, table};
use crate::render::view::plural;
use schema::diff::{Diff, Effect, Sign};

/// How many breaking effects stand outside the fold.
const SHOWN: usize = 30;
/// Most bytes of the effects, and of the steps; together with the head they fit into a page.
const MOST_EFFECTS: usize = 20 * 1024;
const MOST_STEPS: usize = 24 * 1024;

/// The mark of a strategy's comment: an HTML comment on a line of its own.
#[must_use]
pub fn marker(strategy: &str) -> String {
    // Two hyphens would end the comment.
    let safe = |char: char| if char.is_ascii_alphanumeric() || "._".contains(char) { char } else { '_' };
    format!("<!-- backstay-plan {} -->", strategy.chars().map(safe).collect::<String>())
}

/// The page, of at most 65,536 bytes.
#[must_use]
pub fn markdown(diff: &Diff, options: &DiffOptions<'_>) -> String {
    let mut page = Page::new(&head(diff, options));
    let breaking: Vec<&Effect> = diff.effects.iter().filter(|effect| effect.breaking).collect();
    let rest = diff.effects.len() - breaking.len();
    let hidden = breaking.len().saturating_sub(SHOWN);
    if rest + hidden > 0 {
        page.push(Section {
            title: if hidden > 0 { "All effects".to_owned() } else { format!("Other effects: {rest}") },
            body: effects(diff, hidden > 0),
            brief: String::new(),
            folded: true,
        });
    }
    if let Some(doomed) = doomed(diff) {
        let cell = |cell: &String| escape::text(cell);
        let rows: Vec<[String; 6]> = doomed_rows(diff).iter().map(|row| row.each_ref().map(cell)).collect();
        page.push(Section {
            title: format!("Deletions: {}", plural(rows.len(), "copy")),
            body: table(["store", "database", "taken", "artifact", "size", "why"], &rows),
            brief: format!("{}.\n", escape::text(&doomed)),
            folded: true,
        });
    }
    if !diff.steps.is_empty() {
        page.push(Section {
            title: format!("Steps: {}", steps::counted(diff)),
            body: escape::fenced("diff", &step_lines(diff)),
            brief: String::new(),
            folded: true,
        });
    }
    page.text("backstay plan --against")
}

fn head(diff: &Diff, options: &DiffOptions<'_>) -> String {
    let mut out = format!("{}\n", marker(&diff.strategy));
    let name = escape::code(&diff.strategy);
    if diff.is_empty() {
        out.push_str(&format!("### Backup strategy {name}: no changes\n"));
        return out;
    }
    out.push_str(&format!("### Backup strategy {name}: {}\n", counted(diff)));
    let breaking: Vec<&Effect> = diff.effects.iter().filter(|effect| effect.breaking).collect();
    if !breaking.is_empty() {
        out.push_str("\n**Breaking**\n\n");
        breaking.iter().take(SHOWN).for_each(|effect| out.push_str(&item(effect)));
        if breaking.len() > SHOWN {
            out.push_str(&format!("- and {} more, below\n", breaking.len() - SHOWN));
        }
    }
    if let Some(doomed) = doomed(diff) {
        out.push_str(&format!("\n**Deletions:** {}.\n", escape::text(&doomed)));
    }
    if let Some(approval) = approval(diff, options) {
        out.push_str(&format!("\n{}\n", escape::text(&approval)));
    }
    out
}

/// The effects that are not outside the fold; all of them, when not all breaking ones are.
fn effects(diff: &Diff, all: bool) -> String {
    let mut lines = Vec::new();
    for (title, effects) in sections(diff) {
        if !all && effects.iter().any(|effect| effect.breaking) {
            continue;
        }
        lines.push(format!("\n**{title}**\n\n"));
        lines.extend(effects.into_iter().map(item));
    }
    fitting(&lines, MOST_EFFECTS, "- ")
}

fn item(effect: &Effect) -> String {
    let subject = subject(&effect.subject, escape::code);
    let said = escape::text(&said(effect));
    let place = match &effect.origin {
        Some(origin) if effect.direct => format!(" ({})", escape::code(&format!("{}:{}", origin.input, origin.line))),
        _ => " (follows)".to_owned(),
    };
    format!("- {subject}: {said} · {}{place}\n", escape::code(&words::code(effect.code)))
}

fn step_lines(diff: &Diff) -> String {
    let sign = |sign: Sign| match sign {
        Sign::Added => '+',
        Sign::Removed => '-',
        // What has a colour of its own where a block of `diff` is shown.
        Sign::Changed => '!',
    };
    let lines: Vec<String> = steps::lines(diff)
        .into_iter()
        .map(|line| format!("{} {}\n", sign(line.sign), escape::visible(&line.text)))
        .collect();
    fitting(&lines, MOST_STEPS, "  ")
}

/// As many lines as there is room for, and how many more there are.
fn fitting(lines: &[String], most: usize, begin: &str) -> String {
    let mut out = String::new();
    for (at, line) in lines.iter().enumerate() {
        if out.len() + line.len() > most {
            out.push_str(&format!("{begin}… {} more lines\n", lines.len() - at));
            break;
        }
        out.push_str(line);
    }
    out
}
