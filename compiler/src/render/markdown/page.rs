//! A page in Markdown that fits into the comment of a pull request, however much there is to say. It leaves out whole
//! sections and says which; it escapes titles, and trusts bodies to be Markdown already.

use super::escape;
use std::fmt::Write;

/// Most bytes of a page, and so most characters: what GitHub takes as one comment.
pub const MOST: usize = 65_536;
/// Most of it for what stands before the sections.
const MOST_HEAD: usize = MOST / 4;
/// Kept free for the words on what was left out.
const MOST_LEFT: usize = 2_048;
/// Most characters of a title.
const TITLE: usize = 100;
/// Room for a few words of our own.
const NOTE: usize = 64;

/// A head and sections.
#[derive(Clone, Debug, Default)]
pub struct Page {
    head: String,
    sections: Vec<Section>,
}

/// A part that is shown as a whole, or not at all.
#[derive(Clone, Debug, Default)]
pub struct Section {
    /// Plain text.
    pub title: String,
    /// Markdown, with a line break at the end.
    pub body: String,
    /// Markdown that stands for the body when that does not fit. Empty: the section is left out then.
    pub brief: String,
    /// Whether a reader unfolds it first.
    pub folded: bool,
}

impl Page {
    /// The head is Markdown and stands outside every fold. It loses its last lines when it is very long.
    #[must_use]
    pub fn new(head: &str) -> Self {
        Self { head: cut(head, MOST_HEAD), sections: Vec::new() }
    }

    /// Adds a section. The first ones are the last to be left out.
    pub fn push(&mut self, section: Section) {
        self.sections.push(section);
    }

    /// The page, of at most [`MOST`] bytes. `see` is a command that shows what was left out.
    #[must_use]
    pub fn text(&self, see: &str) -> String {
        let mut out = self.head.clone();
        let briefs: Vec<usize> = self.sections.iter().map(|it| brief(it).map_or(0, |text| text.len())).collect();
        let mut later: usize = briefs.iter().sum();
        let mut left: Vec<&Section> = Vec::new();
        for (section, brief_length) in self.sections.iter().zip(briefs) {
            later -= brief_length;
            let room = (MOST - MOST_LEFT).saturating_sub(out.len());
            let whole = section.shown(&section.body);
            match brief(section) {
                _ if whole.len() + later <= room => out.push_str(&whole),
                Some(brief) if brief.len() <= room => {
                    out.push_str(&brief);
                    left.push(section);
                }
                _ => left.push(section),
            }
        }
        if !left.is_empty() {
            out.push_str(&left_out(&left, see));
        }
        out
    }
}

impl Section {
    fn shown(&self, body: &str) -> String {
        let title = escape::html(&short(&self.title));
        if self.folded {
            format!("\n<details><summary>{title}</summary>\n\n{body}\n</details>\n")
        } else {
            format!("\n### {}\n\n{body}", escape::text(&short(&self.title)))
        }
    }
}

fn brief(section: &Section) -> Option<String> {
    (!section.brief.is_empty()).then(|| section.shown(&section.brief))
}

fn left_out(sections: &[&Section], see: &str) -> String {
    let see = escape::code(&short(see));
    let mut out = format!("\n> Not shown in full, because a page has at most {MOST} characters: ");
    let mut named = 0;
    for section in sections {
        let name = escape::text(&short(&section.title));
        if named > 0 && out.len() + name.len() + see.len() > MOST_LEFT - NOTE {
            break;
        }
        out.push_str(if named == 0 { "" } else { ", " });
        out.push_str(&name);
        named += 1;
    }
    let more = sections.len() - named;
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let _ = writeln!(out, "{more}. {see} shows all.");
    out
}

fn short(text: &str) -> String {
    if text.chars().count() <= TITLE {
        return text.to_owned();
    }
    text.chars().take(TITLE - 1).chain(['…']).collect()
}

/// Whole lines up to a length in bytes.
fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut lines = text.split_inclusive('\n');
    for line in lines.by_ref() {
        if out.len() + line.len() > most - NOTE {
            break;
        }
        out.push_str(line);
    }
    let _ = writeln!(out, "\n{} more lines.", lines.count() + 1);
    out
}
