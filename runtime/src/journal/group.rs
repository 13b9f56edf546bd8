//! Group commit: what several threads add at once is written together, by one of them, and each returns when its own is
//! on disk. Knows nothing of what is written.

use super::Entry;
use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, PoisonError};

/// The queue before the disk.
#[derive(Debug, Default)]
pub(super) struct Group {
    queue: Mutex<Queue>,
    moved: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: Vec<Entry>,
    /// Number of the next entry that comes.
    next: u64,
    /// Entries with a smaller number have been written, or failed.
    settled: u64,
    /// Why an entry could not be written, until whoever added it has been told.
    failed: BTreeMap<u64, Error>,
    /// Someone is writing.
    busy: bool,
}

impl Group {
    /// Returns when `entry` has been through `write`, alone or with others. All entries of one call of `write` share its
    /// result.
    pub(super) fn commit(&self, entry: Entry, write: impl Fn(&[Entry]) -> Result<()>) -> Result<()> {
        let lock = || self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let mut queue = lock();
        let own = queue.next;
        queue.next += 1;
        queue.waiting.push(entry);
        loop {
            if own < queue.settled {
                return queue.failed.remove(&own).map_or(Ok(()), Err);
            }
            if queue.busy {
                queue = self.moved.wait(queue).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            queue.busy = true;
            let (from, until) = (queue.settled, queue.next);
            let entries = std::mem::take(&mut queue.waiting);
            drop(queue);
            let written = write(&entries);
            queue = lock();
            if let Err(error) = written {
                queue.failed.extend((from..until).map(|number| (number, error.clone())));
            }
            queue.settled = until;
            queue.busy = false;
            self.moved.notify_all();
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn entry(body: String) -> Entry {
        Entry { run: "r".to_owned(), at: String::new(), body, outcome: None }
    }

    #[test]
    fn each_is_written_once_and_told_of_its_own_result() {
        let group = Group::default();
        let (written, calls) = (Mutex::new(Vec::new()), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let (group, written, calls) = (&group, &written, &calls);
                scope.spawn(move || {
                    for n in 0..50 {
                        let done = group.commit(entry(format!("{thread}-{n:03}")), |entries| {
                            calls.fetch_add(1, Ordering::Relaxed);
                            written.lock().unwrap().extend(entries.iter().map(|entry| entry.body.clone()));
                            std::thread::sleep(std::time::Duration::from_micros(200));
                            Ok(())
                        });
                        done.unwrap();
                    }
                });
            }
        });
        let written = written.into_inner().unwrap();
        assert_eq!(written.len(), 400);
        for thread in 0..8 {
            let own: Vec<_> = written.iter().filter(|body| body.starts_with(&format!("{thread}-"))).collect();
            assert!(own.is_sorted() && own.len() == 50, "{own:?}");
        }
        assert!(calls.into_inner() <= 400);
        let failing = group.commit(entry("x".to_owned()), |_| Err(Error::permanent("journal", "no")));
        assert_eq!(failing.unwrap_err().code, "journal");
        group.commit(entry("y".to_owned()), |_| Ok(())).unwrap();
    }
}
