//! Whole processes that only think: `validate` and `plan` of the examples, beside a program that does nothing and a
//! build tool that has nothing to do.

use crate::Setting;
use crate::measure::{Samples, often, program};
use crate::table::Table;
use std::fs;
use std::path::{Path, PathBuf};

const TIMES: usize = 60;

pub(crate) fn measure(setting: &Setting, table: &mut Table) -> Result<(), String> {
    let floor = often(&mut program("true", &[], &setting.work), TIMES)?;
    table.times("`true`: the floor of starting a process", &floor, None, "–");
    let ninja = ninja(&setting.work)?;
    for example in ["01-quickstart", "02-neo4j-community"] {
        let folder = copy(setting, example)?;
        for (verb, target) in [("validate", "≤ 10 ms"), ("plan", "≤ 20 ms")] {
            let ours = often(&mut program(&setting.backstay, &[verb], &folder), TIMES)?;
            let peer = ninja.as_ref().map_or(("`true`", &floor), |ninja| ("`ninja -n`", ninja));
            table.times(&format!("`{verb}` of {example}"), &ours, Some(peer), target);
        }
    }
    Ok(())
}

/// The example's own files in a folder where nothing else is.
fn copy(setting: &Setting, example: &str) -> Result<PathBuf, String> {
    let (from, to) = (setting.examples.join(example), setting.work.join(example));
    let failed = |e: std::io::Error| format!("cannot copy `{}`: {e}", from.display());
    fs::create_dir_all(&to).map_err(failed)?;
    fs::copy(from.join("strategy.kdl"), to.join("strategy.kdl")).map_err(failed)?;
    Ok(to)
}

/// A dry run over a graph of as many steps as the larger example has; `None` where there is no `ninja`.
fn ninja(work: &Path) -> Result<Option<Samples>, String> {
    let steps: String = (1..12).map(|n| format!("build s{n}: step s{}\n", n - 1)).collect();
    let text = format!("rule step\n  command = touch $out\nbuild s0: step\n{steps}");
    fs::write(work.join("build.ninja"), text).map_err(|e| format!("cannot write `build.ninja`: {e}"))?;
    let mut command = program("ninja", &["-n"], work);
    if command.spawn().and_then(|mut child| child.wait()).is_err() {
        return Ok(None);
    }
    often(&mut command, TIMES).map(Some)
}
