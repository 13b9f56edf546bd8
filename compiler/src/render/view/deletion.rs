//! What retention makes of the artifacts that stores hold, and where those differ from the catalog. Deletions are never
//! folded.

use super::only::Only;
use super::{Part, Preview, Style, plural};
use crate::amount;
use schema::retain::Verdict;

const HEAD: [&str; 6] = ["store", "database", "taken", "artifact", "size", "why"];

/// The deletions, or that there are none among what stores hold; and how many of them the reader did not want to see.
pub(super) fn deletions(preview: &Preview<'_>, only: &Only<'_>) -> (Option<Part>, usize) {
    let all: Vec<&Verdict> = preview.verdicts.iter().filter(|verdict| !verdict.keep).collect();
    let shown = all.iter().filter(|it| only.copy(&it.store, &it.source, &it.database));
    let rows: Vec<Vec<String>> = shown.map(|verdict| row(verdict)).collect();
    let hidden = all.len() - rows.len();
    if preview.verdicts.is_empty() || (rows.is_empty() && hidden > 0) {
        return (None, hidden);
    }
    let kept = preview.verdicts.len() - all.len();
    let note = if all.is_empty() {
        format!("None of {} would go", plural(kept, "copy"))
    } else {
        let bytes = all.iter().map(|verdict| verdict.size).sum();
        let of = plural(preview.verdicts.len(), "copy");
        format!("{} of {of} would go, {} in all; {kept} stay", all.len(), amount::bytes(bytes))
    };
    (Some(Part { title: "Deletions", style: Style::Columns, head: HEAD.to_vec(), rows, note: Some(note) }), hidden)
}

/// What stays: in full only where much is asked for, or where nothing goes.
pub(super) fn kept(preview: &Preview<'_>, only: &Only<'_>) -> Option<Part> {
    if !preview.verbose {
        return None;
    }
    let kept = preview.verdicts.iter().filter(|it| it.keep && only.copy(&it.store, &it.source, &it.database));
    Part::new("Kept", Style::Columns, &HEAD, kept.map(row).collect())
}

fn row(verdict: &Verdict) -> Vec<String> {
    vec![
        verdict.store.clone(),
        format!("{}:{}", verdict.source, verdict.database),
        verdict.taken.clone(),
        verdict.id.clone(),
        amount::bytes(verdict.size),
        verdict.reasons.join("; "),
    ]
}

pub(super) fn drift(preview: &Preview<'_>, only: &Only<'_>) -> Option<Part> {
    let shown = preview.drift.iter().filter(|it| only.copy(&it.store, &it.source, &it.database));
    let rows = shown
        .map(|it| vec![it.store.clone(), format!("{}:{}", it.source, it.database), it.id.clone(), it.what.clone()]);
    Part::new("Drift", Style::Columns, &["store", "database", "artifact", "what differs"], rows.collect())
}
