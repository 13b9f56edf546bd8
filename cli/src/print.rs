//! What people see: results on standard output, everything else on standard error, colours only on a terminal.

use crate::narrow::Narrow;
use compiler::diag::Diagnostic;
use miette::{GraphicalReportHandler, GraphicalTheme};
use runtime::Error;
use schema::report::{Outcome, Problem, Report};
use std::io::{IsTerminal, Write};

/// Writes a result. A reader that went away is not an error worth telling.
pub(crate) fn result(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes());
    if !text.ends_with('\n') {
        let _ = out.write_all(b"\n");
    }
    let _ = out.flush();
}

/// Writes a result as it is.
pub(crate) fn exactly(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}

/// Writes a line for the operator.
pub(crate) fn line(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Whether standard error takes colours.
pub(crate) fn colours() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

pub(crate) fn help(text: &str) {
    line(&format!("  help: {text}"));
}

pub(crate) fn failure(code: &str, message: &str) {
    line(&format!("error[{code}]: {message}"));
}

/// An error of the runtime that belongs to no step.
pub(crate) fn error(error: &Error) {
    failure(error.code, &error.message);
    if let Some(text) = &error.help {
        help(text);
    }
}

/// A problem of a step, with the strategy line that it came from.
pub(crate) fn problem(problem: &Problem) -> String {
    let mut text = format!("error[{}]: {}", problem.code, problem.message);
    if let Some(origin) = &problem.origin {
        text.push_str(&format!("\n  at {origin}: {}", origin.text));
    }
    if let Some(help) = &problem.help {
        text.push_str(&format!("\n  help: {help}"));
    }
    text
}

/// Most diagnostics that are shown to a person.
const MOST_SHOWN: usize = 100;

/// Diagnostics of the compiler, each with its source.
pub(crate) fn diagnostics(diagnostics: &[Diagnostic]) {
    let theme = if colours() { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(120).with_links(false);
    for diagnostic in diagnostics.iter().take(MOST_SHOWN) {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = match Narrow::new(diagnostic) {
            Some(narrow) => handler.render_report(&mut text, &narrow),
            None => handler.render_report(&mut text, diagnostic),
        };
        line(text.trim_end());
        line("");
    }
    if diagnostics.len() > MOST_SHOWN {
        line(&format!("and {} more: `validate --format json` tells all", diagnostics.len() - MOST_SHOWN));
    }
}

/// A run's end, for a person: what did not go as it should, and the count. Each step has been told as it ended.
pub(crate) fn report(report: &Report) -> String {
    let mut text = String::new();
    for step in report.steps.iter().filter(|step| step.outcome != Outcome::Ok) {
        text.push_str(&format!("{:<9} {}  {}\n", step.outcome.to_string(), step.address, step.detail));
    }
    let count = |outcome| report.steps.iter().filter(|step| step.outcome == outcome).count();
    let mut counts = Vec::new();
    for outcome in [Outcome::Ok, Outcome::Degraded, Outcome::Failed, Outcome::Skipped, Outcome::Cancelled] {
        if count(outcome) > 0 {
            counts.push(format!("{} {outcome}", count(outcome)));
        }
    }
    text.push_str(&format!(
        "{} {}: {} in {:.1} s (run {})\n",
        report.job,
        report.outcome,
        counts.join(", "),
        report.seconds,
        report.run
    ));
    text
}
