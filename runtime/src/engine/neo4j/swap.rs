//! The exchange of live and staged databases while no server runs, and what follows it: keep or put back.

use super::Neo4jEngine;
use super::control::pause;
use super::http::Refusal;
use crate::engine::exchange::{self, Exchange};
use crate::engine::{Context, Kept, Recovered};
use crate::error::{Error, Result};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;
use tokio::time::Instant;

/// Longest wait for a database to come online once its server answers.
const ONLINE: Duration = Duration::from_secs(60);
/// How a server says that a database is not there, or not yet.
const MISSING: &str = "Neo.ClientError.Database.DatabaseNotFound";

impl Neo4jEngine {
    fn exchange(&self, database: &str) -> Exchange {
        Exchange::new(&self.layout.data, database)
    }

    async fn must_be_down(&self, doing: &str) -> Result<()> {
        if self.serves().await? {
            return Err(Error::permanent("server-running", format!("cannot {doing} while the server runs"))
                .help("Stop the server first."));
        }
        Ok(())
    }

    pub(super) async fn swap_in(&self, database: &str, staging: &str) -> Result<String> {
        self.must_be_down(&format!("exchange `{database}`")).await?;
        let record = self.exchange(database);
        if record.in_place()?.as_deref() != Some(staging) {
            let pairs = self.layout.pairs(database, staging);
            for (live, staged) in pairs.iter().filter(|(live, _)| live.is_dir()) {
                like(live, staged)?;
            }
            on_disk(&self.layout.databases)?;
            on_disk(&self.layout.transactions)?;
            record.exchange(&pairs, staging)?;
        }
        Ok(format!("`{database}` is the restored one; the old one is `{staging}`"))
    }

    pub(super) async fn settle_in(
        &self,
        database: &str,
        staging: &str,
        query: Option<&str>,
        context: &Context,
    ) -> Result<String> {
        let record = self.exchange(database);
        if record.in_place()?.as_deref() != Some(staging) {
            return Err(Error::permanent("swap-reverted", format!("`{database}` is the one from before the restore"))
                .help("Run the restore again."));
        }
        let asked = match self.bring_up(context).await {
            Ok(_) => self.ask(database, query, context).await,
            Err(error) => Err(error),
        };
        match asked {
            Ok(answer) => {
                record.close()?;
                Ok(format!("{answer}; the old data is kept as `{staging}`"))
            }
            Err(error) if error.kind == schema::report::ProblemKind::Cancelled => Err(error),
            Err(error) => Err(self.give_back(database, staging, error, context).await),
        }
    }

    /// The restored database is not what was wanted: the old one goes back into service.
    async fn give_back(&self, database: &str, staging: &str, cause: Error, context: &Context) -> Error {
        let back = async {
            self.bring_down(context).await?;
            self.exchange(database).put_back()?;
            self.bring_up(context).await
        };
        let message = match back.await {
            Ok(_) => format!(
                "{}; the old data of `{database}` is back in service, the restored one is `{staging}`",
                cause.message
            ),
            Err(second) => {
                format!("{}; and the old data of `{database}` could not be put back: {}", cause.message, second.message)
            }
        };
        Error { message, ..cause }
    }

    /// Asks the database until it answers; a server may answer before its databases do.
    async fn ask(&self, database: &str, query: Option<&str>, context: &Context) -> Result<String> {
        let Some(http) = self.http()? else {
            return match query {
                Some(_) => Err(Error::permanent("no-http", "there is no `http` address to send the query to")),
                None => Ok("the server runs".to_owned()),
            };
        };
        let usual = if database == "system" { "SHOW DATABASES" } else { "RETURN 1" };
        let begun = Instant::now();
        loop {
            let Err(refusal) = http.query(database, query.unwrap_or(usual)).await? else {
                return Ok(if query.is_some() { "the query succeeded" } else { "the database answers" }.to_owned());
            };
            let late = begun.elapsed() > ONLINE;
            match refusal {
                Refusal::Login if query.is_none() => {
                    return Ok("the server answers; without a login the database was not asked".to_owned());
                }
                Refusal::Login => {
                    return Err(Error::permanent("login-refused", "the server refused the login")
                        .help("Look at `login` of the source."));
                }
                Refusal::Statement { code, .. } if code == MISSING && query.is_none() && late => {
                    return Ok(format!("the server answers; it does not serve `{database}`, so that was not asked"));
                }
                Refusal::Statement { code, message } if late || !may_pass(&code) => {
                    return Err(Error::permanent(
                        "smoke-query-failed",
                        format!("`{database}` refused the query: {message} ({code})"),
                    ));
                }
                Refusal::Silent(why) if late => {
                    return Err(Error::permanent("smoke-query-failed", format!("`{database}` did not answer: {why}")));
                }
                Refusal::Statement { .. } | Refusal::Silent(_) => pause(context).await?,
            }
        }
    }

