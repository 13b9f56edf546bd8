//! Finds the files that imports name. A file is known by its canonical path, so that one that is reached by two ways, or
//! through symbolic links, is one text; what people see is the path as the texts say it.

use compiler::{Look, Seen, Text, syntax};
use std::collections::BTreeMap;
use std::fs::Metadata;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

/// The files that have been read, below the folder of the strategy.
pub(crate) struct Files<'a> {
    base: &'a Path,
    /// Names of texts by canonical path.
    known: BTreeMap<PathBuf, String>,
}

impl<'a> Files<'a> {
    /// `strategy` is the file that has been read already.
    pub(crate) fn new(base: &'a Path, strategy: &Path) -> Self {
        let name = strategy.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let known = std::fs::canonicalize(strategy).map(|path| BTreeMap::from([(path, name)])).unwrap_or_default();
        Self { base, known }
    }

    /// One file; `name` is how it is cited.
    fn file(&mut self, path: &Path, mut name: String) -> Result<Seen, String> {
        let real = std::fs::canonicalize(path).map_err(|error| why(&error))?;
        if let Some(known) = self.known.get(&real) {
            return Ok(Seen::Before(known.clone()));
        }
        let size = std::fs::metadata(&real).map_err(|error| why(&error))?.len();
        if size > syntax::MOST_BYTES as u64 {
            return Err(format!("it is {size} bytes long, more than the {} allowed", syntax::MOST_BYTES));
        }
        let bytes = std::fs::read(&real).map_err(|error| why(&error))?;
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => return Ok(Seen::NotText { name, bytes: error.into_bytes() }),
        };
        // `..` behind a symbolic link can lead to a second file with the same short name.
        if self.known.values().any(|known| *known == name) {
            name = real.display().to_string();
        }
        self.known.insert(real, name.clone());
        Ok(Seen::New(Text { name, text }))
    }

    /// The texts of a folder, by name. Hidden ones are what editors leave lying about.
    fn folder(&mut self, path: &Path, name: &str) -> Result<Vec<Seen>, String> {
        let mut files: Vec<String> = Vec::new();
        for entry in std::fs::read_dir(path).map_err(|error| why(&error))? {
            let file = entry.map_err(|error| why(&error))?.file_name();
            let file = file.to_str().ok_or("it holds a file whose name is not UTF-8")?;
            if file.ends_with(".kdl") && !file.starts_with('.') {
                files.push(file.to_owned());
            }
        }
        files.sort_unstable();
        let before = self.known.clone();
        let mut out = Vec::new();
        for file in files {
            match self.inside(&path.join(&file), if name.is_empty() { file.clone() } else { format!("{name}/{file}") })
            {
                Ok(seen) => out.extend(seen),
                Err(why) => {
                    // None of them is taken in, so another import may name one.
                    self.known = before;
                    return Err(format!("`{file}` in it: {why}"));
                }
            }
        }
        if out.is_empty() { Err("the folder holds no `.kdl` file".to_owned()) } else { Ok(out) }
    }

    /// A file of a folder; a folder in a folder is passed over.
    fn inside(&mut self, path: &Path, name: String) -> Result<Option<Seen>, String> {
        let kind = std::fs::metadata(path).map_err(|error| why(&error))?;
        if kind.is_dir() {
            return Ok(None);
        }
        regular(&kind)?;
        self.file(path, name).map(Some)
    }
}

impl Look for Files<'_> {
    fn look(&mut self, importer: &str, path: &str) -> Result<Vec<Seen>, String> {
        if Path::new(path).is_absolute() {
            return Err("an absolute path holds on one machine only".to_owned());
        }
        let name = compiler::expand::join(importer, path);
        let from = Path::new(importer).parent().unwrap_or(Path::new(""));
        // Not the shortened name: `..` behind a symbolic link leads elsewhere.
        let place = self.base.join(from).join(path);
        let kind = std::fs::metadata(&place).map_err(|error| why(&error))?;
        if kind.is_dir() {
            return self.folder(&place, &name);
        }
        regular(&kind)?;
        self.file(&place, name).map(|seen| vec![seen])
    }
}

/// Reading a pipe or a device may never end.
fn regular(kind: &Metadata) -> Result<(), String> {
    if kind.is_file() { Ok(()) } else { Err("it is neither a file nor a folder".to_owned()) }
}

fn why(error: &Error) -> String {
    /// Too many symbolic links.
    const ELOOP: i32 = 40;
    match error.kind() {
        ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        ErrorKind::PermissionDenied => "reading it is not permitted".to_owned(),
        ErrorKind::NotADirectory => "a part of the path is not a folder".to_owned(),
        _ if error.raw_os_error() == Some(ELOOP) => "its symbolic links lead in a circle".to_owned(),
        _ => error.to_string(),
    }
}
