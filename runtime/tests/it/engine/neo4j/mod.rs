//! The neo4j engine against a stand-in for the admin tool: what it says is real output of the real one. The real server
//! is tried end to end elsewhere.

use super::context;
use runtime::artifact::{Feed, channel};
use runtime::engine::neo4j::Neo4jEngine;
use runtime::engine::{Context, Engine, Taken};
use runtime::error::Result;
use runtime::secret::Secrets;
use schema::source::Neo4j;
use schema::step::Method;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const SAID: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/engine/neo4j/said");

/// `neo4j-admin` in a few lines: a dump is `DZV1` and the name; a load makes directories; a marker file makes it fail.
const ADMIN: &str = r#"#!/bin/sh
case "$*" in
--version) echo 5.26.12;;
"database dump --to-stdout "*)
  if [ -n "$FAIL" ]; then cat "$SAID/$FAIL.txt" >&2; exit 1; fi
  cat "$SAID/dump-ok.txt" >&2; printf "${MAGIC:-DZV1}%s%s" "$4" "${TELL:+$(nice)}";;
"database load --from-stdin "*)
  mkdir -p $NEO4J_HOME/data/databases/$4 $NEO4J_HOME/data/transactions/$4
  cat > $NEO4J_HOME/data/databases/$4/store
  if [ -n "$FAIL" ]; then cat "$SAID/$FAIL.txt" >&2; exit 1; fi;;
"database check --report-path="*)
  if [ -n "$REPORT" ]; then echo x > "${3#--report-path=}/inconsistencies-1.report"; echo "Inconsistencies found."; exit 1; fi
  test -d $NEO4J_HOME/data/databases/$4;;
*) echo "Unknown option: '$*'" >&2; exit 64;;
esac
"#;

fn engine(home: &Path, environment: &[(&str, &str)]) -> Neo4jEngine {
    engine_with(home, environment, None)
}

fn engine_with(home: &Path, environment: &[(&str, &str)], nice: Option<u8>) -> Neo4jEngine {
    for folder in ["data/databases/neo4j", "data/transactions/neo4j", "bin", "conf"] {
        fs::create_dir_all(home.join(folder)).unwrap();
    }
    let admin = home.join("bin/neo4j-admin");
    fs::write(&admin, ADMIN).unwrap();
    fs::set_permissions(&admin, fs::Permissions::from_mode(0o755)).unwrap();
    let mut environment: Vec<(String, String)> =
        environment.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    environment.push(("SAID".to_owned(), SAID.to_owned()));
    let neo4j = Neo4j {
        edition: "community".to_owned(),
        version: "5.26".to_owned(),
        home: Some(home.to_str().unwrap().to_owned()),
        admin: admin.to_str().unwrap().to_owned(),
        environment,
        nice,
        ..Neo4j::default()
    };
    Neo4jEngine::new("graph", &neo4j, home.to_str().unwrap(), home, Secrets::new(home))
}

