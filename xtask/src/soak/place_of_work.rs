//! One random strategy in a folder of its own, and the binary run in it.

use super::audit::files;
use super::dice::Dice;
use crate::{place, shell};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Manifests with their texts, by path.
pub(super) type Manifests = BTreeMap<PathBuf, Vec<u8>>;

/// The strategy's names, and where it is.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) folder: PathBuf,
    pub(super) sources: Vec<String>,
    pub(super) stores: Vec<String>,
    pub(super) jobs: Vec<String>,
}

impl Place {
    /// Writes a strategy of 1 to 3 sources, 1 to 3 stores and 1 to 2 jobs, and a tree for each source.
    pub(super) fn new(folder: &Path, dice: &mut Dice) -> Result<Self, String> {
        let names = |what: &str, count: u64| (1..=count).map(|n| format!("{what}{n}")).collect::<Vec<_>>();
        let place = Self {
            folder: folder.to_owned(),
            sources: names("tree", dice.between(1, 3)),
            stores: names("store", dice.between(1, 3)),
            jobs: names("job", dice.between(1, 2)),
        };
        fs::create_dir_all(folder).map_err(|error| format!("cannot make `{}`: {error}", folder.display()))?;
        place.write("strategy.kdl", place.strategy(dice).as_bytes())?;
        for source in &place.sources {
            for n in 0..dice.between(1, 6) {
                place.grow(source, n, dice)?;
            }
        }
        Ok(place)
    }

    fn strategy(&self, dice: &mut Dice) -> String {
        let mut text = String::from("strategy \"soak\" {\n    environment \"development\"\n");
        for source in &self.sources {
            let _ = writeln!(text, "    source \"{source}\" engine=\"files\" {{ root \"{source}\" }}");
        }
        for store in &self.stores {
            let _ = writeln!(
                text,
                "    store \"{store}\" plugin=\"fs\" {{ site \"{store}\"; media \"disk\"; path \"{store}\" }}"
            );
        }
        for (nth, store) in self.stores.iter().enumerate() {
            if nth == 0 || dice.once_in(2) {
                let _ = writeln!(text, "    keep in=\"{store}\" {{ last {}; }}", dice.between(1, 3));
            }
        }
        for (nth, job) in self.jobs.iter().enumerate() {
            let _ = writeln!(text, "    job \"{job}\" {{\n        schedule \"{nth} 3 * * *\" timezone=\"UTC\"");
            self.steps(dice, &mut text);
            text += "    }\n";
        }
        text + "}\n"
    }

    /// Every source into the first store, and from there, it may be, into the others.
    fn steps(&self, dice: &mut Dice, text: &mut String) {
        let Some((first, others)) = self.stores.split_first() else { return };
        for source in &self.sources {
            let _ = writeln!(text, "        backup \"{source}\" to=\"{first}\"");
            if dice.once_in(2) {
                let _ =
                    writeln!(text, "        verify \"{source}\" with=\"{}\"", dice.pick(&["digest", "consistency"]));
            }
        }
        for other in others.iter().filter(|_| !dice.once_in(4)).collect::<Vec<_>>() {
            let _ = writeln!(text, "        transfer from=\"{first}\" to=\"{other}\"");
            if dice.once_in(2) {
                let _ = writeln!(text, "        verify \"{other}\" with=\"digest\"");
            }
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), String> {
        let path = self.folder.join(name);
        let made = path.parent().map_or(Ok(()), fs::create_dir_all);
        made.and_then(|()| fs::write(&path, bytes))
            .map_err(|error| format!("cannot write `{}`: {error}", path.display()))
    }

    fn grow(&self, source: &str, n: u64, dice: &mut Dice) -> Result<(), String> {
        let length = if dice.once_in(4) { dice.between(0, 400_000) } else { dice.between(0, 3_000) };
        let bytes = dice.bytes(length);
        self.write(&format!("{source}/{}/file-{n}", dice.pick(&["a", "b/c", "."])), &bytes)
    }

    /// Something new in some tree.
    pub(super) fn change(&self, dice: &mut Dice) -> Result<(), String> {
        let (source, n) = (dice.pick(&self.sources).clone(), dice.between(0, 9));
        self.grow(&source, n, dice)
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = shell::command(place::built("debug", "backstay"));
        command.args(arguments.split_whitespace()).current_dir(&self.folder).stdin(Stdio::null());
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("BACKSTAY_")) {
            command.env_remove(name);
        }
        command
    }

