//! Text that others wrote, put into Markdown so that it stays text: it opens no markup and no table cell, calls nobody,
//! and begins no line. Whole pages are made in `page.rs`.

use crate::render::xml::entity;
use std::fmt::Write;

/// Breaks a reference (`@name`, `#12`) without being seen.
const NOTHING: char = '\u{200b}';

/// One line in which nothing is hidden: line breaks and tabs are spaces, and what controls a terminal or turns the
/// direction of writing is shown as `U+FFFD`.
#[must_use]
pub fn visible(text: &str) -> String {
    text.chars().map(|char| if matches!(char, '\n' | '\r' | '\t') { ' ' } else { shown(char) }).collect()
}

/// The character, or what is shown instead.
pub(crate) fn shown(char: char) -> char {
    let turns =
        matches!(char, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let no_text = matches!(char, '\u{fffe}' | '\u{ffff}');
    if char.is_control() || turns || no_text { char::REPLACEMENT_CHARACTER } else { char }
}

/// For a paragraph, an item of a list or a cell of a table.
#[must_use]
pub fn text(text: &str) -> String {
    let line = visible(text);
    let mut out = String::with_capacity(line.len() + 8);
    let digits = line.chars().take_while(char::is_ascii_digit).count();
    let mut chars = line.chars().enumerate().peekable();
    while let Some((at, char)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        let begins = at == 0 && matches!(char, '#' | '+' | '-' | '=' | ':' | '/');
        let numbers = at > 0 && at == digits && matches!(char, '.' | ')') && next.is_none_or(|next| next == ' ');
        match char {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' => out.extend(['\\', char]),
            _ if begins || numbers => out.extend(['\\', char]),
            _ => out.push(char),
        }
        if refers(char, next) {
            out.push(NOTHING);
        }
    }
    out
}

/// A name: in a code span, which works in a cell of a table too.
#[must_use]
pub fn code(text: &str) -> String {
    let line = visible(text);
    let plain = !line.trim().is_empty() && !line.contains(['`', '|']) && line.trim() == line;
    if plain { format!("`{line}`") } else { format!("<code>{}</code>", entities(&line)) }
}

/// Every sign that could mean something, as a number: for Markdown within an element.
fn entities(line: &str) -> String {
    let mut out = String::with_capacity(line.len() * 2);
    for char in line.chars() {
        if char.is_ascii_punctuation() {
            let _ = write!(out, "&#{};", u32::from(char));
        } else {
            out.push(char);
        }
    }
    out
}

/// For the inside of an HTML element, for example of `<summary>`, in which Markdown is not read.
#[must_use]
pub fn html(text: &str) -> String {
    let line = visible(text);
    let mut out = String::with_capacity(line.len() + 8);
    let mut chars = line.chars().peekable();
    while let Some(char) = chars.next() {
        match entity(char) {
            Some(entity) => out.push_str(entity),
            None => out.push(char),
        }
        if refers(char, chars.peek().copied()) {
            out.push(NOTHING);
        }
    }
    out
}

/// A block of lines as they are, behind a fence that is longer than any within.
#[must_use]
pub fn fenced(language: &str, text: &str) -> String {
    let clean: String = text.chars().map(|char| if matches!(char, '\n' | '\t') { char } else { shown(char) }).collect();
    let longest = clean.split(|char| char != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    let end = if clean.ends_with('\n') { "" } else { "\n" };
    format!("{fence}{language}\n{clean}{end}{fence}\n")
}

/// Whether a forge would take this for the name of somebody or something.
fn refers(char: char, next: Option<char>) -> bool {
    matches!(char, '@' | '#' | '!' | '%') && next.is_some_and(|next| next.is_alphanumeric() || next == '"')
}
