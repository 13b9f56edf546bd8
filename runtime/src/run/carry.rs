//! A transfer that goes on where another attempt of it ended: of a copy that goes as it is stored, the parts that the store
//! has are not read and not sent again. They are not believed either: the whole is read back before it is announced.

use super::executor::unless_cancelled;
use super::pass::Way;
use super::send::{Length, Sending};
use super::transfer::{Bringing, copy_index, planned};
use crate::artifact::stream::first_cause;
use crate::artifact::{channel, download::Expected, pace::Pace};
use crate::error::Result;
use crate::fault;
use crate::journal::replay::Upload;
use schema::manifest::Manifest;
use schema::report::ProblemKind;

/// Goes on with what another attempt of this run has begun to send. The manifest of the copy, whose bytes are durable and
/// were read back, and the bytes that were there; `None` when there is nothing to go on with, or nothing came of it: then
/// nothing is left of it either.
pub(super) async fn go_on(bringing: &Bringing<'_>) -> Result<Option<(Manifest, u64)>> {
    let Bringing { shop, to, old, way, context, .. } = *bringing;
    let key_of = |attempt: &str| to.bytes_key(&planned(old, way, attempt));
    let Some(upload) = shop.take_carried(&to.name, key_of) else { return Ok(None) };
    let failed = match rest(bringing, &upload).await {
        Ok(Some(done)) => return Ok(Some(done)),
        Ok(None) => None,
        Err(error) if matches!(error.kind, ProblemKind::Temporary | ProblemKind::Cancelled) => {
            if !shop.carries(&to.name, &upload.key) {
                shop.carry(upload);
            }
            return Err(error);
        }
        Err(error) => Some(error),
    };
    if let Some(error) = failed {
        let message = format!("what another attempt had sent to `{}` is of no use: {error}", to.name);
        context.observers.notice(message, Some("It is removed, and all of it is sent again.".to_owned()));
    }
    for key in to.objects(&planned(old, way, &upload.attempt)) {
        to.discard(&key).await?;
    }
    Ok(None)
}

/// Sends what is missing, and reads all of it back.
async fn rest(bringing: &Bringing<'_>, upload: &Upload) -> Result<Option<(Manifest, u64)>> {
    let Bringing { shop, from, to, old, way, bandwidth, context, .. } = *bringing;
    let size = Expected::of(old).size;
    if !matches!(way, Way::Verbatim) {
        return Ok(None);
    }
    let mut new = planned(old, way, &upload.attempt);
    let there = match to.storage().stat(&upload.key).await? {
        // It died between the last part and the manifest.
        Some(_) => size,
        None => {
            let Some(sending) = Sending::again(shop, to, upload, Length::Known(size)).await? else { return Ok(None) };
            let there = sending.there();
            fault::point("gone-on");
            let (sink, feed) = channel();
            let reading = from.read_rest(old, there, sink, Pace::new(bandwidth));
            let passing = async { tokio::join!(reading, sending.send(feed, &context.observers)) };
            let receipts = match unless_cancelled(context, passing).await {
                Ok((Ok(()), Ok((_, receipts)))) => receipts,
                Ok((read, sent)) => {
                    let error = first_cause([read.err(), sent.err()]);
                    sending.keep(&error);
                    return Err(error);
                }
                Err(cancelled) => return Err(cancelled),
            };
            sending.commit(&receipts).await?;
            there
        }
    };
    // A process that died after it began the index has left one that is swept by now.
    new.index = copy_index(bringing, &new).await?;
    to.check_stored(&new, &context.observers).await?;
    Ok(Some((new, there)))
}
