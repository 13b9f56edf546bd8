//! A file's text, replaced as a whole or not at all: a reader sees the old one or the new one, also after a power cut.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// The same while the file still says `old`: an editor may have saved meanwhile, and what it wrote is kept.
pub(crate) fn replace_unchanged(path: &Path, old: &str, text: &str) -> io::Result<()> {
    put(path, text, &|path| unchanged(path, old))
}

fn unchanged(path: &Path, old: &str) -> io::Result<()> {
    let same = fs::read(path)? == old.as_bytes();
    if same { Ok(()) } else { Err(io::Error::other("it has changed since it was read")) }
}

/// Puts a text in the place of a file's. A link stays one: what it points to is replaced. Mode and owner are kept.
pub(crate) fn replace(path: &Path, text: &str) -> io::Result<()> {
    put(path, text, &|_| Ok(()))
}

/// `may` is asked as late as can be.
fn put(path: &Path, text: &str, may: &dyn Fn(&Path) -> io::Result<()>) -> io::Result<()> {
    let path = fs::canonicalize(path)?;
    let folder = path.parent().unwrap_or(Path::new("/"));
    let before = fs::metadata(&path)?;
    // A rename would also replace a file that may not be written.
    File::options().write(true).open(&path)?;
    let mut file = tempfile::Builder::new().prefix(".backstay-").tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    own(file.as_file(), &before)?;
    file.as_file().set_permissions(before.permissions())?;
    file.as_file().sync_all()?;
    may(&path)?;
    file.persist(&path).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()
}

/// Gives a file the owner of another one; nothing is done where they are the same.
fn own(file: &File, other: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let now = file.metadata()?;
    if (now.uid(), now.gid()) == (other.uid(), other.gid()) {
        return Ok(());
    }
    std::os::unix::fs::fchown(file, Some(other.uid()), Some(other.gid()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_editor_saved_meanwhile_is_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("strategy.kdl");
        let says = || fs::read_to_string(&path).expect("the file is there");
        fs::write(&path, "old").expect("written");
        // The editor saves when all is ready to be put in place.
        let saved = |path: &Path| fs::write(path, "edited").and_then(|()| unchanged(path, "old"));
        let told = put(&path, "new", &saved).expect_err("it has changed");
        assert_eq!(told.to_string(), "it has changed since it was read");
        assert_eq!(says(), "edited");
        replace_unchanged(&path, "old", "new").expect_err("it has changed");
        assert_eq!(says(), "edited");
        replace_unchanged(&path, "edited", "new").expect("it says what was read");
        assert_eq!(says(), "new");
        let left = fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(left, 1, "nothing is left beside it");
    }
}
