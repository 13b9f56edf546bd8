//! Scheduler cases: `scheduler/*.txt` hold steps, a script, and the transcript that must come of it.
//!
//! A step is `name[!] [@resource…] [: need[?] …]`, with `!` for one that restores order and `?` for a need that is
//! `always`. The script begins with `limit N`, `limit-of RESOURCE N`, `owe CHANGE BACK`, `strict NAME` and
//! `leave-out NAME`; then come `end NAME OUTCOME`, `cancel`, `close`, `hold` and `go-on`. `UPDATE=1` rewrites the
//! transcripts.

use proptest::prelude::*;
use runtime::run::board::{Board, StepId, StepState};
use runtime::run::scheduler::{Limits, Scheduler, Traits};
use schema::report::Outcome;
use schema::step::{Action, Address, Need, Origin, Step, When};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

#[test]
fn cases() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/scheduler");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "no cases in {folder}");
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let sections: Vec<&str> = text.split("---\n").collect();
        let &[steps, script, expected] = sections.as_slice() else { panic!("{path:?}: want three sections") };
        let transcript = play(steps, script);
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, format!("{steps}---\n{script}---\n{transcript}")).unwrap();
        } else {
            assert_eq!(transcript, expected, "{}", path.display());
        }
    }
}

fn play(steps: &str, script: &str) -> String {
    let (steps, traits): (Vec<_>, Vec<_>) =
        steps.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).map(step).unzip();
    let mut limits = Limits { steps: 9, ..Limits::default() };
    for line in script.lines() {
        match line.split(' ').collect::<Vec<_>>().as_slice() {
            ["limit", most] => limits.steps = most.parse().unwrap(),
            ["limit-of", thing, most] => {
                limits.of.insert((*thing).to_owned(), most.parse().unwrap());
            }
            _ => {}
        }
    }
    let mut scheduler = Scheduler::limited(&steps, traits, &limits).unwrap();
    let ids: BTreeMap<String, StepId> =
        scheduler.board().ids().map(|id| (scheduler.board().address(id).unwrap().to_string(), id)).collect();
    for line in script.lines() {
        match line.split(' ').collect::<Vec<_>>().as_slice() {
            ["owe", change, back] => scheduler.owe(ids[*change], ids[*back]),
            ["strict", step] => scheduler.demand_ok(ids[*step]),
            ["leave-out", step] => scheduler.leave_out(ids[*step]),
            _ => {}
        }
    }
    let mut out = String::new();
    let name = |scheduler: &Scheduler, id: StepId| scheduler.board().address(id).unwrap().to_string();
    let go_on = |scheduler: &mut Scheduler, out: &mut String| {
        for id in scheduler.start() {
            writeln!(out, "run {}", name(scheduler, id)).unwrap();
        }
        for id in scheduler.take_ended() {
            let outcome = scheduler.board().state(id).outcome().unwrap();
            let cause = scheduler.cause(id).map(|cause| format!(" because of {cause}")).unwrap_or_default();
            let left = scheduler.left_out(id).map(|left| format!(" (left out: {left:?})")).unwrap_or_default();
            writeln!(out, "{outcome} {}{cause}{left}", name(scheduler, id)).unwrap();
        }
    };
    go_on(&mut scheduler, &mut out);
    let first = ["limit", "owe", "strict", "leave-out"];
    for line in script.lines().filter(|line| !first.iter().any(|word| line.starts_with(word))) {
        writeln!(out, "> {line}").unwrap();
        match line.split(' ').collect::<Vec<_>>().as_slice() {
            ["cancel"] => scheduler.cancel(),
            ["close"] => scheduler.close(),
            ["hold"] => scheduler.hold(true),
            ["go-on"] => scheduler.hold(false),
            ["end", step, outcome] => scheduler.end(ids[*step], outcome_of(outcome)),
            other => panic!("{other:?}"),
        }
        go_on(&mut scheduler, &mut out);
    }
    writeln!(out, "{}", if scheduler.is_over() { "over" } else { "not over" }).unwrap();
    out
}

fn outcome_of(word: &str) -> Outcome {
    match word {
        "ok" => Outcome::Ok,
        "degraded" => Outcome::Degraded,
        "failed" => Outcome::Failed,
        "cancelled" => Outcome::Cancelled,
        other => panic!("{other}"),
    }
}

fn step(line: &str) -> (Step, Traits) {
    let (head, needs) = line.split_once(':').unwrap_or((line, ""));
    let mut words = head.split_whitespace();
    let name = words.next().unwrap();
    let traits = Traits {
        uses: words.map(|word| word.trim_start_matches('@').to_owned()).collect(),
        restores_order: name.ends_with('!'),
    };
    let needs = needs.split_whitespace().map(|need| Need {
        step: Address(need.trim_end_matches(['?', '=']).to_owned()),
        when: match need.chars().last() {
            Some('?') => When::Always,
            Some('=') => When::Ok,
            _ => When::Success,
        },
    });
    let step = Step {
        address: Address(name.trim_end_matches('!').to_owned()),
        job: "job".to_owned(),
        action: Action::Stop { source: "any".to_owned(), database: None },
        needs: needs.collect(),
        reason: String::new(),
        estimate: None,
        origin: Origin { input: String::new(), line: 1, column: 1, text: String::new() },
        host: "local".to_owned(),
        timeout: None,
    };
    (step, traits)
}

