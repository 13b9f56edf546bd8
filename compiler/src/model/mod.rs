//! A strategy as plain data with spans: what decode makes of a document that its vocabulary has approved.

mod job;
mod keep;
mod place;
mod policy;
mod source;
mod store;

pub use job::{Backup, Copy, Drill, Job, Prune, Query, Schedule, Statement, Step, Transfer, Verify, Window};
pub use keep::Keep;
pub use place::{Runner, Target};
pub use policy::{APPROVAL, ATOMIC_CREATE, Exception, Policy, Requirement};
pub use source::{Command, Engine, Files, Neo4j, On, Pattern, Source, Words, glob_covers};
pub use store::{Notifier, Plugin, Store};

use crate::span::{Span, Spanned};
use crate::structure::unit::Growth;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

/// What the user wrote, with every default filled in.
#[derive(Clone, Debug)]
pub struct Strategy {
    pub name: Spanned<String>,
    pub environment: Environment,
    pub objectives: Objectives,
    pub workload: Workload,
    pub resources: Resources,
    pub runner: Option<Runner>,
    pub sources: Vec<Source>,
    pub targets: Vec<Target>,
    pub stores: Vec<Store>,
    pub jobs: Vec<Job>,
    pub keeps: Vec<Keep>,
    pub notifiers: Vec<Notifier>,
    pub policy: Policy,
    pub span: Span,
    /// Made at the first look, from lists that do not change after that.
    pub positions: OnceLock<Positions>,
    /// Likewise; `resolve::flow` makes it.
    pub flow: OnceLock<Flow>,
}

/// What the jobs do with each source, by its name.
#[derive(Clone, Debug, Default)]
pub struct Flow {
    /// The stores that get what it has, and whether a job that puts it there verifies it.
    pub stores: BTreeMap<String, BTreeMap<String, bool>>,
    /// The stores from which a job with a schedule restores it.
    pub drilled: BTreeMap<String, BTreeSet<String>>,
    /// Sources of which a job makes a full backup that a differential can build on.
    pub begun: BTreeSet<String>,
}

/// Where things are in their lists, by name: plans of large fleets look them up at every step.
#[derive(Clone, Debug, Default)]
pub struct Positions {
    sources: BTreeMap<String, usize>,
    targets: BTreeMap<String, usize>,
    stores: BTreeMap<String, usize>,
    /// By store.
    keeps: BTreeMap<String, usize>,
}

/// The first of each name counts.
fn positions<'a>(names: impl Iterator<Item = &'a Spanned<String>>) -> BTreeMap<String, usize> {
    let mut out = BTreeMap::new();
    for (at, name) in names.enumerate() {
        out.entry(name.value.clone()).or_insert(at);
    }
    out
}

/// What kind of environment a strategy is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    Development,
    Staging,
    Production,
}

impl Environment {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Staging => "staging",
            Self::Production => "production",
        }
    }
}

/// What the business tolerates, in seconds.
#[derive(Clone, Debug, Default)]
pub struct Objectives {
    pub rpo: Option<Spanned<u64>>,
    pub rto: Option<Spanned<u64>>,
    pub backup_downtime: Option<Spanned<u64>>,
    pub restore_downtime: Option<Spanned<u64>>,
}

/// How much data there is and how it moves.
#[derive(Clone, Debug, Default)]
pub struct Workload {
    /// Bytes.
    pub size: Option<Spanned<u64>>,
    pub growth: Option<Spanned<Growth>>,
    /// Bytes per second.
    pub change_rate: Option<Spanned<u64>>,
}

/// What the machine that runs jobs may use.
#[derive(Clone, Debug, Default)]
pub struct Resources {
    pub cpus: Option<Spanned<u64>>,
    /// Bytes.
    pub memory: Option<Spanned<u64>>,
    /// Bytes.
    pub temp: Option<Spanned<u64>>,
    /// Bytes.
    pub disk: Option<Spanned<u64>>,
    /// Bytes per second.
    pub network: Option<Spanned<u64>>,
}

impl Strategy {
    fn positions(&self) -> &Positions {
        self.positions.get_or_init(|| Positions {
            sources: positions(self.sources.iter().map(|it| &it.name)),
            targets: positions(self.targets.iter().map(|it| &it.name)),
            stores: positions(self.stores.iter().map(|it| &it.name)),
            keeps: positions(self.keeps.iter().map(|it| &it.store)),
        })
    }

    #[must_use]
    pub fn source(&self, name: &str) -> Option<&Source> {
        self.sources.get(*self.positions().sources.get(name)?)
    }

    #[must_use]
    pub fn target(&self, name: &str) -> Option<&Target> {
        self.targets.get(*self.positions().targets.get(name)?)
    }

    /// What a store keeps, when anything says so.
    #[must_use]
    pub fn keep(&self, store: &str) -> Option<&Keep> {
        self.keeps.get(*self.positions().keeps.get(store)?)
    }

    /// Every server of every source, in the order of the strategy.
    pub fn servers(&self) -> impl Iterator<Item = &schema::source::Server> {
        let neo4j = self.sources.iter().filter_map(|source| match &source.engine {
            Engine::Neo4j(neo4j) => Some(neo4j),
            _ => None,
        });
        neo4j.flat_map(|neo4j| &neo4j.server.servers)
    }

    #[must_use]
    pub fn store(&self, name: &str) -> Option<&Store> {
        self.stores.get(*self.positions().stores.get(name)?)
    }
}
