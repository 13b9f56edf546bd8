//! `backstay verify`: a plan over what the stores hold, run at once: it only reads.

use super::run::{block_on, finish, perform};
use crate::args::{Place, Verify as Options, With};
use crate::exit::Exit;
use crate::facts;
use crate::input::{Input, accept};
use crate::print;
use compiler::VerifyRequest;
use runtime::look::{Held, MISSING};
use runtime::run::Resume;
use schema::fact::Drift;
use schema::step::Check;

pub(super) fn verify(place: &Place, options: &Options) -> Result<Exit, Exit> {
    let input = Input::read(place)?;
    let mut facts = facts::of(&input);
    let checked = input.check(&facts)?;
    let all = accept(compiler::plan(&checked, &facts, None))?;
    let mut wrong = false;
    let report = block_on(async {
        let (looked, drift) = facts::look(&all, &input).await?;
        wrong = told(&looked, &drift, options);
        facts.artifacts = looked.artifacts;
        let request = VerifyRequest {
            store: options.store.clone(),
            source: options.source.clone(),
            artifact: options.artifact.clone(),
            with: match options.with {
                With::Digest => Check::Digest,
                With::Consistency => Check::Consistency,
            },
        };
        let plan = accept(compiler::verify(&checked, &facts, &request))
            .map_err(|exit| if wrong { Exit::Failed } else { exit })?;
        perform(place, &input, &plan, "verify", Resume::Never, 2).await
    })?;
    let exit = finish(&report, options.format);
    Ok(if wrong && exit == Exit::Ok { Exit::Failed } else { exit })
}

/// Tells what cannot be verified because it is not there, or is not what it should be; whether there is any among what was
/// asked for.
fn told(looked: &Held, drift: &[Drift], options: &Options) -> bool {
    for (store, error) in &looked.unreachable {
        print::line(&format!("warning: store `{store}` cannot be read: {error}"));
    }
    let asked = |wanted: &Option<String>, value: &str| wanted.as_ref().is_none_or(|wanted| wanted == value);
    let mut wrong = false;
    for (store, error) in looked.faults.iter().filter(|(store, _)| asked(&options.store, store)) {
        wrong = true;
        print::failure(error.code, &format!("store `{store}`: {error}"));
        if let Some(help) = &error.help {
            print::help(help);
        }
    }
    let of_artifact = |id: &str| options.artifact.as_ref().is_none_or(|wanted| id.starts_with(wanted.as_str()));
    let missing = drift.iter().filter(|it| it.what == MISSING);
    let missing = missing.filter(|it| asked(&options.store, &it.store) && asked(&options.source, &it.source));
    for it in missing.filter(|it| of_artifact(&it.id)) {
        wrong = true;
        let (source, database, id, store) = (&it.source, &it.database, &it.id, &it.store);
        print::failure(
            "artifact-missing",
            &format!("store `{store}` does not hold artifact {id} of {source}:{database}"),
        );
        print::help("If it was removed on purpose, run `backstay catalog rebuild`.");
    }
    wrong
}
