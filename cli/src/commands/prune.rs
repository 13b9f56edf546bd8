//! `backstay prune`: what the rules of stores let go, as a plan like any other, shown first, run with `--confirm`.

use super::run::{Part, block_on, finish, perform_part};
use crate::args::{Place, Prune as Options};
use crate::exit::Exit;
use crate::facts;
use crate::input::{Input, accept};
use crate::print;
use compiler::{PruneRequest, render, retain};
use runtime::run::Resume;
use runtime::store::survey::Looked;
use schema::fact::StoredArtifact;
use schema::plan::Plan;
use schema::retain::Verdict;
use schema::step::Action;

pub(super) fn prune(place: &Place, options: &Options) -> Result<Exit, Exit> {
    let input = Input::read(place)?;
    let mut facts = facts::of(&input);
    let checked = input.check(&facts)?;
    let request = PruneRequest { store: options.store.clone(), safety_age: options.safety_age };
    if let Some(id) = &options.revive {
        let all = accept(compiler::plan(&checked, &facts, None))?;
        return super::lock::revive(&input, &all, id, options.store.as_deref());
    }
    let looked = Looked::default();
    let offline = accept(compiler::prune(&checked, &facts, &request))?;
    block_on(async {
        facts.artifacts = facts::pruned(&offline, None, Some(&looked), &input).await?;
        let now = jiff::Timestamp::now();
        facts.now = Some(now);
        let plan = accept(compiler::prune(&checked, &facts, &request))?;
        if !options.confirm {
            let verdicts = verdicts(&plan, &facts.artifacts, now);
            let preview =
                render::Preview { verdicts: &verdicts, verbose: options.verbose, ..render::Preview::default() };
            print::result(&render::text(&plan, &preview));
            tell_marked(&facts.artifacts);
            print::line("Nothing was touched. Add `--confirm` to do it.");
            return Ok(Exit::Ok);
        }
        let part = Part::whole("prune-now", 1).looked(looked);
        let report = perform_part(place, &input, &plan, part, Resume::Never).await?;
        Ok(finish(&report, options.format))
    })
}

/// What becomes of each copy, by the rules of the plan.
fn verdicts(plan: &Plan, artifacts: &[StoredArtifact], at: jiff::Timestamp) -> Vec<Verdict> {
    let mut out = Vec::new();
    for step in &plan.steps {
        let Action::Prune { store, keep, .. } = &step.action else { continue };
        let held = artifacts.iter().filter(|copy| copy.store == *store && copy.tombstone.is_none());
        out.extend(retain::retain(&held.cloned().collect::<Vec<_>>(), keep, at));
    }
    out
}

/// Copies that an earlier prune marked: they go without being judged again.
fn tell_marked(artifacts: &[StoredArtifact]) {
    for copy in artifacts {
        if let Some(at) = &copy.tombstone {
            let (source, database, store) = (&copy.source, &copy.database, &copy.store);
            print::line(&format!("{} of {source}:{database} in `{store}` is marked to go since {at}", copy.id));
        }
    }
}
