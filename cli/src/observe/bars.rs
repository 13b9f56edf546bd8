//! A bar for each step under way, on a terminal; lines above them for what has ended.

use super::lines;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use runtime::event::Observer;
use schema::event::Event;
use schema::step::Address;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Draws on standard error.
pub(super) struct Bars {
    all: MultiProgress,
    running: Mutex<BTreeMap<Address, ProgressBar>>,
}

impl Bars {
    pub(super) fn new() -> Self {
        Self { all: MultiProgress::new(), running: Mutex::default() }
    }

    fn start(&self, step: &Address) {
        let bar = self.all.add(ProgressBar::new_spinner().with_message(step.to_string()));
        bar.set_style(style("{spinner} {msg} {elapsed}"));
        bar.enable_steady_tick(Duration::from_millis(120));
        self.running().insert(step.clone(), bar);
    }

    fn running(&self) -> std::sync::MutexGuard<'_, BTreeMap<Address, ProgressBar>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn progress(&self, step: &Address, done: u64, total: Option<u64>, unit: &str) {
        let running = self.running();
        let Some(bar) = running.get(step) else { return };
        if bar.length() != total || bar.position() == 0 {
            bar.set_style(style(match (unit, total) {
                ("bytes", Some(_)) => "{spinner} {msg} {bar:24} {bytes}/{total_bytes} {bytes_per_sec}",
                ("bytes", None) => "{spinner} {msg} {bytes} {bytes_per_sec}",
                ("percent", _) => "{spinner} {msg} {bar:24} {pos} %",
                (_, Some(_)) => "{spinner} {msg} {bar:24} {pos}/{len}",
                (_, None) => "{spinner} {msg} {pos}",
            }));
            if let Some(total) = total {
                bar.set_length(total);
            }
        }
        bar.set_position(done);
    }
}

/// A style whose template is ours; one that cannot be read would be the default.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

impl Observer for Bars {
    fn observe(&self, event: &Event) {
        match event {
            Event::StepStarted { step, attempt } => {
                if *attempt == 1 {
                    self.start(step);
                }
                return;
            }
            Event::Progress { step, done, total, unit } => return self.progress(step, *done, *total, unit),
            Event::StepEnded { step, .. } => {
                if let Some(bar) = self.running().remove(step) {
                    bar.finish_and_clear();
                }
            }
            _ => {}
        }
        if let Some(text) = lines::told(event) {
            // Nothing is left to tell when the terminal is gone.
            let _ = self.all.println(text);
        }
    }
}
