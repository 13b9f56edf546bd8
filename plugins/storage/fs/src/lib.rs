//! A directory as a storage. It only names files: the host moves the bytes, and keeps every path below the directory.
//!
//! Parts are written into `.NAME.<16 hex digits>.part` beside the object, at their offset; `commit` gives that file its
//! final name unless the name is taken.

mod blob;
mod name;

wit_bindgen::generate!({ path: "../../../schema/wit", world: "storage-plugin" });

use blob::{Receipt, Session};

use backstay::plugin::data::{Artifact, Sink};
use backstay::plugin::types::{Error, Retry};
use backstay::plugin::{dir, random};
use exports::backstay::plugin::storage::{Created, Guest, Object, Page, PartPlan};

struct Fs;

export!(Fs);

/// Files listed at once. Each page finds its place anew, from the top.
const PAGE: u32 = 8192;
/// Large enough that a call a part costs nothing, small enough that a few fit in memory.
const PART: u64 = 8 << 20;
/// Most parts of one object: with [`PART`] it bounds an object to 512 TiB.
const PARTS: u32 = 1 << 26;

impl From<dir::Failure> for Error {
    fn from(failure: dir::Failure) -> Self {
        match failure {
            dir::Failure::Denied(message) | dir::Failure::Other(message) => Self::Permanent(message),
            dir::Failure::NotFound => Self::NotFound,
            dir::Failure::Exists => Self::Conflict,
            dir::Failure::Full(message) => Self::Quota(message),
            dir::Failure::Busy(message) => Self::RetryAfter(Retry { message, after_ms: None }),
        }
    }
}

/// Bytes that the receipts cover, when they follow each other without a gap.
fn covered(receipts: &[Vec<u8>]) -> Result<u64, Error> {
    let mut end = 0;
    for receipt in receipts {
        let receipt = Receipt::unpack(receipt)?;
        if receipt.offset != end {
            return Err(Error::Permanent(format!("a part begins at {}, but {end} was next", receipt.offset)));
        }
        end = end.saturating_add(receipt.len);
    }
    Ok(end)
}

impl Guest for Fs {
    fn configure(_json: String) -> Result<(), Error> {
        // The directory is in the grant, and the host roots every path there: nothing is left to know.
        Ok(())
    }

    fn prepare(_key: String, _size: Option<u64>) -> Result<PartPlan, Error> {
        // One at a time: the kernel lets one writer into a file, and a second one only spins before the door.
        Ok(PartPlan { part_size: PART, max_parts: PARTS, parallel: 1, resumable: true })
    }

    fn begin(key: String, size: Option<u64>) -> Result<Vec<u8>, Error> {
        if dir::size(&key)?.is_some() {
            return Err(Error::Conflict);
        }
        let part = name::part(&key, &random::bytes(8));
        dir::make(&part)?;
        Ok(Session { key, part, size }.pack())
    }

    fn put_part(session: Vec<u8>, _n: u32, artifact: &Artifact, offset: u64, len: u64) -> Result<Vec<u8>, Error> {
        let session = Session::unpack(&session)?;
        dir::write_slice(&session.part, offset, artifact, offset, len)?;
        Ok(Receipt { offset, len }.pack())
    }

    fn commit(session: Vec<u8>, receipts: Vec<Vec<u8>>) -> Result<(), Error> {
        let session = Session::unpack(&session)?;
        let expected = covered(&receipts)?;
        if session.size.is_some_and(|size| size != expected) {
            return Err(Error::Permanent(format!("the parts are {expected} bytes, not the announced size")));
        }
        let Some(written) = dir::size(&session.part)? else {
            // A commit that is made again after it succeeded finds its part under the final name.
            return match dir::size(&session.key)? {
                Some(size) if size == expected => Ok(()),
                Some(_) => Err(Error::Conflict),
                None => Err(Error::NotFound),
            };
        };
        if written != expected {
            return Err(Error::Permanent(format!("{written} bytes are in place of {expected}")));
        }
        dir::sync(&session.part)?;
        Ok(dir::publish(&session.part, &session.key)?)
    }

    fn abort(session: Vec<u8>) -> Result<(), Error> {
        let session = Session::unpack(&session)?;
        Ok(dir::remove(&session.part)?)
    }

    fn create(key: String, bytes: Vec<u8>) -> Result<Created, Error> {
        match dir::create(&key, &bytes) {
            Ok(()) => Ok(Created::Created),
            Err(dir::Failure::Exists) => Ok(Created::Exists),
            Err(failure) => Err(failure.into()),
        }
    }

    fn stat(key: String) -> Result<u64, Error> {
        dir::size(&key)?.ok_or(Error::NotFound)
    }

    fn get(key: String, offset: u64, len: u64, into: &Sink) -> Result<u64, Error> {
        Ok(dir::read_into(&key, offset, len, into)?)
    }

    fn get_each(keys: Vec<String>, most: u64, into: &Sink) -> Result<Vec<Option<u64>>, Error> {
        Ok(dir::read_each(&keys, most, into)?)
    }

    fn list_page(prefix: String, from: Option<String>) -> Result<Page, Error> {
        let files = dir::list_files(&prefix, from.as_deref(), PAGE)?;
        let full = files.len() == PAGE as usize;
        let next = files.last().filter(|_| full).map(|last| last.path.clone());
        let objects = files
            .into_iter()
            .filter(|file| !name::hidden(&file.path))
            .map(|file| Object { key: file.path, size: file.size })
            .collect();
        Ok(Page { objects, next })
    }

    fn list_unfinished(prefix: String, from: Option<String>) -> Result<Page, Error> {
        let mut from = from;
        loop {
            let files = dir::list_files(name::folder(&prefix), from.as_deref(), PAGE)?;
            let full = files.len() == PAGE as usize;
            let next = files.last().filter(|_| full).map(|last| last.path.clone());
            let unfinished = files.into_iter().filter_map(|file| {
                let key = name::key_of(&file.path)?;
                Some(Object { key, size: file.size })
            });
            let objects: Vec<Object> = unfinished.filter(|object| object.key.starts_with(&prefix)).collect();
            // A page without any is usual, and the host does not take many of them.
            if next.is_none() || !objects.is_empty() {
                return Ok(Page { objects, next });
            }
            from = next;
        }
    }

    fn delete(key: String) -> Result<(), Error> {
        dir::remove(&key)?;
        let mut after = None;
        loop {
            let files = dir::list_files(&name::leftover_prefix(&key), after.as_deref(), PAGE)?;
            for file in files.iter().filter(|file| name::leftover_of(&key, &file.path)) {
                dir::remove(&file.path)?;
            }
            match files.last().filter(|_| files.len() == PAGE as usize) {
                Some(last) => after = Some(last.path.clone()),
                None => return Ok(()),
            }
        }
    }

    fn protect(_key: String, _until_ms: u64) -> Result<(), Error> {
        Err(Error::Unsupported)
    }
}
