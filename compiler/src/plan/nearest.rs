//! Which copies of an artifact a restore tries, and in which order: the nearest that is not known to be damaged first.

use crate::model::{Engine, Source, Store, Strategy};
use jiff::Timestamp;
use schema::fact::StoredArtifact;
use schema::step::{Candidate, Link};

/// A copy that a request allows, and when it was taken.
pub(super) type Eligible<'a> = (&'a StoredArtifact, Timestamp);

/// Longest chain that is followed: one that is longer, or goes in a ring, is none.
const LONGEST: usize = 10_000;

/// How far a copy is from where it is to be restored. The order is that of preference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Distance {
    Host,
    Site,
    Away,
    Unsaid,
}

impl Distance {
    fn words(self) -> &'static str {
        match self {
            Self::Host => "same host",
            Self::Site => "same site",
            Self::Away => "another site",
            Self::Unsaid => "",
        }
    }
}

/// The allowed copies of the newest artifact of a database that is not known to be damaged everywhere, in the order in
/// which they are tried.
pub(super) fn copies<'a>(
    strategy: &Strategy,
    source: &Source,
    eligible: &[Eligible<'a>],
    database: &str,
) -> Vec<&'a StoredArtifact> {
    let of_database = || eligible.iter().filter(|(copy, _)| copy.database == database);
    let newest = |damaged: bool| {
        let some = of_database().filter(|(copy, _)| damaged || !copy.damaged);
        some.max_by(|(one, at), (other, then)| (at, &one.id).cmp(&(then, &other.id)))
    };
    // Where every copy of all artifacts is damaged, one of them is still worth a try.
    let Some((chosen, _)) = newest(false).or_else(|| newest(true)) else { return Vec::new() };
    let mut same: Vec<&StoredArtifact> =
        of_database().map(|(copy, _)| *copy).filter(|copy| copy.id == chosen.id).collect();
    let position = |store: &str| strategy.stores.iter().position(|known| known.name.value == store);
    same.sort_by_key(|copy| {
        let distance = distance(strategy, source, &copy.store);
        (copy.damaged, distance, !copy.verified, position(&copy.store).unwrap_or(usize::MAX), copy.store.clone())
    });
    same
}

/// The newest artifact, when a damaged one had to give way to an older one.
pub(super) fn damaged(eligible: &[Eligible<'_>], database: &str, chosen: Option<&StoredArtifact>) -> Option<String> {
    let of_database = eligible.iter().filter(|(copy, _)| copy.database == database);
    let (newest, _) = of_database.max_by(|(one, at), (other, then)| (at, &one.id).cmp(&(then, &other.id)))?;
    (chosen.is_some_and(|chosen| chosen.id != newest.id)).then(|| newest.id.clone())
}

/// A copy as the plan lists it.
pub(super) fn candidate(
    strategy: &Strategy,
    source: &Source,
    copy: &StoredArtifact,
    all: &[StoredArtifact],
) -> Candidate {
    let known = match (copy.damaged, copy.verified) {
        (true, _) => "found damaged: only if nothing else is left",
        (false, true) => "verified",
        (false, false) => "never verified",
    };
    let words = [distance(strategy, source, &copy.store).words(), known];
    Candidate {
        store: copy.store.clone(),
        id: copy.id.clone(),
        manifest: copy.manifest.clone(),
        taken: copy.taken.clone(),
        size: copy.size,
        verified: copy.verified,
        why: words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(", "),
        chain: chain(copy, all),
    }
}

/// What a copy builds on in its own store, the full one first. A part that is missing ends it: the runtime tells.
fn chain(copy: &StoredArtifact, all: &[StoredArtifact]) -> Vec<Link> {
    let mut links = Vec::new();
    let mut parent = copy.parent.as_deref();
    while let Some(id) = parent.filter(|_| links.len() < LONGEST) {
        let of = |known: &&StoredArtifact| {
            known.store == copy.store
                && known.source == copy.source
                && known.database == copy.database
                && known.id == id
        };
        let found = all.iter().find(of);
        let manifest = found.map(|known| known.manifest.clone()).unwrap_or_default();
        links.push(Link { id: id.to_owned(), manifest });
        parent = found.and_then(|known| known.parent.as_deref());
    }
    links.reverse();
    links
}

/// From where restores are made: the runner, and the machines of the source.
fn distance(strategy: &Strategy, source: &Source, store: &str) -> Distance {
    let Some(store) = strategy.store(store) else { return Distance::Unsaid };
    let said = |value: &Option<crate::span::Spanned<String>>| value.as_ref().map(|value| value.value.to_lowercase());
    let runner = strategy.runner.as_ref();
    let hosts: Vec<String> = runner
        .into_iter()
        .flat_map(|runner| [Some(runner.name.value.to_lowercase()), said(&runner.host)])
        .flatten()
        .collect();
    let mut sites: Vec<String> = runner.and_then(|runner| said(&runner.site)).into_iter().collect();
    if let Engine::Neo4j(neo4j) = &source.engine {
        sites.extend(neo4j.server.servers.iter().filter_map(|server| Some(server.site.as_ref()?.to_lowercase())));
    }
    judge(store, &hosts, &sites, &said)
}

fn judge(
    store: &Store,
    hosts: &[String],
    sites: &[String],
    said: &impl Fn(&Option<crate::span::Spanned<String>>) -> Option<String>,
) -> Distance {
    match (said(&store.host), said(&store.site)) {
        (Some(host), _) if hosts.contains(&host) => Distance::Host,
        (_, Some(site)) if sites.contains(&site) => Distance::Site,
        (_, Some(_)) if !sites.is_empty() => Distance::Away,
        _ => Distance::Unsaid,
    }
}
