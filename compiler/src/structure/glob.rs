//! What a run's reader of globs would refuse, found while the strategy is written. `?` is one character, `*` any number
//! but no `/`, `**` any folders, `[a-z]` one of a set, `{a,b}` one of several, and `\` takes the next one as it is.

/// The first thing that is wrong with a glob.
#[derive(Debug)]
pub(super) struct Slip {
    /// Where it is in the glob, in bytes.
    pub(super) at: usize,
    pub(super) length: usize,
    pub(super) message: String,
    pub(super) label: &'static str,
    pub(super) help: String,
}

fn found(at: usize, length: usize, message: &str, label: &'static str, help: &str) -> Slip {
    Slip { at, length, message: message.to_owned(), label, help: help.to_owned() }
}

/// `None` when it is a glob.
pub(super) fn slip(text: &str) -> Option<Slip> {
    if text.is_empty() {
        return Some(found(
            0,
            0,
            "a glob is empty",
            "empty",
            "Write a glob, for example `\"**/*.conf\"`; `\"**\"` is everything.",
        ));
    }
    let mut chars = text.char_indices().peekable();
    let mut open: Vec<usize> = Vec::new();
    while let Some((at, char)) = chars.next() {
        let wrong = match char {
            '\0' => Some(found(at, 1, "a glob has a zero byte in it", "no name has one", "Remove it.")),
            '\\' => chars.next().is_none().then(|| {
                let help =
                    "Remove the last `\\`, or write `\\\\` for a backslash; in quotes each of them is written twice.";
                found(at, 1, "a glob ends in `\\`", "nothing follows", help)
            }),
            '[' => set(text, at, &mut chars),
            '{' => {
                open.push(at);
                None
            }
            '}' => open.pop().is_none().then(|| {
                let help = "Remove it, write `{` before it, or `\\}` for the character itself.";
                found(at, 1, "a glob closes a `{` that it does not open", "no `{` before it", help)
            }),
            _ => None,
        };
        if wrong.is_some() {
            return wrong;
        }
    }
    let at = open.first()?;
    Some(found(
        *at,
        1,
        "a glob does not close its `{`",
        "never closed",
        "Add `}`, or write `\\{` for the character itself.",
    ))
}

/// What is wrong with the set that begins at `at`; reads to its end.
fn set(text: &str, at: usize, chars: &mut std::iter::Peekable<std::str::CharIndices<'_>>) -> Option<Slip> {
    chars.next_if(|(_, char)| matches!(char, '!' | '^'));
    // As the reader sees it: the last character, and whether a `-` waits for the end of its range.
    let (mut last, mut range) = (None::<(usize, char)>, false);
    loop {
        let Some((here, char)) = chars.next() else {
            let help = "Add `]`, or write `\\[` for the character itself.";
            return Some(found(at, 1, "a glob does not close its `[`", "never closed", help));
        };
        match (last, char) {
            (Some(_), ']') => return None,
            (Some(_), '-') if !range => range = true,
            (Some((start, first)), _) if range => {
                if char < first {
                    let length = here + char.len_utf8() - start;
                    let range = text.get(start..start + length).unwrap_or_default();
                    let message = format!("the range `{range}` of a glob is empty");
                    let help = format!("Write `{char}-{first}`, or put `-` last to mean the character itself.");
                    return Some(Slip { at: start, length, message, label: "from a later to an earlier one", help });
                }
                // The end of a range begins another one, as the reader has it.
                (last, range) = (Some((start, first)), false);
            }
            _ => last = Some((here, char)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As `runtime/src/engine/files/select.rs` builds them.
    fn is_one(text: &str) -> bool {
        globset::GlobBuilder::new(text).literal_separator(true).backslash_escape(true).build().is_ok()
    }

    #[test]
    fn what_the_reader_refuses_is_found() {
        for text in
            ["[a", "[", "[!", "[]", "[^]", "{a", "{a,{b}", "a}", "{a}}", "a\\", "[z-a]", "[b-a-z]", "[a-\\]", "[[-]"]
        {
            assert_eq!(slip(text).is_none(), is_one(text), "{text}: {:?}", slip(text));
        }
        for text in
            ["**", "a**b", "**/a/**", "[a-]", "[-a]", "[]a]", "[!]a]", "{a,b{c,d}}", "\\[", "\\{", "[a-c-e]", "]", ","]
        {
            assert!(slip(text).is_none() && is_one(text), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn nothing_else_is(text in r"[ab\[\]{}!^*?,/\\zå-]{1,9}") {
            prop_assert_eq!(slip(&text).is_none(), is_one(&text), "{}", text);
        }
    }
}
