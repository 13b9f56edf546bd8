//! Bytes, names and times in the forms that the protocol wants. No more of each than is needed.

use std::fmt::Write;

pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4usize {
            let digit = DIGITS.get((bits >> (18 - 6 * at)) as usize & 63).copied().unwrap_or(b'=');
            text.push(if at <= group.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

/// Percent-encodes all but letters, digits and `-._~`; in a path, slashes stay.
pub(crate) fn encode(text: &str, path: bool) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || (path && byte == b'/') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Whether the host would take that for a key; others in the bucket are none of ours.
pub(crate) fn is_key(key: &str) -> bool {
    key.split('/').all(|segment| {
        !segment.is_empty()
            && !segment.starts_with('.')
            && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-+=@~,".contains(&byte))
    })
}

/// A moment in UTC: the day as `20261122`, and the time of it as `010203`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) day: String,
    pub(crate) time: String,
}

impl Moment {
    /// From seconds since 1970.
    pub(crate) fn new(seconds: u64) -> Self {
        let (days, rest) = (seconds / 86_400, seconds % 86_400);
        // Days since 0000-03-01, in eras of 400 years: years that begin in March end with their leap day.
        let days = days + 719_468;
        let (era, day) = (days / 146_097, days % 146_097);
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let day = day - (153 * month + 2) / 5 + 1;
        let (month, later) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
        let year = era * 400 + year + later;
        Self {
            day: format!("{year:04}{month:02}{day:02}"),
            time: format!("{:02}{:02}{:02}", rest / 3600, rest / 60 % 60, rest % 60),
        }
    }

    /// `20261122T010203Z`.
    pub(crate) fn compact(&self) -> String {
        format!("{}T{}Z", self.day, self.time)
    }

    /// `2026-11-22T01:02:03Z`.
    pub(crate) fn long(&self) -> String {
        let part = |text: &str, from: usize, to: usize| text.get(from..to).unwrap_or_default().to_owned();
        let (day, time) = (&self.day, &self.time);
        let day = [part(day, 0, 4), part(day, 4, 6), part(day, 6, 8)].join("-");
        let time = [part(time, 0, 2), part(time, 2, 4), part(time, 4, 6)].join(":");
        format!("{day}T{time}Z")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        assert_eq!(base64(b"s3cr/t?"), "czNjci90Pw==");
        assert_eq!(base64(b"s3cr/t"), "czNjci90");
        assert_eq!(base64(b"s3cr/"), "czNjci8=");
        assert_eq!(hex(b"\x00\xff"), "00ff");
        assert_eq!(encode("a b/c+d~", true), "a%20b/c%2Bd~");
        assert_eq!(encode("a/b", false), "a%2Fb");
        assert!(is_key("a/b.c") && !is_key("a/") && !is_key("a//b") && !is_key("a/.b") && !is_key("a b"));
    }

    #[test]
    fn moments() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (1_795_654_921, "2026-11-26T01:02:01Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(Moment::new(seconds).long(), expected);
        }
        assert_eq!(Moment::new(1_795_654_921).compact(), "20261126T010201Z");
    }
}
