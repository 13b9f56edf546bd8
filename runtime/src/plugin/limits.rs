//! What one call of a guest may use. All limits hold from the first call on; going past one ends the call.

use std::time::Duration;
use wasmtime::ResourceLimiter;

/// Length of a tick, by which CPU time is counted.
pub(super) const TICK: Duration = Duration::from_millis(10);

/// Core instances of a component at most, and as many tables.
pub(super) const MOST_PARTS: u8 = 16;
/// Memories of a component at most.
pub(super) const MOST_MEMORIES: u8 = 2;

/// Limits of every call of one host.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of linear memory of an instance.
    pub memory: usize,
    /// Elements of its tables.
    pub table: usize,
    /// CPU time of the guest; time in host functions is not counted.
    pub cpu: Duration,
    /// Longest time without a byte moved or the call's end. Waiting for the consumer of a sink is not counted.
    pub idle: Duration,
    /// Bytes that a guest may hand to the host in one host call.
    pub handover: usize,
    /// Calls of host functions.
    pub host_calls: u32,
    /// Live handles of resources.
    pub handles: usize,
    /// Log lines that are passed on.
    pub log_lines: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 64 << 20,
            table: 100_000,
            cpu: Duration::from_secs(2),
            idle: Duration::from_mins(2),
            handover: 4 << 20,
            host_calls: 20_000,
            handles: 256,
            log_lines: 100,
        }
    }
}

/// The limit that ended a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exceeded {
    Memory,
    Table,
    Cpu,
    HostCalls,
}

impl Exceeded {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Memory | Self::Table => "plugin-out-of-memory",
            Self::Cpu => "plugin-out-of-time",
            Self::HostCalls => "plugin-too-many-calls",
        }
    }

    pub(super) fn describe(self, limits: &Limits) -> String {
        match self {
            Self::Memory => format!("wanted more than {} MiB of memory", limits.memory >> 20),
            Self::Table => format!("wanted more than {} table elements", limits.table),
            Self::Cpu => format!("computed for more than {} ms", limits.cpu.as_millis()),
            Self::HostCalls => format!("made more than {} host calls", limits.host_calls),
        }
    }
}

/// Watches the growth of memories and tables of one store.
#[derive(Debug)]
pub(super) struct Growth {
    pub(super) limits: Limits,
    pub(super) exceeded: Option<Exceeded>,
    /// Largest memory so far, in bytes.
    pub(super) peak: usize,
}

impl Growth {
    fn stop(&mut self, exceeded: Exceeded) -> wasmtime::Result<bool> {
        self.exceeded = Some(exceeded);
        // An error traps; a mere refusal would let the guest go on with its own idea of being out of memory.
        Err(wasmtime::Error::msg("a limit was reached"))
    }
}

impl ResourceLimiter for Growth {
    fn memory_growing(&mut self, _now: usize, wanted: usize, _most: Option<usize>) -> wasmtime::Result<bool> {
        if wanted > self.limits.memory {
            return self.stop(Exceeded::Memory);
        }
        self.peak = self.peak.max(wanted);
        Ok(true)
    }

    fn table_growing(&mut self, _now: usize, wanted: usize, _most: Option<usize>) -> wasmtime::Result<bool> {
        if wanted > self.limits.table { self.stop(Exceeded::Table) } else { Ok(true) }
    }

    fn instances(&self) -> usize {
        MOST_PARTS.into()
    }

    fn tables(&self) -> usize {
        MOST_PARTS.into()
    }

    fn memories(&self) -> usize {
        MOST_MEMORIES.into()
    }
}
