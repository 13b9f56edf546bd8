//! Telling the notifiers how a run ended. A notifier that fails is reported and never changes the run's outcome.

use super::workshop::Workshop;
use crate::error::{Error, Result};
use crate::fault;
use crate::plugin;
use crate::store::secret_source;
use handlebars::{Handlebars, handlebars_helper};
use schema::event::Event;
use schema::notifier::Notifier;
use schema::plan::Plan;
use schema::record::Record;
use schema::report::{Outcome, Report};
use schema::step::Address;
use std::collections::BTreeSet;

/// Tells every notifier that wants to hear of this outcome, but those in `told`: an earlier process of this run told them
/// the same. One that died between the telling and its record tells again: twice is better than not at all.
pub(super) async fn all(
    shop: &Workshop,
    plan: &Plan,
    report: &Report,
    told: &BTreeSet<(String, Outcome)>,
) -> Result<()> {
    let wants = |notifier: &&Notifier| {
        notifier.on.iter().any(|on| on.is(report.outcome)) && !told.contains(&(notifier.name.clone(), report.outcome))
    };
    for notifier in plan.notifiers.iter().filter(wants) {
        fault::on("notify", "tell", "", "before");
        let told = one(shop, notifier, report).await;
        fault::on("notify", "tell", "", "after");
        let problem = told.err().map(|error| {
            let mut problem = error.problem();
            problem.message = shop.secrets.redact(&problem.message);
            problem
        });
        let (name, outcome) = (notifier.name.clone(), Some(report.outcome));
        shop.record(&Record::Notified { notifier: name, problem: problem.clone(), outcome })?;
        shop.observers.tell(&Event::Notified { notifier: notifier.name.clone(), problem });
    }
    Ok(())
}

async fn one(shop: &Workshop, notifier: &Notifier, report: &Report) -> Result<()> {
    let event = serde_json::to_string(report).map_err(|error| Error::permanent("json", error.to_string()))?;
    let body = match &notifier.body {
        Some(template) => render(template, report)?,
        None => event.clone(),
    };
    let observers = shop.observers.of(&Address(format!("notify/{}", notifier.name)));
    let secrets = secret_source(&notifier.plugin, &shop.secrets);
    let plugin = plugin::Notifier::open(&shop.host, &notifier.plugin, shop.world.base(), secrets, observers).await?;
    plugin.notify(&event, &body).await
}

handlebars_helper!(as_json: |value: Json| value.to_string());

/// A body from its template. `{{json x}}` writes a value as JSON, so that a body can be made of text with quotes in it.
pub(crate) fn render(template: &str, report: &Report) -> Result<String> {
    let mut handlebars = Handlebars::new();
    handlebars.set_strict_mode(true);
    // Bodies are JSON or plain text; escaping for HTML would only spoil them.
    handlebars.register_escape_fn(handlebars::no_escape);
    handlebars.register_helper("json", Box::new(as_json));
    handlebars
        .render_template(template, report)
        .map_err(|error| Error::permanent("template", format!("the notification's body cannot be rendered: {error}")))
}
