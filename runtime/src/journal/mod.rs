//! The journal: what runs did and were about to do, on disk before it happens. It is a gate, not an observer: a run
//! that cannot write its journal does not go on. [`replay`] says what a journal means for a run that was cut off.

mod group;
mod past;
pub mod replay;

use crate::error::{Error, Result};
use crate::fault;
use group::Group;
use rusqlite::{Connection, OptionalExtension, params};
use schema::plan::Plan;
use schema::record::Record;
use schema::report::Outcome;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Version of the tables; a newer one is refused.
const SCHEMA: i64 = 1;

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS run (
        id TEXT PRIMARY KEY, job TEXT NOT NULL, plan_digest TEXT NOT NULL, plan TEXT NOT NULL, started TEXT NOT NULL,
        outcome TEXT
    ) STRICT;
    CREATE TABLE IF NOT EXISTS record (
        seq INTEGER PRIMARY KEY, run TEXT NOT NULL REFERENCES run (id), at TEXT NOT NULL, body TEXT NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS record_of_run ON record (run, seq);
";

/// The journal of one state directory.
#[derive(Debug)]
pub struct Journal {
    connection: Mutex<Connection>,
    group: Group,
}

/// A run that was begun and has no end.
#[derive(Clone, Debug)]
pub struct Unfinished {
    pub run: String,
    pub plan: Plan,
    pub plan_digest: String,
    pub started: String,
    /// In the order in which they were written.
    pub records: Vec<Record>,
}

/// A record on its way to disk.
#[derive(Debug)]
struct Entry {
    run: String,
    at: String,
    body: String,
    /// That of the run, when the record ends it.
    outcome: Option<String>,
}

/// A run, begun and perhaps ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    pub run: String,
    pub job: String,
    /// RFC 3339 in UTC.
    pub started: String,
    /// When its last record was written.
    pub ended: String,
    /// `None`: it has no end.
    pub outcome: Option<Outcome>,
}

/// A run that begins.
#[derive(Debug)]
pub struct Beginning<'a> {
    pub run: &'a str,
    pub job: &'a str,
    pub plan: &'a Plan,
    pub plan_digest: &'a str,
    /// What it takes over from the run before.
    pub first: &'a [Record],
    /// A run that was cut off and will not be gone on with.
    pub instead_of: Option<&'a str>,
}

