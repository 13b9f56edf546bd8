//! One plain line an event, for logs and pipes. Progress is left out: a log of percentages helps nobody.

use crate::print;
use runtime::event::Observer;
use schema::event::Event;
use schema::report::Outcome;

/// Writes lines to standard error.
pub(super) struct Lines;

impl Observer for Lines {
    fn observe(&self, event: &Event) {
        if let Some(text) = told(event) {
            print::line(&text);
        }
    }
}

/// An event as a person reads it; `None` for what only a bar can show.
pub(super) fn told(event: &Event) -> Option<String> {
    Some(match event {
        Event::RunStarted { run, strategy, job, steps, resumed } => {
            let verb = if *resumed { "resumed" } else { "started" };
            format!("run {run} {verb}: job `{job}` of strategy `{strategy}`, {steps} steps")
        }
        Event::StepStarted { step, attempt: 1 } => format!("start     {step}"),
        Event::StepStarted { step, attempt } => format!("start     {step} (attempt {attempt})"),
        Event::Progress { .. } => return None,
        Event::Output { step, from, line } => format!("          {step} | {from}: {line}"),
        Event::Retry { step, after_ms, problem } => {
            format!("retry     {step} in {:.1} s: {}", *after_ms as f64 / 1000.0, problem.message)
        }
        Event::StepEnded { step, outcome, seconds, detail, problem } => {
            let mut text = format!("{:<9} {step} ({seconds:.1} s)", outcome.to_string());
            match problem {
                Some(problem) if *outcome != Outcome::Cancelled => {
                    text.push('\n');
                    text.push_str(&print::problem(problem));
                }
                _ if !detail.is_empty() => text.push_str(&format!(": {detail}")),
                _ => {}
            }
            text
        }
        Event::Notice { message, help } => match help {
            Some(help) => format!("notice    {message}\n  help: {help}"),
            None => format!("notice    {message}"),
        },
        Event::Notified { notifier, problem: None } => format!("notified  {notifier}"),
        Event::Notified { notifier, problem: Some(problem) } => {
            format!("notifier `{notifier}` could not be told\n{}", print::problem(problem))
        }
        Event::CancelRequested { now: false } => {
            "stopping in order: what was stopped is started first; press Ctrl-C again to leave at once".to_owned()
        }
        Event::CancelRequested { now: true } => "leaving at once".to_owned(),
        Event::Paused => {
            "paused: what runs goes on to its end, what was stopped is started again, nothing else begins".to_owned()
        }
        Event::Continued => "going on".to_owned(),
        Event::RunEnded { .. } => return None,
    })
}
