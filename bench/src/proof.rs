//! Plans, forecasts and changes of large strategies, as whole processes: beside a build tool that has nothing to do, and a
//! planner that most people know, each over as many things.

use crate::Setting;
use crate::measure::{Samples, often, once, program, watched};
use crate::table::Table;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

const TIMES: usize = 15;
/// The same for what takes milliseconds: the least of many is told apart from what else the machine does.
const MANY: usize = 150;
/// Steps that each database has in [`strategy`].
const STEPS: usize = 5;

pub(crate) fn measure(setting: &Setting, table: &mut Table) -> Result<(), String> {
    let folder = setting.work.join("proof");
    let failed = |e: std::io::Error| format!("cannot write below `{}`: {e}", folder.display());
    fs::create_dir_all(&folder).map_err(failed)?;
    thousand(setting, &folder, table)?;
    large(setting, &folder, table)?;
    year(setting, &folder, table)?;
    fs::remove_dir_all(&folder).map_err(failed)
}

/// A thousand steps, a thousand build steps that are done, a thousand resources that are not. What the steps come to in a
/// year is reckoned as well: of a run each night, and of one every half an hour.
fn thousand(setting: &Setting, folder: &Path, table: &mut Table) -> Result<(), String> {
    write(&folder.join("strategy.kdl"), &strategy(1000 / STEPS, "0 1 * * *"))?;
    write(&folder.join("often.kdl"), &strategy(1000 / STEPS, "*/30 * * * *"))?;
    let mut nightly = program(&setting.backstay, &["plan"], folder);
    let mut ours = program(&setting.backstay, &["plan", "often.kdl"], folder);
    let mut ninja = ninja(folder, 1000)?;
    let terraform = folder.join("terraform");
    let blocks: String =
        (0..1000).map(|n| format!("resource \"terraform_data\" \"r{n}\" {{ input = {n} }}\n")).collect();
    fs::create_dir_all(&terraform).map_err(|e| format!("cannot make `{}`: {e}", terraform.display()))?;
    write(&terraform.join("main.tf"), &blocks)?;
    once(&mut self::terraform(setting, &["init", "-input=false"], &terraform))?;
    let mut planner = self::terraform(setting, &["plan", "-input=false", "-lock=false"], &terraform);
    let (night, half) = ("`plan` of 1,000 steps, due each night", "the same, due every 30 minutes");
    let [each_night, mine, built] = in_turn([&mut nightly, &mut ours, &mut ninja], MANY)?;
    let beside = "`ninja -n` of 1,000 steps";
    table.times(night, &each_night, Some((beside, &built)), "≤ 2 of the other");
    table.times(half, &mine, Some((beside, &built)), "≤ 2 of the other");
    let [each_night, mine, planned] = in_turn([&mut nightly, &mut ours, &mut planner], TIMES)?;
    let beside = "`terraform plan` of 1,000 `terraform_data`";
    table.times(night, &each_night, Some((beside, &planned)), "≤ 0.02 of the other");
    table.times(half, &mine, Some((beside, &planned)), "≤ 0.02 of the other");
    Ok(())
}

/// In turn, so that a machine that gets busy is busy for all; the first turn does not count.
fn in_turn<const N: usize>(mut commands: [&mut Command; N], times: usize) -> Result<[Samples; N], String> {
    let mut samples = [const { Samples(Vec::new()) }; N];
    for turn in 0..=times {
        for (command, samples) in commands.iter_mut().zip(&mut samples) {
            let seconds = warm(command)?;
            if turn > 0 {
                samples.0.push(seconds);
            }
        }
    }
    Ok(samples)
}

/// Seconds of the second of two runs: what ran before, another program, has left nothing of this one in the caches.
fn warm(command: &mut Command) -> Result<f64, String> {
    once(command)?;
    once(command)
}

