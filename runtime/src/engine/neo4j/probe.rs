//! Looks before anything is touched: the tool, the server, the owner of the data, and whether they fit the strategy.

use super::Neo4jEngine;
use super::http::Discovery;
use crate::engine::Context;
use crate::error::{Error, Result};
use std::os::unix::fs::MetadataExt;

impl Neo4jEngine {
    /// What the server says, if there is one and the strategy says where.
    pub(super) async fn discovery(&self) -> Result<Option<Discovery>> {
        match self.http()? {
            Some(http) => http.discover().await,
            None => Ok(None),
        }
    }

    pub(super) async fn probe(&self, databases: &[String], context: &Context) -> Result<String> {
        let tool = self.tool_version(context).await?;
        self.right_version("neo4j-admin", &tool)?;
        self.right_owner()?;
        let server = self.discovery().await?;
        if let Some(server) = &server {
            self.right_version("the server", &server.version)?;
            if !server.edition.eq_ignore_ascii_case(&self.neo4j.edition) {
                let message =
                    format!("the server is the {} edition, the strategy says {}", server.edition, self.neo4j.edition);
                return Err(Error::permanent("wrong-edition", message).help("Correct `edition` of the source."));
            }
            if numbers(&tool) < numbers(&server.version) {
                let message = format!("`neo4j-admin` is {tool}, older than the server ({})", server.version);
                return Err(Error::permanent("store-newer-than-tool", message)
                    .help("Use the `neo4j-admin` of the server's own version."));
            }
        }
        if self.serves().await? {
            self.control()?;
        }
        let missing = databases.iter().find(|database| !self.layout.databases.join(database).is_dir());
        if let Some(missing) = missing {
            return Err(Error::permanent(
                "database-missing",
                format!("there is no database `{missing}` in `{}`", self.layout.databases.display()),
            )
            .help("Look at `databases` and `home` of the source."));
        }
        let state = server
            .map_or_else(|| "no server answers".to_owned(), |server| format!("server {} answers", server.version));
        Ok(format!("neo4j-admin {tool}; {state}"))
    }

    pub(super) async fn tool_version(&self, context: &Context) -> Result<String> {
        self.tool.get_or_try_init(|| self.ask_version(context)).await.cloned()
    }

    async fn ask_version(&self, context: &Context) -> Result<String> {
        let lines = self.admin_run("ask for the version of the tool", &["--version"], context).await?;
        let version = lines.iter().map(|line| line.trim()).find(|line| line.starts_with(|c: char| c.is_ascii_digit()));
        version.map(str::to_owned).ok_or_else(|| {
            Error::permanent("not-neo4j", format!("`{}` does not say a version", self.neo4j.admin))
                .help("Look at `admin` of the source.")
        })
    }

    pub(super) fn right_version(&self, what: &str, found: &str) -> Result<()> {
        let wanted = &self.neo4j.version;
        let rest = found.strip_prefix(wanted.as_str());
        if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '+'])) {
            return Ok(());
        }
        Err(Error::permanent("wrong-version", format!("{what} is version {found}, the strategy says {wanted}"))
            .help("Correct `version` of the source, or `admin`."))
    }

    /// A tool that runs as another user leaves files that the server cannot open.
    fn right_owner(&self) -> Result<()> {
        // Where all is lost, the directory that is left says whose the data were.
        let folder = &self.layout.databases;
        let folder = folder.ancestors().find(|folder| folder.exists()).unwrap_or(folder);
        let facts =
            std::fs::metadata(folder).map_err(|error| Error::io(format!("look at `{}`", folder.display()), &error))?;
        let own = match &self.neo4j.user {
            Some(user) => crate::process::user_numbers(user)?.0,
            None => rustix::process::geteuid().as_raw(),
        };
        if facts.uid() == own {
            return Ok(());
        }
        let message = format!("`{}` belongs to user {}, the tool would run as {own}", folder.display(), facts.uid());
        Err(Error::permanent("wrong-owner", message).help("Name the owner of the data: `admin \"…\" user=\"neo4j\"`."))
    }
}

fn numbers(version: &str) -> Vec<u64> {
    version.split(|c: char| !c.is_ascii_digit()).map_while(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::numbers;

    #[test]
    fn versions_are_compared_by_number() {
        assert!(numbers("5.9.1") < numbers("5.26.0") && numbers("5.26.12") < numbers("2025.01.0"));
        assert_eq!(numbers("2026.09.0-rc"), [2026, 9, 0]);
    }
}
