//! A server's home: configuration for loopback and little memory, the jars by a link, and the two programs that an
//! installation has, `bin/neo4j` and `bin/neo4j-admin`.

use super::java::{self, Java};
use super::version::Version;
use super::{import, install};
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

const SERVER: &str = include_str!("neo4j.sh");
/// Packages that the page cache and the import reach into.
const OPENED: [&str; 3] = [
    "--add-opens=java.base/java.nio=ALL-UNNAMED",
    "--add-opens=java.base/java.io=ALL-UNNAMED",
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
];
const ADMIN: &str = include_str!("neo4j-admin.sh");

/// Makes a home at a path that does not exist yet or is empty; returns the HTTP port, also written to `http-port`.
/// With `nodes`, the database `neo4j` is made before the first start and holds that many.
///
/// # Errors
/// The path is taken, or what the server needs cannot be installed.
pub(crate) fn make(home: &Path, version: Version, nodes: Option<u32>) -> Result<u16, String> {
    let jars = install::jars(version)?;
    let java = java::find(version)?;
    let failed = |e: std::io::Error| format!("cannot make a server in `{}`: {e}", home.display());
    for folder in ["bin", "conf", "data", "import", "logs", "plugins", "run"] {
        fs::create_dir_all(home.join(folder)).map_err(failed)?;
    }
    if home.join("lib").exists() {
        return Err(format!("`{}` already holds a server", home.display()));
    }
    symlink(&jars, home.join("lib")).map_err(failed)?;
    let (http, bolt) = free_ports().map_err(failed)?;
    fs::write(home.join("conf/neo4j.conf"), configuration(http, bolt, version.options(java.major))).map_err(failed)?;
    for (name, script) in [("neo4j", SERVER), ("neo4j-admin", ADMIN)] {
        let path = home.join("bin").join(name);
        fs::write(&path, filled(script, version, &java)).map_err(failed)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).map_err(failed)?;
    }
    if let Some(nodes) = nodes {
        import::people(home, nodes)?;
    }
    fs::write(home.join("http-port"), format!("{http}\n")).map_err(failed)?;
    Ok(http)
}

/// The HTTP port of a home.
///
/// # Errors
/// It is not a home that [`make`] made.
pub(crate) fn port(home: &Path) -> Result<u16, String> {
    let path = home.join("http-port");
    let text = fs::read_to_string(&path).map_err(|e| format!("cannot read `{}`: {e}", path.display()))?;
    text.trim().parse().map_err(|e| format!("`{}` holds no port: {e}", path.display()))
}

/// Two ports that nobody listens on now. They lie below those that the system gives to whoever asks for any: a server
/// that is down for a while, as in a backup, must find them free when it starts again.
fn free_ports() -> std::io::Result<(u16, u16)> {
    const FIRST: u16 = 15_000;
    const MANY: u16 = 15_000;
    let start = u16::try_from(RandomState::new().hash_one(std::process::id()) % u64::from(MANY)).unwrap_or_default();
    let ports = (0..MANY).map(|step| FIRST + (start + step) % MANY);
    let mut free = ports.filter_map(|port| TcpListener::bind(("127.0.0.1", port)).ok());
    match (free.next(), free.next()) {
        (Some(first), Some(second)) => Ok((first.local_addr()?.port(), second.local_addr()?.port())),
        _ => Err(std::io::Error::other(format!("no port is free from {FIRST} on"))),
    }
}

fn configuration(http: u16, bolt: u16, options: &str) -> String {
    let mut text = format!(
        "server.default_listen_address=127.0.0.1\n\
         server.http.listen_address=127.0.0.1:{http}\n\
         server.bolt.listen_address=127.0.0.1:{bolt}\n\
         dbms.security.auth_enabled=false\n\
         dbms.usage_report.enabled=false\n\
         server.memory.pagecache.size=64m\n\
         server.memory.heap.initial_size=256m\n\
         server.memory.heap.max_size=256m\n"
    );
    // The admin tool starts a second virtual machine of its own, which takes its options from here.
    for option in OPENED.iter().copied().chain(options.split_whitespace()) {
        text += &format!("server.jvm.additional={option}\n");
    }
    text
}

fn filled(script: &str, version: Version, java: &Java) -> String {
    script
        .replace("@JAVA@", &java.home.join("bin/java").display().to_string())
        .replace("@MAIN@", version.server())
        .replace("@OPTIONS@", &format!("{} {}", OPENED.join(" "), version.options(java.major)))
}
