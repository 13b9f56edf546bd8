//! `backstay verify`: a plan over what the stores hold, run at once: it only reads.

use super::run::{block_on, finish, perform};
use crate::args::{Place, Verify as Options, With};
use crate::exit::Exit;
use crate::facts;
use crate::input::{Input, accept};
use compiler::VerifyRequest;
use runtime::run::Resume;
use schema::step::Check;

pub(super) fn verify(place: &Place, options: &Options) -> Result<Exit, Exit> {
    let input = Input::read(place)?;
    let mut facts = facts::of(&input);
    let checked = input.check(&facts)?;
    let all = accept(compiler::plan(&checked, &facts, None))?;
    let report = block_on(async {
        facts.artifacts = facts::artifacts(&all, &input).await?;
        let request = VerifyRequest {
            store: options.store.clone(),
            source: options.source.clone(),
            artifact: options.artifact.clone(),
            with: match options.with {
                With::Digest => Check::Digest,
                With::Consistency => Check::Consistency,
            },
        };
        let plan = accept(compiler::verify(&checked, &facts, &request))?;
        perform(place, &input, &plan, "verify", Resume::Never, 2).await
    })?;
    Ok(finish(&report, options.format))
}
