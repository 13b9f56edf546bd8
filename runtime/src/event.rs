//! Where events go. Observers are told what was journalled; none of them can fail a run.

use schema::event::Event;
use schema::step::Address;
use std::sync::Arc;

/// Hears every event of a run, in order of happening for one step. `observe` must return soon: it is called from the
/// data path. It may be called from several threads at once.
pub trait Observer: Send + Sync {
    fn observe(&self, event: &Event);
}

/// The observers of a run; cheap to clone.
#[derive(Clone, Default)]
pub struct Observers(Vec<Arc<dyn Observer>>);

impl std::fmt::Debug for Observers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Observers({})", self.0.len())
    }
}

impl Observers {
    #[must_use]
    pub fn new(observers: Vec<Arc<dyn Observer>>) -> Self {
        Self(observers)
    }

    pub fn tell(&self, event: &Event) {
        for observer in &self.0 {
            observer.observe(event);
        }
    }

    /// A teller for one step.
    #[must_use]
    pub fn of(&self, step: &Address) -> StepObservers {
        StepObservers { step: step.clone(), all: self.clone() }
    }
}

/// Tells about one step.
#[derive(Clone, Debug)]
pub struct StepObservers {
    pub step: Address,
    all: Observers,
}

impl StepObservers {
    /// Work done so far; `unit` is `bytes`, `percent` or `entries`.
    pub fn progress(&self, done: u64, total: Option<u64>, unit: &str) {
        self.all.tell(&Event::Progress { step: self.step.clone(), done, total, unit: unit.to_owned() });
    }

    /// A line from a child process or a plugin. Control characters are escaped here, so no caller can forget it.
    pub fn output(&self, from: &str, line: &str) {
        let line = printable(line);
        self.all.tell(&Event::Output { step: self.step.clone(), from: from.to_owned(), line });
    }

    /// The same step, with nobody listening: for work whose progress somebody else tells.
    #[must_use]
    pub fn silent(&self) -> Self {
        Self { step: self.step.clone(), all: Observers::default() }
    }

    pub fn notice(&self, message: impl Into<String>, help: Option<String>) {
        self.all.tell(&Event::Notice { message: message.into(), help });
    }
}

/// A text of unknown origin, with nothing in it that a terminal obeys.
#[must_use]
pub fn printable(text: &str) -> String {
    let one = |c: char| -> Box<dyn Iterator<Item = char>> {
        if c.is_control() && c != '\t' { Box::new(c.escape_default()) } else { Box::new(std::iter::once(c)) }
    };
    text.chars().flat_map(one).collect()
}
