//! Sizes as a person reads them.

/// `317440` is `310.0 KiB`; below a kibibyte the bytes themselves.
#[must_use]
pub fn sized(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut size = bytes as f64;
    let mut unit = "bytes";
    for next in UNITS {
        if size < 1024.0 {
            break;
        }
        size /= 1024.0;
        unit = next;
    }
    if unit == "bytes" { format!("{bytes} bytes") } else { format!("{size:.1} {unit}") }
}

#[cfg(test)]
mod tests {
    use super::sized;

    #[test]
    fn the_largest_unit_that_leaves_a_whole_number() {
        let cases =
            [(0, "0 bytes"), (1023, "1023 bytes"), (1024, "1.0 KiB"), (317_440, "310.0 KiB"), (2 << 30, "2.0 GiB")];
        for (bytes, text) in cases {
            assert_eq!(sized(bytes), text);
        }
    }
}
