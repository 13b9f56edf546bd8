//! A guard: a process that starts a stopped server when this one dies before it could. It acts only when no supervised
//! child of the run is left, and only after every half-done swap is whole again.

use super::supervisor::{Arguments, named};
use super::{Children, Command, GUARD, lock};
use crate::error::{Error, Result};
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::signal::unix::{SignalKind, signal};

const READY: u8 = b'r';
const RELEASED: u8 = b'x';

/// Our end of a guard. Dropping it without [`Guard::release`] has the guard act, as our death would.
#[derive(Debug)]
pub struct Guard {
    process: tokio::process::Child,
    order: tokio::process::ChildStdin,
}

impl Guard {
    /// Nothing is owed any more. Waits until the guard is gone.
    pub async fn release(mut self) -> Result<()> {
        let failed = |error: io::Error| Error::io("release the guard of a server", &error);
        self.order.write_all(&[RELEASED]).await.map_err(failed)?;
        self.order.flush().await.map_err(failed)?;
        self.process.wait().await.map_err(failed).map(|_| ())
    }
}

impl Children {
    /// Sets up a guard over `start`. When this returns the guard is watching. `records` is the folder of the swap records
    /// that must be whole before the start ([`crate::engine::Engine::swap_records`]).
    pub async fn guard(&self, start: &Command, records: Option<&Path>) -> Result<Guard> {
        let failed = |error: io::Error| Error::io("set up the guard of a server", &error);
        let mut own = self.own(GUARD, &start.env);
        own.arg("--lock").arg(&self.lock);
        if let Some(records) = records {
            own.arg("--records").arg(records);
        }
        own.arg("--").args(&start.argv).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = super::as_before(|| own.spawn()).map_err(failed)?;
        let mut ready = [0];
        if let Some(mut stdout) = process.stdout.take() {
            stdout.read_exact(&mut ready).await.map_err(failed)?;
        }
        let order = process.stdin.take().ok_or_else(|| failed(io::Error::other("no stream to it")))?;
        Ok(Guard { process, order })
    }

    /// Waits until no child and no guard of an earlier process of this run is left. Call it before going on with a run
    /// that was cut off.
    ///
    /// # Errors
    /// `still-busy` when one is left after `patience`.
    pub async fn clear(&self, patience: Duration) -> Result<()> {
        let failed = |error: io::Error| Error::io("look at the lock of a run", &error);
        let begun = tokio::time::Instant::now();
        loop {
            let guards = lock::try_alone(&lock::of_guards(&self.lock)).map_err(failed)?;
            if guards.is_some() && lock::try_alone(&self.lock).map_err(failed)?.is_some() {
                return Ok(());
            }
            if begun.elapsed() >= patience {
                return Err(Error::temporary(
                    "still-busy",
                    "what an earlier process of this run started is still at work",
                )
                .help("Wait until its stop or start command has ended, then run it again."));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// The guard's whole life. `args` are the words after [`super::GUARD`]; the result is the exit code of the process.
pub fn guard_main(args: impl Iterator<Item = OsString>) -> i32 {
    let Some(arguments) = Arguments::read(args) else { return 125 };
    // Standard error leads nowhere: nobody is left to read it. The exit code is for tests.
    keep_watch(&arguments).unwrap_or(125)
}

fn keep_watch(arguments: &Arguments) -> io::Result<i32> {
    let _ = rustix::process::setsid();
    let _living = lock::share(&lock::of_guards(&arguments.lock))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    {
        let _entered = runtime.enter();
        // A handler replaces the default, which is to die. A machine that shuts down sends SIGTERM to every process.
        for kind in [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup(), SignalKind::quit()] {
            drop(signal(kind)?);
        }
        drop(signal(SignalKind::pipe())?);
    }
    io::stdout().write_all(&[READY])?;
    io::stdout().flush()?;
    let mut order = [0];
    loop {
        match io::stdin().read(&mut order) {
            Ok(1) if order == [RELEASED] => return Ok(0),
            Ok(0) => break,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let _alone = lock::alone(&arguments.lock)?;
    if let Some(records) = &arguments.records {
        // A server must not be started on half a swap; the next command says what is wrong.
        crate::engine::exchange::recover_all(records).map_err(io::Error::other)?;
    }
    let (program, rest) = arguments.argv.split_first().ok_or_else(|| io::Error::other("no command"))?;
    let mut start = std::process::Command::new(program);
    start.args(rest).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let status = start.status().map_err(|error| named(program, &error))?;
    Ok(status.code().unwrap_or(125))
}
