//! A page never outgrows a comment, whatever is put into it, and what others wrote stays text.

use compiler::render::markdown::{MOST, Page, Section, escape};
use proptest::prelude::*;

fn section(title: String, lines: usize, briefly: bool, folded: bool) -> Section {
    let brief = if briefly { format!("{lines} lines.\n") } else { String::new() };
    Section { title, body: "å line of some length, and then some\n".repeat(lines), brief, folded }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn pages_fit(
        head in 0_usize..4_000,
        sections in prop::collection::vec((".{0,300}", 0_usize..2_500, any::<bool>(), any::<bool>()), 0..40),
        see in ".{0,200}",
    ) {
        let mut page = Page::new(&"a line before all\n".repeat(head));
        let total = sections.len();
        for (title, lines, briefly, folded) in sections {
            page.push(section(title, lines, briefly, folded));
        }
        let text = page.text(&see);
        prop_assert!(text.len() <= MOST, "{} bytes", text.len());
        prop_assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
        let shown = text.matches("\n### ").count() + text.matches("<details>").count();
        prop_assert!(shown == total || text.contains("Not shown in full"));
    }

    /// Inside a cell, text ends neither the cell nor the line, opens no element and no span, and names nobody.
    #[test]
    fn text_stays_text(text in r#"([a-z0-9 ]|[|`<>&@#\\\n*_~\[\]"'!-])*"#) {
        for escaped in [escape::text(&text), escape::code(&text), escape::html(&text)] {
            prop_assert!(!escaped.contains('\n'));
            // Within a code span it is a sign like any other.
            let span = escaped.starts_with('`') && escaped.matches('`').count() == 2;
            prop_assert!(span || !escaped.replace("<code>", "").replace("</code>", "").contains('<'));
        }
        for cell in [escape::text(&text), escape::code(&text)] {
            let bare = cell.replace("\\\\", "").replace("\\|", "");
            prop_assert!(!bare.contains('|'), "{}", cell);
        }
        let mentions = |text: &str| text.split('@').skip(1).any(|rest| rest.starts_with(char::is_alphanumeric));
        prop_assert!(!mentions(&escape::text(&text)) && !mentions(&escape::html(&text)));
    }

    #[test]
    fn a_fence_is_longer_than_those_within(text in "[`a\n]{0,60}") {
        let fenced = escape::fenced("text", &text);
        let fence = fenced.split("text").next().unwrap();
        let inside = fenced.lines().skip(1).filter(|line| line.contains(fence)).count();
        prop_assert_eq!(inside, 1, "{}", fenced);
    }
}

#[test]
fn what_does_not_fit_is_said_briefly_or_named() {
    let mut page = Page::new("# Plan\n");
    page.push(section("First".to_owned(), 1_500, false, false));
    page.push(section("Second | <b>".to_owned(), 1_500, true, true));
    page.push(section("Third".to_owned(), 1_500, false, true));
    page.push(section("Last".to_owned(), 1, false, true));
    let text = page.text("backstay plan --verbose");
    assert!(text.contains("### First") && text.contains("<summary>Last</summary>"));
    assert!(text.contains("<summary>Second | &lt;b&gt;</summary>\n\n1500 lines.\n"), "{text}");
    assert!(!text.contains("<summary>Third"));
    let last = text.lines().last().unwrap();
    assert_eq!(
        last,
        "> Not shown in full, because a page has at most 65536 characters: Second \\| &lt;b&gt;, Third. `backstay plan --verbose` shows all."
    );
}

#[test]
fn what_is_hidden_is_shown() {
    assert_eq!(escape::visible("a\u{202e}b\u{1b}[2Jc\nd"), "a\u{fffd}b\u{fffd}[2Jc d");
    assert_eq!(escape::code("a`b|c"), "<code>a&#96;b&#124;c</code>");
    assert_eq!(escape::text("1. @all see #12"), "1\\. @\u{200b}all see #\u{200b}12");
}
