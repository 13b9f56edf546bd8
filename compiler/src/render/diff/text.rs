//! A diff for people, in plain lines without colour.

use super::{DiffOptions, approval, counted, doomed, doomed_rows, said, sections, steps, subject};
use crate::diff::words;
use crate::render::forecast::aligned;
use crate::render::markdown::escape::visible;
use schema::diff::{Diff, Effect, Sign};
use std::fmt::Write;

/// All effects, the worst first, then the steps. `No changes` alone when there are none.
#[must_use]
pub fn text(diff: &Diff, options: &DiffOptions<'_>) -> String {
    if diff.is_empty() {
        return "No changes\n".to_owned();
    }
    let mut out = format!("Change of `{}`: {}\n", diff.strategy, counted(diff));
    if diff.effects.iter().any(|effect| !effect.direct) {
        out.push_str("  * said in a line that changed   > follows from it\n");
    }
    for (title, effects) in sections(diff) {
        let _ = writeln!(out, "\n{title}");
        for effect in effects {
            let _ = writeln!(out, "  {}", line(effect));
        }
    }
    if let Some(doomed) = doomed(diff) {
        let _ = writeln!(out, "\nDeletions: {doomed}");
        for line in aligned(&doomed_rows(diff)).lines() {
            let _ = writeln!(out, "  − {}", visible(line.trim_start()));
        }
    }
    if !diff.steps.is_empty() {
        let _ = writeln!(out, "\nSteps: {}", steps::counted(diff));
        for line in steps::lines(diff) {
            let _ = writeln!(out, "  {} {}", sign(line.sign), line.text);
        }
    }
    if let Some(approval) = approval(diff, options) {
        let _ = writeln!(out, "\n{approval}");
    }
    out
}

fn line(effect: &Effect) -> String {
    let mark = if effect.direct { '*' } else { '>' };
    let place = effect.origin.as_ref().map(|origin| format!(" ({}:{})", origin.input, origin.line)).unwrap_or_default();
    let subject = subject(&effect.subject, |name| format!("`{name}`"));
    format!("{mark} {}  {subject}: {}{place}", words::code(effect.code), said(effect))
}

fn sign(sign: Sign) -> char {
    match sign {
        Sign::Added => '+',
        Sign::Removed => '-',
        Sign::Changed => '~',
    }
}
