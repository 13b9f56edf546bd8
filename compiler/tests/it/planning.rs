//! `docs/planning.md` says how each planning factor is said, and what is done with it: every snippet compiles, every node
//! that it names is in the vocabulary, and what it calls recorded changes no plan, while all else does.

use crate::case::facts;
use crate::expected::read;
use crate::places::{Place, places};
use compiler::structure::{self, NodeShape, Type};
use compiler::{Diagnostic, Text, check, explain, plan};
use std::ops::Range;

/// Rows of the table that the page is made from, and some of them in two parts.
const ROWS: usize = 20;

/// What a snippet stands in; it replaces the parts that it has itself.
const FRAME: [(&str, &str); 4] = [
    (
        "source \"graph\"",
        r#"source "graph" engine="neo4j" {
    edition "community"; version "5.26"; home "/var/lib/neo4j"; admin "/usr/bin/neo4j-admin"
    control { stop "systemctl" "stop" "neo4j"; start "systemctl" "start" "neo4j"; }
    databases "neo4j" "system"
}"#,
    ),
    ("store \"vault\"", r#"store "vault" plugin="fs" { path "/srv/vault"; }"#),
    ("store \"offsite\"", r#"store "offsite" plugin="fs" { path "/srv/offsite"; }"#),
    (
        "job \"nightly\"",
        r#"job "nightly" { backup "graph" to="vault"; verify "vault"; transfer from="vault" to="offsite"; verify "offsite"; }"#,
    ),
];

struct Row<'a> {
    title: &'a str,
    snippet: &'a str,
    /// Nodes as the page names them: `job/backup`, or `job/backup type=` for a property.
    said_by: Vec<&'a str>,
    told: &'a str,
}

fn rows(page: &str) -> Vec<Row<'_>> {
    let sections = page.split("\n## ").skip(1);
    sections
        .map(|section| {
            let (title, rest) = section.split_once('\n').unwrap();
            let (_, rest) = rest.split_once("```kdl\n").unwrap_or_else(|| panic!("{title}: no snippet"));
            let (snippet, rest) = rest.split_once("```\n").unwrap();
            let (_, rest) = rest.split_once("Said by: ").unwrap_or_else(|| panic!("{title}: said by what?"));
            let (nodes, told) = rest.split_once(". **").unwrap_or_else(|| panic!("{title}: what is done?"));
            let said_by = nodes.split('`').skip(1).step_by(2).collect();
            Row { title, snippet, said_by, told }
        })
        .collect()
}

fn framed(snippet: &str) -> String {
    let parts = FRAME.iter().filter(|(head, _)| !snippet.contains(head)).map(|(_, text)| *text);
    let parts: Vec<&str> = parts.chain([snippet]).collect();
    format!("strategy \"planned\" {{\n{}\n}}\n", parts.join("\n"))
}

/// The plan without the digests of what it was made from, and what is told.
fn outcome(text: &str) -> (Option<String>, Vec<String>) {
    let text = Text { name: "strategy.kdl".to_owned(), text: text.to_owned() };
    let checked = check(&[text], &facts());
    let told =
        checked.diagnostics.iter().map(|it: &Diagnostic| format!("{:?} {}: {it}", it.level, it.code())).collect();
    let planned = checked.value.and_then(|checked| plan(&checked, &facts(), None).value);
    let planned = planned.map(|mut plan| {
        plan.inputs.clear();
        plan.jobs.iter_mut().for_each(|job| job.origin.text.clear());
        compiler::render::json(&plan)
    });
    (planned, told)
}

/// Where a node or a property of that name stands.
fn found(places: &[Place<'_>], name: &str) -> Vec<Range<usize>> {
    let (path, property) = name.split_once(' ').map_or((name, None), |(path, rest)| (path, rest.strip_suffix('=')));
    let here = |place: &&Place<'_>| {
        let plain: Vec<&str> = place.path.split('/').map(|part| part.split('[').next().unwrap()).collect();
        plain[1..].join("/") == path
    };
    let ranges = places.iter().filter(here).filter_map(|place| match property {
        None => Some(place.whole.clone()),
        Some(property) => {
            let (name, entry) = place.node.properties().find(|(name, _)| name.value == property)?;
            Some(name.span.start()..entry.span.end())
        }
    });
    ranges.collect()
}

