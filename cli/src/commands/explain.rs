//! `backstay explain CODE`.

use crate::exit::Exit;
use crate::print;

pub(super) fn explain(code: &str) -> Result<Exit, Exit> {
    match compiler::explain(code) {
        Some(explanation) => {
            print::result(&explanation.to_string());
            Ok(Exit::Ok)
        }
        None => {
            print::failure("code-unknown", &format!("there is no diagnostic code `{code}`"));
            print::help("Codes stand in brackets or in the first line of a diagnostic, for example `copies-too-few`.");
            Err(Exit::Invalid)
        }
    }
}