    fn output(&self, arguments: &str, env: Option<(&str, &str)>) -> Result<Output, String> {
        let mut command = self.command(arguments);
        command.envs(env).output().map_err(|error| format!("cannot run `{arguments}`: {error}"))
    }

    /// Runs a job that must end well.
    pub(super) fn ended(&self, job: &str) -> Result<(), String> {
        let output = self.output(&format!("run --job {job}"), None)?;
        // A tree that shrank makes a run degraded, and that is right.
        match output.status.code() {
            Some(0 | 6) => Ok(()),
            _ => Err(told(&format!("run --job {job}"), &output)),
        }
    }

    /// The places that a whole command comes by, with their passes.
    pub(super) fn recorded(&self, command: &str) -> Result<Vec<String>, String> {
        let log = self.folder.join("places.log");
        let output = self.output(command, Some(("BACKSTAY_FAULT_LOG", &log.to_string_lossy())))?;
        if !matches!(output.status.code(), Some(0 | 6)) {
            return Err(told(command, &output));
        }
        if !log.exists() {
            return Ok(Vec::new());
        }
        let text = fs::read_to_string(&log).map_err(|error| format!("no place can be read: {error}"))?;
        fs::remove_file(&log).map_err(|error| format!("cannot remove `{}`: {error}", log.display()))?;
        Ok(text.lines().map(str::to_owned).collect())
    }

    /// Runs a command until it comes by a place; false when it ended well without.
    pub(super) fn killed(&self, command: &str, point: &str) -> Result<bool, String> {
        let output = self.output(command, Some(("BACKSTAY_FAULT", point)))?;
        match (output.status.signal(), output.status.code()) {
            (Some(9), _) => Ok(true),
            (_, Some(0 | 6)) => Ok(false),
            _ => Err(told(&format!("{command} until {point}"), &output)),
        }
    }

    /// What a command that must succeed prints.
    pub(super) fn said(&self, arguments: &str) -> Result<String, String> {
        let output = self.output(arguments, None)?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(told(arguments, &output))
    }

    /// Every manifest of every store, with its text.
    pub(super) fn manifests(&self) -> Result<Manifests, String> {
        let mut manifests = BTreeMap::new();
        for store in &self.stores {
            for path in files(&self.folder.join(store))?.into_iter().filter(|path| path.ends_with("manifest.json")) {
                let text = fs::read(&path).map_err(|error| format!("cannot read `{}`: {error}", path.display()))?;
                manifests.insert(path, text);
            }
        }
        Ok(manifests)
    }

    /// Restores the newest copy of a source beside it and compares the trees.
    pub(super) fn restored(&self, source: &str) -> Result<(), String> {
        self.said(&format!("restore {source} --into back-{source} --confirm"))?;
        let (tree, back) = (self.contents(source)?, self.contents(&format!("back-{source}"))?);
        if tree == back { Ok(()) } else { Err(format!("what came back of `{source}` is not the tree")) }
    }

    fn contents(&self, name: &str) -> Result<BTreeMap<PathBuf, Vec<u8>>, String> {
        let root = self.folder.join(name);
        let read = |path: PathBuf| {
            let bytes = fs::read(&path).map_err(|error| format!("cannot read `{}`: {error}", path.display()))?;
            Ok((path.strip_prefix(&root).unwrap_or(&path).to_owned(), bytes))
        };
        files(&root)?.into_iter().map(read).collect()
    }
}

fn told(what: &str, output: &Output) -> String {
    format!("`{what}` ended with {}\n{}", output.status, String::from_utf8_lossy(&output.stderr))
}
