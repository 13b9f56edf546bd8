//! `init`: whatever is answered, the strategy that comes out compiles and no rule warns of it; and a wrong answer is
//! refused with the reason.

use crate::case::facts;
use crate::expected::{here, matches};
use compiler::init::{self, Answers, Kind};
use compiler::{Text, check, plan, render};
use schema::fact::Server;

/// All questions answered, with defaults where nothing is given. A flag for a question that does not apply is dropped.
fn answered(given: &[(&str, &str)]) -> Result<Answers, String> {
    let mut answers = Answers::default();
    for question in init::ALL {
        if answers.applies(question) {
            let default = answers.default_of(question);
            let answer = given.iter().find(|(flag, _)| *flag == question.flag).map_or(&*default, |(_, text)| text);
            answers.give(question, answer).map_err(|why| format!("{}: {why}", question.flag))?;
        }
    }
    Ok(answers)
}

/// What a strategy's compilation has to say, its plan's findings too.
fn told(text: &str) -> String {
    let text = Text { name: "strategy.kdl".to_owned(), text: text.to_owned() };
    let checked = check(&[text], &facts());
    let mut told: String = checked.diagnostics.iter().map(render::diagnostic).collect();
    if let Some(checked) = checked.value {
        told.extend(plan(&checked, &facts(), None).diagnostics.iter().map(render::diagnostic));
    }
    told
}

/// Every combination of these; the first of each is the plain one.
const MATRIX: [&[&[(&str, &str)]]; 4] = [
    &[
        &[("engine", "files")],
        &[("engine", "neo4j"), ("notify", "https://example.org/hook")],
        &[("engine", "neo4j"), ("edition", "enterprise"), ("home", "/opt/neo4j"), ("databases", "orders customers")],
        &[
            ("engine", "neo4j"),
            ("user", "backup"),
            ("conf", "none"),
            ("notify", "http://10.0.0.7:8080/hook"),
            ("notify-token-env", "HOOK_TOKEN"),
            ("verify", "digest"),
            ("server-version", "2026.09"),
        ],
    ],
    &[&[("environment", "production")], &[("environment", "staging")], &[("environment", "development")]],
    &[&[], &[("second-path", "none")]],
    &[
        &[],
        &[
            ("timezone", "Europe/Stockholm"),
            ("size", "180GiB"),
            ("growth", "2%/month"),
            ("change-rate", "4GiB/day"),
            ("cpus", "8"),
            ("memory", "32GiB"),
            ("temp", "500GiB"),
            ("disk", "2TiB"),
            ("network", "1Gbit/s"),
        ],
        &[("rpo", "14h"), ("timezone", "America/New_York"), ("bandwidth", "80MiB/s")],
        &[("rpo", "8d"), ("schedule", "15  4 * * Sun"), ("timezone", "Asia/Tokyo")],
    ],
];

/// What is told of a first strategy outside of development, and is no more than a hint.
const HINTS: [&str; 4] = ["drill-missing", "keys-unencrypted", "nobody-notified", "three-two-one-one-zero"];

#[test]
fn whatever_is_answered_compiles_without_warnings() {
    let mut all: Vec<Vec<(&str, &str)>> = vec![Vec::new()];
    for axis in MATRIX {
        all = all.iter().flat_map(|so_far| axis.iter().map(|more| [so_far.as_slice(), more].concat())).collect();
    }
    assert_eq!(all.len(), 4 * 3 * 2 * 4);
    let mut written = 0;
    for given in &all {
        let one_store = given.contains(&("second-path", "none"));
        let development = given.contains(&("environment", "development"));
        let answers = answered(given);
        if one_store && !development {
            assert!(answers.unwrap_err().contains("one store is one failure"), "{given:?}");
            continue;
        }
        let text = init::write(&answers.unwrap());
        let told = told(&text);
        let codes = |head: &str| -> Vec<String> {
            let lines = told.lines().filter_map(|line| line.strip_prefix(head));
            lines.map(|line| line.split(']').next().unwrap().to_owned()).collect()
        };
        // What is left out by an answer is told, and what a run of this version cannot do yet is a hint.
        let (mut hints, mut warnings) = (vec!["copies-too-few"], Vec::new());
        if development {
            hints.truncate(usize::from(one_store));
        } else {
            hints = HINTS.to_vec();
            if given.contains(&("conf", "none")) {
                hints.push("server-files-missing");
                warnings.push("server-files-missing");
            }
        }
        assert!(codes("info[").iter().all(|code| hints.contains(&code.as_str())), "{given:?}\n{text}\n{told}");
        assert!(codes("warning[").iter().all(|code| warnings.contains(&code.as_str())), "{given:?}\n{text}\n{told}");
        assert!(codes("error[").is_empty(), "{given:?}\n{text}\n{told}");
        laid_out(&text);
        written += 1;
    }
    assert_eq!(written, 4 * 4 * (3 + 1));
}

