//! Changes of one line and what they must report, below `tests/diffs`: base strategies, and beside them files of changes,
//! each a small patch of one of them. `UPDATE=1` rewrites what they report.
//!
//! ```text
//! === name BASE                begins a change
//!  line                        stands there and stays
//! -line                        goes
//! +line                        comes
//! @@                           begins another place
//! ```

use crate::case::of_example;
use crate::expected::{here, matches};
use compiler::{Text, check, diff, plan, render};
use schema::diff::{Code, Diff, Sign};
use schema::fact::StoredArtifact;
use schema::keep::Keep;
use schema::plan::Plan;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};

/// Fewest changes: a corpus that is not found must not pass.
const FEWEST: usize = 35;

/// A change of a base strategy.
pub(crate) struct Change {
    pub(crate) name: String,
    pub(crate) before: String,
    pub(crate) after: String,
}

fn folder() -> PathBuf {
    here().join("tests/diffs")
}

/// The changes of a file.
fn changes(text: &str) -> Vec<Change> {
    let parts = text.split("=== ").skip(1);
    parts
        .map(|part| {
            let (head, body) = part.split_once('\n').unwrap();
            let (name, base) = head.split_once(' ').unwrap();
            let before = std::fs::read_to_string(folder().join("base").join(format!("{base}.kdl"))).unwrap();
            let mut after: Vec<String> = before.lines().map(str::to_owned).collect();
            for hunk in body.trim_end().split("\n@@\n") {
                patch(&mut after, hunk, name);
            }
            Change { name: name.to_owned(), before, after: after.join("\n") + "\n" }
        })
        .collect()
}

/// Replaces the one place that the lines of a hunk stand at, whatever their indent.
fn patch(lines: &mut Vec<String>, hunk: &str, name: &str) {
    let of = |signs: &[char]| -> Vec<&str> {
        hunk.lines().filter(|line| line.starts_with(signs)).map(|line| line[1..].trim()).collect()
    };
    let (old, new) = (of(&[' ', '-']), of(&[' ', '+']));
    let is_here =
        |at: &usize| old.iter().enumerate().all(|(n, line)| lines.get(at + n).is_some_and(|it| it.trim() == *line));
    let places: Vec<usize> = (0..lines.len()).filter(is_here).collect();
    assert_eq!(places.len(), 1, "{name}: the lines stand at {places:?}\n{hunk}");
    lines.splice(places[0]..places[0] + old.len(), new.into_iter().map(str::to_owned));
}

/// The plan of a text, with what the plugins of the examples say; or why there is none.
pub(crate) fn planned(text: &str) -> Result<Plan, String> {
    let facts = of_example("03-enterprise-gfs");
    let checked = check(&[Text { name: "strategy.kdl".to_owned(), text: text.to_owned() }], &facts);
    let told: String = checked.diagnostics.iter().map(render::diagnostic).collect();
    let checked = checked.value.ok_or(told)?;
    Ok(plan(&checked, &facts, None).value.unwrap())
}

/// Every change of the corpus, by file.
pub(crate) fn corpus() -> Vec<(PathBuf, Vec<Change>)> {
    let mut files: Vec<_> = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "diffs"));
    files.sort();
    let changes = |file: PathBuf| {
        let text = std::fs::read_to_string(&file).unwrap();
        let changes = changes(&text);
        (file, changes)
    };
    files.into_iter().map(changes).collect()
}

/// A change of the corpus with its two plans, or with why one of them cannot be made.
struct Pair {
    name: String,
    file: PathBuf,
    plans: Result<(Plan, Plan), String>,
}

/// Every change with its plans, which are made once for all tests.
fn pairs() -> &'static [Pair] {
    static PAIRS: OnceLock<Vec<Pair>> = OnceLock::new();
    PAIRS.get_or_init(|| {
        let changes: Vec<(PathBuf, Change)> = corpus()
            .into_iter()
            .flat_map(|(file, changes)| changes.into_iter().map(move |change| (file.clone(), change)))
            .collect();
        let texts = changes.iter().flat_map(|(_, change)| [change.before.clone(), change.after.clone()]);
        let plans = all_planned(&texts.collect());
        let pair = |(file, change): (PathBuf, Change)| {
            let of = |text: &str| plans[text].clone();
            let plans = of(&change.before).and_then(|before| Ok((before, of(&change.after)?)));
            Pair { name: change.name, file, plans }
        };
        changes.into_iter().map(pair).collect()
    })
}

