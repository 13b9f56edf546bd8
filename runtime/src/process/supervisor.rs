//! The supervisor: one command, ended with all that it started when our parent is gone. It runs in a session of its own,
//! so that Ctrl-C reaches only the parent, who decides.

use super::{descent, lock};
use rustix::process::{Pid, PidfdFlags, Signal, WaitOptions, getppid, kill_process_group, pidfd_open};
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use tokio::io::unix::AsyncFd;
use tokio::signal::unix::{Signal as Listener, SignalKind, signal};

/// Exit code when the supervisor itself could not do its work.
const BROKEN: i32 = 125;

/// What the hidden arguments say, for both roles.
#[derive(Debug, Default)]
pub(super) struct Arguments {
    pub(super) parent: Option<i32>,
    pub(super) lock: PathBuf,
    pub(super) outlives: bool,
    pub(super) records: Option<PathBuf>,
    pub(super) argv: Vec<OsString>,
}

impl Arguments {
    pub(super) fn read(mut words: impl Iterator<Item = OsString>) -> Option<Self> {
        let mut read = Self::default();
        while let Some(word) = words.next() {
            match word.to_str() {
                Some("--parent") => read.parent = words.next()?.to_str()?.parse().ok(),
                Some("--lock") => read.lock = words.next()?.into(),
                Some("--outlives") => read.outlives = true,
                Some("--records") => read.records = Some(words.next()?.into()),
                Some("--") => read.argv = words.by_ref().collect(),
                _ => return None,
            }
        }
        (read.parent.is_some() && !read.argv.is_empty()).then_some(read)
    }
}

/// The supervisor's whole life. `args` are the words after [`super::CHILD`]; the result is the exit code of the process.
pub fn child_main(args: impl Iterator<Item = OsString>) -> i32 {
    let Some(arguments) = Arguments::read(args) else { return complain("bad arguments") };
    match supervise(&arguments) {
        Ok(code) => code,
        Err(error) => complain(&error.to_string()),
    }
}

#[expect(clippy::print_stderr, reason = "a supervisor has no other way to say why it failed")]
fn complain(reason: &str) -> i32 {
    eprintln!("backstay: supervisor: {reason}");
    BROKEN
}

fn supervise(arguments: &Arguments) -> io::Result<i32> {
    // Fails only when we lead a process group already, which a fresh child never does.
    let _ = rustix::process::setsid();
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    let _held = lock::share(&arguments.lock)?;
    let parent = parent(arguments.parent)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let code = runtime.block_on(watch(arguments, parent))?;
    if !arguments.outlives {
        descent::end_all();
    }
    Ok(code)
}

/// A handle of the parent that tells when it ends. A pid alone could be another's by now: it is ours only while the
/// kernel says that it is our parent.
fn parent(expected: Option<i32>) -> io::Result<OwnedFd> {
    let gone = || io::Error::other("the parent is gone");
    let pid = expected.and_then(Pid::from_raw).ok_or_else(gone)?;
    let handle = pidfd_open(pid, PidfdFlags::empty())?;
    if getppid() == Some(pid) { Ok(handle) } else { Err(gone()) }
}

async fn watch(arguments: &Arguments, parent: OwnedFd) -> io::Result<i32> {
    // Each of these would end us by default and leave the command alone.
    let mut orders = [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup(), SignalKind::quit()]
        .map(signal)
        .into_iter()
        .collect::<io::Result<Vec<Listener>>>()?;
    let mut ended = signal(SignalKind::child())?;
    #[expect(
        deprecated,
        reason = "its successor is unsafe to call, for types whose descriptor may change; an `OwnedFd` keeps its own"
    )]
    let parent = AsyncFd::new(parent)?;
    let pid = start(&arguments.argv)?;
    loop {
        if let Some(code) = reap(pid) {
            return Ok(code);
        }
        let ordered = std::future::poll_fn(|context| {
            let any = orders.iter_mut().any(|order| order.poll_recv(context).is_ready());
            if any { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        });
        tokio::select! {
            _ = ended.recv() => continue,
            () = ordered => {}
            gone = parent.readable(), if !arguments.outlives => { gone?.retain_ready(); }
        }
        // The group first: it cannot fork its way out of one call.
        let _ = kill_process_group(pid, Signal::KILL);
        descent::end_all();
        return Ok(128 + Signal::KILL.as_raw());
    }
}

/// Starts the command in a process group of its own, with our streams and nothing else.
fn start(argv: &[OsString]) -> io::Result<Pid> {
    let (program, rest) = argv.split_first().ok_or_else(|| io::Error::other("no command"))?;
    let child = std::process::Command::new(program)
        .args(rest)
        .process_group(0)
        .spawn()
        .map_err(|error| named(program, &error))?;
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    pid.ok_or_else(|| io::Error::other("no process number"))
}

pub(super) fn named(program: &OsStr, error: &io::Error) -> io::Error {
    io::Error::other(format!("cannot run `{}`: {error}", program.display()))
}

/// Reaps whatever has ended, orphans among them; the exit code of `pid` when it was one of those.
fn reap(pid: Pid) -> Option<i32> {
    while let Ok(Some((ended, status))) = rustix::process::wait(WaitOptions::NOHANG) {
        if ended == pid {
            let by_signal = || 128 + status.terminating_signal().unwrap_or(0);
            return Some(status.exit_status().unwrap_or_else(by_signal));
        }
    }
    None
}
