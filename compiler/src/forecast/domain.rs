//! What fails together: hosts, zones, sites, providers, accounts and single stores, and which stores each takes with it.

use schema::forecast::Domain;
use schema::plan::Plan;
use schema::source::{Engine, Server};
use schema::store::Store;
use std::collections::{BTreeMap, BTreeSet};

/// Something that can be lost as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failing {
    pub(super) domain: Domain,
    pub(super) name: String,
    /// Places of stores in the plan.
    pub(super) stores: BTreeSet<usize>,
    /// Sources of which a server is in it, and those of which all are.
    pub(super) sources: BTreeSet<usize>,
    pub(super) whole: BTreeSet<usize>,
    /// Whether jobs run there.
    pub(super) runner: bool,
}

/// What the machine that runs jobs is called when nobody says.
pub(super) const LOCAL: &str = "local";

/// Everything that can be lost as a whole, in the order of the domains and then by name.
pub(super) fn all(plan: &Plan) -> Vec<Failing> {
    let mut out: BTreeMap<(Domain, String), Failing> = BTreeMap::new();
    let mut at = |domain: Domain, name: &str, change: &dyn Fn(&mut Failing)| {
        let new = || Failing {
            domain,
            name: name.to_owned(),
            stores: BTreeSet::new(),
            sources: BTreeSet::new(),
            whole: BTreeSet::new(),
            runner: false,
        };
        change(out.entry((domain, name.to_owned())).or_insert_with(new));
    };
    for (place, store) in plan.stores.iter().enumerate() {
        for (domain, name) in of_store(plan, store) {
            at(domain, &name, &|failing| {
                failing.stores.insert(place);
            });
        }
    }
    at(Domain::Host, host(plan), &|failing| failing.runner = true);
    if let Some(site) = plan.runner.as_ref().and_then(|runner| runner.site.as_ref()) {
        at(Domain::Site, site, &|failing| failing.runner = true);
    }
    for (place, source) in plan.sources.iter().enumerate() {
        let servers = match &source.engine {
            Engine::Neo4j(neo4j) => neo4j.servers.as_slice(),
            _ => &[],
        };
        let sites: BTreeSet<Option<&String>> = servers.iter().map(|server| server.site.as_ref()).collect();
        for site in sites.iter().flatten() {
            at(Domain::Site, site, &|failing| {
                failing.sources.insert(place);
                if sites.len() == 1 {
                    failing.whole.insert(place);
                }
            });
        }
        match servers {
            [only] => at(Domain::Host, &host_of(only, plan), &|failing| {
                failing.sources.insert(place);
                failing.whole.insert(place);
            }),
            // What has no server of its own is on the machine that runs jobs.
            [] => at(Domain::Host, host(plan), &|failing| {
                failing.sources.insert(place);
                failing.whole.insert(place);
            }),
            _ => {}
        }
    }
    out.into_values().collect()
}

/// The machine that runs jobs.
fn host(plan: &Plan) -> &str {
    plan.runner.as_ref().map_or(LOCAL, |runner| runner.host.as_str())
}

/// A server's machine, by the address of its backup interface, or of its API.
fn host_of(server: &Server, plan: &Plan) -> String {
    let address = server.backup.as_deref().or(server.http.as_deref()).unwrap_or(&server.name);
    let address = address.split_once("://").map_or(address, |(_, rest)| rest);
    let name = address.split(['/', ':']).next().unwrap_or(address);
    let is_local = server.via.is_none() && ["127.0.0.1", "localhost"].contains(&name);
    if is_local { host(plan).to_owned() } else { name.to_owned() }
}

fn of_store(plan: &Plan, store: &Store) -> Vec<(Domain, String)> {
    // A directory without a host is on the machine that runs jobs.
    let is_here = store.plugin.name == "fs" && store.host.is_none();
    let here = is_here.then(|| host(plan).to_owned());
    let runner = plan.runner.as_ref().filter(|_| is_here).and_then(|runner| runner.site.clone());
    let site = store.site.clone().or(runner);
    let zone = site.as_ref().zip(store.zone.as_ref()).map(|(site, zone)| format!("{site}/{zone}"));
    let said = [
        (Domain::Host, store.host.clone().or(here)),
        (Domain::Zone, zone),
        (Domain::Site, site),
        (Domain::Provider, store.provider.clone()),
        (Domain::Account, store.account.clone()),
        (Domain::Store, Some(store.name.clone())),
    ];
    said.into_iter().filter_map(|(domain, name)| Some((domain, name?))).collect()
}
