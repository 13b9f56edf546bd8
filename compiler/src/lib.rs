//! Strategy texts and facts in, plan and diagnostics out. Pure: no files, clock, environment, network, printing; the same
//! texts and facts give the same bytes.
//!
//! The stages, each a folder, each using only those before it:
//!
//! | stage | in | out |
//! |---|---|---|
//! | [`syntax`] | a text | a document with spans |
//! | [`expand`] | the documents of a text and of those that it imports | one document, without templates and variables |
//! | [`structure`] | the document and the vocabulary | the document with defaults, and the names in it |
//! | [`decode`] | the document | the [`model`] |
//! | [`resolve`] | names, globs, plugins | what they stand for |
//! | [`retain`] | artifacts and rules | which of them stay, and why |
//! | [`plan`] | the model and facts | a [`schema::plan::Plan`] |
//! | [`forecast`] | a plan and what was measured | what its schedules come to |
//! | [`lint`] | all of these | findings |
//! | [`diff`](mod@diff) | two plans | what a change does |
//! | [`render`] | a plan | text, Markdown, HTML, SVG, JSON, Mermaid, DOT |
//!
//! [`init`] goes the other way: from answers to a first text.
//! [`format`](mod@format) stands beside them: a text in, the same text well laid out.
//!
//! Every stage returns what it can and tells all that is wrong; a value is given out only when nothing is.

pub mod amount;
mod broken;
mod bytes;
pub mod decode;
pub mod diag;
pub mod diff;
pub mod expand;
pub mod forecast;
pub mod format;
pub mod init;
pub mod lint;
mod lookup;
mod mend;
pub mod model;
pub mod plan;
pub mod render;
pub mod resolve;
pub mod retain;
pub mod source;
pub mod span;
pub mod structure;
pub mod syntax;

pub use diag::{Compiled, Diagnostic, Edit, Explanation, Fix};
pub use diff::diff;
pub use expand::{Found, Imports, Look, Seen, gather, imports};
pub use format::format;
pub use mend::{Done, Mended, mend};
pub use plan::{PruneRequest, RestoreRequest, VerifyRequest};
pub use syntax::MOST_BYTES;

use diag::Sink;
use model::Strategy;
use schema::fact::{Inventory, PluginManifest, StoredArtifact};
use schema::plan::Plan;
use source::Source;
use span::Span;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use structure::Manifest;
use syntax::Document;

/// A strategy text, read by the caller.
#[derive(Clone, Debug)]
pub struct Text {
    /// As it is to be cited, for example the path as given.
    pub name: String,
    pub text: String,
}

/// All that the compiler learns about the world beside the texts.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Every plugin that can be used.
    pub plugins: Vec<PluginManifest>,
    pub inventory: Vec<Inventory>,
    pub artifacts: Vec<StoredArtifact>,
    /// The day, by which exceptions end; without it they all hold.
    pub today: Option<jiff::civil::Date>,
    /// The time by which prunes decide what goes; without it they name nothing.
    pub now: Option<jiff::Timestamp>,
    /// Values given beside the texts, by name; they go before a text's own `let`.
    pub variables: BTreeMap<String, String>,
    /// What the imports of the texts are; one that is not here is looked for among the texts by its path.
    pub imports: Imports,
}

/// A strategy in which nothing is wrong, with what it was made from. Only [`check`] makes one.
#[derive(Clone, Debug)]
pub struct Checked {
    strategy: Strategy,
    /// What the strategy was decoded from, with every default.
    document: Document,
    manifests: Vec<Manifest>,
    texts: Vec<Text>,
    findings: Vec<Diagnostic>,
    /// That of all jobs, with what it comes to.
    plan: Option<Plan>,
    remarks: Vec<Diagnostic>,
}

impl Checked {
    #[must_use]
    pub fn strategy(&self) -> &Strategy {
        &self.strategy
    }

    /// What is to be said of its plan and is no error, as [`plan()`] of all jobs would tell it.
    #[must_use]
    pub fn remarks(&self) -> &[Diagnostic] {
        &self.remarks
    }

    /// The plan of all jobs by the facts of the check. What [`plan()`] compiles for them is the same; this is there already.
    #[must_use]
    pub fn into_plan(self) -> Compiled<Plan> {
        Compiled { value: self.plan, diagnostics: self.remarks }
    }

