//! A tree of 100,000 small files in which nothing has changed since the last backup: a differential, beside restic and a
//! listed-incremental archive of `tar`.

use crate::Setting;
use crate::measure::{Samples, once, program};
use crate::table::Table;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const FILES: usize = 100_000;
const TIMES: usize = 5;
const STRATEGY: &str = r#"strategy "bench" {
    environment "development"
    source "tree" engine="files" { root "data" }
    store "local" plugin="fs" { site "here"; media "disk"; path "store" }
    job "full" { backup "tree" to="local" }
    job "part" { backup "tree" type="differential" to="local" }
}
"#;

pub(crate) fn measure(setting: &Setting, table: &mut Table) -> Result<(), String> {
    let folder = setting.work.join("tree");
    let failed = |e: std::io::Error| format!("cannot write below `{}`: {e}", folder.display());
    fs::create_dir_all(&folder).map_err(failed)?;
    fs::write(folder.join("strategy.kdl"), STRATEGY).map_err(failed)?;
    grow(&folder.join("data")).map_err(failed)?;
    // What changed a moment ago is taken again by all of them that are careful.
    std::thread::sleep(Duration::from_secs(5));

    once(&mut restic(&["init"], &folder))?;
    let mut first = (Samples::default(), Samples::default());
    first.0.0.push(once(&mut program(&setting.backstay, &["run", "--job", "full"], &folder))?);
    first.1.0.push(once(&mut restic(&["backup", "data"], &folder))?);
    once(&mut tar("full.tar", &folder))?;
    table.times("first backup of 100,000 files of 1 KiB", &first.0, Some(("`restic backup`", &first.1)), "–");

    let (mut ours, mut peer, mut floor) = (Samples::default(), Samples::default(), Samples::default());
    // In turn; the first turn does not count.
    for turn in 0..=TIMES {
        let taken = once(&mut program(&setting.backstay, &["run", "--job", "part"], &folder))?;
        let other = once(&mut restic(&["backup", "data"], &folder))?;
        let least = once(&mut tar("part.tar", &folder))?;
        if turn > 0 {
            ours.0.push(taken);
            peer.0.push(other);
            floor.0.push(least);
        }
    }
    table.times("the same, nothing has changed", &ours, Some(("`restic backup`", &peer)), "≤ 1.0 of the other");
    table.times("the same", &ours, Some(("`tar --listed-incremental`", &floor)), "–");
    fs::remove_dir_all(&folder).map_err(failed)
}

/// A thousand folders of a hundred files each.
fn grow(root: &Path) -> std::io::Result<()> {
    let mut content = [0; 1024];
    for number in 0..FILES {
        let folder = root.join(format!("{}/{}", number / 10_000, number / 100 % 100));
        if number % 100 == 0 {
            fs::create_dir_all(&folder)?;
        }
        content.iter_mut().zip(number.to_le_bytes()).for_each(|(to, from)| *to = from);
        fs::write(folder.join(format!("{number}.txt")), content)?;
    }
    Ok(())
}

fn restic(words: &[&str], folder: &Path) -> Command {
    let mut command = program("restic", &["--repo", "repository", "--quiet", "--cache-dir", "cache"], folder);
    command.args(words).env("RESTIC_PASSWORD", "measured");
    command
}

fn tar(file: &str, folder: &Path) -> Command {
    program("tar", &["--create", "--listed-incremental=snapshot", "--file", file, "data"], folder)
}
