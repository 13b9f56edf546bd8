//! The table of results, as Markdown.

use crate::measure::Samples;
use std::fmt::Write as _;
use std::path::Path;

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

    /// The section of a part, with what tells how fast the machine was.
    fn section(&self, name: &str, floor: f64) -> String {
        let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
        let mut text = format!("## {name}\n\n{cores} cores, {}; `true` takes {}.\n\n", processor(), span(floor));
        text += "| what | min | median | runs | beside | min | median | ratio (min / median) | target |\n";
        text += "|---|---|---|---|---|---|---|---|---|\n";
        for row in &self.0 {
            let _ = writeln!(text, "{row}");
        }
        text
    }
}

const HEAD: &str = "# Measurements

Written by `cargo xtask bench`, which measures all parts, or those that it is told, with a release build. The figures of one part are
of one run; those of two may be of two machines, so that only ratios can be compared between them.
";

/// Replaces the section of one part in the file of results; `names` are those of all parts, in their order. `floor` is how
/// long the shortest process took, in seconds.
///
/// # Errors
/// The file cannot be written.
pub(crate) fn replace(path: &Path, names: &[&str], name: &str, table: &Table, floor: f64) -> Result<(), String> {
    let known = std::fs::read_to_string(path).unwrap_or_default();
    let text = replaced(&known, names, name, &table.section(name, floor));
    std::fs::write(path, text).map_err(|e| format!("cannot write `{}`: {e}", path.display()))
}

fn replaced(known: &str, names: &[&str], name: &str, section: &str) -> String {
    let mut text = HEAD.to_owned();
    for other in names {
        let old = known.split("\n## ").skip(1).find(|part| part.lines().next() == Some(other));
        let part = if *other == name { Some(section.to_owned()) } else { old.map(|old| format!("## {old}")) };
        if let Some(part) = part {
            let _ = writeln!(text, "\n{}", part.trim_end());
        }
    }
    text
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

#[cfg(test)]
mod tests {
    use super::{HEAD, replaced};

    #[test]
    fn one_section_is_replaced_and_the_others_stay() {
        let names = ["one", "two", "three"];
        let first = replaced("", &names, "three", "## three\n\nc\n");
        let both = replaced(&first, &names, "one", "## one\n\na\n");
        assert_eq!(both, format!("{HEAD}\n## one\n\na\n\n## three\n\nc\n"));
        assert_eq!(replaced(&both, &names, "one", "## one\n\nb\n"), both.replace("\na\n", "\nb\n"));
    }
}
