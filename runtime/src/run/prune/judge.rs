//! Whether a deletion that a plan names is still right, by what the store holds now. It can only say no.

use crate::store::survey::{Found, Survey};
use jiff::Timestamp;
use schema::fact::StoredArtifact;
use schema::manifest::Tombstone;
use schema::retain::Deletion;
use std::collections::{BTreeMap, BTreeSet};

/// Source and database.
type Database = (String, String);

/// What a store holds, with what has been decided of it so far.
pub(super) struct Bench<'a> {
    /// By source, database and id.
    copies: BTreeMap<(&'a str, &'a str, &'a str), &'a Found>,
    /// Children by source, database and the id that they need.
    children: BTreeMap<(&'a str, &'a str, &'a str), Vec<&'a str>>,
    /// Sound copies that another run made and nobody has marked, by database.
    good: BTreeMap<Database, BTreeSet<String>>,
    /// Marked by this prune or before.
    marked: BTreeSet<(Database, String)>,
    /// Folders with a manifest that could not be read.
    faults: Vec<&'a str>,
    run: &'a str,
    now: Timestamp,
}

fn database(fact: &StoredArtifact) -> Database {
    (fact.source.clone(), fact.database.clone())
}

impl<'a> Bench<'a> {
    pub(super) fn new(survey: &'a Survey, run: &'a str, now: Timestamp) -> Self {
        let key = |found: &'a Found, id: &'a str| (found.fact.source.as_str(), found.fact.database.as_str(), id);
        let copies: BTreeMap<_, _> = survey.found.iter().map(|found| (key(found, &found.fact.id), found)).collect();
        let mut children: BTreeMap<_, Vec<&str>> = BTreeMap::new();
        for found in &survey.found {
            if let Some(parent) = &found.fact.parent {
                children.entry(key(found, parent)).or_default().push(&found.fact.id);
            }
        }
        let marked = survey.found.iter().filter(|found| found.tombstone.is_some());
        // A later fact that cannot be read makes its own copy unverified or locked, and no other one.
        let read: BTreeSet<&str> = survey.found.iter().map(|found| found.folder.as_str()).collect();
        let faults = survey.faults.iter().map(|fault| fault.folder.as_str());
        let unread = faults.filter(|folder| !read.contains(folder)).collect();
        let mut bench = Self {
            copies,
            children,
            good: BTreeMap::new(),
            marked: marked.map(|found| (database(&found.fact), found.fact.id.clone())).collect(),
            faults: unread,
            run,
            now,
        };
        for found in &survey.found {
            if found.held.manifest.run != run && bench.is_good(&found.fact) {
                bench.good.entry(database(&found.fact)).or_default().insert(found.fact.id.clone());
            }
        }
        bench
    }

    /// Verified here and not to go, with all that it needs.
    fn is_good(&self, fact: &StoredArtifact) -> bool {
        let mut at = fact;
        // No chain is longer than there are copies: one that bites its own tail ends here.
        for _ in 0..=self.copies.len() {
            if !at.verified || self.marked.contains(&(database(at), at.id.clone())) {
                return false;
            }
            let Some(parent) = &at.parent else { return true };
            match self.copies.get(&(at.source.as_str(), at.database.as_str(), parent.as_str())) {
                Some(found) => at = &found.fact,
                None => return false,
            }
        }
        false
    }

    /// The copy that is to be marked; `None` when it is gone or has its mark already.
    pub(super) fn may_be_marked(&self, deletion: &Deletion) -> Result<Option<&'a Found>, String> {
        let key = (deletion.source.as_str(), deletion.database.as_str(), deletion.id.as_str());
        let Some(found) = self.copies.get(&key).copied() else { return Ok(None) };
        if found.held.digest != deletion.manifest {
            return Err("its manifest is not the one that the plan was made with".to_owned());
        }
        if found.tombstone.is_some() {
            return Ok(None);
        }
        self.is_free(found, false)?;
        Ok(Some(found))
    }

    /// Whether a copy that has its mark may be removed. Children of it that are marked as well must be gone before.
    pub(super) fn may_be_removed(&self, found: &Found, tombstone: &Tombstone) -> Result<(), String> {
        if found.held.digest != tombstone.manifest {
            return Err("its mark was made for another manifest".to_owned());
        }
        self.is_free(found, true)
    }

    fn is_free(&self, found: &Found, is_marked: bool) -> Result<(), String> {
        let fact = &found.fact;
        if found.held.manifest.run == self.run {
            return Err("this run made it".to_owned());
        }
        if let Some(until) = &fact.locked_until
            && until.parse::<Timestamp>().is_ok_and(|until| self.now < until)
        {
            return Err(format!("locked until {until}"));
        }
        let beside = found.folder.strip_suffix(&format!("{}/", fact.id)).unwrap_or(&found.folder);
        if let Some(fault) = self.faults.iter().find(|folder| folder.starts_with(beside)) {
            return Err(format!("what is in `{fault}` cannot be read, and may need it"));
        }
        let key = (fact.source.as_str(), fact.database.as_str(), fact.id.as_str());
        let children = self.children.get(&key).into_iter().flatten();
        let mut needed = children.filter(|id| is_marked || !self.marked.contains(&(database(fact), (**id).to_owned())));
        if let Some(child) = needed.next() {
            return Err(format!("artifact {child} needs it"));
        }
        let good = self.good.get(&database(fact));
        let others = good.is_some_and(|good| good.iter().any(|id| *id != fact.id));
        if !others {
            return Err("nothing else that is good is there of its database, this run's own aside".to_owned());
        }
        Ok(())
    }

    /// A copy gets its mark: from now on it counts for nothing.
    pub(super) fn mark(&mut self, fact: &StoredArtifact) {
        let database = database(fact);
        self.marked.insert((database.clone(), fact.id.clone()));
        if let Some(good) = self.good.get_mut(&database) {
            good.remove(&fact.id);
        }
        // What needs it is not good any more either; it was marked before, or this one would not be.
    }

    /// A copy is gone.
    pub(super) fn gone(&mut self, fact: &'a StoredArtifact) {
        let Some(parent) = &fact.parent else { return };
        if let Some(children) = self.children.get_mut(&(&*fact.source, &*fact.database, parent.as_str())) {
            children.retain(|id| *id != fact.id);
        }
    }
}
