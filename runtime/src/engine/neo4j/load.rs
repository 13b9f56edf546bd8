//! Loading a dump under a name of our own, checking it there, and removing it again. Live databases are out of reach:
//! every name that is loaded or removed begins with our prefix.

use super::Neo4jEngine;
use super::admin::Ear;
use crate::artifact::Feed;
use crate::engine::exchange::Exchange;
use crate::engine::{Context, Examined};
use crate::error::{Error, Result};
use crate::process::{Stream, Streams};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use tokio::io::AsyncWriteExt;
use tokio::process::ChildStdin;

/// Every database that Backstay makes begins with this.
pub const PREFIX: &str = "bk-";
/// And every scratch copy with this.
const SCRATCH: &str = "bk-verify-";

impl Neo4jEngine {
    /// # Errors
    /// `bad-staging` for a name that is not ours.
    fn ours(name: &str) -> Result<()> {
        let rest = name.strip_prefix(PREFIX).unwrap_or_default();
        let sound = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
        if !rest.is_empty() && name.len() <= 63 && rest.chars().all(sound) && !rest.contains("..") {
            return Ok(());
        }
        Err(Error::permanent("bad-staging", format!("`{name}` is not a name for staged data")))
    }

    /// Removes a database directory of ours and its transaction logs.
    pub(super) fn remove(&self, name: &str) -> Result<()> {
        Self::ours(name)?;
        for folder in self.layout.pair(name) {
            match std::fs::remove_dir_all(&folder) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Error::io(format!("remove `{}`", folder.display()), &error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Removes scratch copies that a verification left when it was killed. Whoever calls holds the source's lock, so none
    /// of them is in use.
    pub(super) fn sweep(&self) -> Result<()> {
        for folder in [&self.layout.databases, &self.layout.transactions] {
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            for name in entries.filter_map(|entry| entry.file_name().into_string().ok()) {
                if name.starts_with(SCRATCH) {
                    self.remove(&name)?;
                }
            }
        }
        Ok(())
    }

    pub(super) async fn load_staging(
        &self,
        database: &str,
        staging: &str,
        feed: Feed,
        context: &Context,
    ) -> Result<String> {
        Self::ours(staging)?;
        Exchange::new(&self.layout.data, database).keeps_old(staging)?;
        self.remove(staging)?;
        self.load(staging, feed, context).await?;
        Ok(format!("loaded as `{staging}`"))
    }

    /// Loads into a name that is free. A load that fails leaves nothing behind.
    async fn load(&self, name: &str, feed: Feed, context: &Context) -> Result<()> {
        Self::ours(name)?;
        if self.layout.pair(name).iter().any(|folder| folder.exists()) {
            return Err(Error::permanent("database-exists", format!("there is a database `{name}` already")));
        }
        let loaded = self.load_stream(name, feed, context).await;
        if loaded.is_err() {
            self.remove(name)?;
            return loaded;
        }
        // The tool makes them for everyone to read; nobody needs to while they are staged.
        for folder in self.layout.pair(name).iter().filter(|folder| folder.is_dir()) {
            let closed = std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700));
            closed.map_err(|error| Error::io(format!("close `{}` to others", folder.display()), &error))?;
        }
        Ok(())
    }

    pub(super) async fn load_stream(&self, name: &str, mut feed: Feed, context: &Context) -> Result<()> {
        let ear = Ear::new(context);
        let streams = Streams { stdin: Stream::Pipe, stdout: Stream::Pipe, stderr: Stream::Pipe };
        let mut child = context.children.spawn(&self.admin(&["database", "load", "--from-stdin", name]), streams)?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let hear = |line: &str| ear.hear(line);
        let work = async {
            let fed = async { if let Some(stdin) = stdin { give(&mut feed, stdin).await } else { Ok(false) } };
            let said = async {
                tokio::join!(crate::process::each_line(stdout, &hear), crate::process::each_line(stderr, &hear))
            };
            // A feed that fails must not leave the tool waiting for more, nor let it take the cut for the end.
            let told = async {
                let (out, err) = said.await;
                out.and(err).map_err(|error| Error::io("read what the tool says", &error))
            };
            tokio::try_join!(fed, told).map(|(refused, ())| refused)
        };
        let ended = tokio::select! {
            ended = work => ended,
            () = context.cancel.cancelled() => Err(Error::cancelled()),
        };
        let refused = match ended {
            Ok(refused) => refused,
            Err(error) => {
                child.kill().await?;
                return Err(error);
            }
        };
        ear.judge(&format!("load `{name}`"), child.wait().await?)?;
        if refused {
            return Err(Error::integrity(
                "archive-damaged",
                format!("cannot load `{name}`: the tool did not read the whole dump"),
            ));
        }
        Ok(())
    }

    /// Loads under a name that nobody uses, checks, and removes what was loaded, whatever came of it.
    pub(super) async fn verify_copy(&self, database: &str, feed: Feed, context: &Context) -> Result<Examined> {
        let random = uuid::Uuid::new_v4().simple().to_string();
        let name = format!("{SCRATCH}{}", random.get(..12).unwrap_or(&random));
        self.load(&name, feed, context).await?;
        let examined = async {
            self.check(&name, context).await?;
            let detail = format!("a copy of `{database}` was loaded, and its check found nothing wrong");
            Ok(Examined { detail, transaction: self.last_transaction(&name, context).await })
        };
        let examined = examined.await;
        self.remove(&name)?;
        examined
    }

    /// The number of the last transaction of a database that no server has open. That it cannot be told is said, and says
    /// nothing against the data.
    pub(super) async fn last_transaction(&self, name: &str, context: &Context) -> Option<u64> {
        let words = ["database", "info", "--format=json", name];
        let asked = self.admin_run(&format!("ask about `{name}`"), &words, context).await;
        let told = asked.map(|lines| last_transaction(&lines.concat()));
        let why = match told {
            Ok(Some(number)) => return Some(number),
            Ok(None) => "the tool names none".to_owned(),
            Err(error) => error.message,
        };
        let help = "No restore finds this copy by a transaction.".to_owned();
        context.observers.notice(format!("the last transaction of `{name}` is not known: {why}"), Some(help));
        None
    }

    /// The tool's own checker. The report of what it finds goes to the scratch directory.
    pub(super) async fn check(&self, name: &str, context: &Context) -> Result<String> {
        let reports = self.reports(context)?;
        let option = format!("--report-path={}", reports.display());
        let ear = Ear::new(context);
        let words = ["database", "check", &option, name];
        let exit = context.children.run(&self.admin(&words), &context.cancel, &|line| ear.hear(line)).await?;
        let found = std::fs::read_dir(&reports).is_ok_and(|mut entries| {
            entries.any(|entry| entry.is_ok_and(|entry| entry.file_name().to_string_lossy().ends_with(".report")))
        });
        if found {
            let lines = ear.lines();
            let summary = lines
                .iter()
                .map(|line| line.trim())
                .filter(|line| line.contains("Number of"))
                .collect::<Vec<_>>()
                .join("; ");
            let summary = if summary.is_empty() { String::new() } else { format!(": {summary}") };
            return Err(Error::integrity(
                "inconsistent",
                format!("the check of `{name}` found inconsistencies{summary}"),
            )
            .help("Do not rely on this artifact: use an older one, and check the live database."));
        }
        ear.judge(&format!("check `{name}`"), exit)?;
        Ok("its check found nothing wrong".to_owned())
    }

    /// A fresh directory that the tool can write in, whoever it runs as.
    fn reports(&self, context: &Context) -> Result<std::path::PathBuf> {
        let folder = context.scratch.join(format!("report-{}", uuid::Uuid::new_v4().simple()));
        let failed = |error: std::io::Error| Error::io(format!("make `{}`", folder.display()), &error);
        std::fs::DirBuilder::new().mode(0o700).create(&folder).map_err(failed)?;
        if let Some(user) = &self.neo4j.user {
            let (uid, gid) = crate::process::user_numbers(user)?;
            if uid != rustix::process::geteuid().as_raw() {
                std::os::unix::fs::chown(&folder, Some(uid), Some(gid)).map_err(failed)?;
                std::fs::set_permissions(&context.scratch, std::fs::Permissions::from_mode(0o711)).map_err(failed)?;
            }
        }
        Ok(folder)
    }
}

/// The number in what `database info` writes of one database. A database that is in use is told with -1.
fn last_transaction(text: &str) -> Option<u64> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Told {
        last_committed_transaction: String,
    }
    let json = text.get(text.find('{')?..=text.rfind('}')?)?;
    serde_json::from_str::<Told>(json).ok()?.last_committed_transaction.parse().ok()
}

/// Feeds the whole stream; `true` when the tool closed its end before that.
async fn give(feed: &mut Feed, mut stdin: ChildStdin) -> Result<bool> {
    while let Some(chunk) = feed.next().await? {
        match stdin.write_all(&chunk).await {
            Ok(()) => {}
            // Its own words say why.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return Ok(true),
            Err(error) => return Err(Error::io("hand the dump to the tool", &error)),
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::last_transaction;

    #[test]
    fn the_number_is_found_among_what_is_said_beside_it() {
        let said = "Selecting JVM - Version: 17\n{\n  \"databaseName\": \"bk-1\",\n  \"lastCommittedTransaction\": \"42\",\n  \"recoveryRequired\": \"false\"\n}";
        assert_eq!(last_transaction(said), Some(42));
        for other in ["", "}{", r#"{"lastCommittedTransaction":"-1"}"#, r#"{"lastCommittedTransaction":null}"#, "[{}]"]
        {
            assert_eq!(last_transaction(other), None, "{other}");
        }
    }
}
