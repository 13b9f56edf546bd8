//! Public keys of age, as `age1…`: Bech32, whose checksum finds a slip before a copy is made that nobody can read.

/// Bech32's digits, by value.
const DIGITS: &str = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
/// What the checksum is made with.
const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];

/// Whether it is the recipient of an age identity, or of one of age's plugins.
pub(super) fn is_recipient(text: &str) -> bool {
    let Some((kind, digits)) = text.rsplit_once('1') else { return false };
    let values: Option<Vec<u32>> =
        digits.chars().map(|char| DIGITS.find(char).and_then(|at| u32::try_from(at).ok())).collect();
    // A key of 32 bytes is 52 digits, and the checksum 6; plugins have keys of other lengths.
    let long_enough = if kind == "age" { digits.len() == 58 } else { digits.len() > 6 };
    (kind == "age" || kind.starts_with("age1"))
        && long_enough
        && values.is_some_and(|values| checksum(kind, &values) == 1)
}

fn checksum(kind: &str, values: &[u32]) -> u32 {
    let high = kind.bytes().map(|byte| u32::from(byte) >> 5);
    let low = kind.bytes().map(|byte| u32::from(byte) & 31);
    high.chain([0]).chain(low).chain(values.iter().copied()).fold(1, |sum, value| {
        let top = sum >> 25;
        let next = ((sum & 0x1ff_ffff) << 5) ^ value;
        GENERATOR.iter().enumerate().filter(|(bit, _)| (top >> bit) & 1 == 1).fold(next, |sum, (_, part)| sum ^ part)
    })
}
