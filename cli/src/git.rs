//! Texts as they are in a git commit, read by `git` itself. Nothing is checked out.

use compiler::diag::{Diagnostic, codes};
use compiler::{Look, MOST_BYTES, Seen, Text};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A commit, seen from a folder of its working tree.
#[derive(Debug)]
pub(crate) struct Commit {
    folder: PathBuf,
    /// Full name of the commit.
    id: String,
}

/// What a name is in a commit.
enum Object {
    File(Vec<u8>),
    /// Names of the files in it, in order.
    Folder(Vec<String>),
    Nothing,
}

impl Commit {
    /// The commit that `name` stands for; the text says why there is none.
    pub(crate) fn find(folder: &Path, name: &str) -> Result<Self, String> {
        // With `--end-of-options`, a name that begins with a dash is a name.
        let commit = format!("{name}^{{commit}}");
        let id = run(folder, &["rev-parse", "--verify", "--quiet", "--end-of-options", &commit])?;
        let id = id.ok_or_else(|| "git knows no such commit".to_owned())?;
        Ok(Self { folder: folder.to_owned(), id: String::from_utf8_lossy(&id).trim().to_owned() })
    }

    /// The strategy's own text; `None` when the commit has no such file.
    pub(crate) fn strategy(&self, name: &str) -> Result<Option<Text>, Box<Diagnostic>> {
        match self.object(name) {
            Ok(Object::File(bytes)) => Text::from_bytes(name, bytes).map(Some),
            Ok(Object::Folder(_) | Object::Nothing) => Ok(None),
            // Not the same as nothing: then all would seem to be new.
            Err(why) => {
                let message = format!("cannot read `{name}` as it is in git: {why}");
                Err(Box::new(Diagnostic::error(&codes::STRATEGY_UNREADABLE, message)))
            }
        }
    }

    /// What the texts of the commit import; the strategy has been read already.
    pub(crate) fn files<'a>(&'a self, strategy: &str) -> Files<'a> {
        Files { commit: self, known: BTreeSet::from([strategy.to_owned()]) }
    }

    fn object(&self, name: &str) -> Result<Object, String> {
        let place = format!("{}:./{name}", self.id);
        let Some(kind) = run(&self.folder, &["cat-file", "-t", &place])? else { return Ok(Object::Nothing) };
        if kind.trim_ascii() == b"tree" {
            // Names with a NUL behind each: a name may hold anything else.
            let listed = run(&self.folder, &["ls-tree", "-z", "--name-only", &place])?.unwrap_or_default();
            let names = listed.split(|byte| *byte == 0).filter(|name| !name.is_empty());
            return Ok(Object::Folder(names.map(|name| String::from_utf8_lossy(name).into_owned()).collect()));
        }
        let size = run(&self.folder, &["cat-file", "-s", &place])?.unwrap_or_default();
        let size = String::from_utf8_lossy(&size).trim().parse::<usize>().unwrap_or(usize::MAX);
        if size > MOST_BYTES {
            return Err(format!("it is {size} bytes long, more than the {MOST_BYTES} allowed"));
        }
        Ok(run(&self.folder, &["cat-file", "blob", &place])?.map_or(Object::Nothing, Object::File))
    }
}

/// The files of a commit that have been read.
#[derive(Debug)]
pub(crate) struct Files<'a> {
    commit: &'a Commit,
    known: BTreeSet<String>,
}

impl Files<'_> {
    fn seen(&mut self, name: String, bytes: Vec<u8>) -> Result<Seen, String> {
        if !self.known.insert(name.clone()) {
            return Ok(Seen::Before(name));
        }
        let text = Text::from_bytes(&name, bytes).map_err(|told| told.message.clone())?;
        Ok(Seen::New(text))
    }
}

impl Look for Files<'_> {
    fn look(&mut self, importer: &str, path: &str) -> Result<Vec<Seen>, String> {
        if Path::new(path).is_absolute() {
            return Err("an absolute path holds on one machine only".to_owned());
        }
        let name = compiler::expand::join(importer, path);
        match self.commit.object(&name)? {
            Object::Nothing => Err("there is no such file or folder in that commit".to_owned()),
            Object::File(bytes) => self.seen(name, bytes).map(|seen| vec![seen]),
            Object::Folder(files) => {
                let mut out = Vec::new();
                for file in files.iter().filter(|file| file.ends_with(".kdl") && !file.starts_with('.')) {
                    let name = if name.is_empty() { file.clone() } else { format!("{name}/{file}") };
                    if let Object::File(bytes) = self.commit.object(&name)? {
                        out.push(self.seen(name, bytes)?);
                    }
                }
                if out.is_empty() { Err("the folder holds no `.kdl` file".to_owned()) } else { Ok(out) }
            }
        }
    }
}

/// What git writes; `None` when it refuses.
fn run(folder: &Path, arguments: &[&str]) -> Result<Option<Vec<u8>>, String> {
    let ended = Command::new("git").arg("-C").arg(folder).args(arguments).stdin(Stdio::null()).output();
    let ended = ended.map_err(|error| format!("`git` cannot be run: {error}"))?;
    Ok(ended.status.success().then_some(ended.stdout))
}
