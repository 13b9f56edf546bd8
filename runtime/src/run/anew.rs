//! A backup that goes on where another attempt of it ended: all of it is made once more, and parts that come out as the store
//! has them are not sent again. They are not believed: the whole is read back before it is announced.

use super::backup::{DIFFERENTIAL, Making, Sent, send};
use super::send::Sending;
use crate::artifact::encode;
use crate::error::Result;
use crate::fault;
use crate::journal::replay::Upload;
use schema::report::ProblemKind;

/// Goes on with what another attempt of this run has begun to send. What is durable and was read back; `None` when there is
/// nothing to go on with, or nothing came of it: then nothing is left of it either.
pub(super) async fn go_on(making: &Making<'_>) -> Result<Option<Sent>> {
    let Making { shop, work, store, context, .. } = *making;
    let Some(upload) = shop.take_carried_of(&work.address, &store.name) else { return Ok(None) };
    let file = file_of(making, &upload);
    let failed = match once_more(making, &upload, file).await {
        Ok(Some(sent)) => return Ok(Some(sent)),
        Ok(None) => None,
        Err(error) if matches!(error.kind, ProblemKind::Temporary | ProblemKind::Cancelled) => {
            if !shop.carries(&store.name, &upload.key) {
                shop.carry(upload);
            }
            return Err(error);
        }
        Err(error) => Some(error),
    };
    if let Some(error) = failed {
        let message = format!("what another attempt had sent to `{}` is of no use: {error}", store.name);
        context.observers.notice(message, Some("It is removed, and all of it is sent again.".to_owned()));
    }
    let index = file.map(|file| making.keys(&upload.attempt, file).1);
    for key in index.iter().chain([&upload.key]) {
        store.discard(key).await?;
    }
    Ok(None)
}

/// Name of the artifact's own bytes, which tells when that attempt began; `None` when it made another kind of artifact.
fn file_of<'a>(making: &Making<'_>, upload: &'a Upload) -> Option<&'a str> {
    let name = upload.key.rsplit('/').next()?;
    let file = name.strip_suffix(&encode::file_name("", &making.way.layers.names()))?;
    (file.ends_with(DIFFERENTIAL) == making.way.parent.is_some()).then_some(file)
}

/// Makes it once more, sends what the store has not, and reads all of it back.
async fn once_more(making: &Making<'_>, upload: &Upload, file: Option<&str>) -> Result<Option<Sent>> {
    let Making { shop, store, context, way, .. } = *making;
    let Some(file) = file else { return Ok(None) };
    // It died between the last part and the manifest: what is made now need not be that.
    if store.storage().stat(&upload.key).await?.is_some() {
        return Ok(None);
    }
    let Some(sending) = Sending::again(shop, store, upload, way.length).await? else { return Ok(None) };
    fault::point("made-anew");
    let sent = send(making, &sending, file).await?;
    if sent.there > 0 {
        store.check_stored(&sent.manifest, &context.observers).await?;
    }
    Ok(Some(sent))
}
