//! Child processes: each runs under a small supervisor (this program again, with a hidden argument) that ends it and
//! everything it started when this process is gone. Nothing here knows what the children are for.

mod child;
mod descent;
mod guard;
mod lines;
mod lock;
mod pages;
mod supervisor;
mod user;

pub use child::{Child, Exit, Stream, Streams};
pub use guard::{Guard, guard_main};
pub(crate) use lines::each as each_line;
pub(crate) use pages::as_before;
pub use pages::no_huge_pages;
pub use supervisor::child_main;
pub(crate) use user::numbers as user_numbers;

use crate::error::{Error, Result};
use crate::event::StepObservers;
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// First argument that makes this program a supervisor: the caller must call [`child_main`] before anything else.
pub const CHILD: &str = "__child";
/// First argument that makes this program a guard: the caller must call [`guard_main`] before anything else.
pub const GUARD: &str = "__guard";

/// Variables that children see of ours. The rest stays here: secrets often live in the environment.
const PASSED_ON: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "TZ",
    "TMPDIR",
    "JAVA_HOME",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
];

/// Takes secret values out of a line before anyone sees it.
pub trait Redact: Send + Sync {
    fn redact(&self, line: &str) -> String;
}

/// What to run.
#[derive(Clone, Debug, Default)]
pub struct Command {
    /// Program and arguments; never through a shell. A program without a slash is looked up in `PATH`.
    pub argv: Vec<String>,
    /// Added to the few variables that children see.
    pub env: Vec<(String, String)>,
    pub cwd: Option<PathBuf>,
    /// OS user to run as; `None` is ours.
    pub user: Option<String>,
    /// It is let finish when this process is gone, and what it started stays: for commands that stop or start a server.
    pub outlives: bool,
}

/// The only way to start a process. Cheap to clone; the clones share one lock file, which the processes of one run hold.
#[derive(Clone)]
pub struct Children {
    exe: PathBuf,
    lock: PathBuf,
    redact: Option<Arc<dyn Redact>>,
}

impl std::fmt::Debug for Children {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Children").field("exe", &self.exe).field("lock", &self.lock).finish_non_exhaustive()
    }
}

impl Children {
    /// `exe` is a program that calls [`child_main`] and [`guard_main`]; `lock` is a file of this run, made when missing.
    #[must_use]
    pub fn new(exe: PathBuf, lock: PathBuf) -> Self {
        // A child may be given another working directory, and its supervisor is there first.
        let whole = |path: PathBuf| std::path::absolute(&path).unwrap_or(path);
        Self { exe: whole(exe), lock: whole(lock), redact: None }
    }

    #[must_use]
    pub fn with_redact(mut self, redact: Arc<dyn Redact>) -> Self {
        self.redact = Some(redact);
        self
    }

    /// A line as others may see it.
    #[must_use]
    pub fn redacted(&self, line: &str) -> String {
        self.redact.as_ref().map_or_else(|| line.to_owned(), |redact| redact.redact(line))
    }

    /// Tells a line of a child to the observers, redacted.
    pub fn tell(&self, observers: &StepObservers, from: &str, line: &str) {
        observers.output(from, &self.redacted(line));
    }

    /// Starts a command under a supervisor of its own. Dropping the [`Child`] ends it.
    ///
    /// # Errors
    /// `program-missing` when there is no such program, `user-switch` when it cannot run as that user, `io`.
    pub fn spawn(&self, command: &Command, streams: Streams) -> Result<Child> {
        let mut argv = user::prefix(command.user.as_deref())?;
        argv.push(located(command)?.into_os_string());
        argv.extend(command.argv.iter().skip(1).map(OsString::from));
        let mut supervisor = self.own(CHILD, &command.env);
        supervisor.arg("--lock").arg(&self.lock);
        if command.outlives {
            supervisor.arg("--outlives");
        }
        supervisor.arg("--").args(argv);
        if let Some(cwd) = &command.cwd {
            supervisor.current_dir(cwd);
        }
        Child::spawn(supervisor, streams)
    }

