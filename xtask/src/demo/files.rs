//! Example 01: from a refused typo to a tree that is back byte for byte.

use super::{Stage, byhand, compare, heading, tree};
use crate::shell;
use std::fs;
use std::path::Path;

/// Shows example 01.
///
/// # Errors
/// A command did not do what it should, or the restored tree differs.
pub(super) fn show() -> Result<(), String> {
    let stage = Stage::copy("01-quickstart")?;
    let (data, twin) = (stage.folder.join("data"), stage.folder.join("twin"));
    let failed = |e: std::io::Error| format!("cannot write `{}`: {e}", data.display());
    tree::grow(&data).map_err(failed)?;

    heading("a typo is refused, with its place and the fix");
    let whole = fs::read(stage.folder.join("strategy.kdl")).map_err(failed)?;
    stage.edit("strategy.kdl", "to=\"local\"", "to=\"locl\"")?;
    stage.is_refused(&["validate"], 2, &["locl", "local", "strategy.kdl"])?;
    fs::write(stage.folder.join("strategy.kdl"), whole).map_err(failed)?;

    heading("the strategy, and what it would do");
    stage.succeeds(&["validate"])?;
    stage.succeeds(&["plan"])?;

    heading("a run, and a second one");
    shell::run(shell::command("cp").arg("-a").arg(&data).arg(&twin))?;
    stage.succeeds(&["run", "--job", "nightly"])?;
    stores_hold(&stage, 1)?;
    stage.succeeds(&["run", "--job", "nightly"])?;
    stores_hold(&stage, 2)?;

    heading("every byte in the stores is read back");
    stage.succeeds(&["verify"])?;

    byhand::tree(&stage.folder.join("backups/offsite"), &twin, &stage.folder.join("by-hand"))?;

    heading("the data are damaged, and come back");
    damage(&data).map_err(failed)?;
    let differences = compare::trees(&twin, &data)?.differences.len();
    println!("damaged: {differences} differences");
    if differences == 0 {
        return Err("the damage did nothing".to_owned());
    }
    stage.succeeds(&["restore", "notes", "--confirm"])?;
    let compared = compare::trees(&twin, &data)?;
    for difference in compared.differences.iter().take(10) {
        println!("{difference}");
    }
    println!("{} entries compared byte for byte: {} differ", compared.entries, compared.differences.len());
    if compared.differences.is_empty() { Ok(()) } else { Err("the restored tree differs".to_owned()) }
}

fn stores_hold(stage: &Stage, artifacts: usize) -> Result<(), String> {
    stage.holds("backups/local", artifacts)?;
    stage.holds("backups/offsite", artifacts)
}

/// What a slip of the hand does: a folder gone, a file overwritten, one cut short, one made readable by all, one added.
fn damage(data: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::remove_dir_all(data.join("folder-1"))?;
    fs::remove_dir_all(data.join("odd"))?;
    fs::write(data.join("folder-0/note-0.txt"), "oops\n")?;
    fs::File::options().write(true).open(data.join("large.bin"))?.set_len(1000)?;
    fs::set_permissions(data.join("private.key"), fs::Permissions::from_mode(0o644))?;
    fs::write(data.join("stray.txt"), "not in the backup\n")
}
