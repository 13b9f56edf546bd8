//! A drill of a database: loaded below a folder of its own in the target's home, with a configuration of its own, checked
//! there, served on loopback for the queries, and removed. Nothing of the target's own data is read or written.

use super::Neo4jEngine;
use super::control::pause;
use super::http::{Http, Refusal};
use super::swap::may_pass;
use crate::artifact::Feed;
use crate::engine::Context;
use crate::engine::target::{DRILL, Tried};
use crate::error::{Error, Result};
use crate::process::{Child, Command, Stream, Streams};
use crate::secret::Secrets;
use schema::secret::SecretRef;
use schema::source::{Login, Neo4j};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Longest wait for the server of a drill, and for its database.
const READY: Duration = Duration::from_secs(300);
/// Settings of the installation that a drill has its own of.
const OWN: &[&str] = &[
    "server.directories.data",
    "server.directories.transaction.logs.root",
    "server.directories.logs",
    "server.directories.run",
    "server.default_listen_address",
    "server.default_advertised_address",
    "server.http.",
    "server.https.",
    "server.bolt.",
    "server.backup.",
    "server.cluster.",
    "dbms.cluster.",
    "dbms.security.",
    "initial.dbms.default_database",
    "dbms.usage_report.enabled",
];

/// The installation of a target.
#[derive(Clone, Debug)]
pub(crate) struct Installation<'a> {
    pub(crate) home: &'a Path,
    pub(crate) admin: &'a str,
    pub(crate) user: Option<&'a str>,
    pub(crate) edition: &'a str,
    pub(crate) version: &'a str,
}

/// What is asked of a copy.
#[derive(Clone, Debug)]
pub(crate) struct Wish<'a> {
    pub(crate) database: &'a str,
    pub(crate) check: bool,
    /// Each must answer true.
    pub(crate) queries: &'a [String],
}

/// Loads a dump, checks it, and asks the queries. What was loaded is removed by [`sweep`].
pub(crate) async fn restore(
    installation: &Installation<'_>,
    attempt: &str,
    wish: &Wish<'_>,
    feed: Feed,
    context: &Context,
) -> Result<Tried> {
    super::named(wish.database)?;
    let place = Place::make(installation, attempt, wish.database)?;
    let engine = place.engine(installation);
    let tool = engine.tool_version(context).await?;
    engine.right_version("neo4j-admin", &tool)?;
    engine.load_stream(wish.database, feed, context).await?;
    let [store, _] = engine.layout.pair(wish.database);
    if !store.is_dir() {
        let message =
            format!("`{}` did not load into `{}`, as its configuration says", installation.admin, store.display());
        return Err(Error::permanent("target-elsewhere", message)
            .help("It must heed `NEO4J_CONF` of its environment, as the vendor's does."));
    }
    crate::fault::point("in-drill");
    let loaded = Instant::now();
    let mut said = format!("`{}` was loaded", wish.database);
    if wish.check {
        engine.check(wish.database, context).await?;
        said.push_str("; its check found nothing wrong");
    }
    let check = loaded.elapsed();
    // Before a server writes into it, and in no figure: a restore does not ask.
    let transaction = engine.last_transaction(wish.database, context).await;
    let asked = Instant::now();
    if !wish.queries.is_empty() {
        place.ask(&engine, wish, context).await?;
        said.push_str(&format!("; {} of {} queries answered true", wish.queries.len(), wish.queries.len()));
    }
    Ok(Tried {
        loaded,
        check,
        queries: asked.elapsed(),
        answered: wish.queries.len() as u64,
        entries: None,
        transaction,
        tool: format!("neo4j-admin {tool}"),
        detail: said,
    })
}

/// Removes what drills left in a home, this one's among them. Whoever calls holds the target's lock.
pub(crate) fn sweep(home: &Path) -> Result<()> {
    for entry in std::fs::read_dir(home).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(DRILL) {
            let path = entry.path();
            let removed = std::fs::remove_dir_all(&path);
            removed.map_err(|error| Error::io(format!("remove `{}`", path.display()), &error))?;
        }
    }
    Ok(())
}

/// The folder of one drill.
struct Place {
    home: PathBuf,
    folder: PathBuf,
    user: Option<String>,
    http: u16,
}

