//! JUnit's XML, for test reports of build servers: a suite for each text, a case for each of its diagnostics, and one
//! that passes for a text without any. Only an error is a failure: what does not fail the command fails no build.

use super::{Told, whole};
use crate::diag::Diagnostic;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

/// A report of all texts.
#[must_use]
pub fn junit(told: &Told<'_>) -> String {
    let mut report = Report::new("backstay validate");
    for text in told.texts {
        let of_text = |diagnostic: &&Diagnostic| {
            told.place(diagnostic).is_some_and(|label| label.span.source().name() == text.name)
        };
        let found: Vec<&Diagnostic> = told.diagnostics.iter().filter(of_text).collect();
        report.add_test_suite(suite(&told.path(&text.name), &found));
    }
    let elsewhere: Vec<&Diagnostic> =
        told.diagnostics.iter().filter(|diagnostic| told.place(diagnostic).is_none()).collect();
    if !elsewhere.is_empty() {
        report.add_test_suite(suite("facts", &elsewhere));
    }
    // Writing to a string cannot fail.
    report.to_string().unwrap_or_default()
}

fn suite(name: &str, found: &[&Diagnostic]) -> TestSuite {
    let mut suite = TestSuite::new(name);
    for diagnostic in found {
        suite.add_test_case(case(name, diagnostic));
    }
    if found.is_empty() {
        let mut case = TestCase::new("valid", TestCaseStatus::success());
        case.set_classname(name);
        suite.add_test_case(case);
    }
    suite
}

fn case(suite: &str, diagnostic: &Diagnostic) -> TestCase {
    let place = diagnostic.labels.first().map(|label| label.span.source().position(label.span.start()));
    let name = match place {
        Some((line, column)) => format!("{} at {line}:{column}", diagnostic.code()),
        None => diagnostic.code().to_owned(),
    };
    let mut status = TestCaseStatus::success();
    if diagnostic.is_error() {
        status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_type(diagnostic.code()).set_message(diagnostic.message.clone()).set_description(whole(diagnostic));
    }
    let mut case = TestCase::new(name, status);
    case.set_classname(suite);
    if !diagnostic.is_error() {
        case.set_system_out(whole(diagnostic));
    }
    case
}
