//! A Markdown document as text around commands and the output that it shows for them. Knows two forms:
//!
//! * a fenced `console` block: each `$ ` line is a command, ending with 0 or as `# exits with N` says; what follows is
//!   its output, and a command without any shows none;
//! * `<!-- output: COMMAND -->` before a fenced block: the whole block is the command's output.

use super::normal::normal;
use std::ops::Range;

/// A line that a reader types.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) line: String,
    /// Line of the document, from 0.
    pub(super) at: usize,
    /// Exit code that it must end with.
    pub(super) exit: i32,
    /// Lines of the document that show its output; empty shows none.
    shown: Range<usize>,
    /// Whether the block is there for the output: then even an empty one is filled.
    always: bool,
}

/// A document.
#[derive(Debug)]
pub(super) struct Page {
    lines: Vec<String>,
    pub(super) commands: Vec<Command>,
}

impl Page {
    pub(super) fn read(text: &str) -> Self {
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let mut commands: Vec<Command> = Vec::new();
        let mut marked: Option<(usize, String)> = None;
        // The fence that is open, and whether it is a `console` block.
        let mut open: Option<bool> = None;
        for (at, line) in lines.iter().enumerate() {
            match (line.trim_start().strip_prefix("```"), open) {
                (Some(kind), None) => {
                    open = Some(kind == "console");
                    if let Some((at_mark, line)) = marked.take() {
                        commands.push(Command { line, at: at_mark, exit: 0, shown: at + 1..at + 1, always: true });
                        open = Some(false);
                    }
                }
                (Some(_), Some(_)) => open = None,
                (None, Some(true)) if line.starts_with("$ ") => commands.push(Command::typed(line, at)),
                (None, Some(inside)) => {
                    let last = commands.last_mut().filter(|last| (inside || last.always) && last.shown.end == at);
                    if let Some(last) = last {
                        last.shown.end = at + 1;
                    }
                }
                (None, None) => {
                    let mark = line.strip_prefix("<!-- output: ").and_then(|rest| rest.strip_suffix(" -->"));
                    marked = mark.map(|command| (at, command.to_owned())).or(marked.filter(|_| line.is_empty()));
                }
            }
        }
        Self { lines, commands }
    }

    /// What is shown for a command.
    fn shown(&self, command: &Command) -> &[String] {
        self.lines.get(command.shown.clone()).unwrap_or_default()
    }

    /// Whether a command's shown output says the same as the real one.
    fn agrees(&self, command: &Command, output: &str) -> bool {
        let shown = self.shown(command);
        (shown.is_empty() && !command.always) || same(shown, output)
    }

    /// Commands whose shown output has moved: `line: what`.
    pub(super) fn drift(&self, outputs: &[String]) -> Vec<String> {
        let both = self.commands.iter().zip(outputs).filter(|(command, output)| !self.agrees(command, output));
        both.map(|(command, output)| {
            format!(
                "{}: `{}` prints something else than is shown (`cargo xtask docs --update` rewrites it):\n{output}",
                command.at + 1,
                command.line
            )
        })
        .collect()
    }

    /// Replaces shown output that has moved; whether any had. Ranges are stale afterwards.
    pub(super) fn show(&mut self, outputs: &[String]) -> bool {
        let moved: Vec<(Range<usize>, &String)> = self
            .commands
            .iter()
            .zip(outputs)
            .filter(|(command, output)| !self.agrees(command, output))
            .map(|(command, output)| (command.shown.clone(), output))
            .collect();
        // From the end, so that earlier ranges stay true.
        for (range, output) in moved.iter().rev() {
            self.lines.splice(range.clone(), output.trim_end().lines().map(|line| line.trim_end().to_owned()));
        }
        !moved.is_empty()
    }

    pub(super) fn text(&self) -> String {
        self.lines.join("\n") + "\n"
    }
}

impl Command {
    /// `$ backstay validate x.kdl  # exits with 2`
    fn typed(text: &str, at: usize) -> Self {
        let text = text.trim_start_matches("$ ");
        let (line, exit) = match text.split_once("# exits with ") {
            Some((line, code)) => (line, code.trim().parse().unwrap_or(0)),
            None => (text, 0),
        };
        Self { line: line.trim_end().to_owned(), at, exit, shown: at + 1..at + 1, always: false }
    }
}

/// Line by line after [`normal`]; a line `…` stands for any number of lines.
fn same(shown: &[String], output: &str) -> bool {
    let shown: Vec<String> = shown.iter().map(|line| normal(line)).collect();
    let real: Vec<String> = output.trim_end().lines().map(normal).collect();
    matches(&shown, &real)
}

fn matches(shown: &[String], real: &[String]) -> bool {
    match (shown.split_first(), real.split_first()) {
        (None, None) => true,
        (Some((any, rest)), _) if any == "…" => {
            (0..=real.len()).any(|n| matches(rest, real.get(n..).unwrap_or_default()))
        }
        (Some((a, shown)), Some((b, real))) => a == b && matches(shown, real),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Title\n\n```console\n$ one\n$ two  # exits with 2\nerror: bad\n$ three\nok in 0.3s\n…\nend\n```\n\n\
                        ```sh\n$ not run\n```\n\n<!-- output: four -->\n```mermaid\nold\n```\ntext\n";

    fn outputs() -> Vec<String> {
        ["anything", "error: bad\n", "ok in 12.5s\na\nb\nend\n", "graph\n  a --> b\n"].map(str::to_owned).to_vec()
    }

    #[test]
    fn commands_their_exit_codes_and_what_is_shown_are_read() {
        let page = Page::read(TEXT);
        let read: Vec<(&str, i32, usize)> =
            page.commands.iter().map(|c| (c.line.as_str(), c.exit, page.shown(c).len())).collect();
        assert_eq!(read, [("one", 0, 0), ("two", 2, 1), ("three", 0, 3), ("four", 0, 1)]);
    }

    #[test]
    fn only_what_moved_is_drift_and_is_rewritten() {
        let mut page = Page::read(TEXT);
        let drift = page.drift(&outputs());
        let heads: Vec<&str> = drift.iter().filter_map(|text| text.split(" something").next()).collect();
        assert_eq!(heads, ["17: `four` prints"]);
        assert!(page.show(&outputs()));
        assert_eq!(page.text(), TEXT.replace("\nold\n", "\ngraph\n  a --> b\n"));
        let again = Page::read(&page.text());
        assert_eq!(again.drift(&outputs()), Vec::<String>::new());
    }
}
