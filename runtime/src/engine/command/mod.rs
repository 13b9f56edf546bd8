//! The `command` engine: what a program writes to its standard output is the artifact, and another program reads it in.
//! Nothing counts until a program has ended with success. What it does with live data is its own affair.

mod words;

use super::{Context, Doing, Engine, Examined, Recovered, Taken};
use crate::artifact::stream::CHUNK;
use crate::artifact::{Feed, Sink, sized};
use crate::error::{Error, Result};
use crate::process::{Stream, Streams};
use crate::secret::Secrets;
use bytes::BytesMut;
use schema::manifest::EngineFacts;
use schema::step::Method;
use std::fs::File;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::ChildStdin;
use words::{Ear, Use};

/// The one database of a source that names none.
pub const DATABASE: &str = "command";
/// Every staged artifact has a name that begins so.
const PREFIX: &str = "bk-";

/// Anything with a program that writes it out.
#[derive(Clone, Debug)]
pub struct CommandEngine {
    strategy: String,
    name: String,
    command: schema::source::Command,
    base: PathBuf,
    secrets: Secrets,
}

impl CommandEngine {
    /// Programs run in `base`, the folder of the strategy.
    #[must_use]
    pub fn new(strategy: &str, name: &str, command: &schema::source::Command, base: &Path, secrets: Secrets) -> Self {
        Self {
            strategy: strategy.to_owned(),
            name: name.to_owned(),
            command: command.clone(),
            base: base.to_owned(),
            secrets,
        }
    }

    /// Looks for the programs, and for the secrets that they get.
    fn look(&self, databases: &[String]) -> Result<String> {
        let known = self.databases();
        if let Some(other) = databases.iter().find(|database| !known.contains(database)) {
            return Err(Error::permanent("database-missing", format!("`{}` has no database `{other}`", self.name)));
        }
        // Before a restore nothing need be there.
        let what = if databases.is_empty() { Use::Restore } else { Use::Backup };
        let command = self.words(what, known.first().map_or(DATABASE, String::as_str), Some("into"))?;
        let program = crate::process::located(&command)?;
        Ok(format!("`{}` can be run", program.display()))
    }

    fn databases(&self) -> Vec<String> {
        match self.command.databases.as_slice() {
            [] => vec![DATABASE.to_owned()],
            named => named.to_vec(),
        }
    }

    async fn write_out(&self, database: &str, out: Sink, context: &Context) -> Result<Taken> {
        let command = self.words(Use::Backup, database, None)?;
        let taken = context.world.now();
        let ear = Ear::new(context, &command);
        let streams = Streams { stdin: Stream::Null, stdout: Stream::Pipe, stderr: Stream::Pipe };
        let mut child = context.children.spawn(&command, streams)?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let hear = |line: &str| ear.hear(line);
        let work = async {
            let (pumped, heard) = tokio::join!(pump(stdout, &out), crate::process::each_line(stderr, &hear));
            pumped?;
            heard.map_err(|error| Error::io("read what a program says", &error))?;
            child.wait().await
        };
        let ended = tokio::select! {
            ended = work => ended,
            () = context.cancel.cancelled() => Err(Error::cancelled()),
        };
        match ended {
            Ok(exit) => ear.judge(exit)?,
            Err(error) => {
                child.kill().await?;
                return Err(error);
            }
        }
        out.finish().await?;
        Ok(Taken {
            facts: EngineFacts {
                name: "command".to_owned(),
                method: "command".to_owned(),
                version: None,
                edition: None,
                tool: ear.program().to_owned(),
                entries: None,
            },
            taken: taken.to_string(),
            incomplete: Vec::new(),
        })
    }