/// Ten thousand databases, and a tenth of them, which must take a tenth.
fn large(setting: &Setting, folder: &Path, table: &mut Table) -> Result<(), String> {
    for (databases, target, memory) in [(1000, "a tenth of the next", "–"), (10_000, "< 1 s", "≤ 300 MiB")] {
        write(&folder.join("strategy.kdl"), &strategy(databases, "0 1 * * *"))?;
        let mut command = program(&setting.backstay, &["plan"], folder);
        let times = often(&mut command, TIMES / 3)?;
        table.times(&format!("`plan` of {databases} databases, {} steps", databases * STEPS), &times, None, target);
        let (_, peak) = watched(&mut command)?;
        table.figure("peak memory of that", &format!("{} MiB", peak / (1024 * 1024)), memory);
    }
    Ok(())
}

/// A year of a hundred databases, and a line that changes.
fn year(setting: &Setting, folder: &Path, table: &mut Table) -> Result<(), String> {
    write(&folder.join("strategy.kdl"), &strategy(100, "*/30 * * * *"))?;
    write(&folder.join("other.kdl"), &strategy(100, "0 */4 * * *"))?;
    let times = often(&mut program(&setting.backstay, &["simulate", "--for", "1y"], folder), TIMES)?;
    table.times("`simulate --for 1y` of 100 databases, every 30 minutes", &times, None, "≤ 1 s");
    let times = often(&mut program(&setting.backstay, &["plan", "--against", "other.kdl"], folder), TIMES)?;
    table.times("`plan --against` another one of that size", &times, None, "≤ 300 ms");
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|e| format!("cannot write `{}`: {e}", path.display()))
}

/// Five steps for each database: a backup and its check, two more copies, and the check of one.
fn strategy(databases: usize, often: &str) -> String {
    let mut names = String::new();
    for n in 0..databases {
        let _ = write!(names, " \"db-{n:05}\"");
    }
    format!(
        r#"strategy "many" {{
    environment "development"
    objectives {{ rpo "12h"; rto "48h"; }}
    workload {{ size "900GiB"; growth "2%/month"; change-rate "4GiB/day"; }}
    runner "backup-1" {{ site "dc-1"; }}
    source "graph" engine="neo4j" {{
        edition "enterprise"
        version "2026.02"
        server "core-1" backup="graph-1.internal:6362" http="https://graph-1.internal:7473" site="dc-1" via="ssh"
        admin "/usr/bin/neo4j-admin"
        work "/var/lib/backstay/many"
        tls policy="backup"
        databases{names}
    }}
    store "near" plugin="fs" {{ site "dc-1"; media "disk"; path "/srv/near"; }}
    store "far" plugin="fs" {{ site "dc-2"; media "disk"; path "/srv/far"; }}
    store "third" plugin="fs" {{ site "dc-3"; media "disk"; path "/srv/third"; }}
    job "full" {{
        schedule "0 1 * * Sun"
        backup "graph" type="full" to="near"
        transfer from="near" to="far"
    }}
    job "changes" {{
        schedule "{often}"
        backup "graph" type="differential" to="near"
        verify "graph"
        transfer from="near" to="far"
    }}
    job "tidy" {{ schedule "0 12 * * *"; prune "near"; prune "far"; }}
    keep in="near" {{ last 2; daily 7; }}
    keep in="far" {{ daily 30; weekly 12; monthly 12; }}
}}
"#
    )
}

/// A dry run over a chain of steps that are all up to date.
fn ninja(folder: &Path, steps: usize) -> Result<Command, String> {
    let lines: String = (1..steps).map(|n| format!("build s{n}: step s{}\n", n - 1)).collect();
    write(&folder.join("build.ninja"), &format!("rule step\n  command = touch $out\nbuild s0: step\n{lines}"))?;
    once(&mut program("ninja", &[], folder))?;
    Ok(program("ninja", &["-n"], folder))
}

/// Without the look for a newer version over the network, which has nothing to do with planning.
fn terraform(setting: &Setting, words: &[&str], folder: &Path) -> Command {
    let mut command = program(&setting.terraform, words, folder);
    command.env("CHECKPOINT_DISABLE", "1").env_remove("TF_CLI_CONFIG_FILE");
    command
}
