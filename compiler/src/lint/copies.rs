//! Where the data of each source is and where its copies are: stores, sites, machines. Rules ask this.

use super::Subject;
use crate::model::{Drill, Engine, Environment, Files, Job, Neo4j, Source, Statement, Store, Strategy};
use crate::resolve::flow;
use schema::source::Server;
use std::collections::{BTreeMap, BTreeSet};

/// Media that are out of reach once they are written, or can be taken away.
const OFFLINE: [&str; 6] = ["offline", "optical", "paper", "rdx", "removable", "tape"];

/// A source and the stores that get its copies, the first one first.
#[derive(Clone, Debug)]
pub(super) struct Kept<'a> {
    pub source: &'a Source,
    pub stores: Vec<&'a Store>,
}

/// What is known of copies on another site than the source.
#[derive(Clone, Debug)]
pub(super) enum OffSite<'a> {
    /// These are on another one.
    In(Vec<&'a Store>),
    /// All are on the sites of the source, or all on one.
    Nowhere,
    /// Some place is not said.
    Unsaid,
}

impl Subject<'_> {
    /// Whether the strategy is for data that cannot be made again: what guards against rare losses is asked for only then.
    #[must_use]
    pub fn is_at_stake(&self) -> bool {
        self.strategy.environment != Environment::Development
    }

    /// Whether the policy requires it: then that is judged by the policy, and by no rule beside it.
    #[must_use]
    pub fn requires(&self, what: &str, least: u64) -> bool {
        let mut requirements = self.strategy.policy.requirements.iter();
        requirements.any(|requirement| requirement.what.value == what && requirement.min >= least)
    }
}

/// Every source with its stores, in the order of the strategy.
#[must_use]
pub(super) fn kept(strategy: &Strategy) -> Vec<Kept<'_>> {
    let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for copy in strategy.jobs.iter().flat_map(flow::copies) {
        let stores = names.entry(copy.source).or_default();
        if !stores.contains(&copy.store) {
            stores.push(copy.store);
        }
    }
    let of = |source: &Source| names.get(&source.name.value).into_iter().flatten();
    let kept = |source| Kept { source, stores: of(source).filter_map(|name| strategy.store(name)).collect() };
    strategy.sources.iter().map(kept).collect()
}

/// The stores that get any copy, in the order of the strategy.
#[must_use]
pub(super) fn used(strategy: &Strategy) -> Vec<&Store> {
    let names: BTreeSet<String> = strategy.jobs.iter().flat_map(flow::copies).map(|copy| copy.store).collect();
    strategy.stores.iter().filter(|store| names.contains(&store.name.value)).collect()
}

/// The sites of the live data, as far as they are said.
#[must_use]
pub(super) fn sites(strategy: &Strategy, source: &Source) -> BTreeSet<String> {
    let runner = strategy.runner.iter().filter_map(|runner| runner.site.as_ref().map(|site| site.value.clone()));
    match &source.engine {
        Engine::Neo4j(neo4j) => {
            let said = neo4j.server.servers.iter().filter_map(|server| server.site.clone());
            said.chain(runner.filter(|_| is_here(neo4j))).collect()
        }
        Engine::Files(files) if !files.on.is_empty() => {
            covered(files, strategy).into_iter().filter_map(|server| server.site.clone()).collect()
        }
        _ => runner.collect(),
    }
}

/// The machines of the live data by all the names that are said of them.
#[must_use]
pub(super) fn hosts(strategy: &Strategy, source: &Source) -> Vec<String> {
    let runner = || {
        let runner = strategy.runner.iter();
        runner.flat_map(|runner| [Some(runner.name.value.clone()), runner.host.as_ref().map(|host| host.value.clone())])
    };
    let all: Vec<Option<String>> = match &source.engine {
        Engine::Neo4j(neo4j) => {
            let servers = neo4j.server.servers.iter().flat_map(names);
            servers.chain(runner().filter(|_| is_here(neo4j))).collect()
        }
        Engine::Files(files) if !files.on.is_empty() => covered(files, strategy).into_iter().flat_map(names).collect(),
        _ => runner().collect(),
    };
    all.into_iter().flatten().collect()
}

/// Whether a server's data is on the machine that runs the jobs.
#[must_use]
pub(super) fn is_here(neo4j: &Neo4j) -> bool {
    neo4j.server.home.is_some() && neo4j.server.servers.iter().all(|server| server.via.is_none())
}

