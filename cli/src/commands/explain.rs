//! `backstay explain [CODE]`.

use crate::exit::Exit;
use crate::print;

pub(super) fn explain(code: Option<&str>) -> Result<Exit, Exit> {
    let Some(code) = code else {
        print::result(&list());
        return Ok(Exit::Ok);
    };
    match compiler::explain(code) {
        Some(explanation) => {
            print::result(&explanation.to_string());
            Ok(Exit::Ok)
        }
        None => {
            print::failure("code-unknown", &format!("there is no diagnostic code `{code}`"));
            let known: Vec<&str> = compiler::explanations().map(|explanation| explanation.code).collect();
            print::help(&match compiler::structure::nearest(code, known) {
                Some(meant) => format!("Did you mean `{meant}`?"),
                None => "`backstay explain` lists all codes.".to_owned(),
            });
            Err(Exit::Invalid)
        }
    }
}

/// Every code with its summary, by code.
fn list() -> String {
    let mut rows: Vec<_> = compiler::explanations().map(|it| (it.code, it.summary)).collect();
    rows.sort_unstable();
    let width = rows.iter().map(|(code, _)| code.len()).max().unwrap_or_default();
    rows.iter().map(|(code, summary)| format!("{code:width$}  {summary}\n")).collect()
}
