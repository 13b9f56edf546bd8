//! How long a restore takes from a copy, with its longest chain: look, fetch, load, check, exchange.

use super::duration::Basis;
use super::rates::Figure;
use super::size::Size;
use super::thaw::thaw;
use crate::amount::{bytes, rate};
use schema::forecast::{Sum, Term};
use schema::source::{Engine, Source};
use schema::store::Store;

/// Restores of one database, reckoned from the same figures as steps are.
pub(super) struct Restore<'a, 'b> {
    pub(super) basis: &'a mut Basis<'b>,
}

impl Restore<'_, '_> {
    /// Seconds until service is back, from a chain of so many artifacts over so many seconds in a store.
    pub(super) fn time(
        &mut self,
        (source, database): (&Source, &str),
        store: &Store,
        size: Size,
        chain: (u64, u64),
    ) -> Sum {
        let assumed = &mut self.basis.assumed;
        assumed.take(Figure::Reaction);
        let look = assumed.take(Figure::Step);
        let mut terms = vec![Term { amount: look, what: format!("look at `{}`", source.name) }];
        let class = store.class.as_deref().unwrap_or_default();
        if let Some(seconds) = thaw(store.provider.as_deref(), class) {
            assumed.take(Figure::Rehydration);
            terms
                .push(Term { amount: seconds, what: format!("until class `{class}` of `{}` can be read", store.name) });
        }
        let (count, seconds) = chain;
        let full = self.basis.sizes.at_last(size.most);
        let changed = size.most_change.saturating_mul(seconds);
        let (what, all) = match count {
            0 | 1 => (bytes(full), full),
            _ => (
                format!("{} and {} differentials of {}", bytes(full), count - 1, bytes(changed)),
                full.saturating_add(changed),
            ),
        };
        match self.basis.paces.of((&source.name, database), &store.name, |pace| pace.drilled) {
            Some(drilled) => {
                terms.push(moving(format!("restore from `{}`, as a drill took: {what}", store.name), all, drilled));
            }
            None => {
                let fetches = self.basis.store_rate(&store.name);
                terms.push(moving(format!("fetch from `{}`: {what}", store.name), all, fetches));
                terms.extend(self.loading(source, full, all));
            }
        }
        let out = self.exchange(source);
        terms.extend(out.terms);
        sum(terms)
    }

    fn loading(&mut self, source: &Source, full: u64, all: u64) -> Vec<Term> {
        let assumed = &mut self.basis.assumed;
        match &source.engine {
            Engine::Neo4j(_) => {
                let (loads, checks) = (assumed.take(Figure::Load), assumed.take(Figure::Check));
                let load = moving(format!("load: {}", bytes(all)), all, loads);
                vec![load, moving(format!("check: {}", bytes(full)), full, checks)]
            }
            Engine::Files(_) => vec![moving(format!("unpack: {}", bytes(all)), all, assumed.take(Figure::Archive))],
            Engine::Command(_) => vec![moving(format!("read in: {}", bytes(all)), all, assumed.take(Figure::Command))],
        }
    }

    /// The part in which what still serves must not.
    pub(super) fn exchange(&mut self, source: &Source) -> Sum {
        let step = self.basis.assumed.take(Figure::Step);
        let swap = Term { amount: step, what: "exchange of the data".to_owned() };
        if !matches!(source.engine, Engine::Neo4j(_)) {
            return sum(vec![swap]);
        }
        let stop = Term { amount: self.basis.assumed.take(Figure::Stop), what: format!("stop of `{}`", source.name) };
        let start = Term { amount: self.basis.starts(&source.name), what: format!("start of `{}`", source.name) };
        sum(vec![stop, swap, start])
    }
}

fn moving(what: String, bytes: u64, per_second: u64) -> Term {
    Term { amount: bytes.div_ceil(per_second.max(1)), what: format!("{what} at {}", rate(per_second)) }
}

pub(super) fn sum(terms: Vec<Term>) -> Sum {
    Sum { total: terms.iter().map(|term| term.amount).fold(0, u64::saturating_add), terms }
}
