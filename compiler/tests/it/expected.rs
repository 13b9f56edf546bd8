//! Compares with a file, or rewrites it when `UPDATE=1`.

use std::path::{Path, PathBuf};

/// The folder of the crate.
pub(crate) fn here() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A text of the repository, by its path from the root.
pub(crate) fn read(path: &str) -> String {
    let path = here().join("..").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Whether the file says this; with `UPDATE=1` it does afterwards.
pub(crate) fn matches(path: &Path, actual: &str) -> Result<(), String> {
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, actual).unwrap();
        return Ok(());
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    if expected == actual {
        return Ok(());
    }
    let at = expected.lines().zip(actual.lines()).take_while(|(one, other)| one == other).count();
    let line = |text: &str| text.lines().nth(at).unwrap_or("(end)").to_owned();
    Err(format!(
        "{}:{}: expected `{}`, got `{}` (UPDATE=1 rewrites it)",
        path.display(),
        at + 1,
        line(&expected),
        line(actual)
    ))
}
