//! What the policy asks for and what came of it, and what the rules found.

use super::{Part, Preview, Style, more};
use schema::keep::span;
use schema::plan::{Exception, Finding, Level, Plan, Requirement};
use std::collections::BTreeMap;

/// The rule that says that a requirement is not met.
const NOT_MET: &str = "policy-not-met";
/// Most findings of one rule that are shown in full.
const EACH: usize = 5;

/// Each requirement, then the exceptions from rules.
pub(super) fn results(plan: &Plan) -> Option<Part> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for requirement in &plan.requirements {
        let what = match (requirement.within, requirement.lasting) {
            (Some(most), _) => format!("{} within {}", requirement.what, span(most)),
            (None, Some(least)) if requirement.what == "retention" => format!("retention for {}", span(least)),
            (None, Some(least)) => format!("{} at least {}, for {}", requirement.what, requirement.min, span(least)),
            (None, None) => format!("{} at least {}", requirement.what, requirement.min),
        };
        rows.push(vec![what, outcome(plan, requirement)]);
    }
    let asked = |exception: &&Exception| plan.requirements.iter().any(|it| it.what == exception.what);
    for exception in plan.exceptions.iter().filter(|exception| !asked(exception)) {
        rows.push(vec![exception.what.clone(), excused(exception)]);
    }
    Part::new("Policy", Style::Named, &["requirement or rule", "outcome"], rows)
}

fn outcome(plan: &Plan, requirement: &Requirement) -> String {
    let about = |finding: &&Finding| finding.code == NOT_MET && finding.origin == requirement.origin;
    let unmet: Vec<&str> = plan.findings.iter().filter(about).map(|finding| finding.message.as_str()).collect();
    let exception = plan.exceptions.iter().find(|exception| exception.what == requirement.what);
    match exception {
        _ if !unmet.is_empty() => format!("not met: {}", unmet.join("; ")),
        Some(exception) => excused(exception),
        None => "met".to_owned(),
    }
}

fn excused(exception: &Exception) -> String {
    format!("excused until {}: {}", exception.until, exception.reason)
}

pub(super) fn findings(plan: &Plan, preview: &Preview<'_>) -> Option<Part> {
    let mut counts: BTreeMap<(Level, &str), usize> = BTreeMap::new();
    for finding in &plan.findings {
        *counts.entry((finding.level, finding.code.as_str())).or_default() += 1;
    }
    let mut seen: BTreeMap<(Level, &str), usize> = BTreeMap::new();
    let mut rows = Vec::new();
    for finding in &plan.findings {
        let key = (finding.level, finding.code.as_str());
        let all = counts.get(&key).copied().unwrap_or_default();
        let number = seen.entry(key).or_default();
        *number += 1;
        let folded = all > EACH && !preview.verbose;
        if folded && *number > 1 {
            continue;
        }
        let message = if folded { format!("{} {}", finding.message, more(all - 1)) } else { finding.message.clone() };
        rows.push(vec![level(finding.level).to_owned(), finding.code.clone(), message, finding.origin.to_string()]);
    }
    Part::new("Findings", Style::Finding, &["level", "code", "finding", "place"], rows)
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Info => "info",
        Level::Warn => "warning",
        Level::Error => "error",
    }
}
