//! A database file that several processes open at once.

use rusqlite::{Connection, ErrorCode};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long another process may keep a file busy.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(5);

/// Opens or makes a file with a write-ahead log, and sets it up. `set_up` must bear being called again.
///
/// `SQLite` waits for a lock by itself, but not for the one that a change to the write-ahead log needs: that answers
/// "locked" at once.
pub(crate) fn open<T>(
    path: &Path,
    set_up: impl Fn(&Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<(Connection, T)> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
    let end = Instant::now() + PATIENCE;
    loop {
        let done = connection.pragma_update(None, "journal_mode", "WAL").and_then(|()| set_up(&connection));
        match done {
            Err(error) if is_busy(&error) && Instant::now() < end => std::thread::sleep(PAUSE),
            Err(error) => return Err(error),
            Ok(done) => return Ok((connection, done)),
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot set itself up must stop")]
mod tests {
    use super::{Connection, Duration, open};

    #[test]
    fn a_file_that_another_one_holds_is_waited_for() {
        let space = tempfile::tempdir().unwrap();
        let path = space.path().join("some.db");
        let other = Connection::open(&path).unwrap();
        other.execute_batch("CREATE TABLE one (x); BEGIN IMMEDIATE; INSERT INTO one VALUES (1)").unwrap();
        std::thread::scope(|scope| {
            let opening =
                scope.spawn(|| open(&path, |c| c.query_row("SELECT count(*) FROM one", [], |row| row.get(0))));
            std::thread::sleep(Duration::from_millis(200));
            other.execute_batch("COMMIT").unwrap();
            drop(other);
            let (_, rows): (_, i64) = opening.join().unwrap().unwrap();
            assert_eq!(rows, 1);
        });
    }
}
