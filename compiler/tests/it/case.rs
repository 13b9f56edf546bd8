//! A case: a strategy text with facts and a request in comment lines at its head.
//!
//! ```text
//! // --- name                                        begins a case
//! // inventory graph neo4j system [composite=NAME] [alias=NAME=DATABASE]   databases of a source
//! // artifact STORE SOURCE DATABASE ID TAKEN [size=BYTES] [took=MS] [moved=MS] [checked=MS] [inspected=MS] [drilled=MS] [transaction=N] [engine=NAME] [parent=ID] [locked=UNTIL] [unverified]   a stored copy
//! // bytes …                                      `<<FF 0D>>` in the text stands for these bytes
//! // var NAME=VALUE                               a value that is given beside the texts
//! // nothing PATH WHY                             an import of the first text finds nothing
//! // text NAME                                    begins a text that can be imported, up to the next
//! // today YYYY-MM-DD                                the day
//! // plan | plan JOB                                 plan it, and show the plan
//! // forecast [SUBJECT…]                             what the plan comes to, and all figures of the subjects
//! // simulate FROM DAYS [fail=KIND=NAME@AT] [events|chart]   what the plan does over a time
//! // retain STORE AT                                 what the rules of the store's prune make of the artifacts
//! // restore SOURCE key=value…  | verify key=value…  plan that, and show the plan
//! ```

use crate::expected::{here, read};
use compiler::{Checked, Compiled, Diagnostic, Facts, Found, RestoreRequest, Text, VerifyRequest, render};
use schema::fact::{Inventory, PluginManifest, StoredArtifact, Virtual};
use schema::plan::Plan;
use schema::step::Check;

pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) text: String,
    /// Whether the text has bytes in it that are written as numbers.
    bytes: bool,
    /// Beside it, to be imported.
    pub(crate) others: Vec<Text>,
    pub(crate) facts: Facts,
    request: Option<String>,
}

/// The plugins that come with Backstay, by their own manifests.
pub(crate) fn facts() -> Facts {
    let plugin = |folder: &str, name: &str| PluginManifest {
        name: name.to_owned(),
        text: read(&format!("plugins/{folder}/{name}/plugin.kdl")),
    };
    let plugins = vec![plugin("storage", "fs"), plugin("storage", "s3"), plugin("notify", "webhook")];
    Facts { plugins, ..Facts::default() }
}

/// The plugins that come with Backstay, and the manifests that an example brings along for those that do not yet.
pub(crate) fn of_example(name: &str) -> Facts {
    let mut facts = facts();
    let Ok(entries) = std::fs::read_dir(here().join("../examples").join(name).join("plugins")) else { return facts };
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(!facts.plugins.iter().any(|plugin| plugin.name == name), "{name} comes with Backstay by now");
        facts.plugins.push(PluginManifest { name, text: std::fs::read_to_string(&file).unwrap() });
    }
    facts
}

/// The cases of a file.
pub(crate) fn cases(text: &str) -> Vec<Case> {
    let parts = text.split("// --- ").skip(1);
    parts
        .map(|part| {
            let (name, body) = part.split_once('\n').unwrap();
            let mut case = Case {
                name: name.trim().to_owned(),
                text: String::new(),
                bytes: false,
                others: Vec::new(),
                facts: facts(),
                request: None,
            };
            let mut head = true;
            for line in body.split_inclusive('\n') {
                head = head && directive(&mut case, line.trim());
                if let Some(name) = line.trim().strip_prefix("// text ") {
                    case.others.push(Text { name: name.to_owned(), text: String::new() });
                } else if !head {
                    case.others.last_mut().map_or(&mut case.text, |other| &mut other.text).push_str(line);
                }
            }
            case
        })
        .collect()
}

/// `composite=NAME` or `alias=NAME=DATABASE`.
fn stands_for(word: &str) -> Option<Virtual> {
    let (kind, rest) = word.split_once('=')?;
    let (name, alias_of) = match kind {
        "composite" => (rest, None),
        _ => rest.split_once('=').map(|(name, of)| (name, Some(of.to_owned())))?,
    };
    Some(Virtual { name: name.to_owned(), alias_of })
}

