//! Real processes: what ends when we end, what is passed on, and who acts afterwards.

use runtime::error::Error;
use runtime::process::{Children, Command, Stream, Streams};
use std::path::Path;
use std::process::Stdio;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_util::sync::CancellationToken;

const EXE: &str = env!("CARGO_BIN_EXE_backstay-test-children");

pub(crate) fn children(folder: &Path) -> Children {
    Children::new(EXE.into(), folder.join("lock"))
}

pub(crate) fn shell(script: &str) -> Command {
    Command { argv: ["/bin/sh", "-c", script].map(str::to_owned).to_vec(), ..Command::default() }
}

fn until(what: &str, condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < Duration::from_secs(20), "waited too long until {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Whether a process lives whose number is in this file.
fn lives(file: &Path) -> bool {
    let pid = std::fs::read_to_string(file).unwrap_or_default();
    !pid.trim().is_empty() && Path::new("/proc").join(pid.trim()).join("exe").exists()
}

/// A child with a grandchild that left its session and lost its parent.
const RUNAWAY: &str = r#"
cd "$(dirname "$0")"
setsid sh -c 'setsid sh -c "echo \$\$ > runaway.pid; trap \"\" TERM HUP INT; exec sleep 1000" & exit' &
echo $$ > child.pid
trap '' TERM HUP INT
while :; do sleep 1; done
"#;

fn parent(folder: &Path, child: &str) -> std::process::Child {
    std::fs::write(folder.join("child.sh"), child).unwrap();
    let start = "cd \"$(dirname \"$0\")\"\nfor n in child runaway; do kill -0 $(cat $n.pid) 2>/dev/null && echo $n >> too-early; done\necho x >> started\n";
    std::fs::write(folder.join("start.sh"), start).unwrap();
    std::process::Command::new(EXE).arg("parent").arg(folder).stdin(Stdio::null()).spawn().unwrap()
}

#[test]
fn a_killed_parent_leaves_nothing_and_the_guard_acts_last() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let mut parent = parent(folder.path(), RUNAWAY);
    until("everything runs", || lives(&at("child.pid")) && lives(&at("runaway.pid")) && at("ready").exists());
    assert!(!at("started").exists());
    parent.kill().unwrap();
    parent.wait().unwrap();
    until("the guard started the server", || at("started").exists());
    assert!(!lives(&at("child.pid")) && !lives(&at("runaway.pid")));
    assert!(!at("too-early").exists(), "{:?}", std::fs::read_to_string(at("too-early")));
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(std::fs::read_to_string(at("started")).unwrap(), "x\n", "once");
}

#[test]
fn a_released_guard_starts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut parent = parent(folder.path(), "exit 0");
    assert!(parent.wait().unwrap().success());
    std::thread::sleep(Duration::from_millis(300));
    assert!(folder.path().join("ready").exists() && !folder.path().join("started").exists());
}

#[tokio::test]
async fn a_guard_makes_a_half_done_swap_whole_before_it_starts() {
    let folder = tempfile::tempdir().unwrap();
    let (half, whole) = (folder.path().join("half"), folder.path().join("whole"));
    crate::engine::exchange::half_swap(&half);
    std::fs::create_dir(&whole).unwrap();
    let children = children(folder.path());
    let script = format!("cat {}/databases/a/side > {}/seen", half.display(), whole.display());
    let guard = children.guard(&shell(&script), Some(&half)).await.unwrap();
    drop(guard);
    children.clear(Duration::from_secs(20)).await.unwrap();
    assert_eq!(std::fs::read_to_string(whole.join("seen")).unwrap(), "old");
}

