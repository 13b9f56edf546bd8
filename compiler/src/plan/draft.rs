//! Steps while they are made: by number, with the reason and the line of each need, so that a cycle can be told.

use crate::diag::{Diagnostic, Sink, codes};
use crate::lookup::Lookup;
use crate::span::Span;
use schema::step::{Action, When};

/// A step of a plan that is not finished.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) address: String,
    pub(super) job: String,
    pub(super) action: Action,
    pub(super) reason: String,
    pub(super) span: Span,
    pub(super) host: String,
    /// Seconds that one attempt may take.
    pub(super) timeout: Option<u64>,
    pub(super) needs: Vec<DraftNeed>,
}

/// What must come first, by number, and the text that says so.
#[derive(Debug)]
pub(super) struct DraftNeed {
    pub(super) step: usize,
    pub(super) when: When,
    pub(super) because: Span,
}

/// The steps so far. A number is a position, and never changes.
#[derive(Debug)]
pub(super) struct Graph {
    /// Each in a place of its own: thousands of them in one list would be moved each time that it grows.
    #[expect(
        clippy::vec_box,
        reason = "a step is large; a list of them that doubles was a twentieth of a great plan's time"
    )]
    pub(super) steps: Vec<Box<Draft>>,
    /// Positions by address.
    known: Lookup<String, usize>,
    /// Where steps run that need not be anywhere else.
    host: String,
}

impl Graph {
    /// No steps; those that are added run on `host`.
    pub(super) fn new(host: &str) -> Self {
        Self { steps: Vec::new(), known: Lookup::default(), host: host.to_owned() }
    }

    /// Says that a step runs on another machine, when there is a name for it.
    pub(super) fn place(&mut self, step: usize, host: Option<&str>) {
        if let (Some(draft), Some(host)) = (self.steps.get_mut(step), host) {
            host.clone_into(&mut draft.host);
        }
    }

    /// Adds a step; `subject` is the address behind the kind. Its number, or `None` when that address is taken, which
    /// is told.
    pub(super) fn add(
        &mut self,
        job: &str,
        subject: &str,
        action: Action,
        reason: &str,
        span: &Span,
        sink: &mut Sink,
    ) -> Option<usize> {
        let address = format!("{job}/{}/{subject}", action.kind());
        if let Some(first) = self.known.get(&address).and_then(|at| self.steps.get(*at)) {
            sink.push(
                Diagnostic::error(&codes::DUPLICATE_STEP, format!("`{address}` is asked for twice"))
                    .at(span, "asked for again")
                    .at(&first.span, "asked for first here")
                    .help("Remove one of the two statements."),
            );
            return None;
        }
        let (job, reason) = (job.to_owned(), reason.to_owned());
        let (span, host) = (span.clone(), self.host.clone());
        self.known.insert(address.clone(), self.steps.len());
        let draft = Draft { address, job, action, reason, span, host, timeout: None, needs: Vec::new() };
        self.steps.push(Box::new(draft));
        Some(self.steps.len() - 1)
    }

    /// `step` comes after `first`. Said twice, the stronger need holds.
    pub(super) fn need(&mut self, step: usize, first: usize, when: When, because: &Span) {
        let Some(draft) = self.steps.get_mut(step) else { return };
        match draft.needs.iter_mut().find(|need| need.step == first) {
            Some(known) => known.when = stronger(known.when, when),
            None => draft.needs.push(DraftNeed { step: first, when, because: because.clone() }),
        }
    }
}

/// The one that asks for more.
fn stronger(one: When, other: When) -> When {
    match (one, other) {
        (When::Ok, _) | (_, When::Ok) => When::Ok,
        (When::Success, _) | (_, When::Success) => When::Success,
        (When::Always, When::Always) => When::Always,
    }
}