    /// Reckons what the plan of all jobs comes to, and lets the rules look at both.
    fn prove(&mut self, mut plan: Plan, facts: &Facts) {
        // What is marked to go is as good as gone.
        let artifacts: Vec<StoredArtifact> =
            facts.artifacts.iter().filter(|copy| copy.tombstone.is_none()).cloned().collect();
        let (forecast, estimates) = forecast::forecast(&plan, &artifacts);
        for (step, estimate) in plan.steps.iter_mut().zip(estimates) {
            step.estimate = Some(estimate);
        }
        let loads = forecast.jobs.iter().map(|load| (load.job.as_str(), load)).collect();
        let due = lint::Due::default();
        let subject = lint::Subject {
            strategy: &self.strategy,
            plan: &plan,
            forecast: &forecast,
            loads: &loads,
            inventory: &facts.inventory,
            artifacts: &artifacts,
            due: &due,
            today: facts.today,
        };
        self.findings = lint::check(&subject);
        plan.findings.splice(0..0, self.findings.iter().filter_map(plan::finding));
        plan.forecast = Some(forecast);
        self.plan = Some(plan);
    }

    fn inputs<'a>(&'a self, facts: &'a Facts) -> plan::Inputs<'a> {
        let (strategy, manifests, texts, findings) = (&self.strategy, &self.manifests, &self.texts, &self.findings);
        plan::Inputs { strategy, manifests, texts, findings, whole: self.plan.as_ref(), facts }
    }
}

/// Checks texts as one strategy, which begins with the first one: everything that is wrong with it, and what the rules find when nothing is.
#[must_use]
pub fn check(texts: &[Text], facts: &Facts) -> Compiled<Checked> {
    let mut sink = Sink::new();
    let mentioned: Vec<PluginManifest> =
        facts.plugins.iter().filter(|plugin| mentioned(plugin, texts, facts)).cloned().collect();
    let mut manifests = structure::manifests(&mentioned, &mut sink);
    let unread = facts.plugins.iter().filter(|plugin| !self::mentioned(plugin, texts, facts));
    manifests.extend(unread.map(|plugin| Manifest::unread(&plugin.name)));
    let Some(mut read) = read(texts, facts, &mut sink) else { return told(None, sink, &[], texts) };
    let (root, before) = (read.root, sink.len());
    let document = std::mem::take(&mut read.document);
    let structure = structure::check(document, structure::strategy(), &manifests, &root, &mut sink);
    if read.whole && !structure.reuse_missed {
        resolve::names::judge(&structure.names, &manifests, &mut sink);
    } else {
        // What is missing may stand where nothing could be read from, and that was told.
        let missing = |diagnostic: &mut Diagnostic| diagnostic.code() == diag::codes::MISSING_NODE.code;
        let _ = sink.extract_if(before.., missing).count();
    }
    // Last, because it takes from what was told before the structure was looked at.
    if structure.reuse_missed {
        sink.retain(|diagnostic| diagnostic.code() != diag::codes::UNUSED_DEFINITION.code);
    }
    let mut sink = broken::believable(sink, &read.broken, &read.odd);
    if sink.iter().any(Diagnostic::is_error) {
        let mut secrets = structure.secrets;
        // What does not parse may hold a secret that the structure has not seen.
        let unsure = !read.broken.is_empty() || !read.odd.is_empty();
        let cited = broken::cited(&sink).into_iter().filter(|_| unsure);
        secrets.extend(cited.flat_map(structure::suspects));
        return told(None, sink, &secrets, texts);
    }
    let Some(strategy) = decode::understood(&structure.document, &manifests, &root, &mut sink) else {
        return told(None, sink, &[], texts);
    };
    let rules: Vec<&str> = lint::REGISTRY.iter().map(|rule| rule.explanation.code).collect();
    resolve::coherence::judge(&strategy, &rules, &mut sink);
    resolve::capability::judge(&strategy, &mut sink);
    let document = structure.document;
    let (texts_read, findings, remarks) = (read.texts, Vec::new(), Vec::new());
    let mut checked = Checked { strategy, document, manifests, texts: texts_read, findings, plan: None, remarks };
    let mut of_plan = Sink::new();
    let planned = plan::jobs(checked.inputs(facts), None, &mut of_plan);
    let planned = planned.filter(|_| !of_plan.iter().any(Diagnostic::is_error));
    let (errors, mut remarks): (Sink, Sink) = of_plan.into_iter().partition(Diagnostic::is_error);
    diag::label(&mut remarks);
    checked.remarks = remarks;
    sink.extend(errors);
    let is_planned = planned.is_some();
    if let Some(plan) = planned.filter(|_| !sink.iter().any(Diagnostic::is_error)) {
        checked.prove(plan, facts);
        sink.extend(checked.findings.iter().cloned());
    }
    told(is_planned.then_some(checked), sink, &[], texts)
}

