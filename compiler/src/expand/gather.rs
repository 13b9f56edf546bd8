//! Which texts a strategy needs: from the first one along its imports until nothing is new. Where they come from, and
//! what is the same text under two paths, is the caller's to know.

use super::{Found, Imports, paths};
use crate::diag::Sink;
use crate::source::Source;
use crate::span::Spanned;
use crate::{Text, syntax};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Most texts of one strategy.
pub const MOST_TEXTS: usize = 1024;
/// Most bytes of all its texts together.
pub const MOST_TEXT: usize = 32 * 1024 * 1024;

/// Finds what imports name.
pub trait Look {
    /// The texts at `path`, which begins at the folder of the text `importer`: the one of a file, or those of a folder
    /// in their order. A text that was found before keeps its name and is not read again.
    ///
    /// # Errors
    /// When there is nothing that could be read: why, as a fragment.
    fn look(&mut self, importer: &str, path: &str) -> Result<Vec<Seen>, String>;
}

/// A text that an import names.
#[derive(Debug)]
pub enum Seen {
    /// It was found before, under this name.
    Before(String),
    New(Text),
    /// A file that is not UTF-8, by how it is cited.
    NotText {
        name: String,
        bytes: Vec<u8>,
    },
}

/// The texts that a strategy is made of, the given one first, and what each import is. Reading stops one text after a
/// limit is passed: that is for the check to tell.
pub fn gather(root: Text, look: &mut dyn Look) -> (Vec<Text>, Imports) {
    let mut imports = Imports::new();
    let mut bytes = root.text.len();
    let mut texts = vec![root];
    let mut next = 0;
    while let Some(text) = texts.get(next) {
        next += 1;
        let (name, wanted) = (text.name.clone(), wanted(text));
        for path in wanted {
            if too_much(texts.len(), bytes) {
                return (texts, imports);
            }
            let found = match look.look(&name, &path) {
                Ok(seen) => {
                    let mut names = Vec::new();
                    let mut odd = None;
                    for seen in seen {
                        names.push(match seen {
                            Seen::Before(name) => name,
                            Seen::New(text) => {
                                let name = text.name.clone();
                                bytes += text.text.len();
                                texts.push(text);
                                name
                            }
                            Seen::NotText { name, bytes } => {
                                odd.get_or_insert(Found::NotText { name, bytes });
                                continue;
                            }
                        });
                    }
                    odd.unwrap_or(Found::Texts(names))
                }
                Err(why) => Found::Nothing(why),
            };
            imports.insert((name.clone(), path), found);
        }
    }
    (texts, imports)
}

/// Whether texts are more than a strategy may have.
#[must_use]
pub fn too_much(count: usize, bytes: usize) -> bool {
    count > MOST_TEXTS || bytes > MOST_TEXT
}

fn wanted(text: &Text) -> BTreeSet<String> {
    imports(text).into_iter().map(|path| path.value).collect()
}

/// The imports of a text, each with its place. None of a text that is not KDL, which the check will tell.
#[must_use]
pub fn imports(text: &Text) -> Vec<Spanned<String>> {
    // Parsing takes long, and most texts import nothing.
    if !text.text.contains("import") {
        return Vec::new();
    }
    let source = Arc::new(Source::new(&text.name, &text.text));
    syntax::salvage(&source, &mut Sink::new()).map(|document| paths(&document)).unwrap_or_default()
}
