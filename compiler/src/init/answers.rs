//! Answers that were checked, by question.

use super::question::{Kind, NONE, Question};
use crate::structure::unit;
use std::collections::BTreeMap;

/// What was answered so far. Questions are answered in the order of [`super::ALL`]: each may look at those before it.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    given: BTreeMap<&'static str, String>,
    suggested: BTreeMap<&'static str, String>,
}

impl Answers {
    /// Takes an answer.
    ///
    /// # Errors
    /// Why it is none, as a fragment for people.
    pub fn give(&mut self, question: &'static Question, text: &str) -> Result<(), String> {
        let kept = self.judged(question, text)?;
        self.given.insert(question.flag, kept);
        Ok(())
    }

    /// Puts something better in the place of a question's default, when it is an answer at all.
    pub fn suggest(&mut self, question: &'static Question, text: &str) {
        if question.kind.read(text).is_ok() {
            self.suggested.insert(question.flag, text.to_owned());
        }
    }

    /// What holds when nobody answers.
    #[must_use]
    pub fn default_of(&self, question: &Question) -> String {
        self.suggested.get(question.flag).cloned().unwrap_or_else(|| (question.default)(self))
    }

    /// Whether a question is to be answered, given the answers before it.
    #[must_use]
    pub fn applies(&self, question: &Question) -> bool {
        (question.applies)(self)
    }

    fn judged(&self, question: &Question, text: &str) -> Result<String, String> {
        let text = text.trim();
        if text == NONE && !matches!(question.kind, Kind::Choice(_)) {
            if !question.optional {
                return Err(format!("`{}` cannot be left out", question.flag));
            }
            (question.check)(NONE, self)?;
            return Ok(NONE.to_owned());
        }
        let kept = question.kind.read(text)?;
        (question.check)(&kept, self)?;
        Ok(kept)
    }

    /// The answer, or nothing when it was left out or does not apply.
    #[must_use]
    pub fn get(&self, question: &Question) -> Option<&str> {
        self.given.get(question.flag).map(String::as_str).filter(|text| *text != NONE)
    }

    /// Whether this is the answer.
    pub(super) fn is(&self, question: &Question, text: &str) -> bool {
        self.get(question) == Some(text)
    }

    /// The answer as text; empty when there is none.
    pub(super) fn text(&self, question: &Question) -> &str {
        self.get(question).unwrap_or_default()
    }

    /// Seconds of an answer that is a duration.
    pub(super) fn seconds(&self, question: &Question) -> Option<u64> {
        self.get(question).and_then(unit::duration)
    }
}