    /// Gives a program an artifact as it comes. It has not failed before it was read to its end and found right.
    async fn give(&self, what: Use, database: &str, mut artifact: Feed, context: &Context) -> Result<String> {
        let command = self.words(what, database, None)?;
        let ear = Ear::new(context, &command);
        let streams = Streams { stdin: Stream::Pipe, stdout: Stream::Pipe, stderr: Stream::Pipe };
        let mut child = context.children.spawn(&command, streams)?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let hear = |line: &str| ear.hear(line);
        let work = async {
            let fed = async {
                match stdin {
                    Some(stdin) => feed(&mut artifact, stdin).await,
                    None => Ok(()),
                }
            };
            let (fed, out, err) =
                tokio::join!(fed, crate::process::each_line(stdout, &hear), crate::process::each_line(stderr, &hear));
            fed?;
            out.and(err).map_err(|error| Error::io("read what a program says", &error))?;
            child.wait().await
        };
        let ended = tokio::select! {
            ended = work => ended,
            () = context.cancel.cancelled() => Err(Error::cancelled()),
        };
        match ended {
            Ok(exit) => ear.judge(exit).map(|()| format!("`{}` is content with it", ear.program())),
            Err(error) => {
                child.kill().await?;
                Err(error)
            }
        }
    }

    /// Gives a program a staged artifact, all of which was found right before.
    async fn read_in(&self, what: Use, database: &str, into: &str, staged: &Path, context: &Context) -> Result<String> {
        let command = self.words(what, database, Some(into))?;
        let ear = Ear::new(context, &command);
        let file = File::open(staged).map_err(|error| nothing_staged(staged, &error))?;
        let streams = Streams { stdin: Stream::File(file), stdout: Stream::Pipe, stderr: Stream::Pipe };
        let mut child = context.children.spawn(&command, streams)?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let hear = |line: &str| ear.hear(line);
        let work = async {
            let (out, err) =
                tokio::join!(crate::process::each_line(stdout, &hear), crate::process::each_line(stderr, &hear));
            out.and(err).map_err(|error| Error::io("read what a program says", &error))?;
            child.wait().await
        };
        let ended = tokio::select! {
            ended = work => ended,
            () = context.cancel.cancelled() => Err(Error::cancelled()),
        };
        match ended {
            Ok(exit) => ear.judge(exit).map(|()| ear.program().to_owned()),
            Err(error) => {
                child.kill().await?;
                Err(error)
            }
        }
    }

    /// Whether it has a program that looks at an artifact.
    fn checks(&self) -> bool {
        !self.command.check.is_empty()
    }
}

/// Everything that a program writes.
async fn pump<R: AsyncRead + Unpin>(reader: Option<R>, out: &Sink) -> Result<()> {
    let Some(mut reader) = reader else { return Ok(()) };
    loop {
        let mut chunk = BytesMut::with_capacity(CHUNK);
        while chunk.len() < CHUNK {
            let read = reader.read_buf(&mut chunk).await;
            if read.map_err(|error| Error::io("read what a program writes", &error))? == 0 {
                break;
            }
        }
        if chunk.is_empty() {
            return Ok(());
        }
        out.send(chunk.freeze()).await?;
    }
}

/// All of the artifact, even when the program stops reading: whether it is right is known only at its end.
async fn feed(artifact: &mut Feed, mut stdin: ChildStdin) -> Result<()> {
    let mut open = true;
    while let Some(chunk) = artifact.next().await? {
        open = open && stdin.write_all(&chunk).await.is_ok();
    }
    Ok(())
}

/// Where an artifact is kept until it was found right: beside the scratch directories of attempts, which are private.
fn staged(staging: &str, context: &Context) -> Result<PathBuf> {
    let sound = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    if !staging.starts_with(PREFIX) || !staging.chars().all(sound) || staging.contains("..") {
        return Err(Error::permanent("bad-staging", format!("`{staging}` is not a name for staged data")));
    }
    Ok(context.scratch.with_file_name(format!("{staging}.artifact")))
}

fn nothing_staged(path: &Path, error: &std::io::Error) -> Error {
    Error::permanent("nothing-staged", format!("cannot open `{}`, which was staged: {error}", path.display()))
}

async fn keep(mut artifact: Feed, path: &Path) -> Result<u64> {
    let failed = |error: std::io::Error| Error::io(format!("write `{}`", path.display()), &error);
    let file = File::options().write(true).create(true).truncate(true).mode(0o600).open(path).map_err(failed)?;
    let mut file = tokio::fs::File::from_std(file);
    let mut size = 0;
    while let Some(chunk) = artifact.next().await? {
        size += chunk.len() as u64;
        file.write_all(&chunk).await.map_err(failed)?;
    }
    file.flush().await.map_err(failed)?;
    Ok(size)
}

fn remove(path: &Path) {
    // A leftover is private, and replaced by the next one of this name.
    let _ = std::fs::remove_file(path);
}

