//! What a notification's body asks for: it is rendered as the end of a run would, over reports that have everything that
//! a report can have. A name in a branch that none of them takes is not seen; nothing that can be rendered is refused.

use crate::diag::{Diagnostic, Sink, codes, suggest};
use crate::model::Strategy;
use crate::span::{Span, Spanned};
use handlebars::{Handlebars, RenderErrorReason, handlebars_helper};
use schema::notifier::{Occasion, Told};
use schema::report::{ArtifactReport, Outcome, Problem, ProblemKind, Report, StepReport};
use schema::step::{Address, Origin};
use serde_json::Value;
use std::collections::BTreeMap;

const OUTCOMES: [Outcome; 5] = [Outcome::Ok, Outcome::Degraded, Outcome::Failed, Outcome::Skipped, Outcome::Cancelled];

handlebars_helper!(as_json: |value: Json| value.to_string());

/// Judges the bodies of all notifiers.
pub(super) fn judge(strategy: &Strategy, sink: &mut Sink) {
    let bodies = strategy.notifiers.iter().filter_map(|notifier| notifier.body.as_ref());
    let mut bodies = bodies.filter(|body| body.value.contains("{{")).peekable();
    if bodies.peek().is_none() {
        return;
    }
    let mut handlebars = Handlebars::new();
    // As the runtime has it.
    handlebars.set_strict_mode(true);
    handlebars.register_escape_fn(handlebars::no_escape);
    handlebars.register_helper("json", Box::new(as_json));
    let full: Vec<Value> = OUTCOMES.iter().map(|outcome| report(*outcome, true)).collect();
    let bare: Vec<Value> = OUTCOMES.iter().map(|outcome| report(*outcome, false)).collect();
    let mut names = BTreeMap::new();
    full.iter().for_each(|report| known(report, "", &mut names));
    for body in bodies {
        let wrong = |reports: &[Value], certain: bool| {
            reports.iter().find_map(|report| {
                let error = handlebars.render_template(&body.value, report).err()?;
                told(error.reason(), body, &names, certain)
            })
        };
        sink.extend(wrong(&full, true).or_else(|| wrong(&bare, false)));
    }
}

/// What is to be said of a failure. Over a bare report it may be for want of what another report has, so only a name
/// that no report knows is told.
fn told(
    reason: &RenderErrorReason,
    body: &Spanned<String>,
    names: &BTreeMap<String, String>,
    full: bool,
) -> Option<Diagnostic> {
    let error = |message: String| Diagnostic::error(&codes::INVALID_TEMPLATE, message);
    match reason {
        RenderErrorReason::MissingVariable(Some(path)) => {
            let last = path.rsplit(['.', '/']).next().unwrap_or(path).trim_matches(['[', ']']);
            let counted = path.split(['.', '/']).any(|part| part.trim_matches(['[', ']']).parse::<u32>().is_ok());
            // A step that one run lacks, another one has; what begins with `@` depends on the blocks around.
            let known = names.get(last);
            if last.parse::<u32>().is_ok() || path.contains('@') || known.is_some() && (counted || !full) {
                return None;
            }
            let told = error(format!("the body asks for `{path}`, which a report does not have there"));
            Some(told.at(&place(body, path), "not a part of the report here").help(meant(last, known, names)))
        }
        _ if !full => None,
        RenderErrorReason::HelperNotFound(name) => {
            let help = "Use `if`, `unless`, `each`, `with`, `lookup`, `json`, `eq`, `ne`, `gt`, `lt`, `and`, `or`, `not` or `len`.";
            let told = error(format!("a body has no helper `{name}`"));
            Some(told.at(&place(body, name), "unknown helper").help(help))
        }
        RenderErrorReason::PartialNotFound(name) | RenderErrorReason::TemplateNotFound(name) => {
            let told = error(format!("a body has no other template `{name}` to take in"));
            Some(told.at(&place(body, name), "not defined").help("Write what it says in its place."))
        }
        reason => {
            let told = error("the body cannot be rendered".to_owned());
            let help = format!("The template says: {}.", reason.to_string().trim_end_matches('.'));
            Some(told.at(&body.span, "fails at the end of a run").help(help))
        }
    }
}

fn meant(last: &str, known: Option<&String>, names: &BTreeMap<String, String>) -> String {
    if let Some(path) = known {
        return match path.strip_prefix("steps.") {
            Some(inside) => {
                format!("Each step has `{inside}`: write it between `{{{{#each steps}}}}` and `{{{{/each}}}}`.")
            }
            None => format!("Write `{{{{{path}}}}}` outside the blocks, or `{{{{@root.{path}}}}}` here."),
        };
    }
    if let Some(near) = suggest::nearest(last, names.keys().map(String::as_str)) {
        return format!("Did you mean `{near}`?");
    }
    let top: Vec<&str> = names.iter().filter(|(_, path)| !path.contains('.')).map(|(name, _)| name.as_str()).collect();
    format!("Use {}.", suggest::listed(&top))
}

/// Where a word of the body is, when it stands there once.
fn place(body: &Spanned<String>, word: &str) -> Span {
    let written = body.span.text();
    let mut places = written.match_indices(word);
    match (places.next(), places.next()) {
        (Some((at, _)), None) if !word.is_empty() => body.span.part(at..at + word.len()),
        _ => body.span.clone(),
    }
}

/// All names of a report, each with its path; a list is passed through.
fn known(value: &Value, path: &str, out: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let here = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                // The outermost one of a name is the one that is meant.
                let shorter = out.get(name).is_none_or(|known| known.matches('.').count() > here.matches('.').count());
                if shorter {
                    out.insert(name.clone(), here.clone());
                }
                known(field, &here, out);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| known(item, path, out)),
        _ => {}
    }
}

/// A report with steps of every outcome, each with everything that a step can have, or with nothing that it need not.
fn report(outcome: Outcome, full: bool) -> Value {
    let text = |text: &str| text.to_owned();
    let origin = Origin { input: text("strategy.kdl"), line: 1, column: 1, text: text("job") };
    let problem = Problem {
        code: text("code"),
        kind: ProblemKind::Temporary,
        message: text("message"),
        help: Some(text("Help.")),
        origin: Some(origin),
    };
    let artifact =
        ArtifactReport { id: text("id"), store: text("store"), key: text("key"), size: 1, blake3: text("0123") };
    let step = |outcome| StepReport {
        address: Address(text("job/backup/source/store")),
        outcome,
        attempts: 1,
        seconds: 1.5,
        detail: text("detail"),
        problem: full.then(|| problem.clone()),
        artifact: full.then(|| artifact.clone()),
    };
    let steps = OUTCOMES.map(step).to_vec();
    let day = text("2026-01-31T01:30:00Z");
    let report = Report {
        run: text("run"),
        strategy: text("strategy"),
        job: text("job"),
        outcome,
        started: day.clone(),
        ended: day,
        seconds: 1.5,
        steps,
    };
    let told =
        Told { due: if full { vec![report.started.clone()] } else { Vec::new() }, ..Told::new(report, Occasion::Ok) };
    serde_json::to_value(told).unwrap_or_default()
}
