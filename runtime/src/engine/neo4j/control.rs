//! Stopping and starting the server with the strategy's own commands, and waiting until it is so.

use super::Neo4jEngine;
use crate::engine::Context;
use crate::error::{Error, Result};
use crate::process::Command;
use schema::source::Control;
use std::time::Duration;
use tokio::time::Instant;

/// Between two looks.
const PACE: Duration = Duration::from_millis(200);
/// Longest wait for a server to let go of its files after its stop command ended.
const STOPPING: Duration = Duration::from_secs(120);

impl Neo4jEngine {
    /// Whether a server answers, or holds the store without answering (yet, or any more).
    pub(super) async fn serves(&self) -> Result<bool> {
        Ok(self.discovery().await?.is_some() || self.layout.held(None))
    }

    pub(super) async fn bring_down(&self, context: &Context) -> Result<String> {
        if !self.serves().await? {
            return Ok("no server was running".to_owned());
        }
        let control = self.control()?;
        let begun = Instant::now();
        self.ordered("stop", &control.stop, context).await?;
        while self.serves().await? {
            if begun.elapsed() > STOPPING {
                return Err(Error::permanent("server-still-up", "the server still runs after its stop command ended")
                    .help("Look at `control { stop … }` of the source: it must stop this server."));
            }
            pause(context).await?;
        }
        Ok(format!("stopped in {:.1} s", begun.elapsed().as_secs_f64()))
    }

    pub(super) async fn bring_up(&self, context: &Context) -> Result<String> {
        if let Some(found) = self.discovery().await? {
            return Ok(format!("version {} answers already", found.version));
        }
        let control = self.control()?;
        let (begun, patience) = (Instant::now(), Duration::from_secs(control.ready_within));
        self.ordered("start", &control.start, context).await?;
        loop {
            let ready = match &self.http {
                Some(_) => self.discovery().await?.is_some(),
                None => self.layout.held(None),
            };
            if ready {
                return Ok(format!("ready in {:.1} s", begun.elapsed().as_secs_f64()));
            }
            if begun.elapsed() > patience {
                let message = format!("the server does not answer {} s after it was started", control.ready_within);
                return Err(Error::permanent("server-not-ready", message).help(format!(
                    "Read the logs in `{}`; raise `ready within` if it only needs longer.",
                    self.layout.logs.display()
                )));
            }
            pause(context).await?;
        }
    }

    pub(super) fn control(&self) -> Result<&Control> {
        self.neo4j.control.as_ref().ok_or_else(|| {
            Error::permanent("no-control", "nothing says how the server is stopped and started")
                .help("Add `control { stop …; start …; ready within=\"2m\" }` to the source.")
        })
    }

    /// The words of a command, its program found.
    pub(super) fn words(&self, argv: &[String]) -> Vec<String> {
        let mut words = argv.to_vec();
        if let Some(first) = words.first_mut() {
            *first = self.program(first);
        }
        words
    }

    /// A command that stops or starts the server, and outlives us if need be.
    pub(super) fn ordering(&self, argv: &[String]) -> Command {
        let (argv, env) = (self.words(argv), self.neo4j.environment.clone());
        Command { argv, env, outlives: true, ..Command::default() }
    }

    async fn ordered(&self, what: &str, argv: &[String], context: &Context) -> Result<()> {
        let command = self.ordering(argv);
        let last = std::sync::Mutex::new(String::new());
        let heard = |line: &str| {
            context.children.tell(&context.observers, what, line);
            if let Ok(mut last) = last.lock() {
                *last = context.children.redacted(line);
            }
        };
        let exit = context.children.run(&command, &context.cancel, &heard).await?;
        if exit.success() {
            return Ok(());
        }
        let code = if what == "stop" { "stop-failed" } else { "start-failed" };
        let said = last.into_inner().unwrap_or_default();
        let said = if said.is_empty() { said } else { format!(": {said}") };
        Err(Error::permanent(code, format!("the {what} command ended with {}{said}", exit.code)).help(format!(
            "Run it by hand as the user that runs Backstay; it is `control {{ {what} … }}` of the source."
        )))
    }
}

pub(super) async fn pause(context: &Context) -> Result<()> {
    tokio::select! {
        () = tokio::time::sleep(PACE) => Ok(()),
        () = context.cancel.cancelled() => Err(Error::cancelled()),
    }
}
