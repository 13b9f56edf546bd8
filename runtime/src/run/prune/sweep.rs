//! The garbage sweep: attempts that no manifest names. Another run may be writing one right now, so the first look leaves a
//! mark, and only what is still there when the mark is older than the safety age goes.

use super::Prune;
use crate::error::{Error, Result};
use crate::fault;
use crate::run::executor::unless_cancelled;
use crate::store::layout;
use crate::store::survey::{Folder, Survey, is_of_the_document};
use schema::manifest::{Abandoned, FORMAT};
use schema::report::ProblemKind;
use std::collections::{BTreeMap, BTreeSet};

/// Safety ages that whoever sends something has for it: between two steps of a run lie seconds, but the bytes of one artifact
/// may take days.
const PATIENCE: i32 = 7;

/// An attempt that no manifest names.
struct Left<'a> {
    /// Folder of its artifact.
    path: &'a str,
    attempt: &'a str,
    /// Its objects, and what it was still sending.
    keys: BTreeSet<&'a str>,
    /// Whether it was sending something.
    sending: bool,
}

impl Prune<'_> {
    /// `survey` may be minutes old: what has been published since is seen by the last look at each attempt.
    pub(super) async fn sweep(&mut self, survey: &Survey) -> Result<()> {
        let named: BTreeMap<&str, &str> =
            survey.found.iter().map(|found| (found.folder.as_str(), found.held.manifest.attempt.as_str())).collect();
        let unfinished = unless_cancelled(self.context, self.store.unfinished()).await??;
        let nothing = Folder::default();
        let mut left = Vec::new();
        for path in survey.folders.keys().chain(unfinished.keys()).collect::<BTreeSet<_>>() {
            let folder = survey.folders.get(path).unwrap_or(&nothing);
            let hidden = unfinished.get(path).unwrap_or(&nothing);
            // A manifest that cannot be read may name any of them; a mark says that the rest is the prune's.
            if (folder.manifest && !named.contains_key(path.as_str())) || folder.tombstone {
                continue;
            }
            let mut attempts = BTreeMap::<&str, BTreeSet<&str>>::new();
            for (attempt, listed) in folder.attempts.iter().chain(&hidden.attempts) {
                attempts.entry(attempt).or_default().extend(listed.iter().map(|listed| listed.key.as_str()));
            }
            for attempt in folder.swept.iter().filter(|attempt| !attempts.contains_key(attempt.as_str())) {
                self.store.storage().delete(&layout::swept(path, attempt)).await?;
            }
            let unnamed = attempts.into_iter().filter(|(attempt, _)| named.get(path.as_str()) != Some(attempt));
            left.extend(unnamed.map(|(attempt, keys)| {
                let sending = hidden.attempts.contains_key(attempt);
                Left { path, attempt, keys, sending }
            }));
        }
        if left.is_empty() {
            return Ok(());
        }
        let ids: Vec<String> = left.iter().map(|left| format!("{}{}", left.path, left.attempt)).collect();
        self.record(&ids, "sweep")?;
        for left in left {
            self.may_go_on().await?;
            self.sweep_one(&left).await?;
        }
        Ok(())
    }

    async fn sweep_one(&mut self, left: &Left<'_>) -> Result<()> {
        let Left { path, attempt, .. } = *left;
        let marked = match self.store.abandoned(path, attempt).await {
            Ok(Some(mark)) => mark,
            Ok(None) => {
                let (at, run) = (self.time(), self.shop.run.clone());
                let mark = Abandoned { format: FORMAT, attempt: attempt.to_owned(), at, run };
                fault::point("before-sweep-mark");
                self.store.put_abandoned(path, &mark).await?;
                fault::point("after-sweep-mark");
                mark
            }
            Err(error) if is_of_the_document(&error) => {
                self.tally.refuse(attempt, error.message);
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let age = if left.sending { self.safety_age.saturating_mul(PATIENCE) } else { self.safety_age };
        if self.ripe_after(&marked.at, age).is_err() {
            self.tally.left_over += 1;
            return Ok(());
        }
        // The last look: what was slow may have been published by now.
        match self.store.named_attempt(path).await {
            Ok(Some(named)) if named == attempt => return Ok(()),
            Ok(_) => {}
            Err(error) if matches!(error.kind, ProblemKind::Temporary) => return Err(error),
            // A manifest that is no document of ours, for example a link that leads out.
            Err(error) => {
                self.tally.refuse(attempt, error.message);
                return Ok(());
            }
        }
        let removed = self.sweep_away(left).await;
        match removed {
            Ok(()) => self.tally.swept += 1,
            Err(error) if matches!(error.kind, ProblemKind::Temporary) => return Err(error),
            Err(error) => self.tally.refuse(attempt, format!("the store refuses: {}", error.message)),
        }
        Ok(())
    }

    /// Removes what is there, and what is not an object yet.
    async fn sweep_away(&self, left: &Left<'_>) -> Result<(), Error> {
        for key in &left.keys {
            fault::point("before-sweep");
            self.store.storage().delete(key).await?;
        }
        fault::point("after-sweep");
        self.store.storage().delete(&layout::swept(left.path, left.attempt)).await
    }
}