/// Whether the line was a directive, and not yet the text.
fn directive(case: &mut Case, line: &str) -> bool {
    let Some(line) = line.strip_prefix("// ") else { return false };
    let words: Vec<&str> = line.split(' ').collect();
    match words.as_slice() {
        ["inventory", source, databases @ ..] => case.facts.inventory.push(Inventory {
            source: (*source).to_owned(),
            databases: databases.iter().filter(|name| !name.contains('=')).map(|name| (*name).to_owned()).collect(),
            virtuals: databases.iter().filter_map(|word| stands_for(word)).collect(),
        }),
        ["artifact", store, source, database, id, taken, more @ ..] => {
            let said = |key: &str| more.iter().find_map(|word| word.strip_prefix(key));
            let number = |key: &str| said(key).map(|number| number.parse().unwrap());
            case.facts.artifacts.push(StoredArtifact {
                store: (*store).to_owned(),
                source: (*source).to_owned(),
                database: (*database).to_owned(),
                id: (*id).to_owned(),
                manifest: format!("blake3:{id}"),
                taken: (*taken).to_owned(),
                size: said("size=").map_or(1, |size| size.parse().unwrap()),
                verified: !more.contains(&"unverified") && !more.contains(&"damaged"),
                damaged: more.contains(&"damaged"),
                parent: said("parent=").map(str::to_owned),
                locked_until: said("locked=").map(str::to_owned),
                took: number("took="),
                moved: number("moved="),
                checked: number("checked="),
                inspected: number("inspected="),
                drilled: number("drilled="),
                transaction: number("transaction="),
                engine: said("engine=").unwrap_or_default().to_owned(),
                tombstone: said("tombstone=").map(str::to_owned),
            });
        }
        ["bytes", ..] => case.bytes = true,
        ["var", given] => {
            let (name, value) = given.split_once('=').unwrap();
            case.facts.variables.insert(name.to_owned(), value.to_owned());
        }
        ["nothing", path, why @ ..] => {
            let key = ("strategy.kdl".to_owned(), (*path).to_owned());
            case.facts.imports.insert(key, Found::Nothing(why.join(" ")));
        }
        ["today", day] => case.facts.today = Some(day.parse().unwrap()),
        ["plan" | "restore" | "verify" | "forecast" | "simulate" | "retain", ..] => {
            case.request = Some(line.to_owned());
        }
        ["plugin", name, manifest @ ..] => {
            case.facts.plugins.retain(|plugin| plugin.name != *name);
            case.facts.plugins.push(PluginManifest { name: (*name).to_owned(), text: manifest.join(" ") });
        }
        _ => return false,
    }
    true
}

/// A text with its bytes, if it has any.
fn raw(case: &Case, text: &str) -> Vec<u8> {
    if !case.bytes {
        return text.as_bytes().to_vec();
    }
    let mut out = Vec::new();
    let mut parts = text.split("<<");
    out.extend(parts.next().unwrap().bytes());
    for part in parts {
        let (numbers, rest) = part.split_once(">>").unwrap();
        out.extend(numbers.split(' ').map(|number| u8::from_str_radix(number, 16).unwrap()));
        out.extend(rest.bytes());
    }
    out
}

/// The texts of a case, none when its own is no text, and what is told of them.
pub(crate) fn diagnostics(case: &Case) -> (Vec<Text>, Compiled<Checked>) {
    match Text::from_bytes("strategy.kdl", raw(case, &case.text)) {
        Ok(text) => {
            let (mut texts, mut facts) = (vec![text], case.facts.clone());
            for other in &case.others {
                let (name, bytes) = (other.name.clone(), raw(case, &other.text));
                match String::from_utf8(bytes) {
                    Ok(text) => texts.push(Text { name, text }),
                    // Only the first text imports such a one, by its name.
                    Err(error) => {
                        let found = Found::NotText { name: name.clone(), bytes: error.into_bytes() };
                        facts.imports.insert(("strategy.kdl".to_owned(), name), found);
                    }
                }
            }
            let checked = compiler::check(&texts, &facts);
            (texts, checked)
        }
        Err(unread) => (Vec::new(), Compiled::new(None, vec![*unread])),
    }
}

/// A diagnostic, and how it can be mended.
fn shown(diagnostic: &Diagnostic) -> String {
    let mut out = render::diagnostic(diagnostic);
    if let Some(fix) = &diagnostic.fix {
        out.push_str(&format!("  = fix: {}\n", fix.title));
        for edit in &fix.edits {
            let (line, column) = edit.span.source().position(edit.span.start());
            out.push_str(&format!("    {line}:{column} {:?} becomes {:?}\n", edit.span.text(), edit.text));
        }
    }
    out
}

