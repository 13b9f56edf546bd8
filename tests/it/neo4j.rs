//! The line on a real Neo4j Community, both version lines, and what happens when it is cut off at the worst moments.
//! `cargo xtask neo4j` makes and starts the servers; each is used by one test at a time, scenario after scenario.

use crate::cancel::interrupt;
use crate::faults::wait_for;
use crate::space::{Space, ended, top};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

const NODES: u32 = 20_000;

/// The tool that makes servers, built by the test command beside the binary.
pub(crate) fn xtask(arguments: &[&str]) -> String {
    let tool = Path::new(crate::space::BACKSTAY).with_file_name("xtask");
    assert!(
        tool.exists(),
        "`{}` is missing: run `cargo xtask test`, which sets up what the tests need",
        tool.display()
    );
    let output = Command::new(tool).arg("neo4j").args(arguments).current_dir(top()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    assert!(output.status.success(), "xtask neo4j {arguments:?}: {text}\n{}", String::from_utf8_lossy(&output.stderr));
    text
}

/// The second example with a running server of its own in `server`.
pub(crate) struct Graph {
    pub(crate) space: Space,
}

impl Graph {
    pub(crate) fn new(version: &str) -> Self {
        let space = Space::example("02-neo4j-community");
        let home = space.path("server").to_string_lossy().into_owned();
        xtask(&["new", &home, "--version", version, "--nodes", &NODES.to_string()]);
        let port = fs::read_to_string(space.path("server/http-port")).unwrap();
        space.edit(":7474", &format!(":{}", port.trim()));
        if version != "5.26" {
            space.edit("version \"5.26\"", &format!("version \"{version}\""));
        }
        xtask(&["start", &home]);
        Self { space }
    }

    fn home(&self) -> PathBuf {
        self.space.path("server")
    }

    fn nodes(&self) -> u32 {
        xtask(&["count", &self.home().to_string_lossy()]).parse().unwrap()
    }

    fn answers(&self) -> bool {
        let tool = Path::new(crate::space::BACKSTAY).with_file_name("xtask");
        Command::new(tool).args(["neo4j", "count"]).arg(self.home()).output().unwrap().status.success()
    }

    /// Waits until the server that was down answers again.
    fn comes_back(&self, after: &str) {
        let end = Instant::now() + Duration::from_secs(180);
        while !self.answers() {
            if Instant::now() > end {
                let log = fs::read_to_string(self.home().join("logs/console.log")).unwrap_or_default();
                let last: Vec<&str> = log.lines().rev().take(40).collect();
                panic!("after {after} the server does not come back; its log, last line first:\n{}", last.join("\n"));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Has the server do a statement, through its own HTTP API; what it answers.
    fn ask(&self, database: &str, statement: &str) -> Value {
        let port = fs::read_to_string(self.space.path("server/http-port")).unwrap();
        let url = format!("http://127.0.0.1:{}/db/{database}/query/v2", port.trim());
        let statement = json!({ "statement": statement }).to_string();
        let done =
            ended(Command::new("curl").args(["-sS", "-H", "content-type: application/json", "-d", &statement, &url]));
        assert!(done.code == 0 && done.out.contains("\"bookmarks\""), "{done:?}");
        serde_json::from_str(&done.out).unwrap()
    }

    /// Deletes every node.
    fn damage(&self) {
        self.ask("neo4j", "MATCH (n) DETACH DELETE n");
        assert_eq!(self.nodes(), 0);
    }

    /// Numbers of last transactions that checks of the database's copies in the vault were told.
    fn transactions_known(&self) -> Vec<u64> {
        let files = self.space.files("backups/vault").into_iter();
        let facts = files.filter(|name| name.contains("/graph/neo4j/") && name.contains("/facts/consistency-"));
        let read = |name| fs::read(self.space.path("backups/vault").join(name)).unwrap();
        let parsed = facts.map(|name| serde_json::from_slice::<Value>(&read(name)).unwrap());
        let mut known: Vec<u64> = parsed.map(|fact| fact["transaction"].as_u64().unwrap()).collect();
        known.sort_unstable();
        known
    }

    /// Processes of the admin tool that work on this home.
    fn tools_alive(&self) -> usize {
        let home = self.home().canonicalize().unwrap();
        let mut count = 0;
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line);
            count += usize::from(line.contains("AdminCommand") && line.contains(&*home.to_string_lossy()));
        }
        count
    }

    /// Replaces the admin tool by a script that gets the real one as `$REAL`; undone by the returned value's drop.
    fn with_admin(&self, script: &str) -> Replaced {
        let tool = self.home().join("bin/neo4j-admin");
        let real = self.home().join("bin/neo4j-admin.real");
        fs::rename(&tool, &real).unwrap();
        fs::write(&tool, format!("#!/bin/sh\nREAL='{}'\n{script}\n", real.display())).unwrap();
        fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
        Replaced { tool, real }
    }
}

impl Drop for Graph {
    fn drop(&mut self) {
        let tool = Path::new(crate::space::BACKSTAY).with_file_name("xtask");
        let _ = Command::new(tool).args(["neo4j", "stop"]).arg(self.home()).output();
    }
}

struct Replaced {
    tool: PathBuf,
    real: PathBuf,
}

impl Drop for Replaced {
    fn drop(&mut self) {
        fs::rename(&self.real, &self.tool).unwrap();
    }
}

/// `init --from` takes what the real server says, and what it writes is what the example says by hand.
fn described_by_itself(graph: &Graph, version: &str) {
    let port = fs::read_to_string(graph.space.path("server/http-port")).unwrap();
    let home = graph.home().canonicalize().unwrap().to_string_lossy().into_owned();
    let written =
        graph.space.run(&format!("init --from http://127.0.0.1:{} --out described.kdl", port.trim())).expect(0);
    assert!(written.err.contains("databases: neo4j, system"), "{}", written.err);
    let text = fs::read_to_string(graph.space.path("described.kdl")).unwrap();
    for line in [
        "edition \"community\"".to_owned(),
        format!("version \"{version}\""),
        format!("home \"{home}\""),
        "databases \"neo4j\" \"system\"".to_owned(),
        format!("stop \"{home}/bin/neo4j\" \"stop\""),
    ] {
        assert!(text.contains(&line), "no `{line}` in {text}");
    }
    graph.space.run("validate described.kdl").expect(0);
    fs::remove_file(graph.space.path("described.kdl")).unwrap();
}

fn backed_up_and_restored(version: &str) -> Graph {
    let graph = Graph::new(version);
    described_by_itself(&graph, version);
    graph.space.run("validate").expect(0);
    let looked = graph.space.run("plan --refresh").expect(0);
    assert!(!looked.err.contains("was not asked for its composite databases"), "{}", looked.err);
    graph.space.run("run").expect(0);
    assert_eq!(graph.transactions_known().len(), 1);
    graph.space.holds("backups/vault", 2);
    graph.space.holds("backups/offsite", 2);
    assert_eq!(graph.nodes(), NODES);
    graph.damage();
    graph.space.run("restore graph --confirm --query").expect(2);
    let mut restore = graph.space.command("restore graph --database neo4j --confirm --query");
    ended(restore.arg("MATCH (n) RETURN count(n)")).expect(0).says("kept as");
    assert_eq!(graph.nodes(), NODES);
    graph
}

#[test]
fn line_2026_09() {
    let graph = backed_up_and_restored("2026.09");
    a_restore_ends_with_the_transaction_that_was_asked_for(&graph);
}

/// Of two artifacts the one whose last transaction is asked for, or the one before it.
fn a_restore_ends_with_the_transaction_that_was_asked_for(graph: &Graph) {
    let [before] = graph.transactions_known()[..] else { panic!("one artifact was looked at") };
    graph.ask("neo4j", "CREATE (:Late)");
    graph.space.edit("databases \"neo4j\" \"system\"", "databases \"neo4j\"");
    graph.space.run("run").expect(0);
    let [first, newest] = graph.transactions_known()[..] else { panic!("two artifacts were looked at") };
    assert!(first == before && newest > before, "{first}, {newest}, {before}");
    let wanted = |number: u64| format!("restore graph --database neo4j --transaction {number}");
    graph.space.run(&wanted(before - 1)).expect(2).says("nothing-to-restore");
    for (number, last) in [(newest, newest), (newest - 1, before), (before, before)] {
        let plan = graph.space.run(&wanted(number)).expect(0).out;
        assert!(plan.contains(&format!("with transaction {last} as its last")), "{plan}");
    }
    let late = || graph.ask("neo4j", "MATCH (n:Late) RETURN count(n)")["data"]["values"][0][0].clone();
    assert_eq!(late(), 1);
    graph.space.run(&format!("{} --confirm", wanted(newest - 1))).expect(0);
    assert_eq!((late(), graph.nodes()), (json!(0), NODES));
}

#[test]
fn line_5_26_and_its_worst_moments() {
    let graph = backed_up_and_restored("5.26");
    // A consistency check is two more programs of some seconds each: the moments below do not need it.
    graph.space.edit("verify \"graph\" with=\"consistency\"", "");
    graph.space.edit("databases \"neo4j\" \"system\"", "databases \"neo4j\"");
    // With the load and the three moments of a swap below these are ten; all points of a run are tried on a stand-in.
    for place in ["before-stop", "after-stop", "in-upload", "before-commit", "before-manifest", "guard-released"] {
        killed_while_the_server_is_down(&graph, place);
    }
    interrupted_while_the_server_is_down(&graph);
    a_dump_that_fails_half_way_publishes_nothing(&graph);
    a_server_that_is_late_is_told(&graph);
    a_load_that_is_cut_off_leaves_the_old_database(&graph);
    a_flipped_byte_leaves_the_old_database(&graph);
    for place in ["before-exchange", "between-exchanges", "before-settle"] {
        a_swap_that_is_cut_off_never_serves_an_empty_database(&graph, place);
    }
    graph.space.run("restore graph --database neo4j --confirm").expect(0);
    assert_eq!(graph.nodes(), NODES);
    a_query_that_fails_brings_the_old_database_back(&graph);
    a_restore_into_a_new_name_touches_nothing(&graph);
    a_wrong_version_is_found_before_anything_is_touched(&graph);
}

fn killed_while_the_server_is_down(graph: &Graph, fault: &str) {
    let before = graph.space.ending("backups/vault", "manifest.json").len();
    graph.space.run_until(fault, "run").expect(137);
    // The guard starts the server as soon as no tool is left.
    graph.comes_back(fault);
    assert_eq!(graph.tools_alive(), 0, "{fault}");
    assert_eq!(graph.nodes(), NODES);
    graph.space.run("run --resume").expect(0);
    graph.space.holds("backups/vault", before + 1);
    graph.space.holds("backups/offsite", before + 1);
    assert_eq!(graph.nodes(), NODES);
}

/// Ctrl-C during a dump: the server that was stopped is started before the run ends.
fn interrupted_while_the_server_is_down(graph: &Graph) {
    let before = graph.space.files("backups/vault");
    let mut run = graph.space.start("run");
    let mut told = BufReader::new(run.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("start     nightly/backup/") {
        line.clear();
        assert!(told.read_line(&mut line).unwrap() > 0, "the run ended before its backup");
    }
    interrupt(&run);
    let mut rest = String::new();
    told.read_to_string(&mut rest).unwrap();
    assert_eq!(run.wait().unwrap().code(), Some(130), "{rest}");
    assert_eq!(graph.nodes(), NODES, "the server answers when the run has ended");
    assert_eq!(graph.tools_alive(), 0);
    assert_eq!(graph.space.files("backups/vault"), before);
}

fn a_dump_that_fails_half_way_publishes_nothing(graph: &Graph) {
    let before = graph.space.files("backups/vault");
    let script = "case \"$*\" in *dump*) \"$REAL\" \"$@\" | head -c 100000; echo 'No space left on device' >&2; exit 1;; esac\nexec \"$REAL\" \"$@\"";
    let replaced = graph.with_admin(script);
    graph.space.run("run").expect(1);
    drop(replaced);
    assert_eq!(graph.space.files("backups/vault"), before);
    assert_eq!(graph.nodes(), NODES);
}

fn a_server_that_is_late_is_told(graph: &Graph) {
    graph.space.edit("ready within=\"2m\"", "ready within=\"1s\"");
    graph.space.run("run").expect(1).says("server-not-ready");
    graph.comes_back("a run that did not wait for it");
    graph.space.edit("ready within=\"1s\"", "ready within=\"2m\"");
    assert_eq!(graph.nodes(), NODES);
}

fn a_load_that_is_cut_off_leaves_the_old_database(graph: &Graph) {
    graph.space.run_until("in-download", "restore graph --database neo4j --confirm").expect(137);
    wait_for(|| graph.tools_alive() == 0);
    assert_eq!(graph.nodes(), NODES);
    graph.space.run("restore graph --database neo4j --confirm").expect(0);
    assert_eq!(graph.nodes(), NODES);
}

fn a_flipped_byte_leaves_the_old_database(graph: &Graph) {
    graph.space.run("run").expect(0);
    let mut dumps: Vec<_> =
        graph.space.ending("backups/vault", ".dump").into_iter().filter(|path| path.ends_with_name("neo4j-")).collect();
    dumps.sort_by_key(|path| fs::metadata(path).unwrap().modified().unwrap());
    let newest = dumps.pop().unwrap();
    let content = fs::read(&newest).unwrap();
    let mut flipped = content.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    fs::write(&newest, &flipped).unwrap();
    graph.damage();
    let failed = graph.space.run("restore graph --database neo4j --from vault --confirm").expect(1);
    assert!(failed.err.contains("artifact-damaged") && failed.err.contains("store `vault`"), "{}", failed.err);
    assert_eq!(graph.nodes(), 0, "the live database is untouched");
    graph.space.run("restore graph --database neo4j --from offsite --confirm").expect(0);
    assert_eq!(graph.nodes(), NODES);
    fs::write(&newest, &content).unwrap();
}

trait EndsWithName {
    fn ends_with_name(&self, start: &str) -> bool;
}

impl EndsWithName for PathBuf {
    fn ends_with_name(&self, start: &str) -> bool {
        self.file_name().is_some_and(|name| name.to_string_lossy().starts_with(start))
    }
}

fn a_swap_that_is_cut_off_never_serves_an_empty_database(graph: &Graph, place: &str) {
    graph.space.run_until(place, "restore graph --database neo4j --confirm").expect(137);
    graph.comes_back(place);
    assert_eq!(graph.nodes(), NODES, "{place}: the server that the guard started serves the old or the new data");
}

fn a_query_that_fails_brings_the_old_database_back(graph: &Graph) {
    graph.damage();
    let mut restore = graph.space.command("restore graph --database neo4j --confirm --query");
    ended(restore.arg("MATCH (n) RETURN nonsense(n)")).expect(1);
    assert_eq!(graph.nodes(), 0, "the data from before the restore are back");
    graph.space.run("restore graph --database neo4j --confirm").expect(0);
    assert_eq!(graph.nodes(), NODES);
}

fn a_restore_into_a_new_name_touches_nothing(graph: &Graph) {
    graph.space.run("restore graph --database neo4j --into drill --confirm").expect(0);
    assert!(graph.home().join("data/databases/drill").is_dir());
    graph.space.run("restore graph --database neo4j --into drill --confirm").expect(1);
    assert_eq!(graph.nodes(), NODES);
}

fn a_wrong_version_is_found_before_anything_is_touched(graph: &Graph) {
    graph.space.edit("version \"5.26\"", "version \"2025.01\"");
    let before = graph.space.files("backups/vault");
    graph.space.run("run").expect(1);
    assert_eq!(graph.space.files("backups/vault"), before);
    assert!(graph.answers());
    graph.space.edit("version \"2025.01\"", "version \"5.26\"");
}