/// A manifest is read only when a text can have named its plugin.
fn mentioned(plugin: &PluginManifest, texts: &[Text], facts: &Facts) -> bool {
    let given = facts.variables.values();
    texts.iter().map(|text| &text.text).chain(given).any(|text| text.contains(&plugin.name))
}

/// The strategy as one document.
struct Read {
    document: Document,
    /// The place that stands for the whole.
    root: Span,
    /// The texts that it is made of.
    texts: Vec<Text>,
    /// Whether all that it reuses was found.
    whole: bool,
    /// Stretches that could not be read, and values that are told already.
    broken: Vec<Span>,
    odd: Vec<Span>,
}

/// `None` when there is too much of it.
fn read(texts: &[Text], facts: &Facts, sink: &mut Sink) -> Option<Read> {
    let bytes = texts.iter().map(|text| text.text.len()).sum();
    if expand::too_much(texts.len(), bytes) {
        sink.push(too_much_text(texts, bytes));
        return None;
    }
    let mut parsed = parse_all(texts);
    let (mut broken, mut odd) = (Vec::new(), Vec::new());
    for document in parsed.iter_mut().filter_map(|parsed| parsed.document.as_mut()) {
        broken.append(&mut document.broken);
        odd.append(&mut document.odd);
    }
    let root = parsed.first().map_or_else(|| Arc::new(Source::new("strategy.kdl", "")), |it| Arc::clone(&it.source));
    let given = expand::Given { imports: &facts.imports, variables: &facts.variables, identity: structure::identity };
    let expanded = expand::expand(parsed, given, sink);
    let texts = expanded.texts.iter().filter_map(|at| texts.get(*at)).cloned().collect();
    let (root, whole) = (Span::new(&root, 0, 0), expanded.whole);
    expanded.document.map(|document| Read { document, root, texts, whole, broken, odd })
}

fn too_much_text(texts: &[Text], bytes: usize) -> Diagnostic {
    let message = if texts.len() > expand::MOST_TEXTS {
        format!("this strategy is made of more than {} texts", expand::MOST_TEXTS)
    } else {
        format!("the texts of this strategy are {bytes} bytes long, more than the {} allowed", expand::MOST_TEXT)
    };
    let first = texts.first().map_or_else(|| Source::new("", ""), |text| Source::new(&text.name, &text.text));
    let span = Span::new(&Arc::new(first), 0, 0);
    let last = texts.last().map(|text| text.name.as_str()).unwrap_or_default();
    Diagnostic::error(&diag::codes::TOO_MUCH_TEXT, message)
        .at(&span, "the strategy that begins here")
        .help(format!("Import less; the last text that was read is `{last}`."))
}

/// Threads that parse. It changes nothing but the time: each text is parsed alone.
const THREADS: usize = 4;
/// Texts that are shorter together are parsed sooner than threads are started.
const WORTH_THREADS: usize = 64 * 1024;

/// Every text, in order.
fn parse_all(texts: &[Text]) -> Vec<expand::Parsed> {
    if texts.len() < 2 || texts.iter().map(|text| text.text.len()).sum::<usize>() < WORTH_THREADS {
        return texts.iter().map(parse).collect();
    }
    let parsed: Vec<OnceLock<expand::Parsed>> = texts.iter().map(|_| OnceLock::new()).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some((text, place)) = {
            let at = next.fetch_add(1, Ordering::Relaxed);
            texts.get(at).zip(parsed.get(at))
        } {
            place.get_or_init(|| parse(text));
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..THREADS {
            // One that cannot be started leaves its work to the others.
            let _ = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
        }
        work();
    });
    parsed.into_iter().zip(texts).map(|(place, text)| place.into_inner().unwrap_or_else(|| parse(text))).collect()
}

