//! Bytes to text, for callers that read files: what is no text is told with its place, like everything else.

use crate::diag::{Diagnostic, codes};
use crate::source::Source;
use crate::span::Span;
use crate::{Text, structure, syntax};
use std::sync::Arc;

impl Text {
    /// A text of these bytes, which are to be UTF-8, and of a size that a strategy can have.
    ///
    /// # Errors
    ///
    /// The diagnostic that says what the bytes are instead.
    pub fn from_bytes(name: &str, bytes: Vec<u8>) -> Result<Self, Box<Diagnostic>> {
        if bytes.len() > syntax::MOST_BYTES {
            let head = String::from_utf8_lossy(bytes.get(..80).unwrap_or_default()).into_owned();
            return Err(Box::new(syntax::too_large(&Arc::new(Source::new(name, &head)), bytes.len())));
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self { name: name.to_owned(), text }),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                Err(Box::new(not_text(name, error.as_bytes(), at)))
            }
        }
    }
}

/// `at` is the first byte that cannot stand there.
fn not_text(name: &str, bytes: &[u8], at: usize) -> Diagnostic {
    let source = Arc::new(Source::new(name, &readable(bytes)));
    let length = bytes.get(at..).unwrap_or_default().iter().take_while(|byte| !byte.is_ascii()).count();
    let (label, help) = kind(bytes, at);
    let span = Span::new(&source, at, at + length.clamp(1, 3));
    let diagnostic = Diagnostic::error(&codes::WRONG_ENCODING, format!("`{name}` is not UTF-8 at byte {at}"));
    let mut told = [diagnostic.at(&span, label).help(help)];
    structure::mask(&mut told, &structure::suspects(&source));
    let [told] = told;
    told
}

/// The bytes as a text in which each byte that is not UTF-8 is one question mark, so that offsets stay.
fn readable(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(std::iter::repeat_n('?', chunk.invalid().len()));
    }
    out
}

/// What the bytes probably are, and what to do.
fn kind(bytes: &[u8], at: usize) -> (String, String) {
    let save = "Save the file as UTF-8, for example with `iconv -f";
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return ("the byte order mark of UTF-16".to_owned(), format!("{save} UTF-16 -t UTF-8`."));
    }
    let byte = bytes.get(at).copied().unwrap_or_default();
    if bytes.contains(&0) {
        return (format!("the byte 0x{byte:02X}"), "This is no text; name the strategy's own file.".to_owned());
    }
    if at + 4 > bytes.len() && std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none()) {
        return ("the file ends inside a character".to_owned(), "Is the file whole? Copy it again.".to_owned());
    }
    // Latin-1 has the characters that Unicode has at these numbers.
    match char::from(byte) {
        char if byte >= 0xa0 => (
            format!("the byte 0x{byte:02X}, which is `{char}` in Latin-1"),
            format!("{save} LATIN1 -t UTF-8`, if it is Latin-1."),
        ),
        _ => (format!("the byte 0x{byte:02X}"), "Save the file as UTF-8.".to_owned()),
    }
}
