//! Fills a database before the server's first start, from generated tables. The same number of nodes makes the same data.

use crate::shell;
use std::fs;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Makes the database `neo4j` with that many `Person` nodes, each of which `KNOWS` three others.
///
/// # Errors
/// The server has run before, or the admin tool failed.
pub(crate) fn people(home: &Path, nodes: u32) -> Result<(), String> {
    if home.join("data/databases/neo4j").exists() {
        return Err(format!("the database `neo4j` of `{}` exists already", home.display()));
    }
    let folder = home.join("import");
    tables(&folder, nodes).map_err(|e| format!("cannot write tables to `{}`: {e}", folder.display()))?;
    let mut admin = shell::command(home.join("bin/neo4j-admin"));
    // The name comes first: the options take every word that follows.
    admin.args(["database", "import", "full", "neo4j"]);
    admin.arg(format!("--nodes=Person={}", folder.join("people.csv").display()));
    admin.arg(format!("--relationships=KNOWS={}", folder.join("knows.csv").display()));
    // The report of the import goes to the working directory.
    admin.current_dir(&folder);
    shell::output(&mut admin).map(|_| ())
}

fn tables(folder: &Path, nodes: u32) -> std::io::Result<()> {
    let mut people = BufWriter::new(fs::File::create(folder.join("people.csv"))?);
    let mut knows = BufWriter::new(fs::File::create(folder.join("knows.csv"))?);
    writeln!(people, "id:ID,number:long,name,born:int")?;
    writeln!(knows, ":START_ID,:END_ID,since:int")?;
    for n in 0..nodes {
        writeln!(people, "p{n},{n},\"Person number {n}\",{}", 1940 + n % 70)?;
        for hop in [1, 7, 31] {
            writeln!(knows, "p{n},p{},{}", (n + hop) % nodes, 1990 + n % 30)?;
        }
    }
    people.flush()?;
    knows.flush()
}
