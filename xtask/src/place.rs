//! Where things are: the repository, its build output, and the cache that outlives a clone. Creates nothing by itself.

use std::path::{Path, PathBuf};

/// Root of the repository: the nearest folder upwards that holds this package, else the one it was built from.
pub(crate) fn root() -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    here.ancestors()
        .find(|folder| folder.join("xtask/Cargo.toml").is_file())
        .or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).parent())
        .map_or_else(|| here.clone(), Path::to_path_buf)
}

/// Build output of the workspace.
pub(crate) fn target() -> PathBuf {
    root().join("target")
}

/// The binary that a profile (`debug` or `release`) makes.
pub(crate) fn built(profile: &str, name: &str) -> PathBuf {
    target().join(profile).join(name)
}

/// Cache outside the repository: `$BACKSTAY_CACHE`, else `backstay` below `$XDG_CACHE_HOME` or `~/.cache`.
pub(crate) fn cache() -> Result<PathBuf, String> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("BACKSTAY_CACHE")
        .or_else(|| set("XDG_CACHE_HOME").map(|folder| folder.join("backstay")))
        .or_else(|| set("HOME").map(|folder| folder.join(".cache/backstay")))
        .ok_or_else(|| "no place for the cache: set `BACKSTAY_CACHE` to a folder".to_owned())
}

/// Folder of tools that `cargo install` puts in the cache.
pub(crate) fn tools() -> Result<PathBuf, String> {
    Ok(cache()?.join("tools"))
}

/// Empties and makes a folder below `target`, so that a run never sees what an earlier one left.
pub(crate) fn fresh(name: &str) -> Result<PathBuf, String> {
    let folder = target().join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(|e| format!("cannot empty `{}`: {e}", folder.display()))?;
    }
    std::fs::create_dir_all(&folder).map_err(|e| format!("cannot make `{}`: {e}", folder.display()))?;
    Ok(folder)
}
