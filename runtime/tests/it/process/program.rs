//! A program with the two hidden roles, and a third that the tests kill: a parent that has children and owes a start.

use runtime::process::{CHILD, Children, Command, GUARD, Stream, Streams, child_main, guard_main};
use std::path::PathBuf;

fn main() {
    let mut words = std::env::args_os().skip(1);
    let role = words.next().unwrap_or_default();
    let code = match role.to_str() {
        Some(CHILD) => child_main(words),
        Some(GUARD) => guard_main(words),
        Some("parent") => {
            let folder = PathBuf::from(words.next().unwrap_or_default());
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.map_or(1, |runtime| runtime.block_on(parent(folder)).map_or(1, |()| 0))
        }
        _ => 2,
    };
    std::process::exit(code);
}

/// Starts `child.sh` under a guard whose start is `start.sh`, says so, and waits to be killed.
async fn parent(folder: PathBuf) -> runtime::Result<()> {
    let exe = std::env::current_exe().map_err(|error| runtime::Error::io("find itself", &error))?;
    let children = Children::new(exe, folder.join("lock"));
    let script = |name: &str| vec!["/bin/sh".to_owned(), folder.join(name).to_string_lossy().into_owned()];
    let guard = children.guard(&Command { argv: script("start.sh"), ..Command::default() }, None).await?;
    let command = Command { argv: script("child.sh"), ..Command::default() };
    let mut child =
        children.spawn(&command, Streams { stdin: Stream::Null, stdout: Stream::Null, stderr: Stream::Null })?;
    std::fs::write(folder.join("ready"), "").map_err(|error| runtime::Error::io("say that it is ready", &error))?;
    child.wait().await?;
    guard.release().await
}
