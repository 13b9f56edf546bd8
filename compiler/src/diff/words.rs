//! Figures and effects in words for people. Whole numbers only, so that the same figure always reads the same.

use crate::amount;
pub(super) use crate::amount::{bytes as size, time};
use schema::diff::Code;
use schema::step::{Check, Extent, Method};

/// The code as it is written: kebab-case, stable.
#[must_use]
pub fn code(code: Code) -> String {
    serde_json::to_value(code).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Bytes per second; without a limit when there is none.
#[must_use]
pub(super) fn rate(limit: Option<u64>) -> String {
    limit.map_or_else(|| "without a limit".to_owned(), |rate| format!("at most {}", amount::rate(rate)))
}

/// Seconds with all their units down to minutes, or to seconds where there are no minutes.
#[must_use]
pub(super) fn to_the_minute(seconds: u64) -> String {
    let (hours, minutes) = (seconds - seconds % 3_600, seconds % 3_600 / 60 * 60);
    match (hours, minutes) {
        (0, _) | (_, 0) => time(seconds),
        (hours, minutes) => format!("{} {}", time(hours), time(minutes)),
    }
}

#[must_use]
pub(super) fn extent(extent: Extent) -> &'static str {
    match extent {
        Extent::Full => "full",
        Extent::Differential => "differential",
    }
}

#[must_use]
pub(super) fn method(method: Method) -> &'static str {
    match method {
        Method::Archive => "archive",
        Method::Dump => "dump",
        Method::Backup => "backup",
        Method::Command => "command",
    }
}

#[must_use]
pub(super) fn check(check: Check) -> &'static str {
    match check {
        Check::Digest => "digest",
        Check::Consistency => "consistency",
    }
}

/// What an effect is, behind the thing that it is on.
#[must_use]
pub fn effect(code: Code) -> &'static str {
    promise(code).or_else(|| protection(code)).or_else(|| running(code)).unwrap_or_else(|| rest(code))
}

fn promise(code: Code) -> Option<&'static str> {
    Some(match code {
        Code::RpoWorse => "more data can be lost",
        Code::RpoBetter => "less data can be lost",
        Code::RtoWorse => "it takes longer until service is back",
        Code::RtoBetter => "service is back sooner",
        Code::LossTotal => "what is left when a place is lost",
        Code::LossSurvived => "what is left when a place is lost",
        Code::DatabaseUncovered => "no longer protected",
        Code::DatabaseCovered => "now protected",
        Code::FilesFewer => "fewer files are taken",
        Code::FilesMore => "more files are taken",
        Code::FilesChanged => "other files are taken",
        Code::CopyRemoved => "a copy less",
        Code::CopyAdded => "a new copy",
        Code::CopyMoved => "another job makes the copy",
        Code::VerificationRemoved => "no longer verified",
        Code::VerificationAdded => "now verified",
        Code::VerificationWeaker => "verified less deeply",
        Code::VerificationStronger => "verified more deeply",
        Code::DrillRemoved => "no longer restored in a drill",
        Code::DrillAdded => "now restored in a drill",
        Code::DrillMoved => "the drill is another one",
        Code::DrillWeaker => "the drill shows less",
        Code::DrillStronger => "the drill shows more",
        Code::DrillChanged => "the drill asks something else",
        Code::ObjectiveLoosened => "more is tolerated",
        Code::ObjectiveTightened => "less is tolerated",
        _ => return None,
    })
}

fn protection(code: Code) -> Option<&'static str> {
    Some(match code {
        Code::DeletionsNew => "artifacts are removed, which was never done before",
        Code::DeletionsGone => "nothing is removed any more",
        Code::RetentionShorter => "less is kept",
        Code::RetentionLonger => "more is kept",
        Code::RetentionChanged => "something else is kept",
        Code::ImmutabilityRemoved => "copies can be deleted at once",
        Code::ImmutabilityAdded => "copies cannot be deleted for a time",
        Code::ImmutabilityShorter => "copies can be deleted sooner",
        Code::ImmutabilityLonger => "copies cannot be deleted for longer",
        Code::EncryptionRemoved => "copies are no longer encrypted",
        Code::EncryptionAdded => "copies are encrypted",
        Code::RecipientsChanged => "others can decrypt the copies",
        Code::TlsRemoved => "the backup network is no longer encrypted",
        Code::TlsAdded => "the backup network is encrypted",
        Code::NotificationRemoved => "no longer tells of a run",
        Code::NotificationAdded => "tells of a run",
        Code::GrantAdded => "a plugin may do more",
        Code::GrantRemoved => "a plugin may do less",
        Code::SecretChanged => "a secret comes from elsewhere",
        Code::PolicyWeaker => "the policy asks for less",
        Code::PolicyStricter => "the policy asks for more",
        Code::ExceptionAdded => "the policy excuses more",
        Code::ExceptionRemoved => "the policy excuses less",
        Code::ExceptionChanged => "the policy excuses it otherwise",
        Code::FindingNew => "a new finding",
        Code::FindingGone => "a finding less",
        Code::FindingChanged => "a finding says something else",
        _ => return None,
    })
}

fn running(code: Code) -> Option<&'static str> {
    Some(match code {
        Code::JobRemoved => "the job is gone",
        Code::JobAdded => "a new job",
        Code::JobRenamed => "the job has another name",
        Code::ScheduleRemoved => "no longer runs by itself",
        Code::ScheduleAdded => "runs by itself",
        Code::ScheduleChanged => "runs at other times",
        Code::WindowRemoved => "may run at any time",
        Code::WindowAdded => "runs only within a window",
        Code::WindowChanged => "runs within another window",
        Code::OverlapChanged => "when another run is still at work",
        Code::TypeChanged => "another type of backup",
        Code::MethodChanged => "another method of backup",
        Code::BandwidthChanged => "another bandwidth",
        Code::DowntimeAdded => "is stopped for a backup",
        Code::DowntimeRemoved => "is no longer stopped for a backup",
        Code::DowntimeWorse => "longer downtime for a backup",
        Code::DowntimeBetter => "shorter downtime for a backup",
        Code::OrderChanged => "another order of steps",
        Code::HostChanged => "runs on another machine",
        Code::StepRemoved => "no longer done",
        Code::StepAdded => "newly done",
        Code::StepChanged => "done otherwise",
        _ => return None,
    })
}

fn rest(code: Code) -> &'static str {
    match code {
        Code::StoreRemoved => "the store is gone",
        Code::StoreAdded => "a new store",
        Code::StoreMoved => "the store is at another place; its copies so far stay at the old one",
        Code::StorageMore => "needs more room",
        Code::StorageLess => "needs less room",
        Code::SourceRemoved => "the source is gone",
        Code::SourceAdded => "a new source",
        Code::EditionChanged => "another edition",
        Code::VersionChanged => "another version",
        Code::TargetRemoved => "the target is gone",
        Code::TargetAdded => "a new target",
        Code::StrategyRenamed => "the strategy has another name",
        Code::EnvironmentChanged => "another environment, with other levels of findings",
        Code::RunnerChanged => "jobs run elsewhere",
        Code::StoreChanged | Code::SourceChanged | Code::TargetChanged | Code::NotifierChanged => "set up otherwise",
        Code::WorkloadChanged => "another workload",
        Code::ResourcesChanged => "other resources",
        _ => "changed",
    }
}
