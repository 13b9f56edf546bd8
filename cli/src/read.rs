//! Files to texts. What is no plain file is refused before it is opened: a pipe would wait, a device may never end.

use compiler::diag::{Diagnostic, codes};
use compiler::{MOST_BYTES, Text};
use std::io::Read;
use std::path::Path;

/// Reads a text that is to be cited as `name`; the diagnostic says why it cannot be had.
pub(crate) fn text(path: &Path, name: &str) -> Result<Text, Box<Diagnostic>> {
    let bytes = bytes(path).map_err(|reason| {
        let message = format!("cannot read `{}`: {reason}", path.display());
        Box::new(
            Diagnostic::error(&codes::STRATEGY_UNREADABLE, message)
                .help("Name the strategy with `--strategy FILE`, or go to its folder."),
        )
    })?;
    Text::from_bytes(name, bytes)
}

/// At most one byte more than a text may have, which is enough to see that it is too long.
fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    let told = |error: std::io::Error| error.to_string();
    let meta = std::fs::metadata(path).map_err(told)?;
    if meta.is_dir() {
        return Err("it is a directory".to_owned());
    }
    if !meta.is_file() {
        return Err("it is not a file but a pipe, a socket or a device".to_owned());
    }
    let mut bytes = Vec::new();
    let most = u64::try_from(MOST_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    std::fs::File::open(path).map_err(told)?.take(most).read_to_end(&mut bytes).map_err(told)?;
    Ok(bytes)
}
