//! Figures as messages say them: times, sizes, and how a sum comes about.

use crate::amount::exactly;
pub(super) use crate::amount::{bytes as size, time, written, written_bytes as written_size};

use schema::forecast::Sum;

/// Most parts of a sum that a message names.
const MOST_TERMS: usize = 3;
/// Most names that a message lists.
const MOST_NAMES: usize = 3;

/// Two times that differ, so that they are seen to.
#[must_use]
pub(super) fn times(one: u64, other: u64) -> (String, String) {
    if time(one) == time(other) { (exactly(one), exactly(other)) } else { (time(one), time(other)) }
}

/// How a sum of seconds comes about, for example `4h 30m longest wait + 42m backup`; empty when it is of one part.
#[must_use]
pub(super) fn arithmetic(sum: &Sum) -> String {
    let mut terms: Vec<_> = sum.terms.iter().filter(|term| term.amount > 0).collect();
    // The largest say most; among equals the first stays first.
    terms.sort_by_key(|term| std::cmp::Reverse(term.amount));
    let rest: u64 = terms.iter().skip(MOST_TERMS).map(|term| term.amount).sum();
    let mut said: Vec<String> =
        terms.iter().take(MOST_TERMS).map(|term| format!("{} {}", time(term.amount), term.what)).collect();
    if rest > 0 {
        said.push(format!("{} for the rest", time(rest)));
    }
    said.join(" + ")
}

/// Names in backticks, the first of them when there are many: `` `a`, `b` and 7 more ``.
#[must_use]
pub(super) fn names(all: &[&str]) -> String {
    let quoted: Vec<String> = all.iter().take(MOST_NAMES).map(|name| format!("`{name}`")).collect();
    match (all.len().saturating_sub(MOST_NAMES), quoted.split_last()) {
        (0, Some((last, first))) if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        (0, _) => quoted.join(", "),
        (more, _) => format!("{} and {more} more", quoted.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::forecast::Term;

    #[test]
    fn what_is_to_be_written_is_never_less() {
        for (seconds, said) in [(0, "0s"), (59, "59s"), (61, "2m"), (18_725, "5h13m"), (90_000, "1d1h")] {
            assert_eq!(written(seconds), said, "{seconds}");
        }
        for (bytes, said) in [(1, "1MiB"), (10 << 20, "10MiB"), ((10 << 30) + 1, "11GiB"), (9 << 30, "9216MiB")] {
            assert_eq!(written_size(bytes), said, "{bytes}");
        }
    }

    #[test]
    fn times_that_differ_are_seen_to() {
        assert_eq!(times(93_960, 93_600), ("1d 2h 6m".to_owned(), "1d 2h".to_owned()));
        assert_eq!(times(90_000, 3_600), ("1d 1h".to_owned(), "1h".to_owned()));
    }

    #[test]
    fn sums_begin_with_what_is_most() {
        let term = |amount, what: &str| Term { amount, what: what.to_owned() };
        let sum = Sum {
            total: 3_661,
            terms: vec![term(60, "copy"), term(3_600, "wait"), term(0, "nothing"), term(1, "end")],
        };
        assert_eq!(arithmetic(&sum), "1h wait + 1m copy + 1s end");
    }

    #[test]
    fn many_names_are_counted() {
        assert_eq!(names(&["a"]), "`a`");
        assert_eq!(names(&["a", "b"]), "`a` and `b`");
        assert_eq!(names(&["a", "b", "c", "d"]), "`a`, `b`, `c` and 1 more");
    }
}