impl Place {
    fn make(installation: &Installation<'_>, attempt: &str, database: &str) -> Result<Self> {
        let folder = installation.home.join(format!("{DRILL}{attempt}"));
        let failed = |error: std::io::Error| Error::io(format!("prepare `{}`", folder.display()), &error);
        for part in ["", "conf", "data", "logs", "run"] {
            std::fs::DirBuilder::new().mode(0o700).create(folder.join(part)).map_err(failed)?;
        }
        let (http, bolt) = free_ports().map_err(failed)?;
        let own = installation.home.join("conf");
        let conf = if own.is_dir() { own } else { PathBuf::from("/etc/neo4j") };
        let text = std::fs::read_to_string(conf.join("neo4j.conf")).unwrap_or_default();
        let text = configuration(&text, &folder, database, (http, bolt));
        std::fs::write(folder.join("conf/neo4j.conf"), text).map_err(failed)?;
        // Settings of extensions and of logs; those of the admin tool could lead to the target's own data.
        for entry in std::fs::read_dir(&conf).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name == "apoc.conf" || name.ends_with(".xml") {
                std::fs::copy(entry.path(), folder.join("conf").join(name)).map_err(failed)?;
            }
        }
        if let Some(user) = installation.user {
            give(&folder, user)?;
        }
        Ok(Self { home: installation.home.to_owned(), folder, user: installation.user.map(str::to_owned), http })
    }

    fn environment(&self) -> Vec<(String, String)> {
        let conf = self.folder.join("conf").to_string_lossy().into_owned();
        vec![("NEO4J_HOME".to_owned(), self.home.to_string_lossy().into_owned()), ("NEO4J_CONF".to_owned(), conf)]
    }

    /// The engine of the installation as this drill configures it.
    fn engine(&self, installation: &Installation<'_>) -> Neo4jEngine {
        let neo4j = Neo4j {
            edition: installation.edition.to_owned(),
            version: installation.version.to_owned(),
            admin: installation.admin.to_owned(),
            user: self.user.clone(),
            environment: self.environment(),
            ..Neo4j::default()
        };
        let home = self.home.to_string_lossy().into_owned();
        Neo4jEngine::new("drill", &neo4j, &home, &self.home, Secrets::new(&self.home))
    }

    /// Starts a server on what was loaded, asks every query, and ends the server.
    async fn ask(&self, engine: &Neo4jEngine, wish: &Wish<'_>, context: &Context) -> Result<()> {
        if wish.database == "system" {
            // Its users and passwords are those of the source: nobody could log in.
            return Err(Error::permanent("queries-of-system", "`system` of a drill cannot be asked anything")
                .help("Name another database with `query \"…\" database=\"…\"`; `check` looks at `system`."));
        }
        let password = uuid::Uuid::new_v4().simple().to_string();
        engine.admin_run("set a password", &["dbms", "set-initial-password", &password], context).await?;
        let file = self.folder.join("password");
        let failed = |error: std::io::Error| Error::io(format!("write `{}`", file.display()), &error);
        std::fs::write(&file, &password).map_err(failed)?;
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
        let login = Login { user: "neo4j".to_owned(), password: SecretRef::File(file.to_string_lossy().into_owned()) };
        let http = Http::new(&format!("http://127.0.0.1:{}", self.http), Some(login), Secrets::new(&self.folder))?;
        let mut server = self.serve(context)?;
        let answered = tokio::select! {
            answered = self.answers(&http, wish, context) => answered,
            exit = server.wait() => Err(self.ended(exit.map(|exit| exit.code).unwrap_or_default())),
        };
        server.kill().await?;
        answered
    }

    fn serve(&self, context: &Context) -> Result<Child> {
        let log = self.folder.join("logs/console.log");
        let failed = |error: std::io::Error| Error::io(format!("write `{}`", log.display()), &error);
        let file = std::fs::File::create(&log).map_err(failed)?;
        let streams = Streams {
            stdin: Stream::Null,
            stdout: Stream::File(file.try_clone().map_err(failed)?),
            stderr: Stream::File(file),
        };
        let program = self.home.join("bin/neo4j").to_string_lossy().into_owned();
        let command = Command {
            argv: vec![program, "console".to_owned()],
            env: self.environment(),
            cwd: Some(self.folder.clone()),
            user: self.user.clone(),
            outlives: false,
        };
        context.children.spawn(&command, streams)
    }

    fn ended(&self, code: i32) -> Error {
        let text = std::fs::read_to_string(self.folder.join("logs/console.log")).unwrap_or_default();
        let last = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let last: String = last.trim().chars().take(300).collect();
        Error::permanent("server-ended", format!("the server of the drill ended with {code}: {last}"))
            .help("Start `bin/neo4j console` of the target by hand to see what it lacks.")
    }

    async fn answers(&self, http: &Http, wish: &Wish<'_>, context: &Context) -> Result<()> {
        let begun = Instant::now();
        while http.discover().await?.is_none() {
            if begun.elapsed() > READY {
                let message = format!("the server of the drill did not answer within {} s", READY.as_secs());
                return Err(Error::permanent("server-not-ready", message));
            }
            pause(context).await?;
        }
        for query in wish.queries {
            let rows = self.one(http, wish.database, query, begun, context).await?;
            let answer = rows.first().and_then(|row| row.first()).cloned().unwrap_or_default();
            if answer != serde_json::Value::Bool(true) {
                let answer = if rows.is_empty() { "no row".to_owned() } else { answer.to_string() };
                let message = format!("`{query}` answered {answer}, and not true, on the restored `{}`", wish.database);
                return Err(Error::integrity("query-not-true", message)
                    .help("Look at what the copy holds: restore it with `--into`, or correct the query."));
            }
        }
        Ok(())
    }

    /// The rows of a query; a database that is still starting is asked again.
    async fn one(
        &self,
        http: &Http,
        database: &str,
        query: &str,
        begun: Instant,
        context: &Context,
    ) -> Result<Vec<Vec<serde_json::Value>>> {
        loop {
            let refusal = match http.query(database, query).await? {
                Ok(rows) => return Ok(rows),
                Err(refusal) => refusal,
            };
            let late = begun.elapsed() > READY;
            match refusal {
                Refusal::Statement { code, message } if late || !may_pass(&code) => {
                    let message = format!("the restored `{database}` refused `{query}`: {message} ({code})");
                    return Err(Error::permanent("query-refused", message).help("Correct the query of the drill."));
                }
                Refusal::Login if late => {
                    return Err(Error::permanent("login-refused", "the server of the drill refused its own password"));
                }
                Refusal::Silent(why) if late => {
                    return Err(Error::permanent("query-refused", format!("`{database}` did not answer: {why}")));
                }
                Refusal::Statement { .. } | Refusal::Silent(_) | Refusal::Login => pause(context).await?,
            }
        }
    }
}

