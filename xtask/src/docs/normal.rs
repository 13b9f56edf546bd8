//! Output with what differs from run to run taken out: times, durations, rates of work, ids, and the width of columns.

/// Months and days of the week, as dates are written.
const CALENDAR: [&str; 19] = [
    "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep",
    "Oct", "Nov", "Dec",
];

/// The line with volatile words replaced, and single spaces between them.
pub(super) fn normal(line: &str) -> String {
    line.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

fn word(word: &str) -> String {
    let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
    if CALENDAR.contains(&bare) || is_clock(bare) {
        return word.replace(bare, "<time>");
    }
    if is_duration(bare) {
        return word.replace(bare, "<duration>");
    }
    if word.ends_with("/s") && bare.starts_with(|c: char| c.is_ascii_digit()) {
        return "<rate>".to_owned();
    }
    ids(word)
}

/// `2026-11-22`, `02:30`, `2026-11-22T01:00:03Z`: digits in pairs around `-` or `:`.
fn is_clock(word: &str) -> bool {
    let begins = |at: usize| word.bytes().take(at).all(|b| b.is_ascii_digit());
    let mark = |at: usize, mark: u8| word.as_bytes().get(at) == Some(&mark);
    (begins(4) && mark(4, b'-') && mark(7, b'-')) || (begins(2) && mark(2, b':'))
}

/// `0.3s`, `12ms`, `1m03s`, `2h`: numbers, each followed by a unit of time.
fn is_duration(word: &str) -> bool {
    let mut rest = word;
    while !rest.is_empty() {
        let number = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let unit = ["ms", "µs", "ns", "s", "m", "h"].iter().find_map(|unit| number.strip_prefix(unit));
        match unit {
            Some(after) if number.len() < rest.len() => rest = after,
            _ => return false,
        }
    }
    !word.is_empty()
}

/// Runs of eight and more hexadecimal digits, at least one of them a number, are ids or digests.
fn ids(word: &str) -> String {
    let mut out = String::new();
    let mut run = String::new();
    for c in word.chars().chain(std::iter::once(' ')) {
        if c.is_ascii_digit() || ('a'..='f').contains(&c) {
            run.push(c);
            continue;
        }
        let id = run.len() >= 8 && run.contains(|c: char| c.is_ascii_digit());
        out += if id { "<id>" } else { &run };
        run.clear();
        out.push(c);
    }
    out.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::normal;

    #[test]
    fn volatile_words_go_and_the_rest_stays() {
        let cases = [
            ("ok   in 0.3s,  12 files", "ok in <duration>, 12 files"),
            ("took 1m03s (4ms)", "took <duration> (<duration>)"),
            ("next Sun 2026-11-22 02:30 CET", "next <time> <time> <time> CET"),
            ("taken 2026-11-22T01:00:03Z", "taken <time>"),
            ("artifact 3f2a9c01 in local", "artifact <id> in local"),
            ("blake3:00ff00ff00ff done", "blake3:<id> done"),
            ("24.1 MiB at 80MiB/s", "24.1 MiB at <rate>"),
            ("nightly/backup/notes/local deadbeef", "nightly/backup/notes/local deadbeef"),
            ("3 steps, 2 stores", "3 steps, 2 stores"),
        ];
        for (from, to) in cases {
            assert_eq!(normal(from), to);
        }
    }
}
