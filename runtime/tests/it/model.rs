//! The scheduler and the journal's replay beside a reference of a few lines: random graphs, with failures, retries,
//! cancels and `always` needs, cut off at any record and gone on with. The terminal states must be those of the reference.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use runtime::journal::replay::replay;
use runtime::journal::{Beginning, Journal};
use runtime::run::board::{Board, StepId, StepState};
use runtime::run::scheduler::{Scheduler, Traits};
use schema::plan::Plan;
use schema::record::Record;
use schema::report::Outcome;
use schema::step::{Action, Address, Extent, Method, Need, Origin, Step, When};
use std::collections::BTreeSet;

/// Random graphs that are played.
const CASES: u32 = 4000;
/// Of these, one in so many goes through a real journal on disk, where each record is a write.
const JOURNALLED: u32 = 250;

/// One step of a graph; its needs are earlier ones.
#[derive(Clone, Debug)]
struct Node {
    needs: Vec<(usize, When)>,
    /// Attempts that fail and are made again, before the one that counts.
    retries: u8,
    outcome: Outcome,
    uses: Option<u8>,
    restores_order: bool,
    /// Its result outlives the process.
    lasts: bool,
}

/// A graph and how it is played.
#[derive(Clone, Debug)]
struct Case {
    nodes: Vec<Node>,
    limit: usize,
    /// Which of the running steps ends next.
    order: Vec<prop::sample::Index>,
    /// The operator asks to stop after so many ends.
    cancel: Option<usize>,
    /// The process dies after so many records.
    cut: prop::sample::Index,
}

fn node(index: usize) -> impl Strategy<Value = Node> {
    let need = (0..index.max(1), prop_oneof![3 => Just(When::Success), 1 => Just(When::Always)]);
    let needs = prop::collection::vec(need, if index == 0 { 0..1 } else { 0..4 });
    let outcome = prop_oneof![6 => Just(Outcome::Ok), 1 => Just(Outcome::Degraded), 2 => Just(Outcome::Failed)];
    (needs, 0..3_u8, outcome, prop::option::of(0..3_u8), prop::bool::weighted(0.2), any::<bool>()).prop_map(
        move |(needs, retries, outcome, uses, restores_order, lasts)| {
            let mut seen = BTreeSet::new();
            let needs = if index == 0 { Vec::new() } else { needs };
            let needs = needs.into_iter().filter(|(need, _)| seen.insert(*need)).collect();
            Node { needs, retries, outcome, uses, restores_order, lasts }
        },
    )
}

fn case() -> impl Strategy<Value = Case> {
    let nodes = (1..24_usize).prop_flat_map(|count| (0..count).map(node).collect::<Vec<_>>());
    let order = prop::collection::vec(any::<prop::sample::Index>(), 1..40);
    (nodes, 1..6_usize, order, prop::option::weighted(0.3, 0..12_usize), any::<prop::sample::Index>())
        .prop_map(|(nodes, limit, order, cancel, cut)| Case { nodes, limit, order, cancel, cut })
}

/// What comes of a step, by what came of its needs: the whole rule.
fn rule(node: &Node, of: &[Outcome]) -> Option<Outcome> {
    let good = |outcome: Outcome| matches!(outcome, Outcome::Ok | Outcome::Degraded);
    let unmet = node.needs.iter().find(|(need, when)| *when == When::Success && !good(of[*need]));
    if let Some((need, _)) = unmet {
        return Some(if of[*need] == Outcome::Cancelled { Outcome::Cancelled } else { Outcome::Skipped });
    }
    let followed: Vec<Outcome> =
        node.needs.iter().filter(|(_, when)| *when == When::Always).map(|(need, _)| of[*need]).collect();
    let ran = |outcome: &Outcome| !matches!(outcome, Outcome::Skipped | Outcome::Cancelled);
    (!followed.is_empty() && !followed.iter().any(ran)).then_some(Outcome::Skipped)
}

/// The terminal states when nobody asks to stop.
fn reference(nodes: &[Node]) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for node in nodes {
        let outcome = rule(node, &outcomes).unwrap_or(node.outcome);
        outcomes.push(outcome);
    }
    outcomes
}

