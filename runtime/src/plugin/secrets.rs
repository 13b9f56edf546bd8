//! Secret values on their way into request headers. A guest only ever has names; whatever leaves the host is redacted.

use crate::error::{Error, Result};
use std::collections::BTreeSet;
use std::sync::{PoisonError, RwLock};

/// What a value becomes in messages.
const MASK: &str = "[secret]";
/// Shorter values are not masked: they would hide ordinary text and protect nothing.
const SHORTEST: usize = 4;
const OPEN: &str = "{{secret:";
const CLOSE: &str = "}}";

/// Values by the name that a guest uses. `value` may block, and is called at the moment of use.
pub trait SecretSource: Send + Sync + std::fmt::Debug {
    /// # Errors
    /// When the secret cannot be had; the message names the reference and never a value.
    fn value(&self, name: &str) -> Result<String>;
}

/// Whether a text asks for a secret.
pub(super) fn asks(text: &[u8]) -> bool {
    text.windows(OPEN.len()).any(|window| window == OPEN.as_bytes())
}

/// The names that a header value asks for, in order; `Err` when a placeholder is never closed.
pub(super) fn names(text: &str) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once(OPEN) {
        let (name, after) = after.split_once(CLOSE).ok_or("a secret placeholder is not closed")?;
        names.push(name.to_owned());
        rest = after;
    }
    Ok(names)
}

/// The text with every placeholder replaced. A value that holds a placeholder is not looked into again.
pub(super) fn fill(text: &str, value: impl Fn(&str) -> Result<String>) -> Result<String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(OPEN) {
        let Some((name, after)) = after.split_once(CLOSE) else { break };
        filled.push_str(before);
        let value = value(name)?;
        if value.chars().any(char::is_control) {
            let message = format!("the secret `{name}` has a control character, which no header can carry");
            return Err(Error::permanent("secret-unusable", message));
        }
        filled.push_str(&value);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// Masks every value that was used, in the spellings in which one comes back.
#[derive(Default)]
pub(super) struct Redactor(RwLock<BTreeSet<(std::cmp::Reverse<usize>, String)>>);

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Redactor")
    }
}

impl Redactor {
    pub(super) fn remember(&self, value: &str) {
        if value.len() < SHORTEST {
            return;
        }
        let encoded = base64(value.as_bytes());
        let plain = encoded.trim_end_matches('=').to_owned();
        let spellings = [
            value.to_owned(),
            url::form_urlencoded::byte_serialize(value.as_bytes()).collect(),
            plain.replace('+', "-").replace('/', "_"),
            plain,
            value.bytes().map(|byte| format!("{byte:02x}")).collect(),
        ];
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.extend(spellings.into_iter().map(|spelling| (std::cmp::Reverse(spelling.len()), spelling)));
    }

    /// The text without any value, longest spellings first.
    pub(super) fn clean(&self, text: &str) -> String {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.iter().fold(text.to_owned(), |text, (_, spelling)| text.replace(spelling.as_str(), MASK))
    }

    /// The same for bytes that need not be text.
    pub(super) fn clean_bytes(&self, bytes: Vec<u8>) -> Vec<u8> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.iter().fold(bytes, |bytes, (_, spelling)| replace(bytes, spelling.as_bytes()))
    }
}

fn replace(bytes: Vec<u8>, spelling: &[u8]) -> Vec<u8> {
    if !bytes.windows(spelling.len()).any(|window| window == spelling) {
        return bytes;
    }
    let mut cleaned = Vec::with_capacity(bytes.len());
    let mut rest = bytes.as_slice();
    while let Some((first, tail)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(spelling) {
            cleaned.extend_from_slice(MASK.as_bytes());
            rest = after;
        } else {
            cleaned.push(*first);
            rest = tail;
        }
    }
    cleaned
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let mut bits = 0u32;
        for at in 0..3 {
            bits = bits << 8 | u32::from(group.get(at).copied().unwrap_or(0));
        }
        for at in 0..4usize {
            let digit = DIGITS.get((bits >> (18 - 6 * at)) as usize & 63).copied().unwrap_or(b'=');
            text.push(if at <= group.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_once() {
        let value = |name: &str| Ok(format!("<{name}{{{{secret:b}}}}>"));
        let filled = fill("Bearer {{secret:a}}, {{secret:c}}!", value).expect("filled");
        assert_eq!(filled, "Bearer <a{{secret:b}}>, <c{{secret:b}}>!");
        assert_eq!(names("x{{secret:a}}{{secret:b}}").expect("names"), ["a", "b"]);
        assert!(names("{{secret:a").is_err());
        assert!(fill("{{secret:a}}", |_| Ok("two\r\nlines".to_owned())).is_err());
    }

    #[test]
    fn every_spelling_is_masked() {
        let redactor = Redactor::default();
        redactor.remember("s3cr/t?");
        assert_eq!(base64(b"s3cr/t?"), "czNjci90Pw==");
        let text = redactor.clean("a s3cr/t? b s3cr%2Ft%3F c czNjci90Pw== d 733363722f743f e");
        assert_eq!(text, "a [secret] b [secret] c [secret]== d [secret] e");
        assert_eq!(redactor.clean_bytes(b"\xffs3cr/t?\xff".to_vec()), b"\xff[secret]\xff");
    }
}
