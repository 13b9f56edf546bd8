//! Every format of diagnostics, for every case below `tests/formats`: the outputs stand beside the case. SARIF is held to
//! its schema, for all cases of the suite as well.

use crate::case::{Case, cases, diagnostics};
use crate::expected::{here, matches};
use compiler::render::diagnostics::{Told, github, json, junit, sarif};
use std::path::PathBuf;

/// The `.kdl` files of a folder of `tests`, sorted.
fn files(folder: &str) -> Vec<PathBuf> {
    let mut files: Vec<_> =
        std::fs::read_dir(here().join("tests").join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "kdl"));
    files.sort();
    files
}

/// Calls `judge` with what is told of a case.
fn told(case: &Case, folder: &str, judge: &mut dyn FnMut(&Told<'_>)) {
    let (texts, checked) = diagnostics(case);
    judge(&Told { texts: &texts, diagnostics: &checked.diagnostics, folder });
}

#[test]
fn outputs_are_as_they_were() {
    let mut wrong = Vec::new();
    let files = files("formats");
    assert!(files.len() >= 3, "only {} cases", files.len());
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let case = cases(&text).into_iter().next().unwrap();
        told(&case, "infra/my backup", &mut |told| {
            for (extension, output) in [
                ("json", json(told, None) + "\n"),
                ("sarif", sarif(told) + "\n"),
                ("github", github(told)),
                ("junit.xml", junit(told)),
            ] {
                wrong.extend(matches(&file.with_extension(extension), &output).err());
            }
        });
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn sarif_keeps_to_its_schema() {
    let schema = std::fs::read_to_string(here().join("tests/fixtures/sarif/sarif-schema-2.1.0.json")).unwrap();
    // A pattern in it is no regular expression: a bracket is closed that was not opened.
    let schema = schema.replace("{2}]?$", "{2}$");
    let schema =
        jsonschema::options().should_validate_formats(true).build(&serde_json::from_str(&schema).unwrap()).unwrap();
    assert!(!schema.is_valid(&serde_json::json!({ "version": "2.1.0", "runs": [{}] })), "a schema that takes anything");
    let mut results = 0;
    let folders = std::fs::read_dir(here().join("tests/suite")).unwrap().map(|entry| entry.unwrap().file_name());
    let folders = folders.map(|name| format!("suite/{}", name.to_str().unwrap())).chain(["formats".to_owned()]);
    for file in folders.flat_map(|folder| files(&folder)) {
        for case in cases(&std::fs::read_to_string(&file).unwrap()) {
            told(&case, "", &mut |told| {
                let log: serde_json::Value = serde_json::from_str(&sarif(told)).unwrap();
                let faults: Vec<String> =
                    schema.iter_errors(&log).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
                assert!(faults.is_empty(), "{}: {}", case.name, faults.join("; "));
                results += log["runs"][0]["results"].as_array().unwrap().len();
            });
        }
    }
    assert!(results > 100, "only {results} results");
}