impl Journal {
    /// Opens or makes the journal file. Its writes are on disk when they return.
    pub fn open(path: &Path) -> Result<Self> {
        let set_up = |connection: &Connection| -> rusqlite::Result<i64> {
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.pragma_update(None, "foreign_keys", true)?;
            let version = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
            if version <= SCHEMA {
                connection.execute_batch(TABLES)?;
                connection.pragma_update(None, "user_version", SCHEMA)?;
            }
            Ok(version)
        };
        let opened = crate::sqlite::open(path, set_up);
        let (connection, version) = opened.map_err(|error| failed("open the journal", &error))?;
        if version > SCHEMA {
            let message = format!("the journal `{}` is of a newer version ({version})", path.display());
            return Err(Error::permanent("format-too-new", message).help("Use the newer Backstay that wrote it."));
        }
        Ok(Self { connection: Mutex::new(connection), group: Group::default() })
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a run with its first records. With `instead_of`, the run of that id ends at the same moment: whatever
    /// happens, one of the two answers for what is owed.
    pub fn begin(&self, begin: &Beginning<'_>, now: jiff::Timestamp) -> Result<()> {
        let plan = json(begin.plan)?;
        let first = begin.first.iter().map(json).collect::<Result<Vec<String>>>()?;
        let ended = json(&Record::RunEnded { outcome: Outcome::Failed })?;
        let now = now.to_string();
        fault::on("journal", "begin", "", "before");
        fault::io("journal", "write-begin", "").map_err(|error| injected("begin a run in the journal", &error))?;
        let mut connection = self.connection();
        let write = |connection: &mut Connection| -> rusqlite::Result<()> {
            let transaction = connection.transaction()?;
            transaction.execute(
                "INSERT INTO run (id, job, plan_digest, plan, started) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![begin.run, begin.job, begin.plan_digest, plan, now],
            )?;
            let mut records: Vec<(&str, &String)> = first.iter().map(|body| (begin.run, body)).collect();
            records.extend(begin.instead_of.map(|dead| (dead, &ended)));
            for (run, body) in records {
                transaction
                    .execute("INSERT INTO record (run, at, body) VALUES (?1, ?2, ?3)", params![run, now, body])?;
            }
            let failed = Outcome::Failed.to_string();
            transaction.execute("UPDATE run SET outcome = ?2 WHERE id = ?1", params![begin.instead_of, failed])?;
            transaction.commit()
        };
        write(&mut connection).map_err(|error| failed("begin a run in the journal", &error))?;
        fault::on("journal", "begin", "", "after");
        Ok(())
    }

    /// Adds a record; it is on disk when this returns. Records that several threads add at once go to disk together, each
    /// run's in the order in which they were added.
    pub fn append(&self, run: &str, record: &Record, now: jiff::Timestamp) -> Result<()> {
        fault::on("journal", record.word(), "", "before");
        fault::io("journal", "write", "").map_err(|error| injected("write to the journal", &error))?;
        let outcome = match record {
            Record::RunEnded { outcome } => Some(outcome.to_string()),
            _ => None,
        };
        let entry = Entry { run: run.to_owned(), at: now.to_string(), body: json(record)?, outcome };
        self.group.commit(entry, |entries| self.write(entries))?;
        fault::on("journal", record.word(), "", "after");
        Ok(())
    }

    /// Writes entries in one transaction.
    fn write(&self, entries: &[Entry]) -> Result<()> {
        let mut connection = self.connection();
        let write = |connection: &mut Connection| -> rusqlite::Result<()> {
            let transaction = connection.transaction()?;
            for entry in entries {
                transaction
                    .prepare_cached("INSERT INTO record (run, at, body) VALUES (?1, ?2, ?3)")?
                    .execute(params![entry.run, entry.at, entry.body])?;
                if let Some(outcome) = &entry.outcome {
                    transaction.execute("UPDATE run SET outcome = ?2 WHERE id = ?1", params![entry.run, outcome])?;
                }
            }
            transaction.commit()
        };
        write(&mut connection).map_err(|error| failed("write to the journal", &error))
    }

    /// The newest run of a job that has no end.
    pub fn unfinished(&self, job: &str) -> Result<Option<Unfinished>> {
        let row = self
            .connection()
            .query_row(
                "SELECT id, plan, plan_digest, started FROM run WHERE job = ?1 AND outcome IS NULL
                 ORDER BY rowid DESC LIMIT 1",
                [job],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
            )
            .optional()
            .map_err(|error| failed("read the journal", &error))?;
        let Some((run, plan, plan_digest, started)): Option<(String, String, String, String)> = row else {
            return Ok(None);
        };
        let plan = serde_json::from_str(&plan).map_err(|error| damaged(&run, &error))?;
        let records = self.records(&run)?;
        Ok(Some(Unfinished { run, plan, plan_digest, started, records }))
    }

    /// Every run that has no end, oldest first: its id and job.
    pub fn open_runs(&self) -> Result<Vec<(String, String)>> {
        let connection = self.connection();
        let read = || -> rusqlite::Result<Vec<(String, String)>> {
            let mut statement = connection.prepare("SELECT id, job FROM run WHERE outcome IS NULL ORDER BY rowid")?;
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        };
        read().map_err(|error| failed("read the journal", &error))
    }

    /// Every run, oldest first.
    pub fn runs(&self) -> Result<Vec<Ran>> {
        let connection = self.connection();
        let read = || -> rusqlite::Result<Vec<Ran>> {
            let mut statement = connection.prepare(
                "SELECT id, job, started, outcome,
                        (SELECT at FROM record WHERE run = run.id ORDER BY seq DESC LIMIT 1)
                 FROM run ORDER BY rowid",
            )?;
            let rows = statement.query_map([], |row| {
                let started: String = row.get(2)?;
                let outcome: Option<String> = row.get(3)?;
                let ended: Option<String> = row.get(4)?;
                Ok(Ran {
                    run: row.get(0)?,
                    job: row.get(1)?,
                    ended: ended.unwrap_or_else(|| started.clone()),
                    started,
                    outcome: outcome.and_then(|word| serde_json::from_value(serde_json::Value::String(word)).ok()),
                })
            })?;
            rows.collect()
        };
        read().map_err(|error| failed("read the journal", &error))
    }

    /// The plan of a run; `None` when the journal does not know the run.
    pub fn plan(&self, run: &str) -> Result<Option<Plan>> {
        let text: Option<String> = self
            .connection()
            .query_row("SELECT plan FROM run WHERE id = ?1", [run], |row| row.get(0))
            .optional()
            .map_err(|error| failed("read the journal", &error))?;
        text.map(|text| serde_json::from_str(&text).map_err(|error| damaged(run, &error))).transpose()
    }

    /// The records of a run, in order.
    pub fn records(&self, run: &str) -> Result<Vec<Record>> {
        let connection = self.connection();
        let read = || -> rusqlite::Result<Vec<String>> {
            let mut statement = connection.prepare("SELECT body FROM record WHERE run = ?1 ORDER BY seq")?;
            statement.query_map([run], |row| row.get(0))?.collect()
        };
        let bodies = read().map_err(|error| failed("read the journal", &error))?;
        bodies.iter().map(|body| serde_json::from_str(body).map_err(|error| damaged(run, &error))).collect()
    }
}

fn json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::permanent("json", error.to_string()))
}

fn failed(doing: &str, error: &rusqlite::Error) -> Error {
    let full = error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull);
    let code = if full { "disk-full" } else { "journal" };
    Error::permanent(code, format!("cannot {doing}: {error}"))
        .help("Nothing runs without its journal; look at the state directory's disk and permissions.")
}

/// What an operation that a test lets fail looks like here.
fn injected(doing: &str, error: &std::io::Error) -> Error {
    let full = error.kind() == std::io::ErrorKind::StorageFull;
    let code = if full { rusqlite::ffi::SQLITE_FULL } else { rusqlite::ffi::SQLITE_IOERR };
    failed(doing, &rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), Some(error.to_string())))
}

fn damaged(run: &str, error: &serde_json::Error) -> Error {
    Error::integrity("journal-damaged", format!("the journal of run `{run}` cannot be read: {error}"))
        .help("Move the state directory away; the stores hold all that was published.")
}