/// What the stream held when it ended whole.
async fn whole(mut feed: Feed) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(chunk) = feed.next().await? {
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

async fn dumped(engine: &dyn Engine, context: &Context) -> (Result<Taken>, Result<Vec<u8>>) {
    let (sink, feed) = channel();
    tokio::join!(engine.backup("neo4j", Method::Dump, sink, context), whole(feed))
}

fn fed(bytes: &'static [u8], finished: bool) -> Feed {
    let (sink, feed) = channel();
    tokio::spawn(async move {
        let _ = sink.send(bytes::Bytes::from_static(bytes)).await;
        if finished { sink.finish().await } else { Ok(()) }
    });
    feed
}

#[tokio::test]
async fn a_dump_is_whole_only_when_the_tool_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (context, recorder) = context(folder.path());
    let (taken, bytes) = dumped(&engine(folder.path(), &[]), &context).await;
    let taken = taken.unwrap();
    assert_eq!(bytes.unwrap(), b"DZV1neo4j");
    assert_eq!(taken.facts.tool, "neo4j-admin 5.26.12");
    let events = format!("{:?}", recorder.0.lock().unwrap());
    assert!(events.contains("percent") && !events.contains("Files: "), "progress is parsed, never told raw");
    let cases = [
        ("in-use", "database-in-use"),
        ("dump-missing", "database-missing"),
        ("bad-option", "bad-option"),
        ("load-exists", "database-exists"),
    ];
    for (said, code) in cases {
        let (taken, bytes) = dumped(&engine(folder.path(), &[("FAIL", said)]), &context).await;
        assert_eq!(taken.unwrap_err().code, code, "{said}");
        assert_eq!(bytes.unwrap_err().code, "stream-cut-off", "{said}");
    }
    let (taken, bytes) = dumped(&engine(folder.path(), &[("MAGIC", "JUNK")]), &context).await;
    assert_eq!((taken.unwrap_err().code, bytes.unwrap_err().code), ("archive-damaged", "stream-cut-off"));
}

#[tokio::test]
async fn the_tool_stands_back_as_far_as_it_is_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let (context, _) = context(folder.path());
    let own = std::process::Command::new("nice").output().unwrap().stdout;
    let own: i32 = String::from_utf8(own).unwrap().trim().parse().unwrap();
    for nice in [None, Some(0), Some(7)] {
        let engine = engine_with(folder.path(), &[("TELL", "1")], nice);
        let (_, bytes) = dumped(&engine, &context).await;
        let expected = format!("DZV1neo4j{}", (own + i32::from(nice.unwrap_or(0))).min(19));
        assert_eq!(String::from_utf8(bytes.unwrap()).unwrap(), expected);
    }
}

#[tokio::test]
async fn a_load_that_fails_leaves_nothing_and_touches_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (context, _) = context(folder.path());
    let listed = || {
        let names = |kind: &str| {
            fs::read_dir(folder.path().join("data").join(kind)).unwrap().map(|entry| entry.unwrap().file_name())
        };
        names("databases").chain(names("transactions")).collect::<Vec<_>>()
    };
    for (said, code) in [("load-cut", "archive-damaged"), ("load-junk", "archive-damaged")] {
        let failing = engine(folder.path(), &[("FAIL", said)]);
        assert_eq!(failing.stage("neo4j", "bk-stage", fed(b"DZV1x", true), &context).await.unwrap_err().code, code);
        assert_eq!(failing.verify("neo4j", fed(b"DZV1x", true), &context).await.unwrap_err().code, code);
        assert_eq!(listed(), ["neo4j", "neo4j"], "{said}");
    }
    let sound = engine(folder.path(), &[]);
    let cut = sound.stage("neo4j", "bk-stage", fed(b"DZV1x", false), &context).await;
    assert_eq!(cut.unwrap_err().code, "stream-cut-off", "a cut stream is no end of the artifact");
    assert_eq!(listed(), ["neo4j", "neo4j"]);
    for name in ["neo4j", "system", "bk-", "bk-../neo4j", "../bk-x"] {
        assert_eq!(
            sound.stage("neo4j", name, fed(b"DZV1x", true), &context).await.unwrap_err().code,
            "bad-staging",
            "{name}"
        );
    }
    sound.verify("neo4j", fed(b"DZV1x", true), &context).await.unwrap();
    assert_eq!(listed(), ["neo4j", "neo4j"], "the scratch copy is gone");
}

#[tokio::test]
async fn a_report_means_inconsistent_whatever_the_exit() {
    let folder = tempfile::tempdir().unwrap();
    let (context, _) = context(folder.path());
    let sick = engine(folder.path(), &[("REPORT", "1")]);
    assert_eq!(sick.verify("neo4j", fed(b"DZV1x", true), &context).await.unwrap_err().code, "inconsistent");
    assert!(
        !folder.path().join("data/transactions").read_dir().unwrap().any(|entry| entry.unwrap().file_name() != "neo4j")
    );
}

