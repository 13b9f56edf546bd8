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
pub use policy::{Exception, Policy, Requirement};
pub use source::{Command, Engine, Files, Neo4j, On, Pattern, Source};
pub use store::{Notifier, Plugin, Store};

use crate::span::{Span, Spanned};
use crate::structure::unit::Growth;

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
    #[must_use]
    pub fn source(&self, name: &str) -> Option<&Source> {
        self.sources.iter().find(|source| source.name.value == name)
    }

    #[must_use]
    pub fn target(&self, name: &str) -> Option<&Target> {
        self.targets.iter().find(|target| target.name.value == name)
    }

    /// What a store keeps, when anything says so.
    #[must_use]
    pub fn keep(&self, store: &str) -> Option<&Keep> {
        self.keeps.iter().find(|keep| keep.store.value == store)
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
        self.stores.iter().find(|store| store.name.value == name)
    }
}
