//! `backstay catalog`: what exists where, as this machine knows it, and how to make it know again.

use super::run::block_on;
use crate::args::{CatalogCommand, Format, Place};
use crate::exit::Exit;
use crate::facts;
use crate::input::{Input, accept};
use crate::print;
use runtime::catalog::Catalog;
use runtime::run::state::State;
use schema::fact::StoredArtifact;

pub(super) fn catalog(place: &Place, command: &CatalogCommand) -> Result<Exit, Exit> {
    let input = Input::read(place)?;
    match command {
        CatalogCommand::List { format } => list(&input, *format),
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
    let artifacts = known(&open(input)?.catalog)?;
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

fn row(artifact: &StoredArtifact) -> String {
    let verified = if artifact.verified { "verified" } else { "unverified" };
    format!(
        "{}  {}  {}:{}  {}  {:>12} bytes  {verified}",
        artifact.taken, artifact.id, artifact.source, artifact.database, artifact.store, artifact.size
    )
}

fn rebuild(input: &Input) -> Result<Exit, Exit> {
    let facts = facts::of(input);
    let checked = input.check(&facts)?;
    let plan = accept(compiler::plan(&checked, &facts, None))?;
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
