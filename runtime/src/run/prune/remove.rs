//! The second half of a prune: what was marked long enough ago goes. The manifest first, so that no manifest is ever
//! without its bytes; the mark last, so that a prune that was cut off is gone on with.

use super::Prune;
use super::judge::Bench;
use super::waves::waves;
use crate::error::{Error, Result};
use crate::fault;
use crate::store::layout;
use crate::store::survey::{Folder, Found, Survey, folders};
use futures_util::future::join_all;
use schema::manifest::{LOCK, Tombstone};
use schema::report::ProblemKind;

impl Prune<'_> {
    /// Removes what may go of all that has a mark. Returns what there was before.
    pub(super) async fn remove(&mut self, before: Survey) -> Result<Survey> {
        // With nothing but this prune's own marks there is nothing to look at again, unless they need not wait.
        if let Err(until) = self.ripe(&self.time())
            && !before.folders.values().any(|folder| folder.tombstone)
        {
            self.tally.marks_wait(&until);
            return Ok(before);
        }
        // Looked at again, after every mark: a child that was published before this look is seen now, and one that comes
        // later sees the mark and withdraws.
        let survey = self.store.survey_again(before).await?;
        let mut bench = Bench::new(&survey, &self.shop.run, self.now);
        let half = self.half_removed(&survey).await?;
        let mut ripe: Vec<(&Found, &Tombstone)> = Vec::new();
        for found in survey.found.iter().rev() {
            let Some(tombstone) = &found.tombstone else { continue };
            match self.ripe(&tombstone.at) {
                Ok(()) => ripe.push((found, tombstone)),
                Err(until) => self.tally.wait(until),
            }
        }
        let ids = half.iter().map(|(_, tombstone)| &tombstone.id);
        let ids: Vec<String> = ids.chain(ripe.iter().map(|(found, _)| &found.fact.id)).cloned().collect();
        if !ids.is_empty() {
            self.record(&ids, "remove")?;
        }
        for (path, tombstone) in &half {
            self.may_go_on().await?;
            if let Some(folder) = survey.folders.get(path) {
                let removed = self.remove_rest(path, folder, &tombstone.attempt).await;
                self.counted(&tombstone.id, None, removed)?;
            }
        }
        for wave in waves(&ripe, |(found, _)| &found.fact) {
            self.may_go_on().await?;
            let mut free = Vec::new();
            for (found, tombstone) in wave {
                match bench.may_be_removed(found, tombstone) {
                    Ok(()) => free.push((*found, *tombstone)),
                    Err(why) => self.tally.refuse(&found.fact.id, why),
                }
            }
            let removed = join_all(free.iter().map(|(found, tombstone)| self.remove_one(found, tombstone))).await;
            let mut failed = None;
            for ((found, _), removed) in free.into_iter().zip(removed) {
                match self.counted(&found.fact.id, Some(found), removed) {
                    Ok(true) => bench.gone(&found.fact),
                    Ok(false) => {}
                    // What the others of the wave came to counts all the same.
                    Err(error) => drop(failed.get_or_insert(error)),
                }
            }
            failed.map_or(Ok(()), Err)?;
        }
        drop(bench);
        Ok(survey)
    }

    /// Marks whose manifest is gone: a prune was cut off there.
    async fn half_removed(&mut self, survey: &Survey) -> Result<Vec<(String, Tombstone)>> {
        let mut half = Vec::new();
        let without = survey.folders.iter().filter(|(_, folder)| folder.tombstone && !folder.manifest);
        for path in without.map(|(path, _)| path) {
            match self.store.tombstone(path).await {
                Ok(Some(tombstone)) => match self.ripe(&tombstone.at) {
                    Ok(()) => half.push((path.clone(), tombstone)),
                    Err(until) => self.tally.wait(until),
                },
                Ok(None) => {}
                Err(error) => self.tally.refuse(path, error.message),
            }
        }
        Ok(half)
    }

    async fn remove_one(&self, found: &Found, tombstone: &Tombstone) -> Result<()> {
        let path = &found.folder;
        // The last look, at this folder alone: a lock that was just set, a mark that was just taken back.
        let (fresh, _) = folders(self.store.storage().list(path).await?);
        let Some(folder) = fresh.get(path) else { return Ok(()) };
        let has_lock = folder.facts.iter().any(|key| key.contains(&format!("/{LOCK}-")));
        if has_lock && self.is_locked(path, folder).await? {
            return Err(refused("it was locked in the meantime"));
        }
        if !folder.tombstone {
            return Err(refused("its mark was taken back in the meantime"));
        }
        match self.store.read_manifest(&layout::manifest(path)).await? {
            Some(held) if held.digest == tombstone.manifest => {}
            _ => return Err(refused("its manifest is another one by now")),
        }
        fault::point("before-manifest-removal");
        self.store.storage().delete(&layout::manifest(path)).await?;
        fault::point("after-manifest-removal");
        self.remove_rest(path, folder, &tombstone.attempt).await
    }

    async fn is_locked(&self, path: &str, folder: &Folder) -> Result<bool> {
        let (found, _) = self.store.read_folder(path, folder).await?;
        let until = found.and_then(|found| found.fact.locked_until);
        Ok(until.is_some_and(|until| until.parse::<jiff::Timestamp>().map_or(true, |until| self.now < until)))
    }

    /// Bytes, facts, and the mark as the last.
    async fn remove_rest(&self, path: &str, folder: &Folder, attempt: &str) -> Result<()> {
        let storage = self.store.storage();
        for listed in folder.attempts.get(attempt).into_iter().flatten() {
            storage.delete(&listed.key).await?;
            fault::point("in-removal");
        }
        for key in &folder.facts {
            storage.delete(key).await?;
        }
        fault::point("before-tombstone-removal");
        storage.delete(&layout::tombstone(path)).await?;
        fault::point("after-tombstone-removal");
        Ok(())
    }

    /// Counts what came of one removal. One that the store refuses is told, and the others go on; what may pass ends the
    /// attempt, and is tried again with it.
    fn counted(&mut self, id: &str, found: Option<&Found>, removed: Result<()>) -> Result<bool> {
        match removed {
            Ok(()) => {
                self.tally.removed(found.map_or(0, |found| found.fact.size));
                if let Some(found) = found {
                    let fact = &found.fact;
                    self.shop.state.catalog.remove(&fact.store, &fact.source, &fact.database, &fact.id)?;
                }
                Ok(true)
            }
            Err(error) if error.code == "prune-refused" => {
                self.tally.refuse(id, error.message);
                Ok(false)
            }
            Err(error) if matches!(error.kind, ProblemKind::Temporary | ProblemKind::Cancelled) => Err(error),
            Err(error) => {
                self.tally.refuse(id, format!("the store refuses: {}", error.message));
                Ok(false)
            }
        }
    }
}

fn refused(why: &str) -> Error {
    Error::new(ProblemKind::Conflict, "prune-refused", why)
}
