//! A text cut into tokens, white space and comments included: for what works on the text itself, whether or not it is
//! KDL. Every byte is in one token, in order; nothing is decoded.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// White space within a line, or a byte order mark.
    Space,
    /// One line break.
    Newline,
    /// `// …`, without its line break.
    LineComment,
    /// `/* … */`, with those inside it.
    BlockComment,
    /// `/-`.
    Slashdash,
    /// `\`, which lets a node go on in the next line.
    Continuation,
    /// `{`
    Open,
    /// `}`
    Close,
    /// `(`
    ParenOpen,
    /// `)`
    ParenClose,
    /// `=`
    Equals,
    /// `;`
    Semicolon,
    /// A name without quotes, a number, or a keyword such as `#true`.
    Word,
    /// A string in quotes, raw or not, over one line or several.
    Quoted,
    /// A string or a comment that does not end. A string is cut at the end of its line.
    Unclosed,
    /// A character that can stand nowhere.
    Stray,
}

/// A stretch of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    pub kind: TokenKind,
    pub text: &'a str,
    /// Byte offset of the first character.
    pub start: usize,
}

impl Token<'_> {
    /// Byte offset behind the last character.
    #[must_use]
    pub fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

/// The tokens of a text.
pub fn tokens(text: &str) -> impl Iterator<Item = Token<'_>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = text.get(start..).filter(|rest| !rest.is_empty())?;
        let (kind, length) = next(rest);
        let token = Token { kind, text: rest.get(..length).unwrap_or(rest), start };
        start = token.end();
        Some(token)
    })
}

/// Kind and length of the token that a text begins with.
fn next(text: &str) -> (TokenKind, usize) {
    let bytes = text.as_bytes();
    let kind = match bytes.first() {
        Some(b'{') => TokenKind::Open,
        Some(b'}') => TokenKind::Close,
        Some(b'(') => TokenKind::ParenOpen,
        Some(b')') => TokenKind::ParenClose,
        Some(b'=') => TokenKind::Equals,
        Some(b';') => TokenKind::Semicolon,
        Some(b'\\') => TokenKind::Continuation,
        Some(b'"') => return quoted(text, 0),
        Some(b'#') => return hash(text),
        Some(b'/') => return slash(text),
        Some(b' ' | b'\t') => return (TokenKind::Space, run(text, is_space)),
        Some(b'\n') => TokenKind::Newline,
        Some(b'\r') => return (TokenKind::Newline, if bytes.get(1) == Some(&b'\n') { 2 } else { 1 }),
        _ => return other(text),
    };
    (kind, 1)
}

fn other(text: &str) -> (TokenKind, usize) {
    let Some(first) = text.chars().next() else { return (TokenKind::Stray, 0) };
    match first {
        _ if is_newline(first) => (TokenKind::Newline, first.len_utf8()),
        _ if is_space(first) => (TokenKind::Space, run(text, is_space)),
        _ if is_word(first) => (TokenKind::Word, run(text, is_word)),
        _ => (TokenKind::Stray, first.len_utf8()),
    }
}

fn run(text: &str, belongs: fn(char) -> bool) -> usize {
    text.find(|char| !belongs(char)).unwrap_or(text.len())
}

fn slash(text: &str) -> (TokenKind, usize) {
    match text.as_bytes().get(1) {
        Some(b'/') => (TokenKind::LineComment, text.find(is_newline).unwrap_or(text.len())),
        Some(b'-') => (TokenKind::Slashdash, 2),
        Some(b'*') => block_comment(text),
        _ => (TokenKind::Stray, 1),
    }
}

/// Block comments nest.
fn block_comment(text: &str) -> (TokenKind, usize) {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(pair) = bytes.get(at..at + 2) {
        match pair {
            b"/*" => (at, depth) = (at + 2, depth + 1),
            b"*/" => {
                (at, depth) = (at + 2, depth - 1);
                if depth == 0 {
                    return (TokenKind::BlockComment, at);
                }
            }
            _ => at += 1,
        }
    }
    (TokenKind::Unclosed, text.len())
}

/// A raw string, a keyword, or nothing that is known.
fn hash(text: &str) -> (TokenKind, usize) {
    let hashes = run(text, |char| char == '#');
    let rest = text.get(hashes..).unwrap_or_default();
    if rest.starts_with('"') {
        let (kind, length) = quoted(rest, hashes);
        return (kind, hashes + length);
    }
    let word = run(rest, is_word);
    (if word == 0 { TokenKind::Stray } else { TokenKind::Word }, hashes + word)
}

/// A string from its first quote on; its last quote is followed by as many hash signs as stood before the first.
fn quoted(text: &str, hashes: usize) -> (TokenKind, usize) {
    let bytes = text.as_bytes();
    let quotes = if bytes.starts_with(b"\"\"\"") { 3 } else { 1 };
    let ends = |at: usize| {
        let quoted = bytes.get(at..at + quotes).is_some_and(|end| end.iter().all(|byte| *byte == b'"'));
        let after = bytes.get(at + quotes..at + quotes + hashes);
        quoted && after.is_some_and(|end| end.iter().all(|byte| *byte == b'#'))
    };
    let mut at = quotes;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' if ends(at) => return (TokenKind::Quoted, at + quotes + hashes),
            b'\\' if hashes == 0 => at += escape(text, at),
            b'\n' | b'\r' if quotes == 1 => return (TokenKind::Unclosed, at),
            _ => at += 1,
        }
    }
    // Several lines that never end would hide the rest of the text: only the first of them is lost.
    let first = if quotes == 3 { text.find(is_newline).unwrap_or(text.len()) } else { text.len() };
    (TokenKind::Unclosed, first)
}

/// Length of an escape: a backslash takes one character, or all the white space that follows it.
fn escape(text: &str, at: usize) -> usize {
    let rest = text.get(at + 1..).unwrap_or_default();
    let blank = run(rest, |char| is_space(char) || is_newline(char));
    1 + if blank > 0 { blank } else { rest.chars().next().map_or(0, char::len_utf8) }
}

/// Line breaks of KDL.
#[must_use]
pub fn is_newline(char: char) -> bool {
    matches!(char, '\n' | '\r' | '\u{85}' | '\u{b}' | '\u{c}' | '\u{2028}' | '\u{2029}')
}

/// White space of KDL within a line.
fn is_space(char: char) -> bool {
    matches!(
        char,
        '\t' | ' ' | '\u{a0}' | '\u{1680}' | '\u{2000}'
            ..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' | '\u{feff}'
    )
}

/// What may be part of a name without quotes.
fn is_word(char: char) -> bool {
    !is_space(char)
        && !is_newline(char)
        && !matches!(char, '\\' | '/' | '(' | ')' | '{' | '}' | ';' | '[' | ']' | '"' | '#' | '=')
}
