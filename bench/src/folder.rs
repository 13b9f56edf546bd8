//! A strategy of many texts: `validate` on a folder of a hundred files, beside the same number of files and blocks for the
//! configuration checker that most people know.

use crate::Setting;
use crate::measure::{Samples, once, program, watched};
use crate::table::Table;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

const FILES: usize = 100;
/// In each file.
const NODES: usize = 100;
const TIMES: usize = 11;

pub(crate) fn measure(setting: &Setting, table: &mut Table) -> Result<(), String> {
    let (ours, theirs) = (setting.work.join("folder"), setting.work.join("terraform"));
    let failed = |e: std::io::Error| format!("cannot write below `{}`: {e}", setting.work.display());
    strategy(&ours, FILES, NODES).map_err(failed)?;
    blocks(&theirs, FILES, NODES).map_err(failed)?;
    let name = terraform_version(setting)?;
    let (mut our_times, mut their_times, mut peak) = (Samples::default(), Samples::default(), 0);
    // In turn, so that a machine that gets busy is busy for both; the first turn does not count.
    for turn in 0..=TIMES {
        let (seconds, bytes) = watched(&mut program(&setting.backstay, &["validate"], &ours))?;
        let other = once(&mut terraform(setting, &["validate"], &theirs))?;
        if turn > 0 {
            our_times.0.push(seconds);
            their_times.0.push(other);
            peak = peak.max(bytes);
        }
    }
    let what = format!("`validate` of {FILES} files, {} nodes", FILES * NODES);
    let beside = format!("`{name} validate` of {FILES} files, {} blocks", FILES * NODES);
    table.times(&what, &our_times, Some((&beside, &their_times)), "–");
    table.figure("peak memory of that run", &format!("{} MiB", peak.div_ceil(1 << 20)), "≤ 100 MiB");
    fs::remove_dir_all(&ours).and_then(|()| fs::remove_dir_all(&theirs)).map_err(failed)
}

/// A folder with `strategy.kdl` and `parts/`, which holds that many files of that many nodes (a multiple of ten): sources
/// of files, and for each the job that keeps it in two stores. The few nodes of the first file come on top.
pub(crate) fn strategy(folder: &Path, files: usize, nodes: usize) -> std::io::Result<()> {
    fs::create_dir_all(folder.join("parts"))?;
    let mut root = String::from("strategy \"bench\" {\n    environment \"production\"\n");
    for (name, site) in [("vault", "dc-1"), ("offsite", "dc-2")] {
        let _ =
            writeln!(root, "    store \"{name}\" plugin=\"fs\" {{ site \"{site}\"; media \"disk\"; path \"{name}\" }}");
    }
    root += "    import \"parts\"\n}\n";
    fs::write(folder.join("strategy.kdl"), root)?;
    for file in 0..files {
        let mut text = String::new();
        for group in 0..nodes / 10 {
            let name = format!("s{file:03}-{group:03}");
            let _ = write!(
                text,
                r#"source "{name}" engine="files" {{
    root "/srv/{name}"
    include "**/*.txt" "**/*.pdf"
    exclude "**/*.tmp"
}}
job "{name}" {{
    schedule "{} {} * * *" timezone="Europe/Stockholm"
    backup "{name}" to="vault"
    verify "{name}" with="digest"
    transfer from="vault" to="offsite" bandwidth="80MiB/s"
    verify "offsite" with="digest"
}}

"#,
                group % 60,
                file % 24,
            );
        }
        fs::write(folder.join(format!("parts/{file:03}.kdl")), text)?;
    }
    Ok(())
}

/// As many files of blocks that need no provider: half of them variables, half outputs that refer to those.
fn blocks(folder: &Path, files: usize, blocks: usize) -> std::io::Result<()> {
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
    Ok(())
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