fn steps(nodes: &[Node]) -> (Vec<Step>, Vec<Traits>) {
    let address = |index: usize| Address(format!("job/step/{index}"));
    let step = |(index, node): (usize, &Node)| {
        let (source, database) = ("s".to_owned(), None);
        let action = if node.lasts {
            let (store, database) = ("v".to_owned(), "d".to_owned());
            Action::Backup { source, database, method: Method::Archive, extent: Extent::Full, store }
        } else {
            Action::Stop { source, database }
        };
        let needs = node.needs.iter().map(|(need, when)| Need { step: address(*need), when: *when });
        let step = Step {
            address: address(index),
            job: "job".to_owned(),
            action,
            needs: needs.collect(),
            reason: String::new(),
            origin: Origin { input: String::new(), line: 1, column: 1, text: String::new() },
            host: "local".to_owned(),
            estimate: None,
            timeout: None,
        };
        let uses = node.uses.map(|thing| thing.to_string()).into_iter().collect();
        (step, Traits { uses, restores_order: node.restores_order })
    };
    nodes.iter().enumerate().map(step).unzip()
}

/// One process of a run.
struct Played {
    outcomes: Vec<Outcome>,
    started: BTreeSet<usize>,
    records: Vec<Record>,
}

/// Plays a case to its end, taking over what `before` says was done, and checks what must hold at every moment.
fn play(case: &Case, before: &[Record], cancel: Option<usize>) -> Played {
    let (steps, traits) = steps(&case.nodes);
    let mut scheduler = Scheduler::new(&steps, traits, case.limit).unwrap();
    let ids: Vec<StepId> = scheduler.board().ids().collect();
    let mut records = vec![Record::RunStarted { resumed: !before.is_empty() }];
    let taken_over = replay(before, &steps).done;
    for id in &ids {
        if let Some(done) = taken_over.get(&steps[Board::index(*id)].address) {
            scheduler.already(*id, done.outcome);
        }
    }
    let (mut running, mut started, mut ends, mut cancelled) = (Vec::new(), BTreeSet::new(), 0, false);
    let mut left: Vec<u8> = case.nodes.iter().map(|node| node.retries).collect();
    loop {
        for id in scheduler.start() {
            let (index, node) = (Board::index(id), &case.nodes[Board::index(id)]);
            assert!(!cancelled || node.restores_order, "{index} began after the cancel");
            for (need, when) in &node.needs {
                let state = scheduler.board().state(ids[*need]);
                assert!(state.is_final(), "{index} began before its need {need}");
                let good = matches!(state, StepState::Ok | StepState::Degraded);
                assert!(good || *when == When::Always, "{index} began although {need} is {state:?}");
            }
            records.push(attempt(&steps[index]));
            started.insert(index);
            running.push(id);
        }
        // What puts things back in order waits for nothing.
        let counted = running.iter().filter(|id| !case.nodes[Board::index(**id)].restores_order).count();
        assert!(counted <= case.limit);
        let used: Vec<u8> = running.iter().filter_map(|id| case.nodes[Board::index(*id)].uses).collect();
        assert_eq!(used.iter().collect::<BTreeSet<_>>().len(), used.len(), "a thing is used twice");
        for id in scheduler.take_ended() {
            let outcome = scheduler.board().state(id).outcome().unwrap();
            records.push(ended(&steps[Board::index(id)], outcome));
        }
        if scheduler.is_over() {
            break;
        }
        if !cancelled && cancel.is_some_and(|after| ends >= after) {
            cancelled = true;
            records.push(Record::CancelRequested);
            scheduler.cancel();
            continue;
        }
        assert!(!running.is_empty(), "nothing runs and nothing has ended: {case:?}");
        let at = case.order[ends % case.order.len()].index(running.len());
        let id = running[at];
        let index = Board::index(id);
        ends += 1;
        if left[index] > 0 && !cancelled {
            left[index] -= 1;
            scheduler.back_off(id);
            scheduler.again(id);
            records.push(attempt(&steps[index]));
            continue;
        }
        running.remove(at);
        records.push(ended(&steps[index], case.nodes[index].outcome));
        scheduler.end(id, case.nodes[index].outcome);
    }
    let outcomes = ids.iter().map(|id| scheduler.board().state(*id).outcome().unwrap()).collect();
    Played { outcomes, started, records }
}

