//! Questions to a person: a line in, a line out, on standard error and standard input, so that it works on a terminal, in
//! a pipe and in a test. Line editing is the terminal's own.

use crate::exit::Exit;
use crate::print;
use compiler::init::{Kind, NONE, Question};
use std::io::{BufRead, Write};

/// Asks, and asks again with the reason until the answer is taken. An empty line is the default.
pub(crate) fn ask(
    question: &Question,
    default: &str,
    mut take: impl FnMut(&str) -> Result<(), String>,
) -> Result<(), Exit> {
    show(question);
    loop {
        let _ = write!(std::io::stderr().lock(), "  {} [{default}]: ", question.flag);
        let _ = std::io::stderr().flush();
        let line = read(question)?;
        let answer = if line.trim().is_empty() { default } else { line.trim() };
        match take(answer) {
            Ok(()) => return Ok(()),
            Err(why) => print::line(&format!("  {} {why}", paint("not accepted:", "1;31"))),
        }
    }
}

/// The question, why it is asked, and the answers that there are.
fn show(question: &Question) {
    print::line(&format!("\n{}", paint(question.text, "1")));
    print::line(&format!("  {}", question.why));
    if let Kind::Choice(choices) = question.kind {
        let widest = choices.iter().map(|(choice, _)| choice.len()).max().unwrap_or(0);
        for (choice, meaning) in choices {
            print::line(&format!("    {choice:<widest$}  {meaning}"));
        }
    }
    if question.optional {
        print::line(&format!("  `{NONE}` leaves it out."));
    }
}

/// The heading of a topic.
pub(crate) fn topic(text: &str) {
    print::line(&format!("\n{}", paint(&format!("── {text}"), "1;36")));
}

fn read(question: &Question) -> Result<String, Exit> {
    let mut line = String::new();
    match std::io::stdin().lock().read_line(&mut line) {
        Ok(1..) => Ok(line),
        Ok(0) => {
            print::line("");
            print::failure("not-answered", &format!("standard input ended before the answer to `{}`", question.flag));
            print::help("Nothing was written. Answer all questions, or give `--defaults`.");
            Err(Exit::Invalid)
        }
        Err(error) => {
            print::failure("not-answered", &format!("cannot read the answer to `{}`: {error}", question.flag));
            Err(Exit::Failed)
        }
    }
}

fn paint(text: &str, how: &str) -> String {
    if print::colours() { format!("\x1b[{how}m{text}\x1b[0m") } else { text.to_owned() }
}
