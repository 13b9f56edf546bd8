//! Objects that come in parts. The upload carries a token of its session, so that a commit whose answer was lost is known
//! again as our own.

use crate::backstay::plugin::data::Artifact;
use crate::backstay::plugin::types::Error;
use crate::backstay::plugin::{data, random};
use crate::blob::{Receipt, Session, covered};
use crate::place::Place;
use crate::talk::{self, Ask, Payload, body, header, refused, retry, send};
use crate::text::{base64, hex};
use crate::xml;

/// Metadata of an object that says which session made it.
const TOKEN: &str = "x-amz-meta-backstay-session";

pub(crate) fn begin(place: &Place, key: String, size: Option<u64>) -> Result<Session, Error> {
    if stat(place, &key)?.is_some() {
        return Err(Error::Conflict);
    }
    let token = hex(&random::bytes(16));
    let mut headers = vec![("x-amz-checksum-algorithm", "SHA256".to_owned()), (TOKEN, token.clone())];
    headers.extend(place.class.clone().map(|class| ("x-amz-storage-class", class)));
    let ask = Ask { query: &[("uploads", "")], headers, ..Ask::new("POST", Some(&key)) };
    let answer = send(place, ask)?;
    let upload = xml::text(&body(&answer), "UploadId").filter(|upload| !upload.is_empty() && !upload.contains('\n'));
    let upload = upload.ok_or_else(|| Error::Permanent("the server began an upload and gave it no name".to_owned()))?;
    Ok(Session { key, upload, token, size })
}

pub(crate) fn put_part(
    place: &Place,
    session: &Session,
    n: u32,
    artifact: &Artifact,
    (offset, len): (u64, u64),
) -> Result<Receipt, Error> {
    let digest = data::sha256_part(artifact);
    let number = n.to_string();
    let query = [("partNumber", number.as_str()), ("uploadId", &session.upload)];
    let payload = Payload::Part { artifact, offset, len, digest: &digest };
    let answer = send(place, Ask { query: &query, body: payload, ..Ask::new("PUT", Some(&session.key)) })?;
    let etag = header(&answer, "etag").filter(|etag| !etag.is_empty());
    let etag = etag.ok_or_else(|| Error::Permanent("the server took a part and gave no tag for it".to_owned()))?;
    Ok(Receipt { n, offset, len, etag: etag.to_owned(), checksum: base64(&digest) })
}

pub(crate) fn commit(place: &Place, session: &Session, receipts: &[Vec<u8>]) -> Result<(), Error> {
    let (receipts, size) = covered(receipts)?;
    if session.size.is_some_and(|announced| announced != size) {
        return Err(Error::Permanent(format!("the parts are {size} bytes, not the announced size")));
    }
    if receipts.is_empty() {
        return Err(Error::Permanent("an object in parts needs one".to_owned()));
    }
    let parts: String = receipts.iter().map(part).collect();
    let text = format!(
        "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{parts}</CompleteMultipartUpload>"
    );
    let ask = Ask {
        query: &[("uploadId", &session.upload)],
        headers: vec![("if-none-match", "*".to_owned())],
        body: Payload::List(text.as_bytes()),
        ..Ask::new("POST", Some(&session.key))
    };
    let completed = send(place, ask).and_then(|mut answer| {
        // A server that has begun to answer can only say in the body that it failed.
        if xml::all(&body(&answer), "Error").is_empty() {
            return Ok(());
        }
        answer.status = 500;
        Err(refused(&answer))
    });
    match completed {
        Ok(()) | Err(Error::NotFound | Error::Conflict) => settle(place, session, size, completed),
        Err(error) => Err(error),
    }
}

fn part(receipt: &Receipt) -> String {
    let Receipt { n, etag, checksum, .. } = receipt;
    let etag = xml::escape(etag);
    format!("<Part><PartNumber>{n}</PartNumber><ETag>{etag}</ETag><ChecksumSHA256>{checksum}</ChecksumSHA256></Part>")
}

/// Looks at what stands under the key: ours, whole, or somebody else's.
fn settle(place: &Place, session: &Session, size: u64, completed: Result<(), Error>) -> Result<(), Error> {
    let Some(found) = head(place, &session.key)? else { return completed.and(Err(Error::NotFound)) };
    if header(&found, TOKEN) != Some(session.token.as_str()) {
        return Err(Error::Conflict);
    }
    match length(&found) {
        Some(found) if found == size => Ok(()),
        found => {
            let found = found.unwrap_or_default();
            Err(Error::Permanent(format!("the server put {found} bytes together in place of {size}")))
        }
    }
}

