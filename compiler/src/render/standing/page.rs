//! The evidence as one page for a browser, which asks nothing of any network and needs no script.

use super::tables::{headline, of_evidence, word};
use crate::render::html::{STYLE, clean, words};
use handlebars::Handlebars;
use schema::status::{Evidence, Verdict};
use serde_json::json;

const TEMPLATE: &str = include_str!("page.html.hbs");

/// A whole document.
#[must_use]
pub fn page(evidence: &Evidence) -> String {
    let status = &evidence.status;
    let tables: Vec<_> = of_evidence(evidence).into_iter().filter(|table| !table.rows.is_empty()).collect();
    let mut shown = json!({
        "strategy": status.strategy, "environment": status.environment, "from": evidence.from, "to": evidence.to,
        "at": status.at, "state": word(status.verdict), "headline": headline(status),
        "missed": status.verdict == Verdict::Missed, "tables": tables,
    });
    clean(&mut shown);
    if let Some(shown) = shown.as_object_mut() {
        shown.insert("style".to_owned(), STYLE.into());
    }
    let mut handlebars = Handlebars::new();
    handlebars.register_helper("words", Box::new(words));
    // The template is a part of the program, and a test renders it.
    handlebars.render_template(TEMPLATE, &shown).unwrap_or_default()
}