/// The servers whose files a source takes.
fn covered<'a>(files: &Files, strategy: &'a Strategy) -> Vec<&'a Server> {
    let covers =
        |server: &&Server| files.on.iter().flat_map(|on| &on.servers).any(|pattern| pattern.covers(&server.name));
    strategy.servers().filter(covers).collect()
}

fn names(server: &Server) -> Vec<Option<String>> {
    let of_backup = server.backup.as_deref().and_then(host).map(str::to_owned);
    let http = server.http.as_ref().and_then(|url| url::Url::parse(url).ok()?.host_str().map(str::to_owned));
    vec![Some(server.name.clone()), of_backup, http]
}

/// The host of `host:port`.
#[must_use]
pub(super) fn host(address: &str) -> Option<&str> {
    address.rsplit_once(':').map(|(host, _)| host.trim_matches(['[', ']']))
}

/// Whether a host is only this machine to itself.
#[must_use]
pub(super) fn is_loopback(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    let address = host.parse::<core::net::IpAddr>().ok();
    host.eq_ignore_ascii_case("localhost") || address.is_some_and(|address| address.is_loopback())
}

/// Whether two names are of one machine; a name without a domain is one in any domain.
#[must_use]
pub(super) fn same_host(one: &str, other: &str) -> bool {
    let (one, other) = (one.to_lowercase(), other.to_lowercase());
    let short = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    let numeric = [&one, &other].iter().any(|name| name.parse::<core::net::IpAddr>().is_ok());
    let whole = numeric || (one.contains('.') && other.contains('.'));
    one == other || (!whole && short(&one) == short(&other))
}

/// Which copies are on another site than the source. Where that is not said, its site is taken for that of the first copy.
#[must_use]
pub(super) fn off_site<'a>(strategy: &Strategy, kept: &Kept<'a>) -> OffSite<'a> {
    let site = |store: &Store| store.site.as_ref().map(|site| site.value.clone());
    let live = sites(strategy, kept.source);
    let here = if live.is_empty() {
        kept.stores.first().and_then(|first| site(first)).into_iter().collect()
    } else {
        live.clone()
    };
    let away = kept.stores.iter().filter(|store| site(store).is_some_and(|site| !here.contains(&site)));
    let away: Vec<&Store> = away.copied().collect();
    let unsaid = kept.stores.iter().any(|store| store.site.is_none()) || (live.is_empty() && kept.stores.len() < 2);
    match (away.is_empty(), unsaid) {
        (false, _) => OffSite::In(away),
        (true, true) => OffSite::Unsaid,
        (true, false) => OffSite::Nowhere,
    }
}

/// Whether nobody can remove a copy in it: because of a lock, or because it cannot be reached.
#[must_use]
pub(super) fn is_out_of_reach(store: &Store) -> bool {
    store.immutable.as_ref().is_some_and(|time| time.value > 0)
        || store.media.as_ref().is_some_and(|media| is_offline(&media.value))
}

/// Whether media of that kind are taken away, or cannot be written again.
#[must_use]
pub(super) fn is_offline(media: &str) -> bool {
    OFFLINE.iter().any(|kind| media.eq_ignore_ascii_case(kind))
}

/// A drill and the job that it is in.
pub(super) type Drilled<'a> = (&'a Drill, &'a Job);

/// The drills of each source, by its name.
#[must_use]
pub(super) fn drills(strategy: &Strategy) -> BTreeMap<&str, Vec<Drilled<'_>>> {
    let mut out: BTreeMap<&str, Vec<Drilled<'_>>> = BTreeMap::new();
    for job in &strategy.jobs {
        for statement in &job.statements {
            if let Statement::Drill(drill) = statement {
                out.entry(&drill.source.value).or_default().push((drill, job));
            }
        }
    }
    out
}

/// Names in backticks, as a sentence has them: "`a`", "`a` and `b`", "`a`, `b` and 3 more".
#[must_use]
pub(super) fn named(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => format!("`{one}`"),
        [one, other] => format!("`{one}` and `{other}`"),
        [one, other, third] => format!("`{one}`, `{other}` and `{third}`"),
        [one, other, rest @ ..] => format!("`{one}`, `{other}` and {} more", rest.len()),
    }
}

/// The directories that a store writes to, as its plugin is granted them.
#[must_use]
pub(super) fn directories<'a>(subject: &Subject<'a>, store: &str) -> Vec<&'a str> {
    let grants = subject.plan.store(store).into_iter().flat_map(|store| &store.plugin.grants);
    grants
        .filter_map(|grant| match grant {
            schema::grant::Grant::Dir { path } => Some(path.as_str()),
            _ => None,
        })
        .collect()
}
