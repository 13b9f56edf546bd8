//! The same texts and facts give the same bytes, and a plan comes back from its JSON unchanged.

use crate::case::of_example;
use crate::expected::read;
use compiler::{Text, check, next_runs, plan, render};

const EXAMPLES: [&str; 4] = ["01-quickstart", "02-neo4j-community", "03-enterprise-gfs", "04-postgres"];

fn compiled(example: &str) -> schema::plan::Plan {
    let text = Text { name: "strategy.kdl".to_owned(), text: read(&format!("examples/{example}/strategy.kdl")) };
    let facts = of_example(example);
    plan(&check(&[text], &facts).value.unwrap(), &facts, None).value.unwrap()
}

#[test]
fn twice_the_same() {
    for example in EXAMPLES {
        let (one, other) = (compiled(example), compiled(example));
        for render in [render::json, render::mermaid, render::dot] {
            assert_eq!(render(&one), render(&other));
        }
        for render in [render::text, render::markdown, render::html, render::svg] {
            let preview = render::Preview::default();
            assert_eq!(render(&one, &preview), render(&other, &preview));
        }
    }
}

#[test]
fn the_plan_of_the_check_is_the_one_that_is_compiled() {
    for example in EXAMPLES {
        let text = Text { name: "strategy.kdl".to_owned(), text: read(&format!("examples/{example}/strategy.kdl")) };
        let facts = of_example(example);
        let checked = check(&[text], &facts).value.unwrap();
        let compiled = plan(&checked, &facts, None);
        let kept = checked.into_plan();
        assert_eq!(kept.value, compiled.value, "{example}");
        let told = |of: &[compiler::Diagnostic]| of.iter().map(|it| format!("{it:?}")).collect::<Vec<_>>();
        assert_eq!(told(&kept.diagnostics), told(&compiled.diagnostics), "{example}");
    }
}

#[test]
fn json_holds_the_whole_plan() {
    for example in EXAMPLES {
        let plan = compiled(example);
        assert_eq!(serde_json::from_str::<schema::plan::Plan>(&render::json(&plan)).unwrap(), plan);
    }
}

#[test]
fn needs_come_first_and_no_step_needs_itself() {
    for example in EXAMPLES {
        let plan = compiled(example);
        for (at, step) in plan.steps.iter().enumerate() {
            for need in &step.needs {
                let first = plan.steps.iter().position(|other| other.address == need.step).unwrap();
                assert!(first < at, "{} before {}", step.address, need.step);
            }
        }
    }
}

#[test]
fn next_runs_keep_the_zone_through_the_change_of_clocks() {
    let mut plan = compiled("01-quickstart");
    plan.jobs[0].schedule.as_mut().unwrap().cron = "30 2 * * *".to_owned();
    let runs = next_runs(&plan, "2026-03-27T12:00:00Z".parse().unwrap(), 3);
    let shown: Vec<String> = runs[0].1.iter().map(ToString::to_string).collect();
    // 02:30 does not exist on the 29th: it runs as soon as the clocks have gone forward, once.
    assert_eq!(
        shown,
        [
            "2026-03-28T02:30:00+01:00[Europe/Stockholm]",
            "2026-03-29T03:00:00+02:00[Europe/Stockholm]",
            "2026-03-30T02:30:00+02:00[Europe/Stockholm]"
        ]
    );
}
