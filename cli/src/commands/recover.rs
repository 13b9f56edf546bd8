//! `backstay recover`: the strategy, out of a store that kept it, back in files.

use super::run::block_on;
use crate::args::{Place, Recover as Options};
use crate::bare::Bare;
use crate::exit::Exit;
use crate::print;
use compiler::Text;
use runtime::event::printable;
use std::fs;
use std::io::{Error, ErrorKind, Write};
use std::path::{Component, Path, PathBuf};

pub(super) fn recover(place: &Place, options: &Options) -> Result<Exit, Exit> {
    let bare = block_on(Bare::read(place, &options.store))?;
    let failed = |error: Error| {
        print::failure("not-written", &format!("cannot write into `{}`: {error}", options.into.display()));
        print::help("Name a folder that is not there yet, or an empty one. What was written stays there.");
        Exit::Failed
    };
    empty(&options.into).map_err(failed)?;
    let texts = &bare.input.texts;
    let below = texts.iter().map(|text| above(&text.name)).max().unwrap_or_default();
    for text in texts {
        let path = inside(&options.into, &text.name, below);
        write(&path, text).map_err(failed)?;
        print::result(&path.display().to_string());
    }
    for (name, value) in &bare.told.texts.variables {
        print::line(&printable(&format!("note: it was run with `--var {name}={value}`")));
    }
    Ok(Exit::Ok)
}

/// Makes the folder, if it is not there and empty.
fn empty(folder: &Path) -> Result<(), Error> {
    fs::create_dir_all(folder)?;
    match fs::read_dir(folder)?.next() {
        Some(_) => Err(Error::new(ErrorKind::DirectoryNotEmpty, "it is not empty")),
        None => Ok(()),
    }
}

/// How many folders above the strategy's a text lies.
fn above(name: &str) -> usize {
    Path::new(name).components().take_while(|part| *part == Component::ParentDir).count()
}

/// Where a text goes, `below` folders deep where others lie above it. Whatever its name says, that is inside `into`.
fn inside(into: &Path, name: &str, below: usize) -> PathBuf {
    let mut path: Vec<&std::ffi::OsStr> = vec![std::ffi::OsStr::new("strategy"); below];
    for part in Path::new(name).components() {
        match part {
            Component::Normal(part) => path.push(part),
            Component::ParentDir => drop(path.pop()),
            _ => {}
        }
    }
    into.join(path.into_iter().collect::<PathBuf>())
}

/// Nothing that is there is written over.
fn write(path: &Path, text: &Text) -> Result<(), Error> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = fs::File::create_new(path)?;
    file.write_all(text.text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_the_folder() {
        let into = Path::new("/into");
        for (name, below, wanted) in [
            ("strategy.kdl", 0, "/into/strategy.kdl"),
            ("parts/a.kdl", 0, "/into/parts/a.kdl"),
            ("strategy.kdl", 1, "/into/strategy/strategy.kdl"),
            ("../shared/a.kdl", 1, "/into/shared/a.kdl"),
            ("/etc/passwd", 0, "/into/etc/passwd"),
            ("a/../../../../etc/passwd", 0, "/into/etc/passwd"),
        ] {
            assert_eq!(inside(into, name, below), Path::new(wanted), "{name}");
        }
    }
}
