//! What was found, gathered: the same effect on many things of one place is one effect with a count.

use schema::diff::{Code, Effect, Kind, NAMES, Subject};
use schema::step::Origin;
use std::collections::{BTreeMap, BTreeSet};

/// One effect on one thing, as a comparison finds it.
#[derive(Clone, Debug)]
pub(super) struct Found<'a> {
    key: Key<'a>,
    name: &'a str,
    origin: Option<&'a Origin>,
}

/// What effects that are told as one have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a> {
    /// Not breaking, not marked: in this order the worst come first.
    harmless: bool,
    unmarked: bool,
    code: Code,
    kind: Kind,
    source: Option<&'a str>,
    store: Option<&'a str>,
    job: Option<&'a str>,
    before: Option<String>,
    after: Option<String>,
    indirect: bool,
}

#[derive(Default)]
struct Group<'a> {
    names: BTreeSet<&'a str>,
    origin: Option<&'a Origin>,
}

#[derive(Default)]
pub(super) struct Ledger<'a>(BTreeMap<Key<'a>, Group<'a>>);

impl<'a> Found<'a> {
    /// An effect that follows from something else and breaks nothing, until more is said of it.
    pub(super) fn new(code: Code, kind: Kind, name: &'a str) -> Self {
        let key = Key {
            harmless: true,
            unmarked: true,
            code,
            kind,
            source: None,
            store: None,
            job: None,
            before: None,
            after: None,
            indirect: true,
        };
        Self { key, name, origin: None }
    }

    pub(super) fn of(mut self, source: &'a str) -> Self {
        self.key.source = Some(source);
        self
    }

    pub(super) fn within(mut self, store: &'a str) -> Self {
        self.key.store = Some(store);
        self
    }

    pub(super) fn by(mut self, job: &'a str) -> Self {
        self.key.job = Some(job);
        self
    }

    pub(super) fn values(mut self, before: Option<String>, after: Option<String>) -> Self {
        (self.key.before, self.key.after) = (before, after);
        self
    }

    pub(super) fn direct(mut self, direct: bool) -> Self {
        self.key.indirect = !direct;
        self
    }

    pub(super) fn breaking(mut self, breaking: bool) -> Self {
        self.key.harmless = !breaking;
        self
    }

    pub(super) fn marked(mut self, marked: bool) -> Self {
        self.key.unmarked = !marked;
        self
    }

    pub(super) fn at(mut self, origin: Option<&'a Origin>) -> Self {
        self.origin = origin;
        self
    }
}

impl<'a> Ledger<'a> {
    pub(super) fn add(&mut self, found: Found<'a>) {
        let group = self.0.entry(found.key).or_default();
        group.names.insert(found.name);
        let earlier = |one: &Origin, other: &Origin| (&one.input, one.line) < (&other.input, other.line);
        let first = found.origin.filter(|origin| group.origin.is_none_or(|known| earlier(origin, known)));
        group.origin = first.or(group.origin);
    }

    /// All of it, the worst first.
    pub(super) fn effects(self) -> Vec<Effect> {
        self.0.into_iter().map(|(key, group)| effect(key, &group)).collect()
    }
}

fn effect(key: Key<'_>, group: &Group<'_>) -> Effect {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    Effect {
        code: key.code,
        subject: Subject {
            kind: key.kind,
            names: group.names.iter().take(NAMES).map(|name| (*name).to_owned()).collect(),
            count: u64::try_from(group.names.len()).unwrap_or(u64::MAX),
            source: owned(key.source),
            store: owned(key.store),
            job: owned(key.job),
        },
        before: key.before,
        after: key.after,
        direct: !key.indirect,
        breaking: !key.harmless,
        marked: !key.unmarked,
        origin: group.origin.cloned(),
    }
}