/// A step: the things that it uses, the steps before it that it needs, and whether it restores order.
type Node = (BTreeSet<u8>, Vec<(prop::sample::Index, bool)>, bool);
type Graph = Vec<Node>;

fn graph() -> impl Strategy<Value = Graph> {
    let needs = prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 0..4);
    let step = (prop::collection::btree_set(0..5_u8, 0..3), needs, prop::bool::weighted(0.1));
    prop::collection::vec(step, 1..40)
}

fn steps_of(graph: &Graph) -> (Vec<Step>, Vec<Traits>) {
    let name = |at: usize| format!("s{at}");
    let one = |(at, (uses, needs, restores)): (usize, &Node)| {
        let mut line = name(at);
        if *restores {
            line.push('!');
        }
        uses.iter().for_each(|thing| write!(line, " @t{thing}").unwrap());
        let mut seen = BTreeSet::new();
        let needs = needs.iter().filter(|_| at > 0).map(|(need, always)| (need.index(at.max(1)), *always));
        let needs: Vec<_> = needs.filter(|(need, _)| seen.insert(*need)).collect();
        if !needs.is_empty() {
            line.push(':');
        }
        needs
            .iter()
            .for_each(|(need, always)| write!(line, " {}{}", name(*need), if *always { "?" } else { "" }).unwrap());
        step(&line)
    };
    graph.iter().enumerate().map(one).unzip()
}

proptest! {
    /// Whatever the graph and however steps end: limits hold at every moment, nothing that could begin is kept waiting,
    /// steps begin by priority, and every run ends.
    #[test]
    fn limits_hold_and_no_room_is_wasted(
        graph in graph(),
        limit in 1..4_usize,
        of in prop::collection::btree_map(0..5_u8, 1..4_usize, 0..5),
        ends in prop::collection::vec((any::<prop::sample::Index>(), 0..8_u8), 40),
    ) {
        let (steps, traits) = steps_of(&graph);
        let of: BTreeMap<String, usize> = of.into_iter().map(|(thing, most)| (format!("t{thing}"), most)).collect();
        let limits = Limits { steps: limit, of };
        let mut scheduler = Scheduler::limited(&steps, traits.clone(), &limits).unwrap();
        let mut running: Vec<StepId> = Vec::new();
        let mut ends = ends.into_iter();
        loop {
            running.extend(scheduler.start());
            let of_trait = |id: &StepId| &traits[Board::index(*id)];
            let counted = running.iter().filter(|id| !of_trait(id).restores_order).count();
            prop_assert!(counted <= limit);
            let used = |thing: &String| running.iter().filter(|id| of_trait(id).uses.contains(thing)).count();
            let most = |thing: &String| limits.of.get(thing).copied().unwrap_or(1);
            for thing in running.iter().flat_map(|id| &of_trait(id).uses) {
                prop_assert!(used(thing) <= most(thing));
            }
            for id in scheduler.board().ids().filter(|id| scheduler.board().state(*id) == StepState::Ready) {
                let no_slot = !of_trait(&id).restores_order && counted >= limit;
                prop_assert!(no_slot || of_trait(&id).uses.iter().any(|thing| used(thing) >= most(thing)));
            }
            if running.is_empty() {
                break;
            }
            let (which, how) = ends.next().unwrap();
            let id = running.remove(which.index(running.len()));
            scheduler.end(id, if how == 0 { Outcome::Failed } else { Outcome::Ok });
        }
        prop_assert!(scheduler.is_over());
    }
}

/// Ten thousand steps: in a chain, where the first one fails; on one thing; and each waiting for all before a last one.
/// What is printed is for people who look for what it costs.
#[test]
fn ten_thousand_steps() {
    const MANY: usize = 10_000;
    let chain: Vec<_> =
        (0..MANY).map(|at| if at == 0 { "s0".to_owned() } else { format!("s{at}: s{}", at - 1) }).collect();
    let one_thing: Vec<_> = (0..MANY).map(|at| format!("s{at} @disk")).collect();
    let mut all_to_one: Vec<_> = (0..MANY - 1).map(|at| format!("s{at} @disk{}", at % 100)).collect();
    let needs: Vec<_> = (0..MANY - 1).map(|at| format!("s{at}")).collect();
    all_to_one.push(format!("last: {}", needs.join(" ")));
    for (what, lines, first) in [
        ("a chain that fails at once", &chain, Outcome::Failed),
        ("a chain", &chain, Outcome::Ok),
        ("all on one thing", &one_thing, Outcome::Ok),
        ("all before one", &all_to_one, Outcome::Ok),
    ] {
        let (steps, traits): (Vec<_>, Vec<_>) = lines.iter().map(|line| step(line)).unzip();
        let began = std::time::Instant::now();
        let mut scheduler = Scheduler::new(&steps, traits, 8).unwrap();
        let mut ended = 0;
        loop {
            let started = scheduler.start();
            if started.is_empty() {
                break;
            }
            for id in started {
                scheduler.end(id, if ended == 0 { first } else { Outcome::Ok });
                ended += 1;
            }
        }
        let each = began.elapsed().as_nanos() / MANY as u128;
        println!("{what}: {each} ns a step");
        assert!(scheduler.is_over());
        let tried = scheduler.board().ids().filter(|id| scheduler.board().state(*id) != StepState::Skipped).count();
        assert_eq!(tried, if first == Outcome::Failed { 1 } else { MANY });
    }
}
