//! Observers of a run: bars on a terminal, plain lines elsewhere, NDJSON when asked for.

mod bars;
mod lines;
mod ndjson;

use crate::args::LogFormat;
use runtime::event::{Observer, Observers};
use std::io::IsTerminal;
use std::sync::Arc;

/// The observers that the command line asks for.
pub(crate) fn wanted(format: LogFormat) -> Observers {
    let observer: Arc<dyn Observer> = match format {
        LogFormat::Json => Arc::new(ndjson::Ndjson),
        LogFormat::Text if std::io::stderr().is_terminal() => Arc::new(bars::Bars::new()),
        LogFormat::Text => Arc::new(lines::Lines),
    };
    Observers::new(vec![observer])
}

/// Nobody.
pub(crate) fn none() -> Observers {
    Observers::default()
}
