//! A server that can be stopped and started in milliseconds, and an admin tool of a few lines: what a run does around a
//! dump, without a JVM. The real server is tried elsewhere.

use crate::space::Space;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const ADMIN: &str = r#"#!/bin/sh
case "$*" in
--version) echo 5.26.12;;
"database dump --to-stdout "*) printf 'DZV1%s%020000d' "$4" 7;;
*) echo "unknown: $*" >&2; exit 64;;
esac
"#;

const STRATEGY: &str = r#"strategy "orders" {
    environment "development"
    source "graph" engine="neo4j" {
        edition "community"
        version "5.26"
        home "server"
        admin "server/bin/neo4j-admin"
        server "local" http="http://127.0.0.1:@PORT@"
        control {
            stop "sh" "server/stop.sh"
            start "sh" "server/start.sh"
            ready within="20s"
        }
        databases "neo4j"
    }
    store "vault" plugin="fs" { site "dc-1"; media "disk"; path "backups/vault" }
    job "nightly" {
        schedule "30 3 * * *" timezone="UTC"
        backup "graph" method="dump" to="vault"
    }
@JOBS@}
"#;

/// Which databases the server says that it has, beside those that have a directory.
const NAMES: &str = r#"{"data":{"fields":["name","type","aliases"],
    "values":[["neo4j","standard",["main"]],["shop","composite",[]],["system","system",[]]]}}"#;

/// The strategy, its server, and the folder that they are in.
pub(crate) struct StandIn {
    pub(crate) space: Space,
}

impl StandIn {
    /// Running, with one job.
    pub(crate) fn new() -> Self {
        Self::with_jobs("")
    }

    /// Running, with a second job on the same source.
    pub(crate) fn with_weekly() -> Self {
        Self::with_jobs(
            "    job \"weekly\" {\n        schedule \"0 5 * * 0\" timezone=\"UTC\"\n        backup \"graph\" method=\"dump\" to=\"vault\"\n    }\n",
        )
    }

    fn with_jobs(jobs: &str) -> Self {
        let space = Space::new();
        let (listener, home) = (TcpListener::bind("127.0.0.1:0").unwrap(), space.path("server"));
        let port = listener.local_addr().unwrap().port().to_string();
        space.write("strategy.kdl", STRATEGY.replace("@PORT@", &port).replace("@JOBS@", jobs).as_bytes());
        for folder in ["data/databases/neo4j", "data/transactions/neo4j", "bin", "conf"] {
            fs::create_dir_all(home.join(folder)).unwrap();
        }
        space.write("server/bin/neo4j-admin", ADMIN.as_bytes());
        fs::set_permissions(home.join("bin/neo4j-admin"), fs::Permissions::from_mode(0o755)).unwrap();
        let up = home.join("up");
        space.write("server/start.sh", format!("test -e '{0}.broken' || : > '{0}'\n", up.display()).as_bytes());
        space.write("server/stop.sh", format!("rm -f '{}'\n", up.display()).as_bytes());
        fs::write(&up, "").unwrap();
        std::thread::spawn(move || serve(&listener, &up));
        Self { space }
    }

    pub(crate) fn is_up(&self) -> bool {
        self.space.path("server/up").exists()
    }

    /// As after a power cut: whatever the guard did is undone.
    pub(crate) fn go_down_for_good(&self) {
        crate::faults::wait_for(|| self.is_up());
        fs::remove_file(self.space.path("server/up")).unwrap();
    }
}

/// Answers like a server when the file is there, and like none when it is not.
fn serve(listener: &TcpListener, up: &Path) {
    for mut stream in listener.incoming().flatten() {
        let mut request = [0; 4096];
        if !up.exists() || stream.read(&mut request).is_err() {
            continue;
        }
        let asked = request.starts_with(b"POST /db/system/query/v2");
        let body = if asked { NAMES } else { r#"{"neo4j_version":"5.26.12","neo4j_edition":"community"}"# };
        let _ = write!(
            stream,
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
    }
}