/// The plans of texts, made by a few threads.
fn all_planned(texts: &BTreeSet<String>) -> BTreeMap<String, Result<Plan, String>> {
    let texts: Vec<&String> = texts.iter().collect();
    let made = Mutex::new(BTreeMap::new());
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(text) = texts.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let plan = planned(text);
                    made.lock().unwrap().insert((*text).clone(), plan);
                }
            });
        }
    });
    made.into_inner().unwrap()
}

/// Those that could be made.
fn plans() -> impl Iterator<Item = (&'static str, &'static Plan, &'static Plan)> {
    let made = pairs().iter().filter_map(|pair| pair.plans.as_ref().ok().map(|plans| (pair.name.as_str(), plans)));
    made.map(|(name, (before, after))| (name, before, after))
}

#[test]
fn changes_report_what_they_do_and_no_more() {
    let mut wrong = Vec::new();
    let mut names = BTreeSet::new();
    let mut told: BTreeMap<&PathBuf, String> = BTreeMap::new();
    for Pair { name, file, plans } in pairs() {
        assert!(names.insert(name), "two changes are named {name}");
        let (before, after) = match plans {
            Ok(plans) => plans,
            Err(told) => {
                wrong.push(format!("{name} does not compile:\n{told}"));
                continue;
            }
        };
        let shown = render::diff::text(&diff(before, after), &render::diff::DiffOptions::default());
        told.entry(file).or_default().push_str(&format!("=== {name}\n{shown}\n"));
    }
    wrong.extend(told.iter().filter_map(|(file, told)| matches(&file.with_extension("txt"), told).err()));
    assert!(names.len() >= FEWEST, "only {} changes", names.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What the change back does.
fn mirrored(code: Code) -> Code {
    let pairs = [
        (Code::RpoWorse, Code::RpoBetter),
        (Code::RtoWorse, Code::RtoBetter),
        (Code::LossTotal, Code::LossSurvived),
        (Code::DatabaseUncovered, Code::DatabaseCovered),
        (Code::FilesFewer, Code::FilesMore),
        (Code::CopyRemoved, Code::CopyAdded),
        (Code::VerificationRemoved, Code::VerificationAdded),
        (Code::VerificationWeaker, Code::VerificationStronger),
        (Code::DrillRemoved, Code::DrillAdded),
        (Code::DrillWeaker, Code::DrillStronger),
        (Code::DeletionsNew, Code::DeletionsGone),
        (Code::RetentionShorter, Code::RetentionLonger),
        (Code::ImmutabilityRemoved, Code::ImmutabilityAdded),
        (Code::ImmutabilityShorter, Code::ImmutabilityLonger),
        (Code::EncryptionRemoved, Code::EncryptionAdded),
        (Code::TlsRemoved, Code::TlsAdded),
        (Code::NotificationRemoved, Code::NotificationAdded),
        (Code::JobRemoved, Code::JobAdded),
        (Code::ScheduleRemoved, Code::ScheduleAdded),
        (Code::WindowRemoved, Code::WindowAdded),
        (Code::DowntimeAdded, Code::DowntimeRemoved),
        (Code::DowntimeWorse, Code::DowntimeBetter),
        (Code::StepRemoved, Code::StepAdded),
        (Code::StoreRemoved, Code::StoreAdded),
        (Code::StorageMore, Code::StorageLess),
        (Code::SourceRemoved, Code::SourceAdded),
        (Code::TargetRemoved, Code::TargetAdded),
        (Code::GrantAdded, Code::GrantRemoved),
        (Code::ObjectiveLoosened, Code::ObjectiveTightened),
        (Code::PolicyWeaker, Code::PolicyStricter),
        (Code::ExceptionAdded, Code::ExceptionRemoved),
        (Code::FindingNew, Code::FindingGone),
    ];
    let other = |(one, other): &(Code, Code)| match code {
        code if code == *one => Some(*other),
        code if code == *other => Some(*one),
        _ => None,
    };
    pairs.iter().find_map(other).unwrap_or(code)
}

/// An effect without what has a direction: where it stands, and whether it breaks anything.
type Bare = (Code, Vec<String>, u64, [Option<String>; 2], bool);

fn bare(diff: &Diff, turn: bool) -> BTreeSet<Bare> {
    let bare = |effect: &schema::diff::Effect| {
        let (subject, before, after) = (&effect.subject, effect.before.clone(), effect.after.clone());
        let (code, before, after) =
            if turn { (mirrored(effect.code), after, before) } else { (effect.code, before, after) };
        // A job that gets another name is called by the one that it has afterwards.
        let names = if code == Code::JobRenamed { Vec::new() } else { subject.names.clone() };
        (code, names, subject.count, [before, after], effect.direct)
    };
    diff.effects.iter().map(bare).collect()
}

#[test]
fn a_plan_does_not_differ_from_itself() {
    for (name, before, after) in plans() {
        for plan in [before, after] {
            assert!(diff(plan, plan).is_empty(), "{name}");
        }
    }
}

#[test]
fn the_change_back_is_the_mirror_of_the_change() {
    for (name, before, after) in plans() {
        let (there, back) = (diff(before, after), diff(after, before));
        // Subjects that follow the new name of a job or a strategy are told by that name.
        let renames =
            there.effects.iter().any(|effect| matches!(effect.code, Code::JobRenamed | Code::StrategyRenamed));
        if !renames {
            assert_eq!(bare(&there, false), bare(&back, true), "{name}");
        }
        let count = |diff: &Diff, sign: Sign| diff.steps.iter().filter(|step| step.sign == sign).count();
        for (one, other) in [(Sign::Added, Sign::Removed), (Sign::Removed, Sign::Added), (Sign::Changed, Sign::Changed)]
        {
            assert_eq!(count(&there, one), count(&back, other), "{name}");
        }
    }
}

/// Everything that a plan lists, the other way round.
fn turned(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    plan.jobs.reverse();
    plan.sources.reverse();
    plan.stores.reverse();
    plan.targets.reverse();
    plan.notifiers.reverse();
    plan.findings.reverse();
    plan.requirements.reverse();
    plan.exceptions.reverse();
    if let Some(forecast) = &mut plan.forecast {
        forecast.databases.reverse();
        forecast.jobs.reverse();
        forecast.stores.reverse();
    }
    // Jobs in another order, the steps of each as they were.
    let mut jobs: Vec<String> = Vec::new();
    for step in &plan.steps {
        if !jobs.contains(&step.job) {
            jobs.insert(0, step.job.clone());
        }
    }
    plan.steps.sort_by_key(|step| jobs.iter().position(|job| *job == step.job));
    plan
}

#[test]
fn the_order_of_a_text_does_not_count() {
    for (name, before, after) in plans() {
        assert!(diff(before, &turned(before)).is_empty(), "{name}");
        assert_eq!(diff(before, &turned(after)), diff(before, after), "{name}");
    }
}

/// A strategy with many databases, in which one line is changed.
#[test]
fn what_is_alike_is_one_effect_and_a_page_stays_small() {
    let databases: Vec<String> = (0..200).map(|at| format!("\"customers-{at}\"")).collect();
    let base = std::fs::read_to_string(folder().join("base/many.kdl")).unwrap();
    let before = base.replace("\"customers\"", &databases.join(" "));
    let after = before.replace("transfer from=\"local\" to=\"offsite\"", "");
    assert_ne!(before, after);
    let diff = diff(&planned(&before).unwrap(), &planned(&after).unwrap());
    let removed: Vec<_> = diff.effects.iter().filter(|effect| effect.code == Code::CopyRemoved).collect();
    assert_eq!(removed.len(), 1);
    assert_eq!((removed[0].subject.count, removed[0].subject.names.len()), (200, schema::diff::NAMES));
    assert_eq!(diff.steps.len(), 200);
    let text = render::diff::text(&diff, &render::diff::DiffOptions::default());
    assert!(text.lines().count() < 60, "{text}");
    let page = render::diff::markdown(&diff, &render::diff::DiffOptions::default());
    assert!(page.contains("more like this") && page.len() < 16_384, "{page}");
}

/// However much there is to say, a page fits into one comment, and says first what it is and how much breaks.
#[test]
fn a_page_fits_into_a_comment() {
    let origin = schema::step::Origin { input: "strategy.kdl".repeat(20), line: 1, column: 1, text: String::new() };
    let effect = |at: usize| schema::diff::Effect {
        code: Code::StoreMoved,
        subject: schema::diff::Subject {
            kind: schema::diff::Kind::Store,
            names: vec![format!("store-{at}")],
            count: 1,
            source: None,
            store: None,
            job: None,
        },
        before: Some("<b>&|`@somebody".repeat(40)),
        after: Some("path /srv/a".to_owned()),
        direct: at.is_multiple_of(2),
        breaking: at < 400,
        marked: at.is_multiple_of(3),
        origin: Some(origin.clone()),
    };
    let step = |at: usize| schema::diff::StepChange {
        sign: Sign::Changed,
        address: format!("job/backup/{at}/</details>```"),
        job: "job".to_owned(),
        kind: "backup".to_owned(),
        before: Some(at.to_string()),
        after: Some("x".repeat(100)),
    };
    let diff = Diff {
        strategy: "a--b-->c".to_owned(),
        breaking: 400,
        effects: (0..900).map(effect).collect(),
        steps: (0..9_000).map(step).collect(),
        ..Diff::default()
    };
    let page = render::diff::markdown(&diff, &render::diff::DiffOptions::default());
    assert!(page.len() <= 65_536, "{}", page.len());
    assert_eq!(page.lines().next(), Some("<!-- backstay-plan a__b___c -->"));
    assert!(page.lines().nth(1).unwrap().ends_with("400 breaking effects, 500 others"), "{page}");
    assert_eq!(
        page.matches("</details>").count() - page.matches("/</details>").count(),
        page.matches("<details>").count()
    );
}

/// Copies that are kept today and would go are named one by one, in every form.
#[test]
fn what_a_shorter_keep_would_remove_is_named() {
    let at: jiff::Timestamp = "2026-11-26T12:00:00Z".parse().unwrap();
    let held: Vec<StoredArtifact> = (1..=20).map(stored).collect();
    let keep = |daily| Keep { daily: Some(daily), ..Keep::default() };
    let [before, after] = [10, 3].map(|daily| compiler::retain::retain(&held, &keep(daily), at));
    let change = &corpus()[0].1[0];
    let mut told = diff(&planned(&change.before).unwrap(), &planned(&change.after).unwrap());
    told.doomed = compiler::diff::doomed(&before, &after);
    let ids: Vec<&str> = told.doomed.iter().map(|verdict| verdict.id.as_str()).collect();
    assert_eq!(ids, ["a11", "a12", "a13", "a14", "a15", "a16", "a17"]);
    let text = render::diff::text(&told, &render::diff::DiffOptions::default());
    assert!(text.contains("\nDeletions: 7 copies that the rules keep now would go, 7 GiB in all\n"), "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("  − vault  ")).count(), 7, "{text}");
    let page = render::diff::markdown(&told, &render::diff::DiffOptions::default());
    assert!(page.contains("**Deletions:** 7 copies that the rules keep now would go, 7 GiB in all."), "{page}");
    assert!(page.contains("| vault | graph:orders | 2026-11-17T01:00:00Z | a17 | 1 GiB |"), "{page}");
    let known: Diff = serde_json::from_str(&render::diff::json(&told)).unwrap();
    assert_eq!(known, told);
    assert!(compiler::diff::doomed(&after, &before).is_empty(), "nothing goes by a longer one");
}

fn stored(day: u32) -> StoredArtifact {
    StoredArtifact {
        store: "vault".to_owned(),
        source: "graph".to_owned(),
        database: "orders".to_owned(),
        id: format!("a{day:02}"),
        manifest: format!("blake3:{day}"),
        taken: format!("2026-11-{day:02}T01:00:00Z"),
        size: 1 << 30,
        verified: true,
        damaged: false,
        parent: None,
        locked_until: None,
        took: None,
        moved: None,
        checked: None,
        inspected: None,
        drilled: None,
        transaction: None,
        engine: String::new(),
        tombstone: None,
    }
}