    /// Runs a command to its end, with nothing on its standard input and each line of its output handed to `heard`.
    ///
    /// # Errors
    /// As [`Children::spawn`]; `cancelled` when the token was.
    pub async fn run(
        &self,
        command: &Command,
        cancel: &CancellationToken,
        heard: &(dyn Fn(&str) + Send + Sync),
    ) -> Result<Exit> {
        if command.outlives {
            self.run_apart(command, cancel, heard).await
        } else {
            self.run_here(command, cancel, heard).await
        }
    }

    async fn run_here(
        &self,
        command: &Command,
        cancel: &CancellationToken,
        heard: &(dyn Fn(&str) + Send + Sync),
    ) -> Result<Exit> {
        let streams = Streams { stdin: Stream::Null, stdout: Stream::Pipe, stderr: Stream::Pipe };
        let mut child = self.spawn(command, streams)?;
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let work = async {
            let (out, err, exit) = tokio::join!(lines::each(out, heard), lines::each(err, heard), child.wait());
            out.and(err).map_err(|error| Error::io("read the output of a command", &error))?;
            exit
        };
        let ended = tokio::select! {
            ended = work => Some(ended),
            () = cancel.cancelled() => None,
        };
        if let Some(ended) = ended {
            return ended;
        }
        child.kill().await?;
        Err(Error::cancelled())
    }

    /// What the command leaves behind would hold a pipe open for ever, so its output goes to a file that has no name.
    async fn run_apart(
        &self,
        command: &Command,
        cancel: &CancellationToken,
        heard: &(dyn Fn(&str) + Send + Sync),
    ) -> Result<Exit> {
        let failed = |error: std::io::Error| Error::io("keep the output of a command", &error);
        let file = tempfile::tempfile().map_err(failed)?;
        let (out, err) = (file.try_clone().map_err(failed)?, file.try_clone().map_err(failed)?);
        let streams = Streams { stdin: Stream::Null, stdout: Stream::File(out), stderr: Stream::File(err) };
        let mut child = self.spawn(command, streams)?;
        let ended = tokio::select! {
            ended = child.wait() => Some(ended),
            () = cancel.cancelled() => None,
        };
        if ended.is_none() {
            child.kill().await?;
        }
        let mut file = tokio::fs::File::from_std(file);
        tokio::io::AsyncSeekExt::rewind(&mut file).await.map_err(failed)?;
        lines::each(Some(tokio::io::AsyncReadExt::take(file, 1 << 20)), heard).await.map_err(failed)?;
        ended.unwrap_or_else(|| Err(Error::cancelled()))
    }

    /// This program again, in one of its hidden roles.
    fn own(&self, role: &str, env: &[(String, String)]) -> tokio::process::Command {
        let mut own = tokio::process::Command::new(&self.exe);
        own.arg(role).arg("--parent").arg(std::process::id().to_string());
        own.env_clear();
        own.envs(std::env::vars_os().filter(|(name, _)| passed_on(name)));
        own.envs(env.iter().map(|(name, value)| (name, value)));
        own
    }
}

fn passed_on(name: &std::ffi::OsStr) -> bool {
    name.to_str().is_some_and(|name| PASSED_ON.contains(&name) || name.starts_with("LC_"))
}

/// The program's file. Looked up here, so that a missing program is our error and not an exit code of the supervisor.
pub(crate) fn located(command: &Command) -> Result<PathBuf> {
    let Some(program) = command.argv.first().filter(|program| !program.is_empty()) else {
        return Err(Error::permanent("program-missing", "the command is empty"));
    };
    let missing = || {
        Error::permanent("program-missing", format!("no program `{program}` that can be run"))
            .help("Install it, or write its full path in the strategy.")
    };
    if program.contains('/') {
        let path = command.cwd.as_deref().unwrap_or(Path::new("")).join(program);
        return if executable(&path) { Ok(PathBuf::from(program)) } else { Err(missing()) };
    }
    let given = command.env.iter().find(|(name, _)| name == "PATH").map(|(_, value)| OsString::from(value));
    let path = given.or_else(|| std::env::var_os("PATH")).unwrap_or_else(|| OsString::from("/usr/bin:/bin"));
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| executable(file)).ok_or_else(missing)
}

/// Whether this is a file with an execute bit.
#[must_use]
pub fn executable(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|facts| facts.is_file() && facts.permissions().mode() & 0o111 != 0)
}
