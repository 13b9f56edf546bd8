//! The state of one call of one guest: what it may use, what it has used, and what it was refused.

use crate::error::Error;
use crate::event::StepObservers;
use crate::plugin::egress::Clients;
use crate::plugin::limits::{Exceeded, Growth, Limits, TICK};
use crate::plugin::listing::Kept;
use crate::plugin::secrets::{Redactor, SecretSource};
use schema::grant::Grant;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use wasmtime::UpdateDeadline;
use wasmtime::component::ResourceTable;

/// What one use of a plugin was given; the same for all of its calls.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) plugin: String,
    pub(super) grants: Vec<Grant>,
    /// The granted directory.
    pub(super) root: Option<PathBuf>,
    /// Node of the plugin's manifest that an `http` grant is filled in from.
    pub(super) url_node: String,
    /// One JSON object.
    pub(super) config: String,
    pub(super) secrets: Arc<dyn SecretSource>,
    pub(super) redactor: Redactor,
    pub(super) clients: Clients,
    /// Names that a listing of the directory goes on with.
    pub(super) listed: Kept,
}

/// What happened in a call that its caller must know even when the call itself is gone.
#[derive(Clone, Debug, Default)]
pub(super) struct Trace {
    /// The first refusal.
    denial: Option<Error>,
    /// What the host knows better than the guest can say.
    cause: Option<Error>,
    /// The last lines of the log, for a message about a trap.
    last_words: Option<String>,
}

/// The shared end of a [`Trace`], and the time at which bytes last moved.
#[derive(Clone, Debug)]
pub(super) struct Witness(Arc<Mutex<(Trace, Pulse)>>);

#[derive(Clone, Copy, Debug)]
struct Pulse {
    last: Instant,
    /// Waits that are not the guest's fault.
    excused: u32,
}

impl Witness {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new((Trace::default(), Pulse { last: Instant::now(), excused: 0 }))))
    }

    fn with<T>(&self, change: impl FnOnce(&mut Trace, &mut Pulse) -> T) -> T {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (trace, pulse) = &mut *inner;
        change(trace, pulse)
    }

    /// Bytes have moved.
    pub(super) fn beat(&self) {
        self.with(|_, pulse| pulse.last = Instant::now());
    }

    /// From now on something else is waited for, until [`Witness::resume`].
    pub(super) fn excuse(&self) {
        self.with(|_, pulse| pulse.excused += 1);
    }

    pub(super) fn resume(&self) {
        self.with(|_, pulse| {
            pulse.excused = pulse.excused.saturating_sub(1);
            pulse.last = Instant::now();
        });
    }

    /// How long nothing has moved.
    pub(super) fn idle(&self) -> Duration {
        self.with(|_, pulse| if pulse.excused > 0 { Duration::ZERO } else { pulse.last.elapsed() })
    }

    pub(super) fn denied(&self, denial: Error) {
        self.with(|trace, _| trace.denial.get_or_insert(denial).code);
    }

    pub(super) fn caused(&self, cause: Error) {
        self.with(|trace, _| trace.cause.get_or_insert(cause).code);
    }

    /// The error that explains a failed call better than what the guest said.
    pub(super) fn explanation(&self) -> Option<Error> {
        self.with(|trace, _| trace.denial.clone().or_else(|| trace.cause.clone()))
    }

    fn said(&self, line: &str) {
        self.with(|trace, _| trace.last_words = Some(line.to_owned()));
    }

    pub(super) fn last_words(&self) -> Option<String> {
        self.with(|trace, _| trace.last_words.clone())
    }
}

/// The data of a store.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) given: Arc<Given>,
    pub(super) observers: StepObservers,
    pub(super) witness: Witness,
    pub(super) table: ResourceTable,
    pub(super) growth: Growth,
    /// Ticks of CPU time that are left.
    ticks: u64,
    /// A host call outlasted a tick: the next one that passes is not the guest's.
    excused: bool,
    host_calls: u32,
    lines: u32,
}

impl Call {
    pub(super) fn new(given: Arc<Given>, observers: StepObservers, witness: Witness, limits: Limits) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits.handles);
        Self {
            given,
            observers,
            witness,
            table,
            growth: Growth { limits, exceeded: None, peak: 0 },
            ticks: (limits.cpu.as_millis() / TICK.as_millis()).try_into().unwrap_or(u64::MAX),
            excused: false,
            host_calls: 0,
            lines: 0,
        }
    }

    /// Counts one tick that passed while the guest computed, and lets other tasks run.
    pub(super) fn tick(&mut self) -> wasmtime::Result<UpdateDeadline> {
        if std::mem::take(&mut self.excused) {
            return Ok(UpdateDeadline::Continue(1));
        }
        let Some(left) = self.ticks.checked_sub(1) else { return Err(self.exceed(Exceeded::Cpu)) };
        self.ticks = left;
        // The runtime's own way to yield: it looks at timers and sockets before it comes back here.
        Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
    }

    fn exceed(&mut self, exceeded: Exceeded) -> wasmtime::Error {
        self.growth.exceeded = Some(exceeded);
        wasmtime::Error::msg("a limit was reached")
    }

    /// Every host function begins with this.
    pub(super) fn enter(&mut self) -> wasmtime::Result<Instant> {
        self.host_calls += 1;
        if self.host_calls > self.growth.limits.host_calls {
            return Err(self.exceed(Exceeded::HostCalls));
        }
        Ok(Instant::now())
    }

    /// Every host function that may wait ends with this.
    pub(super) fn leave(&mut self, entered: Instant) {
        self.excused = entered.elapsed() >= TICK / 2;
    }

    /// Records a refusal and tells the operator at once; the text for the guest.
    pub(super) fn deny(&mut self, message: &str, help: String) -> String {
        let message = self.given.redactor.clean(&format!("plugin `{}` {message}", self.given.plugin));
        let help = self.given.redactor.clean(&help);
        self.observers.notice(message.clone(), Some(help.clone()));
        self.witness.denied(Error::plugin("grant-denied", message.clone()).help(help));
        message
    }

    /// Passes a line on, unless there were too many.
    pub(super) fn log(&mut self, line: &str) {
        const LONGEST: usize = 8 << 10;
        self.lines = self.lines.saturating_add(1);
        let most = self.growth.limits.log_lines;
        let from = format!("plugin {}", self.given.plugin);
        if self.lines <= most {
            let mut cut: String = line.chars().take(LONGEST / 4).collect();
            if cut.len() < line.len() {
                cut.push('…');
            }
            let line = self.given.redactor.clean(&cut);
            self.witness.said(&line);
            self.observers.output(&from, &line);
        } else if self.lines == most + 1 {
            self.observers.output(&from, "(further lines of this call are dropped)");
        }
    }
}
