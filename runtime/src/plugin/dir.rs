//! The `dir` import: checks a path, finds the slice or the sink, and has `files` do the work on a thread that may block.

use crate::error::Error;
use crate::plugin::bindings::dir::{Entry, Failure, Host};
use crate::plugin::body::{Body, Outlet};
use crate::plugin::call::Call;
use crate::plugin::files::{self, Root};
use crate::plugin::key;
use bytes::Bytes;
use std::io;
use wasmtime::Result;
use wasmtime::component::Resource;

/// Most entries of one listing.
const MOST_ENTRIES: u32 = 8192;

impl Call {
    /// Does `work` on a thread that may block, below the granted directory.
    async fn below<T: Send + 'static>(
        &mut self,
        paths: &[&str],
        work: impl FnOnce(&Root) -> io::Result<T> + Send + 'static,
    ) -> Result<Result<T, Failure>> {
        let entered = self.enter()?;
        for path in paths {
            if let Some(why) = key::path_fault(path) {
                return Ok(Err(self.deny_path(path, why)));
            }
        }
        let Some(root) = self.given.root.clone() else {
            let help = "Only a plugin whose manifest wants `dir` is given one.".to_owned();
            return Ok(Err(Failure::Denied(self.deny("asked for files, and was given no directory", help))));
        };
        let opened = root.clone();
        let done = tokio::task::spawn_blocking(move || match Root::open(&opened) {
            Ok(root) => Ok(work(&root)),
            Err(error) => Err(error),
        });
        let done = done.await.map_err(|panic| wasmtime::Error::msg(format!("a host function failed: {panic}")))?;
        self.leave(entered);
        let error = match done {
            Ok(Ok(value)) => return Ok(Ok(value)),
            Ok(Err(error)) => error,
            Err(error) => {
                self.witness.caused(missing_root(&root, &error));
                return Ok(Err(Failure::Other(format!("{}: {error}", root.display()))));
            }
        };
        Ok(Err(self.failure(paths.first().copied().unwrap_or_default(), &error)))
    }

    /// What hands on bytes that were read, from a thread that may block.
    fn hand_on(&self, into: &Resource<Outlet>) -> Result<impl Fn(Bytes) -> io::Result<()> + Send + use<>> {
        let (sink, witness) = (self.table.get(into)?.0.clone(), self.witness.clone());
        Ok(move |chunk| {
            witness.beat();
            sink.blocking_send(chunk).map_err(|_| io::Error::other("nobody reads any more"))
        })
    }

    fn deny_path(&mut self, path: &str, why: &str) -> Failure {
        let shown: String = path.chars().take(200).collect();
        let given = self.given.root.as_ref().map(|root| root.display().to_string()).unwrap_or_default();
        let help = format!("It was given `{given}` and nothing else; report it to the plugin's author.");
        Failure::Denied(self.deny(&format!("asked for the file `{shown}`, which it was not granted: {why}"), help))
    }

    fn failure(&mut self, path: &str, error: &io::Error) -> Failure {
        use io::ErrorKind;
        let text = format!("`{path}`: {error}");
        match error.kind() {
            // The sandbox refuses with an error of its own, which the operating system did not make.
            ErrorKind::PermissionDenied if error.raw_os_error().is_none() => self.deny_path(path, "it leads out"),
            ErrorKind::NotFound => Failure::NotFound,
            ErrorKind::AlreadyExists => Failure::Exists,
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                self.witness.caused(Error::io(format!("write `{path}`"), error));
                Failure::Full(text)
            }
            ErrorKind::Interrupted | ErrorKind::TimedOut | ErrorKind::WouldBlock | ErrorKind::ResourceBusy => {
                Failure::Busy(text)
            }
            _ => Failure::Other(text),
        }
    }
}

fn missing_root(root: &std::path::Path, error: &io::Error) -> Error {
    let message = format!("the directory `{}` cannot be opened: {error}", root.display());
    Error::permanent("directory-missing", message).help("Mount it or make it, then run it again.")
}

impl Host for Call {
    async fn make(&mut self, path: String) -> Result<Result<(), Failure>> {
        self.below(&[&path.clone()], move |root| files::make(root, &path)).await
    }

    async fn write_slice(
        &mut self,
        path: String,
        at: u64,
        artifact: Resource<Body>,
        offset: u64,
        len: u64,
    ) -> Result<Result<(), Failure>> {
        let Some(chunks) = self.table.get(&artifact)?.slice(offset, len) else {
            return Err(wasmtime::Error::msg(format!("named bytes {offset}+{len}, which are not in this part")));
        };
        let witness = self.witness.clone();
        self.below(&[&path.clone()], move |root| files::write(root, &path, at, &chunks, || witness.beat())).await
    }

    async fn sync(&mut self, path: String) -> Result<Result<(), Failure>> {
        // How long the device needs for what was written before is not the guest's affair.
        self.witness.excuse();
        let done = self.below(&[&path.clone()], move |root| files::sync(root, &path)).await;
        self.witness.resume();
        done
    }

    async fn publish(&mut self, temporary: String, name: String) -> Result<Result<(), Failure>> {
        let paths = [temporary.clone(), name.clone()];
        let [first, second] = &paths;
        self.below(&[first, second], move |root| files::publish(root, &temporary, &name)).await
    }

    async fn create(&mut self, path: String, bytes: Vec<u8>) -> Result<Result<(), Failure>> {
        self.below(&[&path.clone()], move |root| files::create(root, &path, &bytes)).await
    }

    async fn size(&mut self, path: String) -> Result<Result<Option<u64>, Failure>> {
        self.below(&[&path.clone()], move |root| files::size(root, &path)).await
    }

    async fn read_into(
        &mut self,
        path: String,
        offset: u64,
        len: u64,
        into: Resource<Outlet>,
    ) -> Result<Result<u64, Failure>> {
        let hand_on = self.hand_on(&into)?;
        self.below(&[&path.clone()], move |root| files::read(root, &path, offset, len, hand_on)).await
    }

    async fn read_each(
        &mut self,
        paths: Vec<String>,
        most: u64,
        into: Resource<Outlet>,
    ) -> Result<Result<Vec<Option<u64>>, Failure>> {
        let hand_on = self.hand_on(&into)?;
        let checked = paths.clone();
        let checked: Vec<&str> = checked.iter().map(String::as_str).collect();
        self.below(&checked, move |root| files::read_each(root, &paths, most, hand_on)).await
    }

    async fn list_files(
        &mut self,
        prefix: String,
        after: Option<String>,
        limit: u32,
    ) -> Result<Result<Vec<Entry>, Failure>> {
        let checked = prefix.trim_end_matches('/').to_owned();
        let paths: &[&str] = if prefix.is_empty() { &[] } else { &[&checked] };
        // A shorter answer than was asked for means that there are no more: nothing may be cut off without a word.
        if limit > MOST_ENTRIES {
            let message = format!("a listing has at most {MOST_ENTRIES} files, and {limit} are asked for");
            return Ok(Err(Failure::Other(message)));
        }
        let most = limit as usize;
        let given = self.given.clone();
        let work =
            move |root: &Root| crate::plugin::listing::list(root, &prefix, after.as_deref(), most, &given.listed);
        let found = self.below(paths, work);
        Ok(found.await?.map(|files| files.into_iter().map(|(path, size)| Entry { path, size }).collect()))
    }

    async fn remove(&mut self, path: String) -> Result<Result<(), Failure>> {
        self.below(&[&path.clone()], move |root| files::remove(root, &path)).await
    }
}