#[tokio::test]
async fn a_swap_of_databases_recovers_and_is_refused_while_the_store_is_held() {
    let folder = tempfile::tempdir().unwrap();
    let (context, _) = context(folder.path());
    let engine = engine(folder.path(), &[]);
    let live = folder.path().join("data/databases/neo4j/store");
    fs::write(&live, "old").unwrap();
    engine.stage("neo4j", "bk-stage", fed(b"new", true), &context).await.unwrap();
    engine.inspect("neo4j", "bk-stage", &context).await.unwrap();
    assert_eq!(fs::read_to_string(&live).unwrap(), "old");
    fs::write(folder.path().join("data/databases/store_lock"), "").unwrap();
    assert!(!engine.in_service(&context).await.unwrap());
    let held = hold(&folder.path().join("data/databases/store_lock"));
    assert!(engine.in_service(&context).await.unwrap());
    assert_eq!(engine.swap("neo4j", "bk-stage", &context).await.unwrap_err().code, "server-running");
    assert_eq!(engine.stop(&context).await.unwrap_err().code, "no-control");
    drop(held);
    engine.swap("neo4j", "bk-stage", &context).await.unwrap();
    assert_eq!(fs::read_to_string(&live).unwrap(), "new");
    let (leftover, other) =
        (live.parent().unwrap().with_file_name("bk-verify-1"), live.parent().unwrap().with_file_name("bk-mine"));
    fs::create_dir(&leftover).unwrap();
    fs::create_dir(&other).unwrap();
    let recovered = engine.recover(&context).await.unwrap().unwrap();
    assert!(!leftover.exists() && other.exists(), "only scratch copies are swept");
    assert!(recovered.message.contains("new data is in place"), "{}", recovered.message);
    let again = engine.stage("neo4j", "bk-stage", fed(b"x", true), &context).await;
    assert_eq!(again.unwrap_err().code, "staging-holds-old-data");
    assert_eq!(engine.inventory(&context).await.unwrap(), ["neo4j"]);
    engine.stage("neo4j", "bk-two", fed(b"two", true), &context).await.unwrap();
    assert_eq!(engine.place("neo4j", "bk-two", "neo4j", &context).await.unwrap_err().code, "name-taken");
    engine.place("neo4j", "bk-two", "copy", &context).await.unwrap();
    engine.place("neo4j", "bk-two", "copy", &context).await.unwrap();
    assert_eq!(engine.inventory(&context).await.unwrap(), ["copy", "neo4j"]);
}

/// A lock that another process holds, as a server does; it ends when the value is dropped.
struct Held(std::process::Child);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn hold(path: &Path) -> Held {
    let script = "import fcntl,sys,time\nf=open(sys.argv[1],'r+')\nfcntl.lockf(f,fcntl.LOCK_EX)\nprint('held',flush=True)\ntime.sleep(1000)";
    let mut child = std::process::Command::new("python3")
        .args(["-c", script])
        .arg(path)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut word = [0; 4];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut word).unwrap();
    Held(child)
}

#[tokio::test]
async fn preflight_compares_with_the_strategy() {
    let folder = tempfile::tempdir().unwrap();
    let (context, _) = context(folder.path());
    let engine = engine(folder.path(), &[]);
    let wanted = |name: &str| vec![name.to_owned()];
    assert_eq!(engine.preflight(&wanted("neo4j"), &context).await.unwrap(), "neo4j-admin 5.26.12; no server answers");
    assert_eq!(engine.preflight(&wanted("nope"), &context).await.unwrap_err().code, "database-missing");
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(folder.path().join("data/databases"), Some(12_345), None).unwrap();
        assert_eq!(engine.preflight(&wanted("neo4j"), &context).await.unwrap_err().code, "wrong-owner");
    }
}
