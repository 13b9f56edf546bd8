//! Stopping and starting a source's server. From before the stop until after the start a guard process owes the start,
//! so that a run that dies in between leaves nothing down.

use super::executor::Done;
use super::workshop::Workshop;
use crate::engine::Context;
use crate::error::Result;
use crate::fault;
use schema::event::Event;
use schema::record::Record;
use schema::step::{Action, Address, Step};

/// Ends the service of a source, once it is certain that somebody will begin it again.
pub(super) async fn stop(shop: &Workshop, source: &str, context: &Context) -> Result<Done> {
    let engine = shop.engine(source)?;
    let owed = shop.guards.lock().await.contains_key(source);
    if !owed && !engine.in_service(context).await? {
        return Ok(Done::ok("it was down already, and will be left down"));
    }
    shop.record(&Record::StartOwed { source: source.to_owned() })?;
    let guard = match engine.start_command() {
        Some(command) => Some(context.children.guard(&command, engine.swap_records().as_deref()).await?),
        None => None,
    };
    shop.guards.lock().await.insert(source.to_owned(), guard);
    fault::point("before-stop");
    let detail = engine.stop(context).await?;
    fault::point("after-stop");
    Ok(Done::ok(detail))
}

/// Starts now what a dead run stopped, where no step of this run would do it.
///
/// # Errors
/// The start failed: the run does not go on, and owes it still.
pub(super) async fn start_owed(shop: &Workshop, steps: &[Step]) -> Result<()> {
    let owed: Vec<String> = shop.guards.lock().await.keys().cloned().collect();
    for source in owed {
        let starts = |step: &Step| matches!(&step.action, Action::Start { source: own, .. } if *own == source);
        if steps.iter().any(starts) {
            continue;
        }
        if shop.engine(&source).is_err() {
            let message = format!("a run that was cut off stopped `{source}`, which the strategy no longer has");
            let help = Some("Start it by hand.".to_owned());
            shop.observers.tell(&Event::Notice { message, help });
            continue;
        }
        start_again(shop, &source).await?;
    }
    Ok(())
}

/// Starts what a process that is dead has stopped.
pub(super) async fn start_again(shop: &Workshop, source: &str) -> Result<()> {
    let attempt = super::resume::recovery(&shop.run);
    let context = shop.context(&Address(format!("recover/{source}")), &attempt, &format!("source-{source}"), true)?;
    let started = start(shop, source, &context).await;
    shop.state.clear_scratch(&attempt);
    let message = format!("`{source}`, which a run that was cut off had stopped: {}", started?.detail);
    context.observers.notice(message, None);
    Ok(())
}

/// Begins the service of a source if this run ended it.
pub(super) async fn start(shop: &Workshop, source: &str, context: &Context) -> Result<Done> {
    let mut guards = shop.guards.lock().await;
    let Some(guard) = guards.get_mut(source) else {
        return Ok(Done::ok("not stopped by this run, so left as it is"));
    };
    fault::point("before-start");
    let started = shop.engine(source)?.start(context).await;
    fault::point("after-start");
    // The start was made, well or not; the guard would only make it again.
    if let Some(guard) = guard.take() {
        guard.release().await?;
        fault::point("guard-released");
    }
    let detail = started?;
    shop.record(&Record::StartSettled { source: source.to_owned() })?;
    guards.remove(source);
    Ok(Done::ok(detail))
}
