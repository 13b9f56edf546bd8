//! `validate` of a large strategy beside the configuration checker that most people know, on as many files with a block
//! for each of our nodes: both read a folder, check every name and reference, and touch nothing else.

use crate::Setting;
use crate::fleet;
use crate::measure::{Samples, once, program};
use crate::table::Table;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

const FILES: usize = 100;
const TIMES: usize = 11;

pub(crate) fn measure(setting: &Setting, table: &mut Table) -> Result<(), String> {
    let (ours, theirs) = (setting.work.join("strategy"), setting.work.join("terraform"));
    let failed = |e: std::io::Error| format!("cannot write below `{}`: {e}", setting.work.display());
    let texts = fleet::write(&ours, FILES)?;
    let nodes = texts.iter().map(|text| fleet::nodes(text)).sum::<Result<usize, String>>()?;
    let blocks = self::blocks(&theirs, FILES, nodes / FILES).map_err(failed)?;
    let name = terraform_version(setting)?;
    let (mut our_times, mut their_times) = (Samples::default(), Samples::default());
    // In turn, so that a machine that gets busy is busy for both; the first turn does not count.
    for turn in 0..=TIMES {
        let seconds = once(&mut program(&setting.backstay, &["validate"], &ours))?;
        let other = once(&mut terraform(setting, &["validate"], &theirs))?;
        if turn > 0 {
            our_times.0.push(seconds);
            their_times.0.push(other);
        }
    }
    let what = format!("`validate` of {FILES} files, {nodes} nodes");
    let beside = format!("`validate` of {name}, {FILES} files, {blocks} blocks");
    table.times(&what, &our_times, Some((&beside, &their_times)), "–");
    fs::remove_dir_all(&ours).and_then(|()| fs::remove_dir_all(&theirs)).map_err(failed)
}

/// Files of blocks that need no provider: half of them variables, half outputs that refer to those. How many there are.
fn blocks(folder: &Path, files: usize, blocks: usize) -> std::io::Result<usize> {
    fs::create_dir_all(folder)?;
    for file in 0..files {
        let mut text = String::new();
        for block in 0..blocks / 2 {
            let name = format!("s{file:03}_{block:03}");
            let _ = write!(
                text,
                "variable \"{name}\" {{\n  type    = string\n  default = \"/srv/{name}\"\n}}\n\
                 output \"of_{name}\" {{\n  value = var.{name}\n}}\n\n"
            );
        }
        fs::write(folder.join(format!("{file:03}.tf")), text)?;
    }
    Ok(files * (blocks / 2) * 2)
}

/// Without the look for a newer version over the network, which has nothing to do with checking.
fn terraform(setting: &Setting, words: &[&str], folder: &Path) -> std::process::Command {
    let mut command = program(&setting.terraform, words, folder);
    command.env("CHECKPOINT_DISABLE", "1").env_remove("TF_CLI_CONFIG_FILE");
    command
}

/// For example `Terraform v1.11.4`.
fn terraform_version(setting: &Setting) -> Result<String, String> {
    let mut command = terraform(setting, &["version"], &setting.work);
    let output = command.stdout(std::process::Stdio::piped()).output();
    let output = output.map_err(|e| format!("cannot run `{}`: {e}", setting.terraform.display()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().next().unwrap_or("terraform").to_owned())
}
