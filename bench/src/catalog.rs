//! The catalog and a prune over a store of 100,000 artifacts: a manifest, a check and a byte each, in 100 databases.

use crate::Setting;
use crate::measure::{Samples, once, program, watched};
use crate::table::Table;
use std::fs;
use std::path::Path;

const DATABASES: usize = 100;
const EACH: usize = 1_000;
/// Artifacts that a prune lets go, in each database.
const GO: usize = 10;
const TIMES: usize = 3;

pub(crate) fn measure(setting: &Setting, table: &mut Table) -> Result<(), String> {
    let folder = setting.work.join("catalog");
    let failed = |e: std::io::Error| format!("cannot write into `{}`: {e}", folder.display());
    fs::create_dir_all(folder.join("data")).map_err(failed)?;
    fs::write(folder.join("data/file"), "x").map_err(failed)?;
    fs::write(folder.join("strategy.kdl"), strategy(EACH)).map_err(failed)?;
    once(&mut program(&setting.backstay, &["run", "--job", "nightly"], &folder))?;
    for database in 0..DATABASES {
        for number in 0..EACH {
            artifact(&folder, database, number).map_err(failed)?;
        }
    }
    let all = DATABASES * EACH;
    let rebuild = (0..TIMES).map(|_| once(&mut program(&setting.backstay, &["catalog", "rebuild"], &folder)));
    let rebuild = Samples(rebuild.collect::<Result<_, _>>()?);
    table.times(&format!("`catalog rebuild` of {all} manifests"), &rebuild, None, "≤ 10 s");
    let check = Samples(vec![once(&mut program(&setting.backstay, &["catalog", "check"], &folder))?]);
    table.times(&format!("`catalog check` of {all} manifests"), &check, None, "–");
    fs::write(folder.join("strategy.kdl"), strategy(EACH - GO)).map_err(failed)?;
    let preview = Samples(vec![once(&mut program(&setting.backstay, &["prune"], &folder))?]);
    table.times(&format!("`prune` of {all} manifests, previewed"), &preview, None, "≤ 10 s");
    let prune = ["prune", "--confirm", "--safety-age", "0s"];
    let (seconds, peak) = watched(&mut program(&setting.backstay, &prune, &folder))?;
    let what = format!("`prune` of {all} manifests, {} of them removed", DATABASES * GO);
    table.times(&what, &Samples(vec![seconds]), None, "≤ 10 s");
    table.figure("peak memory of that", &format!("{} MiB", peak / (1024 * 1024)), "–");
    fs::remove_dir_all(&folder).map_err(|e| format!("cannot remove `{}`: {e}", folder.display()))
}

fn strategy(last: usize) -> String {
    format!(
        "strategy \"many\" {{
    environment \"development\"
    source \"files\" engine=\"files\" {{ root \"data\" }}
    store \"vault\" plugin=\"fs\" {{ path \"vault\" }}
    keep in=\"vault\" {{ last {last}; }}
    job \"nightly\" {{ backup \"files\" to=\"vault\"; verify \"files\" with=\"digest\"; prune \"vault\"; }}
}}
"
    )
}

/// Writes one as a run would have.
fn artifact(folder: &Path, database: usize, number: usize) -> std::io::Result<()> {
    let (database, id) = (format!("db-{database:03}"), format!("{database:016x}{number:016x}"));
    let at = folder.join("vault/many/files").join(&database).join(&id);
    fs::create_dir_all(at.join("a-0"))?;
    fs::create_dir_all(at.join("facts"))?;
    fs::write(at.join("a-0/x.tar"), "x")?;
    let (day, minute) = (1 + number / 60 % 28, number % 60);
    let taken = format!("20{:02}-11-{day:02}T01:{minute:02}:00Z", 10 + number / 60 / 28);
    let digest = "0".repeat(64);
    let manifest = serde_json::json!({
        "format": 1, "id": id, "strategy": "many", "source": "files", "database": database, "step": "nightly/backup/files/vault",
        "run": "r", "attempt": "a-0", "taken": taken, "inputs": [digest], "incomplete": [],
        "engine": { "name": "files", "method": "archive", "tool": "backstay", "entries": 1 },
        "artifact": { "file": "x.tar", "size": 1, "blake3": digest, "sha256": digest },
    });
    fs::write(at.join("manifest.json"), manifest.to_string())?;
    let fact = serde_json::json!({ "format": 1, "id": id, "with": "digest", "ok": true, "at": taken, "run": "r", "detail": "" });
    fs::write(at.join("facts/digest-x-r.json"), fact.to_string())
}