fn attempt(step: &Step) -> Record {
    Record::AttemptStarted { step: step.address.clone(), attempt: "a".to_owned() }
}

fn ended(step: &Step, outcome: Outcome) -> Record {
    Record::StepEnded {
        step: step.address.clone(),
        outcome,
        attempts: 1,
        seconds: 0.0,
        detail: String::new(),
        problem: None,
        artifact: None,
    }
}

/// Checks a case; the number of places at which its records were cut.
fn check(case: &Case, journal: Option<&Journal>, number: u32) -> usize {
    let expected = reference(&case.nodes);
    let whole = play(case, &[], None);
    assert_eq!(whole.outcomes, expected, "{case:?}");
    // What was asked to stop: the rule holds for every step, and what restores order ran where it could.
    let stopped = play(case, &[], case.cancel);
    for (index, node) in case.nodes.iter().enumerate() {
        let got = stopped.outcomes[index];
        match rule(node, &stopped.outcomes) {
            Some(outcome) => assert_eq!(got, outcome, "{index} of {case:?}"),
            None if stopped.started.contains(&index) => assert_eq!(got, node.outcome, "{index} of {case:?}"),
            None => assert!(got == Outcome::Cancelled && !node.restores_order, "{index} is {got:?} in {case:?}"),
        }
    }
    // Cut off at any record, whether it was asked to stop before or not, and gone on with.
    let mut cuts = 0;
    for played in [&whole, &stopped] {
        let all = (0..=played.records.len()).collect::<Vec<_>>();
        let chosen = case.cut.index(all.len());
        for cut in all.into_iter().filter(|cut| number.is_multiple_of(40) || *cut == chosen) {
            let kept = kept(&played.records[..cut], journal, number, cut);
            assert_eq!(play(case, &kept, None).outcomes, expected, "cut at {cut} of {case:?}");
            cuts += 1;
        }
    }
    cuts
}

/// The records as whoever resumes reads them: from a real journal, or through their text.
fn kept(records: &[Record], journal: Option<&Journal>, number: u32, cut: usize) -> Vec<Record> {
    let Some(journal) = journal else {
        let text = serde_json::to_string(records).unwrap();
        return serde_json::from_str(&text).unwrap();
    };
    let (run, now, plan) = (format!("{number}-{cut}-{}", records.len()), jiff::Timestamp::UNIX_EPOCH, Plan::default());
    let run = format!("{run}-{}", uuid::Uuid::new_v4());
    let begin = Beginning { run: &run, job: "job", plan: &plan, plan_digest: "", first: &[], instead_of: None };
    journal.begin(&begin, now).unwrap();
    for record in records {
        journal.append(&run, record, now).unwrap();
    }
    let read = journal.records(&run).unwrap();
    assert_eq!(read, records);
    read
}

#[test]
fn terminal_states_are_those_of_the_reference() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(&folder.path().join("journal.db")).unwrap();
    let (number, cuts) = (std::cell::Cell::new(0_u32), std::cell::Cell::new(0));
    let mut runner = TestRunner::new(Config { cases: CASES, failure_persistence: None, ..Config::default() });
    let done = runner.run(&case(), |case| {
        number.set(number.get() + 1);
        let real = number.get().is_multiple_of(JOURNALLED).then_some(&journal);
        // These are cut once each: each of its records is a write to the disk.
        let round = if real.is_some() { 1 } else { number.get() };
        cuts.set(cuts.get() + check(&case, real, round));
        Ok(())
    });
    if let Err(error) = done {
        panic!("{error}");
    }
    println!("{} random graphs, gone on with after {} cuts", number.get(), cuts.get());
}
