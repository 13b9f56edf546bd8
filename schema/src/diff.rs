//! What a change of a strategy does: the effects between two plans, and the steps that come, go or change.

use crate::retain::Verdict;
use crate::step::Origin;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Format of diffs that this version writes.
pub const FORMAT: u32 = 1;

/// The way from one plan to another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Diff {
    /// [`FORMAT`].
    pub format: u32,
    /// The strategy's name in the plan after the change.
    pub strategy: String,
    /// How many of the effects are breaking.
    pub breaking: u64,
    /// How many notes of approval the policy, before or after the change, wants for breaking effects; 0 is none.
    pub approvals: u64,
    /// Breaking ones first, then those to look at, then the rest; each by code and subject.
    pub effects: Vec<Effect>,
    /// By job and address.
    pub steps: Vec<StepChange>,
    /// Copies that stores hold, that the rules before the change keep, and that those after it do not. Known only when the
    /// stores were asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doomed: Vec<Verdict>,
}

/// One effect, on one thing or on many alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Effect {
    pub code: Code,
    pub subject: Subject,
    /// For people, for example `45m`. `None`: there was nothing.
    pub before: Option<String>,
    /// For people. `None`: there is nothing.
    pub after: Option<String>,
    /// Its own line of the strategy changed; else it follows from a change elsewhere.
    pub direct: bool,
    /// Something that was promised is not any more.
    pub breaking: bool,
    /// Nothing is worse for the data, but a reviewer should have seen it.
    pub marked: bool,
    /// The line in the plan after the change, or in that before it for what is gone.
    pub origin: Option<Origin>,
}

/// What an effect is on. The names are things of one kind, at one place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Subject {
    pub kind: Kind,
    /// The first of them, sorted; at most [`NAMES`], at least one.
    pub names: Vec<String>,
    /// How many there are.
    pub count: u64,
    /// The source that they belong to.
    #[serde(default)]
    pub source: Option<String>,
    /// The store that it is about.
    #[serde(default)]
    pub store: Option<String>,
    /// The job that it is about.
    #[serde(default)]
    pub job: Option<String>,
}

/// Most names that a subject lists.
pub const NAMES: usize = 5;

/// The kind of a subject's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    Strategy,
    Job,
    Source,
    Database,
    Store,
    Target,
    Notifier,
    /// `rpo`, `rto`, `backup-downtime` or `restore-downtime`.
    Objective,
    /// A requirement of the policy.
    Requirement,
    /// What the policy excuses.
    Exception,
    /// The code of a finding.
    Finding,
    /// A kind of steps.
    Step,
}

/// What an effect does. Most come in pairs: what one change does, the change back undoes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// More data can be lost.
    RpoWorse,
    RpoBetter,
    /// It takes longer until service is back.
    RtoWorse,
    RtoBetter,
    /// Everything is lost when a place is.
    LossTotal,
    LossSurvived,
    /// No job protects a database any more.
    DatabaseUncovered,
    DatabaseCovered,
    /// Less of a tree of files is taken.
    FilesFewer,
    FilesMore,
    /// Part of a tree is taken no more, another part is new.
    FilesChanged,
    /// A job no longer puts a copy into a store.
    CopyRemoved,
    CopyAdded,
    /// Another job makes the copy.
    CopyMoved,
    VerificationRemoved,
    VerificationAdded,
    /// A check no longer goes as deep.
    VerificationWeaker,
    VerificationStronger,
    DrillRemoved,
    DrillAdded,
    /// A drill takes its copy from another store, or goes to another target.
    DrillMoved,
    DrillWeaker,
    DrillStronger,
    /// A drill asks other questions.
    DrillChanged,
    /// Artifacts are removed from a store that lost none before.
    DeletionsNew,
    DeletionsGone,
    RetentionShorter,
    RetentionLonger,
    /// Some rules keep less, some more.
    RetentionChanged,
    ImmutabilityRemoved,
    ImmutabilityAdded,
    ImmutabilityShorter,
    ImmutabilityLonger,
    EncryptionRemoved,
    EncryptionAdded,
    /// Others can decrypt.
    RecipientsChanged,
    /// The backup network is no longer encrypted.
    TlsRemoved,
    TlsAdded,
    NotificationRemoved,
    NotificationAdded,
    JobRemoved,
    JobAdded,
    JobRenamed,
    /// A job no longer runs by itself.
    ScheduleRemoved,
    ScheduleAdded,
    ScheduleChanged,
    WindowRemoved,
    WindowAdded,
    WindowChanged,
    OverlapChanged,
    TypeChanged,
    MethodChanged,
    BandwidthChanged,
    /// Something is stopped for a backup that went on before.
    DowntimeAdded,
    DowntimeRemoved,
    /// A backup takes longer from the service.
    DowntimeWorse,
    DowntimeBetter,
    /// A step waits for others than before.
    OrderChanged,
    /// A step runs on another machine.
    HostChanged,
    StepRemoved,
    StepAdded,
    StepChanged,
    StoreRemoved,
    StoreAdded,
    /// It is at another place: what it holds so far stays at the old one.
    StoreMoved,
    StoreChanged,
    StorageMore,
    StorageLess,
    SourceRemoved,
    SourceAdded,
    SourceChanged,
    EditionChanged,
    VersionChanged,
    TargetRemoved,
    TargetAdded,
    TargetChanged,
    NotifierChanged,
    GrantAdded,
    GrantRemoved,
    SecretChanged,
    ObjectiveLoosened,
    ObjectiveTightened,
    PolicyWeaker,
    PolicyStricter,
    ExceptionAdded,
    ExceptionRemoved,
    ExceptionChanged,
    FindingNew,
    FindingGone,
    FindingChanged,
    EnvironmentChanged,
    RunnerChanged,
    WorkloadChanged,
    ResourcesChanged,
    StrategyRenamed,
}

/// A step that comes, goes or changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct StepChange {
    pub sign: Sign,
    /// The step's address; that in the plan before for what is gone.
    pub address: String,
    pub job: String,
    /// Its kind, as in the address.
    pub kind: String,
    /// What was done, or what of it changes, for people. `None`: the step is new.
    pub before: Option<String>,
    /// `None`: the step is gone.
    pub after: Option<String>,
}

/// What becomes of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sign {
    Added,
    Removed,
    Changed,
}

/// Whether notes are wanted for what a change breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approval {
    /// Nothing breaks, or the policy wants no notes.
    NotNeeded,
    Given,
    /// So many notes are still wanted.
    Missing(u64),
}

impl Diff {
    /// Whether the two plans do the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.effects.is_empty() && self.steps.is_empty()
    }

    /// What the policy says to this change; `notes` is what those who approve it wrote. White space is no note, and the
    /// same note twice is one.
    #[must_use]
    pub fn approval(&self, notes: &[&str]) -> Approval {
        if self.approvals == 0 || self.breaking == 0 {
            return Approval::NotNeeded;
        }
        let said: BTreeSet<&str> = notes.iter().map(|note| note.trim()).filter(|note| !note.is_empty()).collect();
        match self.approvals.saturating_sub(u64::try_from(said.len()).unwrap_or(u64::MAX)) {
            0 => Approval::Given,
            missing => Approval::Missing(missing),
        }
    }
}