/// `fmt` has nothing to do, and no comment is too long for a review.
fn laid_out(text: &str) {
    assert_eq!(compiler::format(text).unwrap(), text);
    let long = text.lines().find(|line| line.trim_start().starts_with("//") && line.chars().count() > 100);
    assert_eq!(long, None);
}

#[test]
fn what_is_written_is_as_it_was() {
    let files = init::write(&answered(&[("name", "notes"), ("environment", "development")]).unwrap());
    matches(&here().join("tests/fixtures/init-files.kdl"), &files).unwrap();
    let graph = [
        ("engine", "neo4j"),
        ("name", "orders"),
        ("user", "backup"),
        ("databases", "orders customers"),
        ("timezone", "Europe/Stockholm"),
        ("size", "180GiB"),
        ("growth", "2%/month"),
        ("memory", "32GiB"),
        ("cpus", "8"),
        ("store-path", "/srv/backups"),
        ("store-site", "dc-1"),
        ("second-path", "/mnt/dc-2/backups"),
        ("second-site", "dc-2"),
        ("bandwidth", "80MiB/s"),
        ("notify", "https://alerts.internal/hooks/backup"),
        ("notify-token-env", "HOOK_TOKEN"),
    ];
    let graph = init::write(&answered(&graph).unwrap());
    matches(&here().join("tests/fixtures/init-neo4j.kdl"), &graph).unwrap();
}

#[test]
fn a_wrong_answer_is_refused_with_the_reason() {
    let graph = ("engine", "neo4j");
    let cases: [(&[(&str, &str)], &str); 22] = [
        (&[("name", "my backups")], "`my backups` is not a name"),
        (&[("environment", "prod-1")], "`prod-1` is none of the choices"),
        (&[("environment", "producton")], "Did you mean `production`?"),
        (&[("rpo", "1 day")], "`1 day` is not a duration; write for example `1h30m`"),
        (&[("rpo", "24")], "`24` is not a duration"),
        (&[("rpo", "0s")], "`rpo` cannot be zero"),
        (
            &[("rpo", "24h"), ("schedule", "30 2 * * *")],
            "up to 1d apart, and a backup takes time: that loses more than `rpo` allows (24h)",
        ),
        (&[("rpo", "24h"), ("schedule", "30 2 * * *"), ("timezone", "Europe/Stockholm")], "up to 1d 1h apart"),
        (&[graph, ("rpo", "20m")], "with a dump of at most 1h that loses more than `rpo` allows (20m)"),
        (&[("schedule", "0 0 30 2 *")], "is never due"),
        (&[("schedule", "@daily")], "nickname"),
        (&[("timezone", "Europe/Stokholm")], "did you mean `Europe/Stockholm`?"),
        (&[("size", "180")], "is not a size; write for example `180GiB`"),
        (&[("cpus", "0")], "is not a number from 1 on"),
        (&[graph, ("server-version", "4.4")], "no version of Neo4j that is known"),
        (&[graph, ("server-version", "5")], "is not a version line"),
        (&[graph, ("backup-downtime", "0s")], "cannot be zero"),
        (&[graph, ("restore-downtime", "5h")], "longer than `rto` allows (4h)"),
        (&[("second-path", "./backups/vault/two")], "would be lost together"),
        (&[("second-site", "site-1")], "both copies would be on one site"),
        (&[("notify", "https://me:secret@example.org/")], "a login in the URL"),
        (&[graph, ("stop", "sh -c 'neo4j stop'")], "without quotes"),
    ];
    for (given, reason) in cases {
        let why = answered(given).expect_err(reason);
        assert!(why.contains(reason), "{given:?}: {why}");
        assert!(!why.contains("secret@"), "{why}");
    }
    assert!(answered(&[("root", "none")]).expect_err("needed").contains("cannot be left out"));
}