/// The text with these stretches as white space, so that every line and column stays.
fn without(text: &str, ranges: &[Range<usize>]) -> String {
    let mut out = text.to_owned();
    for range in ranges {
        let semicolon = usize::from(text[range.end..].starts_with(';'));
        let range = range.start..range.end + semicolon;
        let blank: String = text[range.clone()].chars().map(|char| if char == '\n' { '\n' } else { ' ' }).collect();
        assert_eq!(blank.len(), range.len(), "snippets are ASCII");
        out.replace_range(range, &blank);
    }
    out
}

/// The text with the amounts of a node as small and as large as they can be: what nobody heeds changes nothing.
fn extremes(text: &str, places: &[Place<'_>], name: &str) -> Vec<String> {
    let here = found(places, name);
    let of_node = places.iter().filter(|place| here.contains(&place.whole));
    let values = of_node.flat_map(|place| place.node.arguments().zip(&place.shape.arguments));
    let texts = values.flat_map(|(entry, shape)| {
        let pair = match shape.kind {
            Type::Duration => ["\"0s\"", "\"9000w\""],
            Type::Size => ["\"1B\"", "\"9PiB\""],
            Type::Rate => ["\"1B/day\"", "\"9PiB/s\""],
            Type::Growth => ["\"0%/year\"", "\"900%/day\""],
            Type::Integer => ["1", "4294967295"],
            other => panic!("`{name}` is recorded only, and is {}", other.noun()),
        };
        let (start, end) = (entry.span.start(), entry.span.end());
        pair.map(|value| format!("{}{value}{}", &text[..start], &text[end..]))
    });
    texts.collect()
}

fn is_known(name: &str) -> bool {
    let (path, property) = name.split_once(' ').map_or((name, None), |(path, rest)| (path, rest.strip_suffix('=')));
    let mut shapes: Vec<&NodeShape> = structure::strategy().iter().filter(|shape| shape.required).collect();
    for part in path.split('/') {
        shapes = shapes.into_iter().flat_map(|shape| &shape.children).filter(|shape| shape.name == part).collect();
    }
    shapes.iter().any(|shape| property.is_none_or(|property| shape.property(property).is_some()))
}

#[test]
fn the_page_of_planning_factors_is_true() {
    let page = read("docs/planning.md");
    let rows = rows(&page);
    assert!(rows.len() >= ROWS, "only {} factors", rows.len());
    for Row { title, snippet, said_by, told } in rows {
        let text = framed(snippet);
        let (with, said) = outcome(&text);
        assert!(with.is_some(), "{title}: {said:?}");
        let source = Text { name: "strategy.kdl".to_owned(), text: text.clone() };
        let places = places(&source, structure::strategy(), &[]);
        let recorded = told.starts_with("Recorded");
        let rules: Vec<&str> = told.split("(`").skip(1).map(|rest| rest.split('`').next().unwrap()).collect();
        assert!(rules.iter().all(|code| explain(code).is_some()), "{title}: {rules:?}");
        let judged = told.starts_with("Judged");
        assert!(recorded || judged || told.starts_with("Planned"), "{title}: {told}");
        assert!(!said_by.is_empty(), "{title}");
        for name in said_by {
            assert!(is_known(name), "{title}: the vocabulary has no `{name}`");
            let ranges = found(&places, name);
            assert!(!ranges.is_empty(), "{title}: the snippet has no `{name}`");
            let before = (with.clone(), said.clone());
            let mut changed = outcome(&without(&text, &ranges)) != before;
            if recorded {
                changed |= extremes(&text, &places, name).iter().any(|text| outcome(text) != before);
            } else if judged && !rules.is_empty() {
                // That the rule judges it is for the rule's own examples to show.
                continue;
            }
            assert_eq!(
                changed,
                !recorded,
                "{title}: `{name}` is said to be {}",
                if recorded { "recorded only" } else { "heeded" }
            );
        }
    }
}