    pub(super) async fn place_as(&self, staging: &str, into: &str) -> Result<String> {
        if !valid(into) {
            return Err(Error::permanent("bad-name", format!("`{into}` is not a name for a database"))
                .help("Use 3 to 63 lower-case letters, digits, dots and dashes, beginning with a letter."));
        }
        let record = self.exchange(into);
        if record.in_place()?.as_deref() != Some(staging) {
            // Where a swap of that name was once done, its record must not be taken for this one.
            if self.layout.pair(into).iter().any(|folder| folder.exists()) {
                return Err(Error::permanent("name-taken", format!("there is a database `{into}` already"))
                    .help("Choose another name for `--into`."));
            }
            record.exchange(&self.layout.pairs(into, staging), staging)?;
        }
        record.close()?;
        Ok(format!("`{into}`"))
    }

    pub(super) fn old_databases(&self) -> Result<Vec<Kept>> {
        let mut out = Vec::new();
        for database in exchange::recorded(&self.layout.data) {
            if let Some((staging, folders)) = self.exchange(&database).kept()? {
                out.push(Kept { database, staging, folders });
            }
        }
        Ok(out)
    }

    pub(super) fn remove_old(&self, database: &str) -> Result<()> {
        self.exchange(database).give_up()
    }

    pub(super) async fn make_whole(&self, context: &Context) -> Result<Option<Recovered>> {
        let folder = &self.layout.data;
        let half = exchange::half_done(folder) && self.serves().await?;
        if half {
            self.bring_down(context).await?;
        }
        let mut messages = exchange::recover_all(folder)?;
        self.sweep()?;
        if half {
            messages.push(format!("the server: {}", self.bring_up(context).await?));
        }
        Ok((!messages.is_empty()).then(|| Recovered { message: messages.join("; ") }))
    }
}

/// Gives a staged directory the owner and mode of the live one whose place it takes.
fn like(live: &Path, staged: &Path) -> Result<()> {
    let failed =
        |error: std::io::Error| Error::io(format!("give `{}` the mode of the live one", staged.display()), &error);
    if !staged.is_dir() {
        return Ok(());
    }
    let facts = std::fs::metadata(live).map_err(failed)?;
    std::fs::set_permissions(staged, std::fs::Permissions::from_mode(facts.mode() & 0o7777)).map_err(failed)
}

/// Has everything of this file system on disk: a name must not get there before what it names.
fn on_disk(folder: &Path) -> Result<()> {
    let synced = std::fs::File::open(folder).and_then(|folder| Ok(rustix::fs::syncfs(folder)?));
    synced.map_err(|error| Error::io(format!("have `{}` on disk", folder.display()), &error))
}

/// A database that is still starting says so with one of these.
pub(super) fn may_pass(code: &str) -> bool {
    code.contains("DatabaseUnavailable") || code.contains("TransientError") || code == MISSING
}

pub(super) fn valid(name: &str) -> bool {
    let sound = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    (3..=63).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(sound)
        && !name.contains("..")
}

#[cfg(test)]
mod tests {
    use super::valid;

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        assert!(valid("neo4j") && valid("orders-2026.a"));
        for name in ["", "ab", "../x", "-x-", "Neo", "a/b", "a..b", "--help"] {
            assert!(!valid(name), "{name}");
        }
    }
}
