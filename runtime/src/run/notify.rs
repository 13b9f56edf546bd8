//! Telling the notifiers of a run: that it began, how it ended, and that one was due and never began. A notifier that fails
//! is reported and never changes the run's outcome.

use super::workshop::{Outfit, Workshop};
use crate::error::{Error, Result};
use crate::event::Observers;
use crate::fault;
use crate::plugin::{self, Host};
use crate::report::{Due, missed};
use crate::run::state::State;
use crate::secret::Secrets;
use crate::store::secret_source;
use handlebars::{Handlebars, handlebars_helper};
use jiff::Timestamp;
use schema::event::Event;
use schema::notifier::{Notifier, Occasion, Told};
use schema::plan::Plan;
use schema::record::Record;
use schema::report::{Outcome, Report};
use schema::step::Address;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// Who was told of what by an earlier process of the run. One that died between the telling and its record tells again:
/// twice is better than not at all.
type Known = BTreeSet<(String, Occasion)>;

/// Tells that the run began.
pub(super) async fn began(shop: &Workshop, plan: &Plan, report: Report, known: &Known) -> Result<()> {
    all(shop, plan, &Told::new(report, Occasion::Start), &[Occasion::Start], known).await
}

/// Tells how the run ended. Whoever wants to hear of a recovery as well as of a success hears once.
pub(super) async fn ended(shop: &Workshop, plan: &Plan, report: &Report, known: &Known) -> Result<()> {
    let Some(outcome) = Occasion::of(report.outcome) else { return Ok(()) };
    let asked = plan.notifiers.iter().any(|notifier| notifier.on.contains(&Occasion::Recovered));
    let recovered = asked && report.outcome == Outcome::Ok && failed_before(shop, report)?;
    let occasions = if recovered { vec![outcome, Occasion::Recovered] } else { vec![outcome] };
    all(shop, plan, &Told { recovered, ..Told::new(report.clone(), outcome) }, &occasions, known).await
}

/// Whether the run of the job before this one did not succeed. One that its operator stopped says nothing.
fn failed_before(shop: &Workshop, report: &Report) -> Result<bool> {
    let runs = shop.state.journal.runs()?;
    let others = runs.iter().rev().filter(|ran| ran.job == report.job && ran.run != report.run);
    let before = others.map(|ran| ran.outcome).find(|outcome| *outcome != Some(Outcome::Cancelled));
    Ok(before.is_some_and(|outcome| outcome != Some(Outcome::Ok)))
}

async fn all(shop: &Workshop, plan: &Plan, event: &Told, occasions: &[Occasion], known: &Known) -> Result<()> {
    let means = Means { host: &shop.host, base: shop.world.base(), secrets: &shop.secrets, observers: &shop.observers };
    for notifier in &plan.notifiers {
        let Some(occasion) = occasions.iter().copied().find(|occasion| notifier.on.contains(occasion)) else {
            continue;
        };
        if known.contains(&(notifier.name.clone(), occasion)) {
            continue;
        }
        fault::on("notify", "tell", "", "before");
        let told = means.tell(notifier, event).await;
        fault::on("notify", "tell", "", "after");
        let problem = told.err().map(|error| {
            let mut problem = error.problem();
            problem.message = shop.secrets.redact(&problem.message);
            problem
        });
        let (name, occasion) = (notifier.name.clone(), Some(occasion));
        shop.record(&Record::Notified { notifier: name, problem: problem.clone(), outcome: None, occasion })?;
        shop.observers.tell(&Event::Notified { notifier: notifier.name.clone(), problem });
    }
    Ok(())
}

/// Tells which runs were due and did not begin, each once on this machine, and returns how many they were. It is asked for
/// by the next run of any job, and by whoever watches: a clock that does not run starts neither.
pub async fn tell_missed(plan: &Plan, due: &[Due], outfit: &Outfit, state: &Path) -> Result<usize> {
    let wants = |notifier: &&Notifier| notifier.on.contains(&Occasion::Missed);
    if !plan.notifiers.iter().any(|notifier| wants(&notifier)) {
        return Ok(0);
    }
    let state = State::open(state)?;
    let runs = state.journal.runs()?;
    let mut known: BTreeMap<String, String> = state.remembered(MISSED)?.unwrap_or_default();
    let secrets = &outfit.secrets;
    let means = Means { host: &outfit.host, base: outfit.world.base(), secrets, observers: &outfit.observers };
    let mut count = 0;
    for due in due {
        let told = known.get(&due.job).and_then(|told| told.parse::<Timestamp>().ok());
        let new = missed(due, &runs, outfit.world.now()).into_iter().filter(|at| told.is_none_or(|told| *at > told));
        let times: Vec<String> = new.map(|at| at.to_string()).collect();
        let Some(last) = times.last() else { continue };
        let event = Told { due: times.clone(), ..Told::new(never(plan, &due.job, &times), Occasion::Missed) };
        for notifier in plan.notifiers.iter().filter(wants) {
            let problem = means.tell(notifier, &event).await;
            let problem = problem.map_err(|error| Error { message: secrets.redact(&error.message), ..error });
            outfit.observers.tell(&Event::Notified {
                notifier: notifier.name.clone(),
                problem: problem.as_ref().err().map(Error::problem),
            });
            problem?;
        }
        count += times.len();
        known.insert(due.job.clone(), last.clone());
        state.remember(MISSED, &known)?;
    }
    Ok(count)
}

/// File of the state directory with the last missed time of each job that was told.
const MISSED: &str = "missed.json";

/// A run that never was.
fn never(plan: &Plan, job: &str, due: &[String]) -> Report {
    Report {
        run: String::new(),
        strategy: plan.strategy.clone(),
        job: job.to_owned(),
        outcome: Outcome::Skipped,
        started: due.first().cloned().unwrap_or_default(),
        ended: due.last().cloned().unwrap_or_default(),
        seconds: 0.0,
        steps: Vec::new(),
    }
}

/// What it takes to reach a notifier.
struct Means<'a> {
    host: &'a Arc<Host>,
    base: &'a Path,
    secrets: &'a Secrets,
    observers: &'a Observers,
}

impl Means<'_> {
    async fn tell(&self, notifier: &Notifier, told: &Told) -> Result<()> {
        let event = serde_json::to_string(told).map_err(|error| Error::permanent("json", error.to_string()))?;
        let body = match &notifier.body {
            Some(template) => render(template, told)?,
            None => event.clone(),
        };
        let observers = self.observers.of(&Address(format!("notify/{}", notifier.name)));
        let secrets = secret_source(&notifier.plugin, self.secrets);
        let plugin = plugin::Notifier::open(self.host, &notifier.plugin, self.base, secrets, observers).await?;
        plugin.notify(&event, &body).await
    }
}

handlebars_helper!(as_json: |value: Json| value.to_string());

/// A body from its template. `{{json x}}` writes a value as JSON, so that a body can be made of text with quotes in it.
pub(crate) fn render(template: &str, told: &Told) -> Result<String> {
    let mut handlebars = Handlebars::new();
    handlebars.set_strict_mode(true);
    // Bodies are JSON or plain text; escaping for HTML would only spoil them.
    handlebars.register_escape_fn(handlebars::no_escape);
    handlebars.register_helper("json", Box::new(as_json));
    handlebars
        .render_template(template, told)
        .map_err(|error| Error::permanent("template", format!("the notification's body cannot be rendered: {error}")))
}
