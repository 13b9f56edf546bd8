//! A look at a text before it is parsed: the parser recurses, so a document nested deep enough would end the process.
//! It only counts; whether the text is KDL is for the parser to say.

use std::ops::Range;

/// Longest text, in bytes.
pub const MOST_BYTES: usize = 8 * 1024 * 1024;
/// Deepest nesting of blocks or of block comments.
pub const MOST_LEVELS: usize = 128;

/// Where nesting first goes past [`MOST_LEVELS`].
///
/// Errs on the side of refusing: what looks like an unterminated string or comment is counted as if it were neither,
/// because the parser recovers from those in ways of its own.
pub(crate) fn too_deep(text: &str) -> Option<Range<usize>> {
    let mut depth = 0_usize;
    walk(text, &mut |at, opens| {
        depth = if opens { depth + 1 } else { depth.saturating_sub(1) };
        (depth > MOST_LEVELS).then_some(at..at + 1)
    })
}

/// Calls `seen` with the place of each brace that is neither in a string nor in a comment, and whether it opens.
pub(super) fn braces(text: &str, seen: &mut dyn FnMut(usize, bool)) {
    walk(text, &mut |at, opens| {
        seen(at, opens);
        None
    });
}

/// Where a comment begins that has no end.
pub(super) fn open_comment(text: &str) -> Option<usize> {
    let starts = text.match_indices("/*").map(|(at, _)| at);
    let mut end = 0;
    for at in starts {
        if at >= end {
            match comment(text.as_bytes().get(at..).unwrap_or_default()) {
                Comment::Ends(length) => end = at + length,
                Comment::Open | Comment::TooDeep(_) => return Some(at),
            }
        }
    }
    None
}

/// Goes over the braces until `seen` gives something, or comments are too deep.
fn walk(text: &str, seen: &mut dyn FnMut(usize, bool) -> Option<Range<usize>>) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let rest = bytes.get(at..).unwrap_or_default();
        let skipped = match byte {
            b'"' => string(rest, 0),
            b'#' => raw_string(rest),
            b'/' if rest.starts_with(b"//") => Some(line(rest)),
            b'/' if rest.starts_with(b"/*") => match comment(rest) {
                Comment::TooDeep(offset) => return Some(at + offset..at + offset + 2),
                Comment::Ends(length) => Some(length),
                Comment::Open => None,
            },
            b'{' | b'}' => {
                if let Some(found) = seen(at, *byte == b'{') {
                    return Some(found);
                }
                None
            }
            _ => None,
        };
        at += skipped.unwrap_or(1).max(1);
    }
    None
}

/// Length of the string that `bytes` opens with, closed by its quotes and `hashes` hash signs. Escapes count only
/// without hash signs. `None` when it does not end.
pub(super) fn string(bytes: &[u8], hashes: usize) -> Option<usize> {
    let quotes = if bytes.starts_with(b"\"\"\"") { 3 } else { 1 };
    let closing: Vec<u8> = std::iter::repeat_n(b'"', quotes).chain(std::iter::repeat_n(b'#', hashes)).collect();
    let mut at = quotes;
    while let Some(byte) = bytes.get(at) {
        if bytes.get(at..)?.starts_with(&closing) {
            return Some(at + closing.len());
        }
        match byte {
            b'\\' if hashes == 0 => at += 2,
            b'\n' | b'\r' if quotes == 1 => return None,
            _ => at += 1,
        }
    }
    None
}

pub(super) fn raw_string(bytes: &[u8]) -> Option<usize> {
    let hashes = bytes.iter().take_while(|byte| **byte == b'#').count();
    let rest = bytes.get(hashes..)?;
    rest.starts_with(b"\"").then(|| string(rest, hashes)).flatten().map(|length| hashes + length)
}

fn line(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| **byte != b'\n').count()
}

enum Comment {
    Ends(usize),
    TooDeep(usize),
    Open,
}

/// Block comments nest.
fn comment(bytes: &[u8]) -> Comment {
    let (mut at, mut depth) = (0, 0_usize);
    while at < bytes.len() {
        let rest = bytes.get(at..).unwrap_or_default();
        if rest.starts_with(b"/*") {
            depth += 1;
            if depth > MOST_LEVELS {
                return Comment::TooDeep(at);
            }
            at += 2;
        } else if rest.starts_with(b"*/") {
            depth = depth.saturating_sub(1);
            at += 2;
            if depth == 0 {
                return Comment::Ends(at);
            }
        } else {
            at += 1;
        }
    }
    Comment::Open
}
