//! A plan as one page for a browser, which asks nothing of any network and needs no script. Its words are those of the
//! text; the template lays them out.

use super::markdown::escape::visible;
use super::svg;
use super::view::{Preview, view};
use super::xml::escaped;
use handlebars::{Context, Handlebars, Helper, HelperResult, Output, RenderContext};
use schema::plan::Plan;
use serde_json::{Value, json};

const TEMPLATE: &str = include_str!("plan.html.hbs");
pub(super) const STYLE: &str = include_str!("plan.css");
/// Most lines of steps that are unfolded from the start.
const UNFOLDED: usize = 60;

/// A whole document.
#[must_use]
pub fn html(plan: &Plan, preview: &Preview<'_>) -> String {
    let view = view(plan, preview);
    let rows: usize = view.jobs.iter().map(|job| job.rows.len()).sum();
    // A view has no maps with keys that are not strings, which is all that could fail.
    let mut shown = serde_json::to_value(&view).unwrap_or_default();
    clean(&mut shown);
    let graph = if plan.steps.is_empty() { String::new() } else { svg(plan, preview) };
    let values = json!({ "plan": shown, "graph": graph, "style": STYLE, "unfolded": rows <= UNFOLDED });
    let mut handlebars = Handlebars::new();
    handlebars.register_escape_fn(escaped);
    handlebars.register_helper("words", Box::new(words));
    // The template is a part of the program, and a test renders it.
    handlebars.render_template(TEMPLATE, &values).unwrap_or_default()
}

/// A text of ours, escaped, whose names in backticks become code.
pub(super) fn words(
    helper: &Helper<'_>,
    _: &Handlebars<'_>,
    _: &Context,
    _: &mut RenderContext<'_, '_>,
    out: &mut dyn Output,
) -> HelperResult {
    let text = helper.param(0).and_then(|value| value.value().as_str()).unwrap_or_default();
    let parts: Vec<String> = text.split('`').map(escaped).collect();
    let last = parts.len().saturating_sub(1);
    for (at, part) in parts.iter().enumerate() {
        // A backtick without a second one is only that.
        match at % 2 {
            1 if at < last => out.write(&format!("<code>{part}</code>"))?,
            1 => out.write(&format!("`{part}"))?,
            _ => out.write(part)?,
        }
    }
    Ok(())
}

/// Nothing hidden in any text.
pub(super) fn clean(value: &mut Value) {
    match value {
        Value::String(text) => *text = visible(text),
        Value::Array(values) => values.iter_mut().for_each(clean),
        Value::Object(values) => values.values_mut().for_each(clean),
        _ => {}
    }
}