pub(crate) fn abort(place: &Place, session: &Session) -> Result<(), Error> {
    abort_upload(place, &session.key, &session.upload)
}

fn abort_upload(place: &Place, key: &str, upload: &str) -> Result<(), Error> {
    let query = [("uploadId", upload)];
    match send(place, Ask { query: &query, ..Ask::new("DELETE", Some(key)) }) {
        Ok(_) | Err(Error::NotFound) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Gives up every unfinished upload of exactly that key.
pub(crate) fn abort_all(place: &Place, key: &str) -> Result<(), Error> {
    let mut from = None;
    loop {
        let page = unfinished(place, key, from.as_ref())?;
        for upload in page.uploads.iter().filter(|upload| upload.key == key) {
            abort_upload(place, key, &upload.id)?;
        }
        match page.next {
            Some(next) if Some(&next) != from.as_ref() => from = Some(next),
            _ => return Ok(()),
        }
    }
}

/// An upload that was begun. As a place in the list of them, the one after which the next page begins.
#[derive(PartialEq, Eq)]
pub(crate) struct Upload {
    pub(crate) key: String,
    id: String,
}

impl Upload {
    /// Two lines. The name of an upload has no line break, or is not ours.
    pub(crate) fn pack(&self) -> String {
        [&self.key, "\n", &self.id].concat()
    }

    pub(crate) fn unpack(text: &str) -> Option<Self> {
        let (key, id) = text.rsplit_once('\n')?;
        Some(Self { key: key.to_owned(), id: id.to_owned() })
    }
}

/// Some of the unfinished uploads.
pub(crate) struct Unfinished {
    pub(crate) uploads: Vec<Upload>,
    pub(crate) next: Option<Upload>,
}

/// Unfinished uploads whose key begins with `prefix`, after `from`; keys are below the place.
pub(crate) fn unfinished(place: &Place, prefix: &str, from: Option<&Upload>) -> Result<Unfinished, Error> {
    let full = format!("{}{prefix}", place.prefix);
    let marker = from.map(|from| format!("{}{}", place.prefix, from.key));
    let mut query = vec![("uploads", ""), ("prefix", full.as_str()), ("max-uploads", "500")];
    if let (Some(key), Some(from)) = (&marker, from) {
        query.extend([("key-marker", key.as_str()), ("upload-id-marker", from.id.as_str())]);
    }
    let answer = match send(place, Ask { query: &query, ..Ask::new("GET", None) }) {
        Ok(answer) => body(&answer),
        // A server that cannot list them has none that a listing could find; others find nothing where none are.
        Err(Error::Unsupported | Error::NotFound) => return Ok(Unfinished { uploads: Vec::new(), next: None }),
        Err(error) => return Err(error),
    };
    let upload = |key: Option<String>, id: Option<String>| {
        let key = key?.strip_prefix(&place.prefix)?.to_owned();
        Some(Upload { key, id: id? })
    };
    let uploads = xml::all(&answer, "Upload").into_iter();
    let uploads = uploads.filter_map(|found| upload(xml::text(found, "Key"), xml::text(found, "UploadId"))).collect();
    let more = xml::text(&answer, "IsTruncated").as_deref() == Some("true");
    let next = upload(xml::text(&answer, "NextKeyMarker"), xml::text(&answer, "NextUploadIdMarker"));
    Ok(Unfinished { uploads, next: next.filter(|_| more) })
}

/// The answer to HEAD; nothing when there is no such object.
pub(crate) fn head(place: &Place, key: &str) -> Result<Option<talk::Answer>, Error> {
    match send(place, Ask::new("HEAD", Some(key))) {
        Ok(answer) => Ok(Some(answer)),
        Err(Error::NotFound) => Ok(None),
        Err(Error::RetryAfter(error)) => Err(Error::RetryAfter(error)),
        // The answer to HEAD has no room for a reason: a GET of one byte has.
        Err(error) => {
            let headers = vec![("range", "bytes=0-0".to_owned())];
            match send(place, Ask { headers, ..Ask::new("GET", Some(key)) }) {
                Ok(_) => Err(error),
                Err(reason) => Err(reason),
            }
        }
    }
}

fn length(head: &talk::Answer) -> Option<u64> {
    header(head, "content-length")?.trim().parse().ok()
}

/// Bytes of an object; nothing when there is none.
pub(crate) fn stat(place: &Place, key: &str) -> Result<Option<u64>, Error> {
    let Some(found) = head(place, key)? else { return Ok(None) };
    length(&found).map(Some).ok_or_else(|| retry("the server does not say how long the object is".to_owned(), None))
}
