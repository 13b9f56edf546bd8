//! Fetches Neo4j Community from Maven Central into the cache, once. Maven checks the registry's checksums strictly, and
//! the digest over all jars is pinned here, so a release that changed is noticed.

use super::version::Version;
use crate::{peers, place, shell};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Pinned, because the plugin decides which files are copied.
const COPY: &str = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies";

/// Folder of the jars of a release; fetches them when the cache does not hold them whole.
///
/// # Errors
/// No Maven, no network, or jars that are not the pinned ones.
pub(crate) fn jars(version: Version) -> Result<PathBuf, String> {
    let home = place::cache()?.join("neo4j").join(version.exact());
    let marker = home.join("complete");
    let whole = || fs::read_to_string(&marker).is_ok_and(|digest| digest.trim() == version.jars());
    if whole() {
        return Ok(home.join("lib"));
    }
    let io = |e: std::io::Error| format!("cannot write `{}`: {e}", home.display());
    fs::create_dir_all(&home).map_err(io)?;
    // Tests run side by side: one fetches, the others wait.
    let lock = fs::File::create(home.with_extension("lock")).map_err(io)?;
    lock.lock().map_err(io)?;
    if !whole() {
        fetch(version, &home)?;
        // The marker comes last: without it the jars are fetched again.
        let half = home.join("complete.part");
        fs::write(&half, version.jars()).and_then(|()| fs::rename(&half, &marker)).map_err(io)?;
    }
    Ok(home.join("lib"))
}

fn fetch(version: Version, home: &Path) -> Result<(), String> {
    peers::program("mvn", "maven")?;
    eprintln!("fetching Neo4j Community {} from Maven Central (about 150 MB)", version.exact());
    let lib = home.join("lib");
    if lib.exists() {
        fs::remove_dir_all(&lib).map_err(|e| format!("cannot empty `{}`: {e}", lib.display()))?;
    }
    let pom = home.join("pom.xml");
    fs::write(&pom, project(version)).map_err(|e| format!("cannot write `{}`: {e}", pom.display()))?;
    let mut mvn = shell::command("mvn");
    // `-C` makes a wrong or missing checksum an error.
    mvn.args(["-q", "-B", "-C", "-f"]).arg(&pom).args([COPY, "-DincludeScope=runtime"]);
    mvn.arg(format!("-DoutputDirectory={}", lib.display()));
    shell::output(&mut mvn)?;
    let found = digest(&lib)?;
    if found == version.jars() {
        return Ok(());
    }
    let expected = version.jars();
    Err(format!("the jars of {} are not the pinned ones: expected {expected}, found {found}", version.exact()))
}

/// A project whose only purpose is its one dependency.
fn project(version: Version) -> String {
    format!(
        "<project xmlns=\"http://maven.apache.org/POM/4.0.0\">\n  <modelVersion>4.0.0</modelVersion>\n  \
         <groupId>backstay</groupId><artifactId>peer</artifactId><version>1</version><packaging>pom</packaging>\n  \
         <dependencies><dependency>\n    <groupId>org.neo4j</groupId><artifactId>neo4j</artifactId>\
         <version>{}</version>\n  </dependency></dependencies>\n</project>\n",
        version.exact()
    )
}

/// SHA-256 over the sorted lines `<name> <SHA-256 of the content>` of a folder's files.
pub(crate) fn digest(folder: &Path) -> Result<String, String> {
    let failed = |e: std::io::Error| format!("cannot read `{}`: {e}", folder.display());
    let mut lines = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let bytes = fs::read(&path).map_err(failed)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        lines.push(format!("{name} {}\n", hex(&Sha256::digest(&bytes))));
    }
    lines.sort();
    Ok(hex(&Sha256::digest(lines.concat().as_bytes())))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
