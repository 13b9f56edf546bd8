//! The garbage sweep: attempts that no manifest names. Another run may be writing one right now, so the first look leaves a
//! mark, and only what is still there when the mark is older than the safety age goes.

use super::Prune;
use crate::error::{Error, Result};
use crate::fault;
use crate::store::layout;
use crate::store::survey::{Folder, Survey, is_of_the_document};
use schema::manifest::{Abandoned, FORMAT};
use schema::report::ProblemKind;
use std::collections::BTreeMap;

impl Prune<'_> {
    /// `survey` may be minutes old: what has been published since is seen by the last look at each attempt.
    pub(super) async fn sweep(&mut self, survey: &Survey) -> Result<()> {
        let named: BTreeMap<&str, &str> =
            survey.found.iter().map(|found| (found.folder.as_str(), found.held.manifest.attempt.as_str())).collect();
        let mut left = Vec::new();
        for (path, folder) in &survey.folders {
            // A manifest that cannot be read may name any of them; a mark says that the rest is the prune's.
            if (folder.manifest && !named.contains_key(path.as_str())) || folder.tombstone {
                continue;
            }
            let unnamed = folder.attempts.keys().filter(|attempt| named.get(path.as_str()) != Some(&attempt.as_str()));
            left.extend(unnamed.map(|attempt| (path.as_str(), folder, attempt.as_str())));
            for attempt in folder.swept.iter().filter(|attempt| !folder.attempts.contains_key(*attempt)) {
                self.store.storage().delete(&layout::swept(path, attempt)).await?;
            }
        }
        if left.is_empty() {
            return Ok(());
        }
        self.record(&left.iter().map(|(path, _, attempt)| format!("{path}{attempt}")).collect::<Vec<_>>(), "sweep")?;
        for (path, folder, attempt) in left {
            self.may_go_on().await?;
            self.sweep_one(path, folder, attempt).await?;
        }
        Ok(())
    }

    async fn sweep_one(&mut self, path: &str, folder: &Folder, attempt: &str) -> Result<()> {
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
        if self.ripe(&marked.at).is_err() {
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
        let removed = self.sweep_away(path, folder, attempt).await;
        match removed {
            Ok(()) => self.tally.swept += 1,
            Err(error) if matches!(error.kind, ProblemKind::Temporary) => return Err(error),
            Err(error) => self.tally.refuse(attempt, format!("the store refuses: {}", error.message)),
        }
        Ok(())
    }

    async fn sweep_away(&self, path: &str, folder: &Folder, attempt: &str) -> Result<(), Error> {
        for listed in folder.attempts.get(attempt).into_iter().flatten() {
            fault::point("before-sweep");
            self.store.storage().delete(&listed.key).await?;
        }
        fault::point("after-sweep");
        self.store.storage().delete(&layout::swept(path, attempt)).await
    }
}
