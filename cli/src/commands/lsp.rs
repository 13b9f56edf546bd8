//! `backstay lsp`: an editor at the other end of standard input and output.

use crate::args::Place;
use crate::exit::Exit;
use crate::facts;
use crate::given;
use crate::print;
use compiler::Facts;

pub(super) fn lsp(place: &Place) -> Result<Exit, Exit> {
    let variables = given::variables(&place.variables)?;
    let setting = lsp::Setting {
        facts: Facts { variables, ..facts::bundled() },
        now: jiff::Timestamp::now,
        version: env!("CARGO_PKG_VERSION"),
    };
    lsp::stdio(setting).map(|()| Exit::Ok).map_err(|error| {
        print::failure("lsp-ended", &error.to_string());
        Exit::Failed
    })
}
