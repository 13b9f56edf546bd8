//! One command of the admin tool, run through the supervisor: its output told, its failure understood.

use super::Neo4jEngine;
use super::message::{failure, progress};
use crate::engine::Context;
use crate::error::Result;
use crate::process::{Command, Exit};
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// Lines that are kept to understand a failure.
const KEPT: usize = 200;

/// Listens to a command: keeps its last lines and tells what people should see.
pub(super) struct Ear<'a> {
    context: &'a Context,
    lines: Mutex<VecDeque<String>>,
}

impl<'a> Ear<'a> {
    pub(super) fn new(context: &'a Context) -> Self {
        Self { context, lines: Mutex::new(VecDeque::new()) }
    }

    pub(super) fn hear(&self, line: &str) {
        let line = self.context.children.redacted(line);
        if let Some(percent) = progress(&line) {
            return self.context.observers.progress(percent, Some(100), "percent");
        }
        self.context.observers.output("neo4j-admin", &line);
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == KEPT {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    pub(super) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// The error that the exit means, if it means one.
    pub(super) fn judge(&self, doing: &str, exit: Exit) -> Result<()> {
        if exit.success() { Ok(()) } else { Err(failure(doing, exit.code, &self.lines())) }
    }
}

impl Neo4jEngine {
    /// The command with these words, as the owner of the data.
    pub(super) fn admin(&self, words: &[&str]) -> Command {
        let mut env = vec![("NEO4J_HOME".to_owned(), self.layout.home.to_string_lossy().into_owned())];
        env.extend(self.neo4j.environment.iter().cloned());
        if let Some(heap) = self.neo4j.heap {
            // The JVM takes whole kibibytes.
            env.push(("HEAP_SIZE".to_owned(), format!("{}k", heap.div_ceil(1024))));
        }
        let nice: Vec<String> = match self.neo4j.nice {
            Some(nice) if nice > 0 => ["nice", "-n", &nice.to_string()].map(str::to_owned).into(),
            _ => Vec::new(),
        };
        let argv = std::iter::once(self.program(&self.neo4j.admin)).chain(words.iter().map(|word| (*word).to_owned()));
        let argv = nice.into_iter().chain(argv);
        Command { argv: argv.collect(), env, cwd: None, user: self.neo4j.user.clone(), outlives: false }
    }

    /// Runs a command that neither reads nor writes an artifact; the lines that it wrote.
    pub(super) async fn admin_run(&self, doing: &str, words: &[&str], context: &Context) -> Result<Vec<String>> {
        let ear = Ear::new(context);
        let exit = context.children.run(&self.admin(words), &context.cancel, &|line| ear.hear(line)).await?;
        ear.judge(doing, exit)?;
        Ok(ear.lines())
    }

    /// A program of the strategy: a path is relative to its folder, a plain name is looked up.
    pub(super) fn program(&self, program: &str) -> String {
        if program.contains('/') { self.base.join(program).to_string_lossy().into_owned() } else { program.to_owned() }
    }
}