#[tokio::test]
async fn exit_streams_and_environment_are_passed_on() {
    let folder = tempfile::tempdir().unwrap();
    let children = children(folder.path());
    let mut command = shell("cat; echo \"$HIDDEN|$SHOWN|$(pwd)\" >&2; ls /proc/self/fd | wc -l >&2; exit 7");
    command.env = vec![("SHOWN".to_owned(), "shown".to_owned())];
    command.cwd = Some(folder.path().to_owned());
    let piped = Streams { stdin: Stream::Pipe, stdout: Stream::Pipe, stderr: Stream::Pipe };
    let mut child = children.spawn(&command, piped).unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let (mut out, mut err) = (String::new(), String::new());
    stdin.write_all(b"through").await.unwrap();
    drop(stdin);
    child.stdout.take().unwrap().read_to_string(&mut out).await.unwrap();
    child.stderr.take().unwrap().read_to_string(&mut err).await.unwrap();
    assert_eq!(out, "through");
    // What this process itself was started with may be passed on; nothing that we opened is.
    let plain = std::process::Command::new("/bin/sh").args(["-c", "ls /proc/self/fd | wc -l"]).output().unwrap();
    let plain = String::from_utf8(plain.stdout).unwrap();
    assert_eq!(err, format!("|shown|{}\n{plain}", folder.path().canonicalize().unwrap().display()));
    assert_eq!(child.wait().await.unwrap().code, 7);
    let mut killed = children
        .spawn(&shell("kill -9 $$"), Streams { stdin: Stream::Null, stdout: Stream::Null, stderr: Stream::Null })
        .unwrap();
    assert_eq!(killed.wait().await.unwrap().code, 137);
}

#[tokio::test]
async fn kill_and_cancel_end_everything() {
    let folder = tempfile::tempdir().unwrap();
    let children = children(folder.path());
    let (pid, script) = (folder.path().join("runaway.pid"), folder.path().join("child.sh"));
    std::fs::write(&script, RUNAWAY).unwrap();
    let command =
        Command { argv: vec!["/bin/sh".to_owned(), script.to_string_lossy().into_owned()], ..Command::default() };
    let cancel = CancellationToken::new();
    let stop = async {
        while !lives(&pid) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        cancel.cancel();
    };
    let (ended, ()) = tokio::join!(children.run(&command, &cancel, &|_| {}), stop);
    assert_eq!(ended.unwrap_err().code, "cancelled");
    assert!(!lives(&pid) && !lives(&folder.path().join("child.pid")));
}

#[tokio::test]
async fn what_outlives_us_stays_and_holds_nothing_open() {
    let folder = tempfile::tempdir().unwrap();
    let children = children(folder.path());
    let mut command = shell("sleep 1000 & echo $! > server.pid; echo started");
    command.outlives = true;
    command.cwd = Some(folder.path().to_owned());
    let heard = Mutex::new(Vec::new());
    let exit =
        children.run(&command, &CancellationToken::new(), &|line| heard.lock().unwrap().push(line.to_owned())).await;
    assert!(exit.unwrap().success());
    assert_eq!(*heard.lock().unwrap(), ["started"]);
    let pid = folder.path().join("server.pid");
    assert!(lives(&pid));
    children.clear(Duration::from_secs(5)).await.unwrap();
    let pid = std::fs::read_to_string(pid).unwrap();
    std::process::Command::new("kill").arg(pid.trim()).status().unwrap();
}

#[tokio::test]
async fn errors_are_told_before_anything_runs() {
    let folder = tempfile::tempdir().unwrap();
    let children = children(folder.path());
    let code = |command: Command| -> &'static str {
        let streams = Streams { stdin: Stream::Null, stdout: Stream::Null, stderr: Stream::Null };
        children.spawn(&command, streams).err().map_or("none", |error: Error| error.code)
    };
    assert_eq!(code(Command { argv: vec!["no-such-program".to_owned()], ..Command::default() }), "program-missing");
    assert_eq!(code(Command::default()), "program-missing");
    assert_eq!(code(Command { user: Some("no-such-user".to_owned()), ..shell("true") }), "user-switch");
}

#[tokio::test]
async fn commands_run_as_another_user() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let command = Command { user: Some("nobody".to_owned()), cwd: Some("/".into()), ..shell("id -un; id -G") };
    let heard = Mutex::new(Vec::new());
    let hear = |line: &str| heard.lock().unwrap().push(line.to_owned());
    let exit = children(folder.path()).run(&command, &CancellationToken::new(), &hear).await;
    assert!(exit.unwrap().success());
    let heard = heard.into_inner().unwrap();
    assert_eq!(heard.first().map(String::as_str), Some("nobody"));
    assert!(heard.get(1).is_some_and(|groups| !groups.split(' ').any(|group| group == "0")), "{heard:?}");
}
