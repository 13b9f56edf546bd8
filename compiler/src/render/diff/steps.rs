//! The steps that come, go and change, a line each; those that are alike are told by their first and a count.

use super::{short, values};
use crate::render::markdown::escape::visible;
use schema::diff::{Diff, Sign, StepChange};

/// How many of those that are alike are shown.
const SHOWN: usize = 3;

/// One line of the list.
pub(super) struct Line {
    /// The steps that it is about all have this sign.
    pub(super) sign: Sign,
    pub(super) text: String,
}

/// Steps that are alike follow each other: they are of one job and kind, and the same becomes of them.
pub(super) fn lines(diff: &Diff) -> Vec<Line> {
    let mut out = Vec::new();
    let mut rest: &[StepChange] = &diff.steps;
    while let Some(first) = rest.first() {
        let alike = rest.iter().take_while(|step| is_like(step, first)).count();
        let (group, others) = rest.split_at(alike);
        rest = others;
        // One more line would say as much as the step itself.
        let shown = if group.len() == SHOWN + 1 { group.len() } else { SHOWN };
        out.extend(group.iter().take(shown).map(|step| Line { sign: step.sign, text: text(step) }));
        let more = group.len().saturating_sub(shown);
        if more > 0 {
            out.push(Line { sign: first.sign, text: format!("… {more} more like this") });
        }
    }
    out
}

fn is_like(step: &StepChange, first: &StepChange) -> bool {
    fn key(step: &StepChange) -> (Sign, &str, &str, &Option<String>, &Option<String>) {
        (step.sign, &step.job, &step.kind, &step.before, &step.after)
    }
    key(step) == key(first)
}

fn text(step: &StepChange) -> String {
    let what = values(step.before.as_deref(), step.after.as_deref());
    let what =
        if step.sign == Sign::Changed { what } else { step.before.as_deref().or(step.after.as_deref()).map(short) };
    format!("{}  {}", visible(&step.address), what.unwrap_or_default())
}

/// "3 added, 1 removed".
pub(super) fn counted(diff: &Diff) -> String {
    let count = |sign: Sign| diff.steps.iter().filter(|step| step.sign == sign).count();
    let counts = [(Sign::Added, "added"), (Sign::Removed, "removed"), (Sign::Changed, "changed")];
    let parts = counts.into_iter().map(|(sign, word)| (count(sign), word)).filter(|(number, _)| *number > 0);
    parts.map(|(number, word)| format!("{number} {word}")).collect::<Vec<_>>().join(", ")
}
