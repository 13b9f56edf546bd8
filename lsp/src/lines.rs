//! Places of the protocol: a line, and a column in the unit that client and server agreed on. Lines end where the
//! protocol says so, which is not where KDL does; a place beyond a line's end is its end.

use gen_lsp_types::{Position, PositionEncodingKind, Range};

/// What a column counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Byte,
    /// Of UTF-16: what holds when nothing was agreed on.
    CodeUnit,
}

impl Unit {
    /// The first that both know; every client knows UTF-16.
    pub(crate) fn agreed(offered: Option<&[PositionEncodingKind]>) -> Self {
        let bytes = offered.is_some_and(|offered| offered.contains(&PositionEncodingKind::UTF8));
        if bytes { Self::Byte } else { Self::CodeUnit }
    }

    pub(crate) fn name(self) -> PositionEncodingKind {
        match self {
            Self::Byte => PositionEncodingKind::UTF8,
            Self::CodeUnit => PositionEncodingKind::UTF16,
        }
    }

    fn width(self, char: char) -> usize {
        match self {
            Self::Byte => char.len_utf8(),
            Self::CodeUnit => char.len_utf16(),
        }
    }
}

/// Where the lines of a text begin.
#[derive(Debug)]
pub(crate) struct Lines(Vec<usize>);

impl Lines {
    pub(crate) fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        let ends = |at: usize| match bytes.get(at) {
            Some(b'\n') => true,
            Some(b'\r') => bytes.get(at + 1) != Some(&b'\n'),
            _ => false,
        };
        Self(std::iter::once(0).chain((0..bytes.len()).filter(|at| ends(*at)).map(|at| at + 1)).collect())
    }

    /// The text of a line, without its end.
    fn line<'t>(&self, text: &'t str, line: usize) -> &'t str {
        let start = self.0.get(line).copied().unwrap_or(text.len());
        let end = self.0.get(line + 1).copied().unwrap_or(text.len());
        text.get(start..end).unwrap_or_default().trim_end_matches(['\n', '\r'])
    }

    pub(crate) fn offset(&self, text: &str, position: Position, unit: Unit) -> usize {
        let line = usize::try_from(position.line).unwrap_or(usize::MAX);
        let Some(start) = self.0.get(line) else { return text.len() };
        let mut left = usize::try_from(position.character).unwrap_or(usize::MAX);
        let mut offset = *start;
        for char in self.line(text, line).chars() {
            let width = unit.width(char);
            if left < width {
                break;
            }
            (left, offset) = (left - width, offset + char.len_utf8());
        }
        offset
    }

    pub(crate) fn position(&self, text: &str, offset: usize, unit: Unit) -> Position {
        let line = self.0.partition_point(|start| *start <= offset).saturating_sub(1);
        let start = self.0.get(line).copied().unwrap_or_default();
        let columns = |text: &str| -> usize { text.chars().map(|char| unit.width(char)).sum() };
        let before = text.get(start..offset.min(text.len())).unwrap_or_default();
        let character = columns(before).min(columns(self.line(text, line)));
        Position { line: line.try_into().unwrap_or(u32::MAX), character: character.try_into().unwrap_or(u32::MAX) }
    }

    pub(crate) fn range(&self, text: &str, range: &std::ops::Range<usize>, unit: Unit) -> Range {
        Range { start: self.position(text, range.start, unit), end: self.position(text, range.end, unit) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wide characters, both ends of lines, none at the end.
    const TEXT: &str = "a日🦀b\r\ncå\rd\n";

    #[test]
    fn there_and_back_in_both_units() {
        let lines = Lines::new(TEXT);
        for unit in [Unit::Byte, Unit::CodeUnit] {
            for (offset, _) in TEXT.char_indices().filter(|(_, char)| !matches!(char, '\r' | '\n')) {
                let position = lines.position(TEXT, offset, unit);
                assert_eq!(lines.offset(TEXT, position, unit), offset, "{position:?}");
            }
        }
    }

    #[test]
    fn columns_count_what_was_agreed_on() {
        let lines = Lines::new(TEXT);
        let column = |unit| lines.position(TEXT, 8, unit).character;
        assert_eq!((column(Unit::Byte), column(Unit::CodeUnit)), (8, 4));
        let at = |line, character| lines.offset(TEXT, Position { line, character }, Unit::CodeUnit);
        // Within a pair is before it; beyond a line is its end; beyond the text is its end.
        assert_eq!((at(0, 3), at(0, 99), at(1, 1), at(2, 0), at(9, 0)), (4, 9, 12, 15, 17));
    }
}
