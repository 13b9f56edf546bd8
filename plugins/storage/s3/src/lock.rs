//! Object lock: a time until which nobody can remove an object. Some servers take the words and do nothing, so it is read
//! back.

use crate::backstay::plugin::types::Error;
use crate::place::Place;
use crate::talk::{Ask, Payload, body, send};
use crate::text::Moment;
use crate::xml;

/// Holds an object until a time, in milliseconds since 1970.
pub(crate) fn protect(place: &Place, key: &str, until_ms: u64) -> Result<(), Error> {
    let until = Moment::new(until_ms.div_ceil(1000)).long();
    // A lock can be made longer and not shorter: one that holds long enough is left alone.
    if holds(place, key, &until)? {
        return Ok(());
    }
    let text = format!(
        "<Retention xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Mode>COMPLIANCE</Mode>\
         <RetainUntilDate>{until}</RetainUntilDate></Retention>"
    );
    let payload = Payload::Bytes(text.as_bytes());
    let sent = send(place, Ask { query: &[("retention", "")], body: payload, ..Ask::new("PUT", Some(key)) });
    sent.map_err(unsupported)?;
    if holds(place, key, &until)? { Ok(()) } else { Err(Error::Unsupported) }
}

/// Whether an object is held at least until then.
fn holds(place: &Place, key: &str, until: &str) -> Result<bool, Error> {
    let answer = match send(place, Ask { query: &[("retention", "")], ..Ask::new("GET", Some(key)) }) {
        Ok(answer) => body(&answer),
        Err(Error::NotFound) => {
            // Either there is no object, or it has no lock.
            return crate::upload::stat(place, key)?.map(|_| false).ok_or(Error::NotFound);
        }
        // What else a bucket without locks says differs from server to server; the attempt to lock will tell.
        Err(Error::Permanent(_) | Error::Unsupported) => return Ok(false),
        Err(error) => return Err(error),
    };
    let date = xml::text(&answer, "RetainUntilDate").unwrap_or_default();
    // Both are in UTC, and a fraction only makes the server's later.
    let day = |text: &str| text.get(..19).unwrap_or_default().to_owned();
    Ok(xml::text(&answer, "Mode").as_deref() == Some("COMPLIANCE") && day(&date) >= day(until))
}

/// A bucket that was made without locks refuses one for good.
fn unsupported(error: Error) -> Error {
    match &error {
        Error::Permanent(message)
            if ["InvalidRequest", "ObjectLockConfiguration", "InvalidBucketState", "MethodNotAllowed"]
                .iter()
                .any(|code| message.contains(code)) =>
        {
            Error::Unsupported
        }
        Error::NotFound => Error::Unsupported,
        _ => error,
    }
}