impl Engine for CommandEngine {
    fn preflight<'a>(&'a self, databases: &'a [String], _context: &'a Context) -> Doing<'a, String> {
        Box::pin(async move { self.look(databases) })
    }

    fn inventory<'a>(&'a self, _context: &'a Context) -> Doing<'a, Vec<String>> {
        Box::pin(async {
            let mut databases = self.databases();
            databases.sort();
            Ok(databases)
        })
    }

    fn backup<'a>(&'a self, database: &'a str, method: Method, out: Sink, context: &'a Context) -> Doing<'a, Taken> {
        Box::pin(async move {
            match method {
                Method::Command => self.write_out(database, out, context).await,
                _ => Err(Error::permanent("bad-method", "a program has no method but its own")),
            }
        })
    }

    fn kind(&self) -> &'static str {
        "command"
    }

    fn verify<'a>(&'a self, database: &'a str, artifact: Feed, context: &'a Context) -> Doing<'a, Examined> {
        Box::pin(async move {
            if !self.checks() {
                return Err(Error::permanent("no-check", format!("`{}` has no program that checks", self.name))
                    .help("Add `check` to the source, or verify with `digest`."));
            }
            self.give(Use::Check, database, artifact, context).await.map(Examined::from).map_err(found_bad)
        })
    }

    fn stage<'a>(&'a self, _: &'a str, staging: &'a str, artifact: Feed, context: &'a Context) -> Doing<'a, String> {
        Box::pin(async move {
            let path = staged(staging, context)?;
            let kept = tokio::select! {
                kept = keep(artifact, &path) => kept,
                () = context.cancel.cancelled() => Err(Error::cancelled()),
            };
            match kept {
                Ok(size) => Ok(format!("{} kept aside", sized(size))),
                Err(error) => {
                    remove(&path);
                    Err(error)
                }
            }
        })
    }

    fn inspect<'a>(&'a self, database: &'a str, staging: &'a str, context: &'a Context) -> Doing<'a, String> {
        Box::pin(async move {
            let path = staged(staging, context)?;
            if self.checks() {
                let program = self.read_in(Use::Check, database, database, &path, context).await.map_err(found_bad)?;
                return Ok(format!("`{program}` is content with it"));
            }
            let facts = std::fs::metadata(&path).map_err(|error| nothing_staged(&path, &error))?;
            Ok(format!("{}, as in its manifest; the source has no `check`", sized(facts.len())))
        })
    }

    fn swap<'a>(&'a self, database: &'a str, staging: &'a str, context: &'a Context) -> Doing<'a, String> {
        Box::pin(async move {
            let path = staged(staging, context)?;
            match self.read_in(Use::Restore, database, database, &path, context).await {
                Ok(program) => Ok(format!("`{program}` has read it in, over what was there")),
                Err(mut error) => {
                    error.message.push_str("; what was there may be gone in part");
                    Err(error.help("Look at it, then restore again, or restore under another name with `--into`."))
                }
            }
        })
    }

    fn settle<'a>(
        &'a self,
        _: &'a str,
        staging: &'a str,
        query: Option<&'a str>,
        context: &'a Context,
    ) -> Doing<'a, String> {
        Box::pin(async move {
            if query.is_some() {
                return Err(Error::permanent("bad-query", "a program answers no query"));
            }
            remove(&staged(staging, context)?);
            Ok("its program has ended well".to_owned())
        })
    }

    fn place<'a>(
        &'a self,
        database: &'a str,
        staging: &'a str,
        into: &'a str,
        context: &'a Context,
    ) -> Doing<'a, String> {
        Box::pin(async move {
            let path = staged(staging, context)?;
            let program = self.read_in(Use::Restore, database, into, &path, context).await?;
            remove(&path);
            Ok(format!("`{program}` has read it in, as `{into}`"))
        })
    }

    fn recover<'a>(&'a self, _context: &'a Context) -> Doing<'a, Option<Recovered>> {
        Box::pin(async { Ok(None) })
    }
}

/// A program that looked at an artifact and did not like it has said something about the artifact.
fn found_bad(error: Error) -> Error {
    if error.code == "command-failed" { Error { kind: schema::report::ProblemKind::Integrity, ..error } } else { error }
}
