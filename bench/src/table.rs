//! The table of results, as Markdown.

use crate::measure::Samples;
use std::fmt::Write as _;

/// Rows so far.
#[derive(Debug, Default)]
pub(crate) struct Table(Vec<String>);

impl Table {
    /// Times side by side with a peer's; the target is a sentence fragment.
    pub(crate) fn times(&mut self, what: &str, ours: &Samples, peer: Option<(&str, &Samples)>, target: &str) {
        let (name, min, median, ratio) = match peer {
            Some((name, peer)) => (
                name,
                span(peer.min()),
                span(peer.median()),
                format!("{:.2} / {:.2}", ours.min() / peer.min(), ours.median() / peer.median()),
            ),
            None => ("–", "–".to_owned(), "–".to_owned(), "–".to_owned()),
        };
        let runs = ours.0.len();
        let (best, middle) = (span(ours.min()), span(ours.median()));
        self.row(format!("| {what} | {best} | {middle} | {runs} | {name} | {min} | {median} | {ratio} | {target} |"));
    }

    /// A figure that is no time.
    pub(crate) fn figure(&mut self, what: &str, value: &str, target: &str) {
        self.row(format!("| {what} | {value} | {value} | 1 | – | – | – | – | {target} |"));
    }

    fn row(&mut self, row: String) {
        println!("{row}");
        self.0.push(row);
    }

    pub(crate) fn text(&self) -> String {
        let mut text = String::from("# Measurements\n\nWritten by `cargo xtask bench`; release build, ");
        let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
        let _ = write!(text, "{} cores, {}.\n\n", cores, processor());
        text += "| what | min | median | runs | beside | min | median | ratio (min / median) | target |\n";
        text += "|---|---|---|---|---|---|---|---|---|\n";
        for row in &self.0 {
            let _ = writeln!(text, "{row}");
        }
        text
    }
}

/// Seconds in the unit that shows three digits.
fn span(seconds: f64) -> String {
    match seconds {
        s if s < 0.001 => format!("{:.0} µs", s * 1e6),
        s if s < 1.0 => format!("{:.2} ms", s * 1e3),
        s => format!("{s:.2} s"),
    }
}

fn processor() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    name.map_or_else(|| "unknown processor".to_owned(), |(_, name)| name.trim().to_owned())
}
