//! What came of a prune, counted and told in one line.

use crate::artifact::sized;
use crate::run::executor::Done;
use schema::report::Outcome;

/// Refusals that are told by name.
const MOST: usize = 5;

#[derive(Debug, Default)]
pub(super) struct Tally {
    marked: (usize, u64),
    removed: (usize, u64),
    waiting: usize,
    /// When the first of those that wait may go.
    next: Option<String>,
    refused: Vec<(String, String)>,
    /// Attempts without a manifest that went, and that are too young to.
    pub(super) swept: usize,
    pub(super) left_over: usize,
}

impl Tally {
    pub(super) fn marked(&mut self, size: u64) {
        self.marked = (self.marked.0 + 1, self.marked.1.saturating_add(size));
    }

    pub(super) fn removed(&mut self, size: u64) {
        self.removed = (self.removed.0 + 1, self.removed.1.saturating_add(size));
    }

    pub(super) fn wait(&mut self, until: String) {
        self.waiting += 1;
        self.next = Some(self.next.take().map_or(until.clone(), |next| next.min(until)));
    }

    /// All that were marked now wait.
    pub(super) fn marks_wait(&mut self, until: &str) {
        for _ in 0..self.marked.0 {
            self.wait(until.to_owned());
        }
    }

    pub(super) fn refuse(&mut self, what: &str, why: impl Into<String>) {
        self.refused.push((what.to_owned(), why.into()));
    }

    /// Degraded when something that was asked for was refused.
    pub(super) fn done(&self, store: &str) -> Done {
        let mut parts = Vec::new();
        let (marked, removed) = (self.marked, self.removed);
        if marked.0 > 0 {
            parts.push(format!("{} marked to go ({})", marked.0, sized(marked.1)));
        }
        if removed.0 > 0 {
            parts.push(format!("{} removed ({})", removed.0, sized(removed.1)));
        }
        if self.waiting > 0 {
            let next = self.next.as_deref().unwrap_or("never");
            parts.push(format!("{} wait until their marks are old enough, the first at {next}", self.waiting));
        }
        if self.swept > 0 {
            parts.push(format!("{} left-overs removed", self.swept));
        }
        if self.left_over > 0 {
            parts.push(format!("{} left-overs wait until their marks are old enough", self.left_over));
        }
        if parts.is_empty() && self.refused.is_empty() {
            parts.push("nothing goes".to_owned());
        }
        for (what, why) in self.refused.iter().take(MOST) {
            parts.push(format!("{what} stays: {why}"));
        }
        if self.refused.len() > MOST {
            parts.push(format!("{} more stay", self.refused.len() - MOST));
        }
        let outcome = if self.refused.is_empty() { Outcome::Ok } else { Outcome::Degraded };
        Done { outcome, detail: format!("`{store}`: {}", parts.join("; ")), artifact: None }
    }
}
