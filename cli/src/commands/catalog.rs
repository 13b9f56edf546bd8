//! `backstay catalog`: what exists where, as this machine knows it, and how to make it know again.

use super::run::block_on;
use crate::args::{CatalogCommand, Format, Place};
use crate::exit::Exit;
use crate::facts;
use crate::input::{Input, accept};
use crate::{observe, print};
use runtime::adopt;
use runtime::catalog::Catalog;
use runtime::run::state::State;
use schema::fact::StoredArtifact;

pub(super) fn catalog(place: &Place, command: &CatalogCommand) -> Result<Exit, Exit> {
    let input = Input::read(place)?;
    match command {
        CatalogCommand::List { format } => list(&input, *format),
        CatalogCommand::Show { id, format } => show(&input, id, *format),
        CatalogCommand::Check { format } => check(&input, *format),
        CatalogCommand::Adopt { files, source, database, store, taken } => {
            let (source, database, store) = (source.clone(), database.clone(), store.clone());
            adopt(&input, &adopt::Asked { source, database, store, files: files.clone(), taken: *taken })
        }
        CatalogCommand::Rebuild => rebuild(&input),
        CatalogCommand::Forget { store } => forget(&input, store),
    }
}

fn failed(error: &runtime::Error) -> Exit {
    print::error(error);
    Exit::from(error)
}

fn open(input: &Input) -> Result<State, Exit> {
    State::open(&input.state).map_err(|error| failed(&error))
}

fn known(catalog: &Catalog) -> Result<Vec<StoredArtifact>, Exit> {
    catalog.artifacts().map_err(|error| failed(&error))
}

fn list(input: &Input, format: Format) -> Result<Exit, Exit> {
    let artifacts = current(input)?;
    match format {
        Format::Json => print::result(&serde_json::to_string_pretty(&artifacts).unwrap_or_default()),
        Format::Text => {
            for artifact in &artifacts {
                print::result(&row(artifact));
            }
            print::line(&format!("{} copies", artifacts.len()));
        }
    }
    Ok(Exit::Ok)
}

/// What the catalog knows. Of stores of which an older version knew it, it is asked again first.
fn current(input: &Input) -> Result<Vec<StoredArtifact>, Exit> {
    let outdated = open(input)?.catalog.outdated().map_err(|error| failed(&error))?;
    if !outdated.is_empty() {
        rebuild(input)?;
    }
    known(&open(input)?.catalog)
}

/// One artifact, by the catalog.
fn show(input: &Input, id: &str, format: Format) -> Result<Exit, Exit> {
    let artifacts = current(input)?;
    let copies: Vec<&StoredArtifact> = artifacts.iter().filter(|copy| copy.id.starts_with(id)).collect();
    let Some(first) = copies.first() else {
        print::failure("artifact-unknown", &format!("no artifact has an id that begins with `{id}`"));
        print::help("List them with `backstay catalog list`.");
        return Err(Exit::Invalid);
    };
    if let Some(other) = copies.iter().find(|copy| copy.id != first.id) {
        print::failure("artifact-ambiguous", &format!("`{id}` begins several ids: {}, {}", first.id, other.id));
        return Err(Exit::Invalid);
    }
    match format {
        Format::Json => print::result(&serde_json::to_string_pretty(&copies).unwrap_or_default()),
        Format::Text => {
            print::result(&format!("artifact  {}", first.id));
            print::result(&format!("of        {}:{}", first.source, first.database));
            print::result(&format!("taken     {}", first.taken));
            print::result(&format!("size      {} bytes", first.size));
            if let Some(parent) = &first.parent {
                print::result(&format!("needs     {parent}"));
            }
            for copy in &copies {
                print::result(&format!("copy      in `{}`: {}, manifest {}", copy.store, state(copy), copy.manifest));
            }
        }
    }
    Ok(Exit::Ok)
}

fn plan(input: &Input) -> Result<schema::plan::Plan, Exit> {
    let facts = facts::of(input);
    let checked = input.check(&facts)?;
    accept(compiler::plan(&checked, &facts, None))
}

/// Wrong things are told as such and fail; others are notes.
fn check(input: &Input, format: Format) -> Result<Exit, Exit> {
    let plan = plan(input)?;
    let troubles = block_on(async {
        let outfit = facts::outfit(input, observe::none())?;
        runtime::check::check(&plan, &outfit, &input.state).await.map_err(|error| failed(&error))
    })?;
    let wrong = troubles.iter().filter(|trouble| trouble.wrong).count();
    match format {
        Format::Json => print::result(&serde_json::to_string_pretty(&troubles).unwrap_or_default()),
        Format::Text => {
            for trouble in &troubles {
                let level = if trouble.wrong { "error" } else { "note" };
                let of = if trouble.id.is_empty() {
                    String::new()
                } else {
                    format!(" {}:{} {}", trouble.source, trouble.database, trouble.id)
                };
                print::result(&format!("{level}[{}] `{}`{of}: {}", trouble.code, trouble.store, trouble.message));
            }
            let (stores, notes) = (plan.stores.len(), troubles.len() - wrong);
            print::line(&format!("{stores} stores: {wrong} errors, {notes} notes"));
        }
    }
    Ok(if wrong == 0 { Exit::Ok } else { Exit::Failed })
}

fn adopt(input: &Input, asked: &adopt::Asked) -> Result<Exit, Exit> {
    let plan = plan(input)?;
    let adopted = block_on(async {
        let outfit = facts::outfit(input, observe::none())?;
        adopt::adopt(&plan, &outfit, &input.state, asked).await.map_err(|error| failed(&error))
    })?;
    let mut exit = Exit::Ok;
    for one in &adopted {
        match &one.came {
            Ok(artifact) => {
                print::result(&row(artifact));
                if one.known {
                    print::line(&format!("`{}` was adopted before", one.file.display()));
                }
            }
            Err(error) => {
                print::error(error);
                exit = Exit::Failed;
            }
        }
    }
    if exit == Exit::Ok {
        print::line("They count once they are verified: run `backstay verify`.");
    }
    Ok(exit)
}

/// What is known of a copy, in words.
fn state(copy: &StoredArtifact) -> String {
    let mut words = vec![if copy.verified { "verified" } else { "unverified" }.to_owned()];
    words.extend(copy.locked_until.as_ref().map(|until| format!("locked until {until}")));
    words.extend(copy.tombstone.as_ref().map(|at| format!("marked to go since {at}")));
    words.join(", ")
}

fn row(artifact: &StoredArtifact) -> String {
    let verified = state(artifact);
    format!(
        "{}  {}  {}:{}  {}  {:>12} bytes  {verified}",
        artifact.taken, artifact.id, artifact.source, artifact.database, artifact.store, artifact.size
    )
}

fn rebuild(input: &Input) -> Result<Exit, Exit> {
    let plan = plan(input)?;
    let artifacts = block_on(facts::artifacts(&plan, input))?;
    print::line(&format!("{} copies in {} stores", artifacts.len(), plan.stores.len()));
    Ok(Exit::Ok)
}

fn forget(input: &Input, store: &str) -> Result<Exit, Exit> {
    let catalog = open(input)?.catalog;
    if catalog.forget(store).map_err(|error| failed(&error))? {
        print::line(&format!("store `{store}` is forgotten; nothing in it was touched"));
        return Ok(Exit::Ok);
    }
    print::failure("store-unknown", &format!("this machine has not used a store `{store}`"));
    Err(Exit::Invalid)
}
