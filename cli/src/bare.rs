//! A machine that has nothing but a store: the strategy comes out of it, and the store is reached as the operator says.

use crate::args::Place;
use crate::exit::Exit;
use crate::input::{Input, accept};
use crate::texts::Files;
use crate::{facts, observe, print};
use compiler::{Look, Seen, Text, expand};
use runtime::event::printable;
use runtime::store::Told;
use schema::plan::Plan;
use schema::store::Store;
use schema::texts::Texts;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Name of the text that is made of what the operator says.
const ASKED: &str = "--store";

/// A strategy out of one of its stores.
pub(crate) struct Bare {
    pub(crate) input: Input,
    pub(crate) told: Told,
    /// The store as the operator reaches it.
    reached: Store,
}

impl Bare {
    /// Reads the strategy out of the store at a place: a folder, or a file with a `store` node.
    pub(crate) async fn read(place: &Place, store: &Path) -> Result<Self, Exit> {
        let mut asked = named(store)?;
        asked.base = std::path::absolute(".").unwrap_or_else(|_| PathBuf::from("."));
        asked.state = place.state.clone().unwrap_or_else(|| asked.base.join(".backstay"));
        asked.give(place)?;
        let facts = facts::of(&asked);
        let plan = accept(compiler::plan(&asked.check(&facts)?, &facts, None))?;
        let [reached] = plan.stores.as_slice() else {
            print::failure("store-ambiguous", &format!("`{}` holds {} stores", store.display(), plan.stores.len()));
            print::help("Write the one `store` node there that is to be read, as in the strategy.");
            return Err(Exit::Invalid);
        };
        let outfit = facts::outfit(&asked, observe::none())?;
        let observers = observe::wanted(place.log_format).of(&schema::step::Address(format!("look/{}", reached.name)));
        let told = runtime::store::told(&outfit.host, reached, &asked.base, &outfit.secrets, observers).await;
        let told = told.map_err(|error| {
            print::error(&error);
            Exit::from(&error)
        })?;
        let kept = &told.texts;
        let input = input(asked, kept);
        print::line(&format!(
            "strategy `{}` as run {} kept it in its store `{}` at {}",
            kept.strategy, kept.run, kept.store, kept.at
        ));
        let reached = Store { name: kept.store.clone(), ..reached.clone() };
        Ok(Self { input, told, reached })
    }

    /// Leaves the one store in a plan, and reaches it as the operator does.
    pub(crate) fn put(&self, plan: &mut Plan) {
        plan.stores.retain(|store| store.name == self.reached.name);
        for store in &mut plan.stores {
            store.plugin = self.reached.plugin.clone();
            if self.reached.identity.is_some() {
                store.identity.clone_from(&self.reached.identity);
            }
        }
    }

    /// Remembers whose store it is: a strategy may have another name than when the store was first used.
    pub(crate) fn believe(&self) -> Result<(), Exit> {
        runtime::look::believe(&self.reached.name, &self.told, &self.input.state).map_err(|error| {
            print::error(&error);
            Exit::from(&error)
        })
    }
}

/// The strategy of one store, as the operator names it.
fn named(store: &Path) -> Result<Input, Exit> {
    let facts = std::fs::metadata(store).map_err(|error| {
        print::failure("store-unreadable", &format!("cannot read `{}`: {error}", store.display()));
        print::help("Name the folder that the store is, or a file with its `store` node.");
        Exit::Invalid
    })?;
    let whole = std::path::absolute(store).unwrap_or_else(|_| store.to_owned());
    let (folder, name) = match (whole.parent(), whole.file_name()) {
        (Some(folder), Some(name)) if facts.is_file() => (folder, name.to_string_lossy().into_owned()),
        _ => {
            let path = whole.display().to_string();
            let node = format!("store \"store\" plugin=\"fs\" {{ site \"here\"; media \"disk\"; path {path:?} }}");
            let text = Text { name: ASKED.to_owned(), text: format!("strategy \"recovery\" {{ {node} }}\n") };
            return Ok(Input { texts: vec![text], ..Input::default() });
        }
    };
    let text = Text { name: ASKED.to_owned(), text: format!("strategy \"recovery\" {{ import {name:?} }}\n") };
    let (texts, imports) = compiler::gather(text, &mut Files::new(folder, Path::new(ASKED)));
    Ok(Input { texts, imports, ..Input::default() })
}

/// A strategy that was kept, in the place of the one that asked for it. What is given now goes before what was given then.
fn input(asked: Input, kept: &Texts) -> Input {
    let mut texts: Vec<Text> =
        kept.texts.iter().map(|it| Text { name: printable(&it.name), text: it.text.clone() }).collect();
    let mut imports = expand::Imports::default();
    if !texts.is_empty() {
        let root = texts.swap_remove(0);
        let known = BTreeSet::from([root.name.clone()]);
        texts.push(root.clone());
        (texts, imports) = compiler::gather(root, &mut Kept { texts, known });
    }
    let variables = kept.variables.clone().into_iter().chain(asked.variables).collect();
    Input { texts, imports, variables, ..asked }
}

/// The texts that were kept, and the names of those that were found.
struct Kept {
    texts: Vec<Text>,
    known: BTreeSet<String>,
}

impl Look for Kept {
    fn look(&mut self, importer: &str, path: &str) -> Result<Vec<Seen>, String> {
        let name = expand::join(importer, path);
        let folder = if name.is_empty() { String::new() } else { format!("{name}/") };
        let inside = |text: &&Text| {
            text.name.strip_prefix(&folder).is_some_and(|rest| !rest.contains('/') && !rest.starts_with('.'))
        };
        let mut found: Vec<&Text> = self.texts.iter().filter(|text| text.name == name).collect();
        if found.is_empty() {
            found = self.texts.iter().filter(inside).collect();
            found.sort_by(|one, other| one.name.cmp(&other.name));
        }
        if found.is_empty() {
            return Err("the store did not keep it".to_owned());
        }
        let seen = |text: &Text| match self.known.insert(text.name.clone()) {
            true => Seen::New(text.clone()),
            false => Seen::Before(text.name.clone()),
        };
        Ok(found.into_iter().map(seen).collect())
    }
}
