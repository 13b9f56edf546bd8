//! How many bytes each database has, changes and grows by: from stored artifacts, else from the workload, else assumed.

use super::rates::{Assumed, Figure};
use super::{DAY, YEAR};
use jiff::Timestamp;
use schema::fact::StoredArtifact;
use schema::forecast::Growth;
use schema::plan::Plan;
use schema::source::{Engine, Source};
use std::collections::BTreeMap;

/// One billion: growth is a multiple of this.
pub(super) const ONE: u64 = 1_000_000_000;
/// Growth ends here, whatever is said: a million times.
const MOST: u128 = ONE as u128 * 1_000_000;

/// Bytes of one database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Size {
    /// Of a full copy today.
    pub(super) full: u64,
    /// That change in a second.
    pub(super) change: u64,
    /// The same two for a restore: of all databases when only their sum is known.
    pub(super) most: u64,
    pub(super) most_change: u64,
    /// Bytes per second of the newest full copy, where that was timed.
    pub(super) pace: Option<u64>,
    pub(super) measured: bool,
}

/// What is known of all.
#[derive(Debug)]
pub(super) struct Sizes {
    growth: Option<Growth>,
}

impl Sizes {
    /// The sizes of databases, in their order.
    pub(super) fn new(
        plan: &Plan,
        artifacts: &[StoredArtifact],
        units: &[(usize, &str)],
        assumed: &mut Assumed,
    ) -> (Self, Vec<Size>) {
        if plan.workload.growth.is_none() {
            assumed.take(Figure::NoGrowth);
        }
        let sizes = Self { growth: plan.workload.growth };
        let measured = Measured::new(artifacts);
        let kinds: Vec<Kind> = units.iter().map(|(source, name)| kind(plan, *source, name)).collect();
        let known: Vec<Option<Size>> = units
            .iter()
            .map(|(source, name)| {
                measured.of(plan.sources.get(*source).map_or("", |source| source.name.as_str()), name)
            })
            .collect();
        let all = Whole::new(plan, &kinds, &known, assumed);
        let out = kinds.iter().zip(&known).map(|(kind, known)| all.size(*kind, *known, plan, assumed)).collect();
        (sizes, out)
    }

    /// How much larger everything is after so many seconds, in [`ONE`]s.
    pub(super) fn grown(&self, seconds: i64) -> u64 {
        let Some(growth) = self.growth else { return ONE };
        let (one, per) = (u128::from(ONE), u128::from(growth.per.max(1)));
        let seconds = u128::try_from(seconds).unwrap_or(0);
        let step = one + one * u128::from(growth.basis_points.min(1_000_000)) / 10_000;
        let mut out = one;
        // Many periods of a small one: square the step rather than walk.
        let (mut power, mut left) = (step, seconds / per);
        while left > 0 {
            if left & 1 == 1 {
                out = (out * power / one).min(MOST);
            }
            power = (power * power / one).min(MOST);
            left >>= 1;
        }
        let rest = out * (step - one) / one * (seconds % per) / per;
        u64::try_from((out + rest).min(MOST)).unwrap_or(u64::MAX)
    }

    /// Bytes of today at the end of the year.
    pub(super) fn at_last(&self, bytes: u64) -> u64 {
        scale(bytes, self.grown(YEAR))
    }
}

/// So many bytes, so many times larger.
pub(super) fn scale(bytes: u64, by: u64) -> u64 {
    u64::try_from(u128::from(bytes) * u128::from(by) / u128::from(ONE)).unwrap_or(u64::MAX)
}

/// What a database counts as when its size is not known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It has a share in the workload.
    Shares,
    System,
    Beside,
}

fn kind(plan: &Plan, source: usize, name: &str) -> Kind {
    let is_graph = |source: &Source| matches!(source.engine, Engine::Neo4j(_));
    match plan.sources.get(source).map(|source| &source.engine) {
        Some(Engine::Neo4j(_)) if name.eq_ignore_ascii_case("system") => Kind::System,
        Some(Engine::Files(files)) if !files.members.is_empty() || plan.sources.iter().any(is_graph) => Kind::Beside,
        _ => Kind::Shares,
    }
}

/// The size of all databases that share one.
struct Whole {
    size: u64,
    sharing: u64,
    change: Option<u64>,
    /// Whether anything depends on what changes.
    chained: bool,
}

