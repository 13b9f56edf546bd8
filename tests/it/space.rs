//! A folder of its own for one test, with the example that it is about and the real binary to run in it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The binary under test.
pub(crate) const BACKSTAY: &str = env!("CARGO_BIN_EXE_backstay");

/// Top of the repository.
pub(crate) fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A temporary folder that is the working directory of every command.
pub(crate) struct Space {
    pub(crate) dir: tempfile::TempDir,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ran {
    /// 128 + signal when a signal ended it.
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// Checks the exit code; everything that was printed is in the message when it is another.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "--- stdout\n{}\n--- stderr\n{}", self.out, self.err);
        self
    }

    /// Checks that standard error says something.
    #[track_caller]
    pub(crate) fn says(self, what: &str) -> Self {
        assert!(self.err.contains(what), "no `{what}` in\n--- stdout\n{}\n--- stderr\n{}", self.out, self.err);
        self
    }
}

impl Space {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    /// A folder with the strategy of an example.
    pub(crate) fn example(name: &str) -> Self {
        let space = Self::new();
        let strategy = top().join("examples").join(name).join("strategy.kdl");
        fs::copy(strategy, space.path("strategy.kdl")).unwrap();
        space
    }

    /// The first example with a few files to protect, and one to leave out.
    pub(crate) fn quickstart() -> Self {
        let space = Self::example("01-quickstart");
        space.edit("root \"data\"", "root \"data\"; exclude \"**/*.tmp\"");
        space.write("data/one.txt", b"one\n");
        space.write("data/two/three.bin", &noise(300_000));
        space.write("data/empty", b"");
        space.write("data/skipped.tmp", b"not wanted");
        std::os::unix::fs::symlink("one.txt", space.path("data/link")).unwrap();
        space
    }

    /// The same folder a second time.
    pub(crate) fn copy(&self) -> Self {
        let space = Self::new();
        let from = self.path(".");
        let copied = Command::new("cp").arg("-a").arg(from).arg(space.dir.path()).status().unwrap();
        assert!(copied.success());
        space
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.dir.path().join(relative)
    }

    pub(crate) fn write(&self, relative: &str, bytes: &[u8]) {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// Replaces text in the strategy; it must be there.
    pub(crate) fn edit(&self, from: &str, to: &str) {
        let path = self.path("strategy.kdl");
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "no `{from}` in\n{text}");
        fs::write(path, text.replace(from, to)).unwrap();
    }

    /// The binary with these arguments, separated by spaces, not started yet.
    pub(crate) fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(BACKSTAY);
        command.args(arguments.split_whitespace()).current_dir(self.dir.path());
        for name in ["BACKSTAY_FAULT", "BACKSTAY_FAULT_STOP", "BACKSTAY_STATE"] {
            command.env_remove(name);
        }
        command.env("NO_COLOR", "1").stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &str) -> Ran {
        ended(&mut self.command(arguments))
    }

    /// With arguments that hold spaces.
    pub(crate) fn run_words(&self, words: &[&str]) -> Ran {
        ended(self.command("").args(words))
    }

    /// The same, killed at a place in the code as a power cut would.
    pub(crate) fn run_until(&self, fault: &str, arguments: &str) -> Ran {
        ended(self.command(arguments).env("BACKSTAY_FAULT", fault))
    }

    /// Started and left running, its standard error in a pipe.
    pub(crate) fn start(&self, arguments: &str) -> Child {
        self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Every file below a store's folder, relative to it, sorted.
    pub(crate) fn files(&self, relative: &str) -> Vec<String> {
        let root = self.path(relative);
        let mut files = Vec::new();
        walk(&root, &mut |path| {
            if path.is_file() {
                files.push(path.strip_prefix(&root).unwrap().to_string_lossy().into_owned());
            }
        });
        files.sort();
        files
    }

    /// Files of a store whose name ends so.
    pub(crate) fn ending(&self, store: &str, end: &str) -> Vec<PathBuf> {
        self.files(store).iter().filter(|name| name.ends_with(end)).map(|name| self.path(store).join(name)).collect()
    }

    /// Checks that a store holds exactly `count` artifacts, with bytes of one attempt each and nothing half-made.
    #[track_caller]
    pub(crate) fn holds(&self, store: &str, count: usize) {
        let files = self.files(store);
        let manifests = files.iter().filter(|name| name.ends_with("/manifest.json")).count();
        // An index belongs to the bytes that it is beside.
        let bytes: Vec<_> = files.iter().filter(|name| name.contains("/a-") && !name.contains(".index.")).collect();
        for index in files.iter().filter(|name| name.contains(".index.")) {
            let folder = index.rsplit_once('/').unwrap().0;
            assert!(bytes.iter().any(|name| name.starts_with(folder)), "{index} is beside nothing: {files:#?}");
        }
        assert_eq!((manifests, bytes.len()), (count, count), "{files:#?}");
        let known = |name: &&String| {
            name.as_str() == "store.json"
                || name.ends_with("/manifest.json")
                || name.contains("/facts/")
                || name.starts_with("lease/")
                || name.starts_with("texts/")
                || name.contains("/a-")
        };
        let strange: Vec<_> = files.iter().filter(|name| !known(name)).collect();
        assert!(strange.is_empty(), "{strange:?}");
    }
}

pub(crate) fn ended(command: &mut Command) -> Ran {
    use std::os::unix::process::ExitStatusExt;
    let output = command.output().unwrap();
    let code = output.status.code().or(output.status.signal().map(|signal| 128 + signal)).unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ran { code, out: text(output.stdout), err: text(output.stderr) }
}

/// Bytes that do not compress, the same each time.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// Everything that a restore must bring back of a tree: contents, targets, modes, times, owners.
pub(crate) fn tree(root: &Path) -> BTreeMap<PathBuf, String> {
    let mut tree = BTreeMap::new();
    walk(root, &mut |path| {
        let meta = fs::symlink_metadata(path).unwrap();
        let content = if meta.is_symlink() {
            format!("-> {}", fs::read_link(path).unwrap().display())
        } else if meta.is_file() {
            format!("{:x?}", fs::read(path).unwrap())
        } else {
            "directory".to_owned()
        };
        let mode = meta.permissions().mode();
        let line = format!("{mode:o} {}:{} {}.{} {content}", meta.uid(), meta.gid(), meta.mtime(), meta.mtime_nsec());
        tree.insert(path.strip_prefix(root).unwrap().to_owned(), line);
    });
    tree
}

fn walk(path: &Path, seen: &mut dyn FnMut(&Path)) {
    let Ok(meta) = fs::symlink_metadata(path) else { return };
    seen(path);
    if meta.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            walk(&entry.unwrap().path(), seen);
        }
    }
}
