//! Scheduler cases: `scheduler/*.txt` hold steps, a script, and the transcript that must come of it.
//!
//! A step is `name[!] [@resource…] [: need[?] …]`, with `!` for one that restores order and `?` for a need that is
//! `always`. The script has `end NAME OUTCOME`, `cancel` and `limit N` (first). `UPDATE=1` rewrites the transcripts.

use runtime::run::board::{Board, StepId};
use runtime::run::scheduler::{Scheduler, Traits};
use schema::report::Outcome;
use schema::step::{Action, Address, Need, Origin, Step, When};
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
    let limit = script.lines().find_map(|line| line.strip_prefix("limit ")).map_or(9, |n| n.parse().unwrap());
    let mut scheduler = Scheduler::new(&steps, traits, limit).unwrap();
    let mut out = String::new();
    let name = |scheduler: &Scheduler, id: StepId| scheduler.board().address(id).unwrap().to_string();
    let go_on = |scheduler: &mut Scheduler, out: &mut String| {
        for id in scheduler.start() {
            writeln!(out, "run {}", name(scheduler, id)).unwrap();
        }
        for id in scheduler.take_ended() {
            let outcome = scheduler.board().state(id).outcome().unwrap();
            let cause = scheduler.cause(id).map(|cause| format!(" because of {cause}")).unwrap_or_default();
            writeln!(out, "{outcome} {}{cause}", name(scheduler, id)).unwrap();
        }
    };
    go_on(&mut scheduler, &mut out);
    for line in script.lines().filter(|line| !line.starts_with("limit")) {
        writeln!(out, "> {line}").unwrap();
        match line.split(' ').collect::<Vec<_>>().as_slice() {
            ["cancel"] => scheduler.cancel(),
            ["end", step, outcome] => {
                let id = steps.iter().position(|other| other.address.0 == *step).unwrap();
                let id = scheduler.board().ids().find(|other| Board::index(*other) == id).unwrap();
                scheduler.end(id, outcome_of(outcome));
            }
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
        step: Address(need.trim_end_matches('?').to_owned()),
        when: if need.ends_with('?') { When::Always } else { When::Success },
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
    };
    (step, traits)
}