impl Whole {
    fn new(plan: &Plan, kinds: &[Kind], known: &[Option<Size>], assumed: &mut Assumed) -> Self {
        let unknown = || kinds.iter().zip(known).filter(|(kind, known)| **kind == Kind::Shares && known.is_none());
        let sharing = u64::try_from(unknown().count()).unwrap_or(u64::MAX);
        let of_known: u64 = known.iter().flatten().map(|size| size.full).fold(0, u64::saturating_add);
        let size = match plan.workload.size {
            Some(size) => size.saturating_sub(of_known).max(1),
            None if sharing == 0 => 0,
            None if plan.sources.iter().any(|source| matches!(source.engine, Engine::Neo4j(_))) => {
                assumed.take(Figure::SizeOfAll)
            }
            None => assumed.take(Figure::SizeOfFiles),
        };
        if sharing > 1 {
            assumed.take(Figure::EvenShare);
        }
        let is_differential = |step: &schema::step::Step| {
            matches!(step.action, schema::step::Action::Backup { extent: schema::step::Extent::Differential, .. })
        };
        let chained = plan.steps.iter().any(is_differential);
        Self { size, sharing, change: plan.workload.change_rate, chained }
    }

    fn size(&self, kind: Kind, known: Option<Size>, plan: &Plan, assumed: &mut Assumed) -> Size {
        let full = match (known, kind) {
            (Some(known), _) => known.full,
            (None, Kind::Shares) => self.size.div_ceil(self.sharing.max(1)),
            (None, Kind::System) => assumed.take(Figure::SizeOfSystem),
            (None, Kind::Beside) => assumed.take(Figure::SizeBeside),
        };
        let alone = known.is_some() || kind != Kind::Shares;
        let most = if alone { full } else { self.size };
        let rate = |bytes: u64, assumed: &mut Assumed| {
            if !self.chained {
                return 0;
            }
            let tenth = assumed.take(Figure::ChangeRate);
            bytes.div_ceil(tenth).div_ceil(DAY.unsigned_abs())
        };
        let measured = known.map(|known| known.change).filter(|change| *change > 0);
        // What is said is said of all, and nobody knows where it happens.
        let said = self.change.filter(|_| kind == Kind::Shares || plan.sources.len() == 1);
        let (change, most_change) = match (measured, said) {
            (Some(change), _) => (change, change),
            (None, Some(said)) => (said.div_ceil(if alone { 1 } else { self.sharing.max(1) }), said),
            (None, None) => (rate(full, assumed), rate(most, assumed)),
        };
        let pace = known.and_then(|known| known.pace);
        Size { full, change, most, most_change, pace, measured: known.is_some() }
    }
}

/// What stored artifacts say, by source and database.
struct Measured(BTreeMap<(String, String), Size>);

impl Measured {
    fn new(artifacts: &[StoredArtifact]) -> Self {
        let mut groups: BTreeMap<(String, String), BTreeMap<&str, &StoredArtifact>> = BTreeMap::new();
        for artifact in artifacts {
            let key = (artifact.source.clone(), artifact.database.clone());
            // Copies of one artifact may be encoded: the largest is nearest to the truth.
            let seen = groups.entry(key).or_default().entry(&artifact.id).or_insert(artifact);
            if seen.size < artifact.size {
                *seen = artifact;
            }
        }
        Self(groups.into_iter().filter_map(|(key, group)| Some((key, measure(&group)?))).collect())
    }

    fn of(&self, source: &str, database: &str) -> Option<Size> {
        self.0.get(&(source.to_owned(), database.to_owned())).copied()
    }
}

/// The newest full one, and the rate of all differentials whose parent is known.
fn measure(group: &BTreeMap<&str, &StoredArtifact>) -> Option<Size> {
    let time = |artifact: &StoredArtifact| artifact.taken.parse::<Timestamp>().ok().map(Timestamp::as_second);
    let fulls = group.values().filter(|artifact| artifact.parent.is_none());
    let newest = fulls.max_by(|one, other| (time(one), &one.id).cmp(&(time(other), &other.id)))?;
    let full = newest.size;
    let pace = newest.took.map(|took| full.saturating_mul(1000) / took.max(1));
    let (mut bytes, mut seconds) = (0_u64, 0_u64);
    for artifact in group.values() {
        let parent = artifact.parent.as_ref().and_then(|parent| group.get(parent.as_str()));
        let Some((to, from)) = time(artifact).zip(parent.and_then(|parent| time(parent))) else { continue };
        bytes = bytes.saturating_add(artifact.size);
        seconds = seconds.saturating_add(u64::try_from(to - from).unwrap_or(0));
    }
    let change = if seconds > 0 { bytes.div_ceil(seconds) } else { 0 };
    Some(Size { full, change, most: full, most_change: change, pace, measured: true })
}