/// Two ports of loopback that nobody listens on now.
fn free_ports() -> std::io::Result<(u16, u16)> {
    let bind = || std::net::TcpListener::bind("127.0.0.1:0");
    let (one, other) = (bind()?, bind()?);
    Ok((one.local_addr()?.port(), other.local_addr()?.port()))
}

/// The installation's configuration with places, ports and name of the drill.
fn configuration(text: &str, folder: &Path, database: &str, (http, bolt): (u16, u16)) -> String {
    let theirs = |line: &&str| {
        let key = line.split('=').next().unwrap_or_default().trim();
        !OWN.iter().any(|own| key == *own || (own.ends_with('.') && key.starts_with(own)))
    };
    let mut out: String = text.lines().filter(theirs).map(|line| format!("{line}\n")).collect();
    let place = |part: &str| folder.join(part).display().to_string();
    let mut ours = vec![
        ("server.directories.data", place("data")),
        ("server.directories.transaction.logs.root", place("data/transactions")),
        ("server.directories.logs", place("logs")),
        ("server.directories.run", place("run")),
        ("server.default_listen_address", "127.0.0.1".to_owned()),
        ("server.http.enabled", "true".to_owned()),
        ("server.http.listen_address", format!("127.0.0.1:{http}")),
        ("server.https.enabled", "false".to_owned()),
        ("server.bolt.listen_address", format!("127.0.0.1:{bolt}")),
        ("dbms.security.auth_enabled", "true".to_owned()),
        ("dbms.usage_report.enabled", "false".to_owned()),
    ];
    if database != "system" {
        ours.push(("initial.dbms.default_database", database.to_owned()));
    }
    for (key, value) in ours {
        out.push_str(&format!("{key}={value}\n"));
    }
    out
}

/// Makes a folder and all in it that user's.
fn give(folder: &Path, user: &str) -> Result<()> {
    let (uid, gid) = crate::process::user_numbers(user)?;
    if uid == rustix::process::geteuid().as_raw() {
        return Ok(());
    }
    let failed = |error: std::io::Error| Error::io(format!("give `{}` to `{user}`", folder.display()), &error);
    let mut left = vec![folder.to_owned()];
    while let Some(path) = left.pop() {
        std::os::unix::fs::lchown(&path, Some(uid), Some(gid)).map_err(failed)?;
        if path.is_dir() {
            for entry in std::fs::read_dir(&path).map_err(failed)? {
                left.push(entry.map_err(failed)?.path());
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::configuration;
    use std::path::Path;

    #[test]
    fn nothing_of_the_installation_that_leads_to_its_own_data_is_left() {
        let theirs = "server.directories.data=/srv/live\n server.bolt.enabled = true\ndbms.security.procedures.allowlist=*\n\
                      server.memory.heap.max_size=256m\n#server.http.listen_address=:7474\n";
        let text = configuration(theirs, Path::new("/t/drill"), "orders", (1, 2));
        assert!(!text.contains("/srv/live") && !text.contains("allowlist"), "{text}");
        assert_eq!(text.matches("server.directories.data=").count(), 1);
        assert!(text.contains("server.memory.heap.max_size=256m\n"));
        assert!(text.contains("server.http.listen_address=127.0.0.1:1\n"));
        assert!(text.contains("initial.dbms.default_database=orders\n"));
    }
}
