//! Text that others wrote, put into XML or HTML so that it stays text: between tags and within quoted values.

use super::markdown::escape::shown;

/// What stands for a character that would mean something.
pub(super) fn entity(char: char) -> Option<&'static str> {
    match char {
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '&' => Some("&amp;"),
        '"' => Some("&quot;"),
        '\'' => Some("&#39;"),
        _ => None,
    }
}

/// The text with those, and with nothing in it that is hidden.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars().map(shown) {
        match entity(char) {
            Some(entity) => out.push_str(entity),
            None => out.push(char),
        }
    }
    out
}
