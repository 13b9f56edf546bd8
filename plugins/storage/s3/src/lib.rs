//! A bucket of an S3 service as a storage. It builds and signs requests; the host hashes, puts secrets in and sends, so
//! that neither bulk bytes nor keys are ever in here.
//!
//! Nothing is overwritten: small objects are made by one conditional PUT, and what comes in parts has a key of its own.

mod blob;
mod lock;
mod place;
mod sign;
mod talk;
mod text;
mod upload;
mod xml;

wit_bindgen::generate!({ path: "../../../schema/wit", world: "storage-plugin" });

use backstay::plugin::data::{Artifact, Sink};
use backstay::plugin::types::Error;
use blob::Session;
use exports::backstay::plugin::storage::{Created, Guest, Object, Page, PartPlan};
use place::{LARGEST_PART, Place};
use std::cell::RefCell;
use talk::{Ask, Payload, body, header, send};

struct S3;

export!(S3);

/// Objects of a page: with the longest keys it still fits into an answer.
const PAGE: &str = "500";
/// Parts that are on their way at once: more of them fill a line no better.
const PARALLEL: u64 = 4;
/// Bytes of them all, unless one alone must be larger.
const ON_THE_WAY: u64 = 64 << 20;
/// Parts of whole frames can be compared with those of another attempt.
const FRAME: u64 = 4 << 20;
/// Most parts of one object, by the protocol.
const PARTS: u32 = 10_000;
/// Versions of one object that are removed at once: each object is made once, so there is one.
const VERSIONS: u32 = 16;

thread_local! {
    /// `configure` comes before every call, on the same instance.
    static PLACE: RefCell<Option<Place>> = const { RefCell::new(None) };
}

fn place() -> Result<Place, Error> {
    PLACE.take().ok_or_else(|| Error::Config("not configured".to_owned()))
}

/// Parts of at least so many bytes, and large enough that an object of that size, grown by a quarter, fits into those that
/// it may have.
fn plan(least: u64, size: Option<u64>) -> PartPlan {
    let needed = size.unwrap_or(0).saturating_mul(5).div_ceil(4 * u64::from(PARTS));
    let part_size = needed.div_ceil(FRAME).saturating_mul(FRAME).clamp(least, LARGEST_PART);
    let parallel = u16::try_from((ON_THE_WAY / part_size).clamp(1, PARALLEL)).unwrap_or(1);
    PartPlan { part_size, max_parts: PARTS, parallel, resumable: true }
}

impl Guest for S3 {
    fn configure(json: String) -> Result<(), Error> {
        PLACE.set(Some(Place::read(&json)?));
        Ok(())
    }

    fn prepare(_key: String, size: Option<u64>) -> Result<PartPlan, Error> {
        Ok(plan(place()?.part_size, size))
    }

    fn begin(key: String, size: Option<u64>) -> Result<Vec<u8>, Error> {
        Ok(upload::begin(&place()?, key, size)?.pack())
    }

    fn put_part(session: Vec<u8>, n: u32, artifact: &Artifact, offset: u64, len: u64) -> Result<Vec<u8>, Error> {
        let session = Session::unpack(&session)?;
        Ok(upload::put_part(&place()?, &session, n, artifact, (offset, len))?.pack())
    }

    fn commit(session: Vec<u8>, receipts: Vec<Vec<u8>>) -> Result<(), Error> {
        upload::commit(&place()?, &Session::unpack(&session)?, &receipts)
    }

    fn abort(session: Vec<u8>) -> Result<(), Error> {
        upload::abort(&place()?, &Session::unpack(&session)?)
    }

    fn create(key: String, bytes: Vec<u8>) -> Result<Created, Error> {
        let headers = vec![("if-none-match", "*".to_owned())];
        let ask = Ask { headers, body: Payload::Bytes(&bytes), ..Ask::new("PUT", Some(&key)) };
        match send(&place()?, ask) {
            Ok(_) => Ok(Created::Created),
            Err(Error::Conflict) => Ok(Created::Exists),
            Err(error) => Err(error),
        }
    }

    fn stat(key: String) -> Result<u64, Error> {
        upload::stat(&place()?, &key)?.ok_or(Error::NotFound)
    }

    fn get(key: String, offset: u64, len: u64, into: &Sink) -> Result<u64, Error> {
        read(&place()?, &key, offset, len, into)
    }

    fn get_each(keys: Vec<String>, most: u64, into: &Sink) -> Result<Vec<Option<u64>>, Error> {
        let place = place()?;
        let one = |key: String| match read(&place, &key, 0, most, into) {
            Err(Error::NotFound) => Ok(None),
            found => found.map(Some),
        };
        keys.into_iter().map(one).collect()
    }

