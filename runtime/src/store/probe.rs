//! What a store does is tried when it is first used, not believed: some servers take a conditional request and overwrite.

use super::open::Terms;
use super::{DOCUMENT, Store};
use crate::error::{Error, Result};
use crate::event::StepObservers;
use crate::plugin::Created;
use schema::manifest::Guarantees;
use schema::plan::Plan;
use std::time::Duration;
use tokio::task::JoinSet;

/// Writers that race for one key when a store is first used.
const RACERS: u32 = 8;
/// How the keys begin for which they race.
const PROBE: &str = "probe-";
/// How long a store is given to let go of a key, try after try.
const VANISH: [Duration; 4] =
    [Duration::from_millis(50), Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(3)];

/// The exception that a strategy makes for such a store, by its name in `allow`.
pub const ATOMIC_CREATE: &str = "atomic-create";

/// The exception from atomic creates of a strategy that has not ended: why, and until when.
#[must_use]
pub fn allowed(plan: &Plan, now: jiff::Timestamp) -> Option<String> {
    let today = now.strftime("%Y-%m-%d").to_string();
    let made = plan.exceptions.iter().filter(|exception| exception.what == ATOMIC_CREATE);
    let held = made.filter(|exception| exception.holds(&today)).max_by_key(|exception| &exception.until)?;
    Some(format!("{}, until {}", held.reason, held.until))
}

/// Refuses a store that does not create atomically, unless the strategy allows it: then that is told.
pub(super) fn judge(
    name: &str,
    atomic: bool,
    seen: Option<&Guarantees>,
    terms: &Terms,
    observers: &StepObservers,
) -> Result<()> {
    if atomic {
        return Ok(());
    }
    let how = match seen {
        Some(Guarantees { create_refuses: false, .. }) => "it overwrites what exists, whatever it is told".to_owned(),
        Some(Guarantees { racers, winners, .. }) => {
            format!("of {racers} that created one object at once, {winners} were told that they had")
        }
        None => "of several that create one object at once, not exactly one wins".to_owned(),
    };
    let message = format!("store `{name}` does not create atomically: {how}");
    let Some(allowed) = &terms.allowed else {
        let help = format!(
            "Use another server, or accept that two runs at once can spoil each other there: \
             `policy {{ allow \"{ATOMIC_CREATE}\" reason=\"…\" until=\"YYYY-MM-DD\"; }}`."
        );
        return Err(Error::permanent("store-not-atomic", message).help(help));
    };
    let help = format!("The strategy allows it: {allowed}. Two runs at once can spoil each other there.");
    observers.notice(message, Some(help));
    Ok(())
}

impl Store {
    /// Tries what a store promises, under keys of its own that are removed again: claims are tried, not believed.
    pub(super) async fn probe(&self) -> Result<Guarantees> {
        let (twice, raced) = (probe_key(), probe_key());
        let seen = async {
            let create_refuses = self.refuses(&twice).await?;
            let winners = self.race(&raced).await?;
            Ok(Guarantees { create_refuses, racers: RACERS, winners, allowed: None })
        };
        let seen = seen.await;
        for key in [twice, raced] {
            // The first error is the one to tell. A server that overwrites may list for minutes what it has removed: what it
            // is worth is known all the same.
            let removed = self.vanish(&key).await;
            if seen.as_ref().is_ok_and(Guarantees::atomic_create) {
                removed?;
            }
        }
        seen
    }

    /// Removes a key until the store no longer lists it: after a race on a server that overwrites, one was seen to stay.
    async fn vanish(&self, key: &str) -> Result<()> {
        let mut waits = VANISH.into_iter();
        loop {
            self.storage.delete(key).await?;
            if self.storage.list(key).await?.is_empty() {
                return Ok(());
            }
            let Some(wait) = waits.next() else {
                return Err(unclear("a key that was deleted is still listed"));
            };
            tokio::time::sleep(wait).await;
        }
    }

    /// Whether a key that is taken stays as it is.
    async fn refuses(&self, key: &str) -> Result<bool> {
        const FIRST: &[u8] = b"the first\n";
        let first = self.storage.create(key, FIRST).await?;
        if first == Created::Exists {
            return Err(unclear("a new key exists"));
        }
        let second = self.storage.create(key, b"the second\n").await?;
        let held = self.storage.get_small(key, DOCUMENT).await?;
        Ok(second == Created::Exists && held.as_deref() == Some(FIRST))
    }

    /// How many of those who create one key at once are told that they did.
    async fn race(&self, key: &str) -> Result<u32> {
        let mut racers = JoinSet::new();
        for racer in 0..RACERS {
            let (storage, key) = (self.storage.clone(), key.to_owned());
            racers.spawn(async move { storage.create(&key, format!("{racer}\n").as_bytes()).await });
        }
        let (mut winners, mut failed) = (0, None);
        // All of them, whatever one met: what is still on its way would make the key again after it was removed.
        while let Some(raced) = racers.join_next().await {
            match raced.map_err(|error| Error::permanent("panic", error.to_string())).and_then(|raced| raced) {
                Ok(created) => winners += u32::from(created == Created::Created),
                Err(error) => drop(failed.get_or_insert(error)),
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
        if winners == 0 { Err(unclear("nobody made a key that exists")) } else { Ok(winners) }
    }

    /// Removes what a process left that died while it probed. Once `store.json` stands nobody's probe counts any more, so
    /// one that is under way elsewhere may be disturbed.
    pub(super) async fn forget_probes(&self) -> Result<()> {
        for left in self.storage.list(PROBE).await? {
            self.storage.delete(&left.key).await?;
        }
        Ok(())
    }
}

/// An answer was lost, so nothing was learned.
fn unclear(why: &str) -> Error {
    Error::temporary("probe-unclear", format!("what a store does cannot be told: {why}"))
}

fn probe_key() -> String {
    format!("{PROBE}{}", uuid::Uuid::new_v4())
}