/// All diagnostics, then the plan that was asked for.
pub(crate) fn run(case: &Case) -> String {
    let (_, checked) = diagnostics(case);
    let mut out: String = checked.diagnostics.iter().map(shown).collect();
    let (Some(checked), Some(request)) = (checked.value, &case.request) else { return out };
    let mut words = request.split(' ');
    let verb = words.next().unwrap();
    let rest: Vec<&str> = words.collect();
    let value = |key: &str| rest.iter().find_map(|word| word.strip_prefix(&format!("{key}=")).map(str::to_owned));
    if ["forecast", "simulate", "retain"].contains(&verb) {
        let plan = compiler::plan(&checked, &case.facts, None).value.unwrap();
        if verb == "simulate" {
            return out + &simulate(&plan, &case.facts, &rest);
        }
        out.push_str(&if verb == "forecast" {
            forecast(&plan, &rest)
        } else {
            retain(&plan, &case.facts, rest[0], rest[1])
        });
        return out;
    }
    let planned: Compiled<Plan> = match verb {
        "plan" => compiler::plan(&checked, &case.facts, rest.first().copied()),
        "restore" => {
            let request = RestoreRequest {
                source: rest[0].to_owned(),
                database: value("database"),
                from: value("from"),
                artifact: value("artifact"),
                at: value("at").map(|at| at.parse().unwrap()),
                transaction: value("transaction").map(|number| number.parse().unwrap()),
                into: value("into"),
                files: value("file").into_iter().collect(),
                query: value("query"),
                staging: "1a2b3c4d".to_owned(),
            };
            compiler::restore(&checked, &case.facts, &request)
        }
        _ => {
            let with = if value("with").as_deref() == Some("consistency") { Check::Consistency } else { Check::Digest };
            let request =
                VerifyRequest { store: value("store"), source: value("source"), artifact: value("artifact"), with };
            compiler::verify(&checked, &case.facts, &request)
        }
    };
    out.extend(planned.diagnostics.iter().map(shown));
    if let Some(plan) = planned.value {
        out.push_str(&render::text(&plan, &render::Preview::default()));
        if case.request.as_deref().is_some_and(|request| request.starts_with("restore")) {
            out.push_str(&render::way_back(
                &plan,
                checked.clone().into_plan().value.and_then(|plan| plan.forecast).as_ref(),
            ));
        }
    }
    out
}

/// The table, and what is to be known of each subject.
fn forecast(plan: &Plan, subjects: &[&str]) -> String {
    let of = |subject: &&str| render::forecast_of(plan, subject).unwrap_or_else(|| panic!("nothing of {subject}"));
    let parts = std::iter::once(render::forecast_table(plan)).chain(subjects.iter().map(of));
    parts.collect::<Vec<_>>().join("\n")
}

fn retain(plan: &Plan, facts: &Facts, store: &str, at: &str) -> String {
    let keep = plan.steps.iter().find_map(|step| match &step.action {
        schema::step::Action::Prune { store: of, keep, .. } if of == store => Some(*keep),
        _ => None,
    });
    let of_store: Vec<StoredArtifact> =
        facts.artifacts.iter().filter(|artifact| artifact.store == store).cloned().collect();
    let verdicts = compiler::retain::retain(&of_store, &keep.unwrap(), at.parse().unwrap());
    let line = |verdict: &schema::retain::Verdict| {
        let what = if verdict.keep { "keep" } else { "delete" };
        let reasons = verdict.reasons.join("; ");
        format!("{what:6} {}:{} {} {}: {reasons}\n", verdict.source, verdict.database, verdict.id, verdict.taken)
    };
    verdicts.iter().map(line).collect()
}

fn simulate(plan: &Plan, facts: &Facts, words: &[&str]) -> String {
    let failure = |word: &&str| {
        let (what, at) = word.strip_prefix("fail=")?.split_once('@')?;
        Some(compiler::forecast::Failure::parse(what, at.parse().unwrap()).unwrap())
    };
    let failures = words.iter().filter_map(failure).collect();
    let span = words[1].parse::<u64>().unwrap() * 86_400;
    let options = compiler::forecast::Simulate { from: words[0].parse().unwrap(), span, failures };
    match compiler::forecast::simulate(plan, &facts.artifacts, &options) {
        Ok(simulation) if words.contains(&"chart") => render::chart(&simulation),
        Ok(simulation) => render::simulation(&simulation, words.contains(&"events")),
        Err(error) => error + "\n",
    }
}