/// As much as the main thread has: the parser recurses.
const STACK: usize = 8 * 1024 * 1024;

fn parse(text: &Text) -> expand::Parsed {
    let mut told = Sink::new();
    let source = Arc::new(Source::new(&text.name, &text.text));
    let document = syntax::salvage(&source, &mut told).unwrap_or_else(|| Document {
        broken: vec![Span::new(&source, 0, source.text().len())],
        ..Document::default()
    });
    expand::Parsed { source, document: Some(document), told }
}

/// In the order of the texts, without literal secrets.
fn told(value: Option<Checked>, mut sink: Sink, secrets: &[Span], texts: &[Text]) -> Compiled<Checked> {
    structure::mask(&mut sink, secrets);
    diag::once(&mut sink);
    let order: BTreeMap<&str, usize> = texts.iter().enumerate().map(|(at, text)| (text.name.as_str(), at)).collect();
    sink.sort_by_cached_key(|diagnostic| {
        let first = diagnostic.labels.first();
        let text = first.and_then(|label| order.get(label.span.source().name()).copied());
        (text.unwrap_or(usize::MAX), first.map_or(usize::MAX, |label| label.span.start()))
    });
    Compiled::new(value, sink)
}

/// The strategy as data: every node by its name, every default said, every value in one form. `schema/strategy.schema.json`
/// describes it. Secrets stay references.
#[must_use]
pub fn decoded(checked: &Checked) -> serde_json::Value {
    decode::json(&checked.document, structure::strategy(), &checked.manifests)
}

/// Compiles the plan of all jobs, or of the one named `only`.
#[must_use]
pub fn plan(checked: &Checked, facts: &Facts, only: Option<&str>) -> Compiled<Plan> {
    let mut sink = Sink::new();
    let plan = plan::jobs(checked.inputs(facts), only, &mut sink);
    Compiled::new(plan, sink)
}

/// Compiles the plan that brings a source back from `facts.artifacts`.
#[must_use]
pub fn restore(checked: &Checked, facts: &Facts, request: &RestoreRequest) -> Compiled<Plan> {
    let mut sink = Sink::new();
    let plan = plan::restore(checked.inputs(facts), request, &mut sink);
    Compiled::new(plan, sink)
}

/// Compiles the plan that reads copies among `facts.artifacts` back.
#[must_use]
pub fn verify(checked: &Checked, facts: &Facts, request: &VerifyRequest) -> Compiled<Plan> {
    let mut sink = Sink::new();
    let plan = plan::verify(checked.inputs(facts), request, &mut sink);
    Compiled::new(plan, sink)
}

/// Compiles the plan that removes from stores what their rules let go of `facts.artifacts`, at `facts.now`.
#[must_use]
pub fn prune(checked: &Checked, facts: &Facts, request: &PruneRequest) -> Compiled<Plan> {
    let mut sink = Sink::new();
    let plan = plan::prune(checked.inputs(facts), request, &mut sink);
    Compiled::new(plan, sink)
}

/// The next times at which each job with a schedule is due, in the order of the plan, each in the schedule's zone.
#[must_use]
pub fn next_runs(plan: &Plan, after: jiff::Timestamp, count: usize) -> Vec<(String, Vec<jiff::Zoned>)> {
    let scheduled = plan.jobs.iter().filter_map(|job| job.schedule.as_ref().map(|schedule| (job, schedule)));
    scheduled
        .map(|(job, it)| (job.name.clone(), structure::schedule::next(&it.cron, &it.timezone, after, count)))
        .collect()
}

/// What is to be known about a code.
#[must_use]
pub fn explain(code: &str) -> Option<&'static Explanation> {
    explanations().find(|explanation| explanation.code == code)
}

/// Everything that can be explained: codes by code, then rules by code.
pub fn explanations() -> impl Iterator<Item = &'static Explanation> {
    diag::codes::ALL.iter().copied().chain(lint::REGISTRY.into_iter().map(|rule| &rule.explanation))
}