#[test]
fn text_cannot_leave_its_string() {
    for odd in ["a \"b\" c", r"C:\data\new", "#\"x\"#", "tab\u{a0}é漢字", "// not a comment", "{ }"] {
        let text =
            init::write(&answered(&[("environment", "development"), ("root", odd), ("store-site", odd)]).unwrap());
        assert_eq!(told(&text), "", "{text}");
        let checked = check(&[Text { name: "strategy.kdl".to_owned(), text }], &facts()).value.unwrap();
        let planned = render::json(&plan(&checked, &facts(), None).value.unwrap());
        let expected = format!("\"root\": {}", serde_json::to_string(odd).unwrap());
        assert!(planned.contains(&expected), "no {expected} in {planned}");
    }
    for refused in ["two\nlines", "a\u{7}bell", "\u{1b}[31m"] {
        assert!(answered(&[("root", refused)]).is_err(), "{refused:?}");
    }
}

#[test]
fn an_unambiguous_beginning_is_a_choice() {
    let text = init::write(&answered(&[("environment", "dev"), ("engine", "n"), ("edition", "ent")]).unwrap());
    for line in ["environment \"development\"", "engine=\"neo4j\"", "edition \"enterprise\""] {
        assert!(text.contains(line), "{text}");
    }
}

#[test]
fn a_server_answers_for_itself() {
    let server = Server {
        http: "http://127.0.0.1:7474".to_owned(),
        edition: "Community".to_owned(),
        version: "5.26.12".to_owned(),
        databases: vec!["orders".to_owned(), "system".to_owned()],
        home: Some("/opt/neo4j".to_owned()),
    };
    let learned = init::learned(&server);
    let given: Vec<(&str, &str)> = learned.iter().map(|(question, text)| (question.flag, text.as_str())).collect();
    let text = init::write(&answered(&given).unwrap());
    let told_of_it = told(&text);
    assert!(!told_of_it.contains("warning[") && !told_of_it.contains("error["), "{told_of_it}");
    for line in [
        "edition \"community\"",
        "version \"5.26\"",
        "admin \"/opt/neo4j/bin/neo4j-admin\"",
        "databases \"orders\" \"system\"",
    ] {
        assert!(text.contains(line), "no {line} in {text}");
    }
    let calendar = Server { version: "2026.09.0".to_owned(), home: None, databases: Vec::new(), ..server };
    let told: Vec<_> = init::learned(&calendar).into_iter().map(|(question, text)| (question.flag, text)).collect();
    assert!(told.contains(&("server-version", "2026.09".to_owned())));
    assert!(told.iter().all(|(flag, _)| !matches!(*flag, "databases" | "home")), "{told:?}");
}

/// The table of questions as a person meets it: sentences, no flag twice, topics that are not torn apart.
#[test]
fn questions_are_well_put() {
    let mut flags: Vec<&str> = init::ALL.iter().map(|question| question.flag).collect();
    flags.sort_unstable();
    flags.dedup();
    assert_eq!(flags.len(), init::ALL.len());
    let mut topics: Vec<&str> = init::ALL.iter().map(|question| question.topic).collect();
    topics.dedup();
    let torn = topics.len();
    topics.sort_unstable();
    topics.dedup();
    assert_eq!(topics.len(), torn, "questions of one topic stand together");
    for question in init::ALL {
        assert!(question.text.ends_with('?') && question.why.ends_with('.'), "{question:?}");
        assert!(question.why.chars().count() <= 90, "{} is long", question.flag);
        if let Kind::Choice(choices) = question.kind {
            assert!(choices.len() > 1, "{question:?}");
        }
    }
}
