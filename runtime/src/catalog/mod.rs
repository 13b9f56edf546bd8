//! The local catalog: what exists where, and which stores this machine has used. It is only a cache of the stores:
//! [`Catalog::rebuild`] makes it again from them alone.

use crate::error::{Error, Result};
use crate::fault;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use schema::fact::StoredArtifact;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Shape of the table of artifacts. One of another shape is thrown away: it is only a cache.
const SHAPE: i64 = 4;

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS store (name TEXT PRIMARY KEY, strategy TEXT NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS outdated (store TEXT PRIMARY KEY) STRICT;
    CREATE TABLE IF NOT EXISTS artifact (
        store TEXT NOT NULL, source TEXT NOT NULL, database TEXT NOT NULL, id TEXT NOT NULL, manifest TEXT NOT NULL,
        taken TEXT NOT NULL, size INTEGER NOT NULL, verified INTEGER NOT NULL, parent TEXT, locked_until TEXT, took INTEGER,
        tombstone TEXT, moved INTEGER, checked INTEGER, inspected INTEGER, drilled INTEGER, transaction_id INTEGER,
        engine TEXT NOT NULL,
        PRIMARY KEY (store, source, database, id)
    ) STRICT, WITHOUT ROWID;
";

/// Which stores this machine has used outlives the change; what they hold is asked of them again.
const RESHAPE: &str = "
    CREATE TABLE IF NOT EXISTS store (name TEXT PRIMARY KEY, strategy TEXT NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS outdated (store TEXT PRIMARY KEY) STRICT;
    DROP TABLE IF EXISTS artifact;
    INSERT OR IGNORE INTO outdated SELECT name FROM store;
";

/// The catalog of one state directory.
#[derive(Debug)]
pub struct Catalog {
    connection: Mutex<Connection>,
}

impl Catalog {
    /// Opens or makes the catalog file.
    pub fn open(path: &Path) -> Result<Self> {
        let set_up = |connection: &Connection| {
            // Whole after a power cut, and perhaps a moment behind the stores: it is only a cache of them.
            connection.pragma_update(None, "synchronous", "NORMAL")?;
            shape(connection)
        };
        let (connection, ()) = crate::sqlite::open(path, set_up).map_err(|error| failed("open", &error))?;
        Ok(Self { connection: Mutex::new(connection) })
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The UUID of the strategy, as the first store that was used knows it.
    pub fn strategy(&self) -> Result<Option<String>> {
        self.connection()
            .query_row("SELECT strategy FROM store ORDER BY name LIMIT 1", [], |row| row.get(0))
            .optional()
            .map_err(|error| failed("read", &error))
    }

    /// Whether this machine has used the store.
    pub fn knows(&self, store: &str) -> Result<bool> {
        self.connection()
            .query_row("SELECT 1 FROM store WHERE name = ?1", [store], |_| Ok(()))
            .optional()
            .map(|row| row.is_some())
            .map_err(|error| failed("read", &error))
    }

    /// Remembers that the store was used, for the strategy of that UUID.
    pub fn remember(&self, store: &str, strategy: &str) -> Result<()> {
        fault::on("catalog", "remember", "", "before");
        let connection = self.connection();
        // Unlike what stores hold, this is known nowhere else, so it is on the disk when this returns.
        connection
            .pragma_update(None, "synchronous", "FULL")
            .and_then(|()| {
                connection.execute("INSERT OR REPLACE INTO store (name, strategy) VALUES (?1, ?2)", [store, strategy])
            })
            .and_then(|_| connection.pragma_update(None, "synchronous", "NORMAL"))
            .map_err(|error| failed("write", &error))
    }

    /// Forgets a store, so that it may be set up anew. Nothing in the store is touched. `false` when it was not known.
    pub fn forget(&self, store: &str) -> Result<bool> {
        let connection = self.connection();
        connection
            .execute("DELETE FROM artifact WHERE store = ?1", [store])
            .and_then(|_| connection.execute("DELETE FROM store WHERE name = ?1", [store]))
            .map(|count| count > 0)
            .map_err(|error| failed("write", &error))
    }

    /// Adds or replaces what is known of one copy.
    pub fn put(&self, artifact: &StoredArtifact) -> Result<()> {
        fault::on("catalog", "put", "", "before");
        let put = insert(&self.connection(), artifact).map_err(|error| failed("write", &error));
        fault::on("catalog", "put", "", "after");
        put
    }

    /// Replaces all that is known of one store by what it holds.
    pub fn rebuild<'a>(&self, store: &str, artifacts: impl Iterator<Item = &'a StoredArtifact>) -> Result<()> {
        let mut connection = self.connection();
        let write = move |connection: &mut Connection| -> rusqlite::Result<()> {
            let transaction = connection.transaction()?;
            transaction.execute("DELETE FROM artifact WHERE store = ?1", [store])?;
            transaction.execute("DELETE FROM outdated WHERE store = ?1", [store])?;
            // In the order of the table: each goes behind the one before it.
            let mut artifacts: Vec<&StoredArtifact> = artifacts.collect();
            artifacts.sort_unstable_by_key(|it| (&it.source, &it.database, &it.id));
            for artifact in artifacts {
                insert(&transaction, artifact)?;
            }
            transaction.commit()
        };
        write(&mut connection).map_err(|error| failed("write", &error))
    }

    /// Takes out a copy that is gone.
    pub fn remove(&self, store: &str, source: &str, database: &str, id: &str) -> Result<()> {
        self.connection()
            .execute(
                "DELETE FROM artifact WHERE store = ?1 AND source = ?2 AND database = ?3 AND id = ?4",
                [store, source, database, id],
            )
            .map(drop)
            .map_err(|error| failed("write", &error))
    }

    /// Stores of which an older version knew what they hold, and nobody has asked them since.
    pub fn outdated(&self) -> Result<Vec<String>> {
        let connection = self.connection();
        let read = || -> rusqlite::Result<Vec<String>> {
            let mut statement = connection.prepare("SELECT store FROM outdated ORDER BY store")?;
            statement.query_map([], |row| row.get(0))?.collect()
        };
        read().map_err(|error| failed("read", &error))
    }

    /// All that is known, by source, database, time and store.
    pub fn artifacts(&self) -> Result<Vec<StoredArtifact>> {
        let connection = self.connection();
        let read = || -> rusqlite::Result<Vec<StoredArtifact>> {
            let mut statement = connection.prepare(
                "SELECT store, source, database, id, manifest, taken, size, verified, parent, locked_until, took, tombstone,
                 moved, checked, inspected, drilled, transaction_id, engine
                 FROM artifact ORDER BY source, database, taken, id, store",
            )?;
            let rows = statement.query_map([], |row| {
                Ok(StoredArtifact {
                    store: row.get(0)?,
                    source: row.get(1)?,
                    database: row.get(2)?,
                    id: row.get(3)?,
                    manifest: row.get(4)?,
                    taken: row.get(5)?,
                    size: row.get::<_, i64>(6)?.cast_unsigned(),
                    verified: row.get(7)?,
                    // The stores know; a memory of it would hold back a copy that was made whole again.
                    damaged: false,
                    parent: row.get(8)?,
                    locked_until: row.get(9)?,
                    took: number(row, 10)?,
                    tombstone: row.get(11)?,
                    moved: number(row, 12)?,
                    checked: number(row, 13)?,
                    inspected: number(row, 14)?,
                    drilled: number(row, 15)?,
                    transaction: number(row, 16)?,
                    engine: row.get(17)?,
                })
            })?;
            rows.collect()
        };
        read().map_err(|error| failed("read", &error))
    }
}

/// A figure, where it is known.
fn number(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Option<u64>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(i64::cast_unsigned))
}

/// Makes the tables as this version has them.
fn shape(connection: &Connection) -> rusqlite::Result<()> {
    let version = || connection.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0));
    if version()? == SHAPE {
        return connection.execute_batch(TABLES);
    }
    // One at a time, and whole: who comes second must not empty what the first has filled by then.
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    if version()? != SHAPE {
        connection.execute_batch(RESHAPE)?;
        connection.execute_batch(TABLES)?;
        connection.pragma_update(None, "user_version", SHAPE)?;
    }
    transaction.commit()
}

fn insert(connection: &Connection, artifact: &StoredArtifact) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(
        "INSERT OR REPLACE INTO artifact (store, source, database, id, manifest, taken, size, verified, parent, locked_until,
         took, tombstone, moved, checked, inspected, drilled, transaction_id, engine)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
    )?;
    statement
        .execute(params![
            artifact.store,
            artifact.source,
            artifact.database,
            artifact.id,
            artifact.manifest,
            artifact.taken,
            artifact.size.cast_signed(),
            artifact.verified,
            artifact.parent,
            artifact.locked_until,
            artifact.took.map(u64::cast_signed),
            artifact.tombstone,
            artifact.moved.map(u64::cast_signed),
            artifact.checked.map(u64::cast_signed),
            artifact.inspected.map(u64::cast_signed),
            artifact.drilled.map(u64::cast_signed),
            artifact.transaction.map(u64::cast_signed),
            artifact.engine
        ])
        .map(drop)
}

fn failed(doing: &str, error: &rusqlite::Error) -> Error {
    Error::permanent("catalog", format!("cannot {doing} the catalog: {error}"))
        .help("It is only a cache: remove `catalog.db` from the state directory, then run `backstay catalog rebuild`.")
}
