//! Words of a program, each rendered by itself and never through a shell, and an ear for what the program says.

use super::CommandEngine;
use crate::engine::Context;
use crate::error::{Error, Result};
use crate::process::{Command, Exit};
use handlebars::Handlebars;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// Lines that a failure is told with.
const KEPT: usize = 5;

/// What a program is run for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    Backup,
    Check,
    Restore,
}

impl CommandEngine {
    /// The command for a database; `into` is what a restore calls it.
    ///
    /// # Errors
    /// `no-restore` when there is none, `bad-template`, `secret-missing`, `secret-empty`.
    pub(super) fn words(&self, what: Use, database: &str, into: Option<&str>) -> Result<Command> {
        let templates = match what {
            Use::Backup => &self.command.backup,
            Use::Check => &self.command.check,
            Use::Restore => &self.command.restore,
        };
        if templates.is_empty() {
            return Err(Error::permanent("no-restore", format!("`{}` has no program for this", self.name))
                .help("Add `restore` to the source, or read the artifact in by hand."));
        }
        let mut facts = serde_json::json!({ "strategy": self.strategy, "source": self.name, "database": database });
        if let (Use::Restore, Some(into), Some(facts)) = (what, into, facts.as_object_mut()) {
            facts.insert("into".to_owned(), into.into());
        }
        let mut handlebars = Handlebars::new();
        handlebars.set_strict_mode(true);
        handlebars.register_escape_fn(handlebars::no_escape);
        let render = |template: &String| {
            let rendered = handlebars.render_template(template, &facts);
            rendered.map_err(|error| Error::permanent("bad-template", format!("cannot render `{template}`: {error}")))
        };
        let argv = templates.iter().map(render).collect::<Result<Vec<String>>>()?;
        let mut env = self.command.environment.clone();
        for (name, reference) in &self.command.secrets {
            env.push((name.clone(), self.secrets.value(reference)?));
        }
        let cwd = std::path::absolute(&self.base).map_err(|error| Error::io("find the strategy's folder", &error))?;
        Ok(Command { argv, env, cwd: Some(cwd), user: self.command.user.clone(), outlives: false })
    }
}

/// Listens to a program: tells its lines with secrets taken out, and keeps the last ones.
pub(super) struct Ear<'a> {
    context: &'a Context,
    program: String,
    lines: Mutex<VecDeque<String>>,
}

impl<'a> Ear<'a> {
    pub(super) fn new(context: &'a Context, command: &Command) -> Self {
        let path = command.argv.first().map(String::as_str).unwrap_or_default();
        let program = path.rsplit('/').next().unwrap_or(path).to_owned();
        Self { context, program, lines: Mutex::new(VecDeque::new()) }
    }

    /// Its name, without where it is.
    pub(super) fn program(&self) -> &str {
        &self.program
    }

    pub(super) fn hear(&self, line: &str) {
        self.context.children.tell(&self.context.observers, &self.program, line);
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == KEPT {
            lines.pop_front();
        }
        lines.push_back(self.context.children.redacted(line));
    }

    /// # Errors
    /// `command-failed` for anything but success.
    pub(super) fn judge(&self, exit: Exit) -> Result<()> {
        if exit.success() {
            return Ok(());
        }
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let said: Vec<&str> = lines.iter().map(String::as_str).collect();
        let said = if said.is_empty() { "it said nothing".to_owned() } else { said.join("; ") };
        let how = match exit.code {
            code @ 129..=192 => format!("was ended by signal {}", code - 128),
            code => format!("ended with {code}"),
        };
        Err(Error::permanent("command-failed", format!("`{}` {how}: {said}", self.program)))
    }
}