    fn list_page(prefix: String, from: Option<String>) -> Result<Page, Error> {
        let place = place()?;
        let full = format!("{}{prefix}", place.prefix);
        let mut query = vec![("list-type", "2"), ("max-keys", PAGE), ("prefix", full.as_str())];
        query.extend(from.as_deref().map(|from| ("continuation-token", from)));
        let answer = body(&send(&place, Ask { query: &query, ..Ask::new("GET", None) })?);
        let mut objects = Vec::new();
        for found in xml::all(&answer, "Contents") {
            let (key, size) = (xml::text(found, "Key"), xml::text(found, "Size").and_then(|size| size.parse().ok()));
            let (Some(key), Some(size)) = (key, size) else {
                return Err(Error::Permanent("the server lists an object without a key or a size".to_owned()));
            };
            match key.strip_prefix(&place.prefix) {
                Some(key) if text::is_key(key) => objects.push(Object { key: key.to_owned(), size }),
                _ => {}
            }
        }
        let more = xml::text(&answer, "IsTruncated").as_deref() == Some("true");
        let next = xml::text(&answer, "NextContinuationToken").filter(|_| more);
        if more && next.is_none() {
            return Err(Error::Permanent(
                "the server lists a page and does not say where the next one begins".to_owned(),
            ));
        }
        Ok(Page { objects, next })
    }

    fn list_unfinished(prefix: String, from: Option<String>) -> Result<Page, Error> {
        let from = from.as_deref().and_then(upload::Upload::unpack);
        let page = upload::unfinished(&place()?, &prefix, from.as_ref())?;
        let ours =
            page.uploads.into_iter().filter(|upload| text::is_key(&upload.key) && upload.key.starts_with(&prefix));
        // The list says nothing of what has come of each.
        let objects = ours.map(|upload| Object { key: upload.key, size: 0 }).collect();
        Ok(Page { objects, next: page.next.filter(|next| Some(next) != from.as_ref()).map(|next| next.pack()) })
    }

    fn delete(key: String) -> Result<(), Error> {
        let place = place()?;
        for _ in 0..VERSIONS {
            let Some(found) = upload::head(&place, &key)? else { break };
            // Where objects have versions, a plain removal would only hide one; and one that is locked must refuse.
            let version = header(&found, "x-amz-version-id").filter(|version| !matches!(*version, "" | "null"));
            let query: Vec<_> = version.map(|version| ("versionId", version)).into_iter().collect();
            match send(&place, Ask { query: &query, ..Ask::new("DELETE", Some(&key)) }) {
                Ok(_) | Err(Error::NotFound) if version.is_none() => break,
                Ok(_) | Err(Error::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        upload::abort_all(&place, &key)
    }

    fn protect(key: String, until_ms: u64) -> Result<(), Error> {
        lock::protect(&place()?, &key, until_ms)
    }
}

/// At most `len` bytes of an object from `offset` on, handed to a sink: how many they were.
fn read(place: &Place, key: &str, offset: u64, len: u64, into: &Sink) -> Result<u64, Error> {
    let Some(last) = offset.checked_add(len).and_then(|end| end.checked_sub(1)).filter(|_| len > 0) else {
        return Ok(0);
    };
    let headers = vec![("range", format!("bytes={offset}-{last}"))];
    let answer = talk::fetch(place, Ask { headers, ..Ask::new("GET", Some(key)) }, into)?;
    let given = || header(&answer, "content-length").and_then(|length| length.trim().parse().ok());
    match answer.status {
        206 => given().ok_or_else(|| Error::Permanent("the server does not say how much it sent".to_owned())),
        // Nothing is there from that offset on.
        416 => Ok(0),
        // A server that ignores ranges sends all: that is right for one that began at the beginning.
        200 if offset == 0 => {
            given().ok_or_else(|| Error::Permanent("the server does not say how much it sent".to_owned()))
        }
        200 => Err(Error::Permanent("the server cannot send a range".to_owned())),
        _ => Err(talk::refused(&answer)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_as_large_as_the_object_needs() {
        let told = |size| {
            let plan = plan(8 << 20, size);
            (plan.part_size >> 20, plan.parallel)
        };
        assert_eq!(told(None), (8, 4));
        assert_eq!(told(Some(1 << 30)), (8, 4));
        assert_eq!(told(Some(200 << 30)), (28, 2));
        assert_eq!(told(Some(1 << 50)), (5_120, 1));
        assert_eq!(plan(32 << 20, Some(1 << 30)).part_size, 32 << 20);
    }
}
