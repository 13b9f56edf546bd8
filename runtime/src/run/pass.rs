//! How bytes get from one store into another: as they are stored, or with something done to them on the way.

use super::send::Sending;
use crate::artifact::decode::Coded;
use crate::artifact::digest::Digested;
use crate::artifact::encode::{self, Layers};
use crate::artifact::stream::first_cause;
use crate::artifact::{Feed, channel};
use crate::error::{Error, Result};
use crate::event::StepObservers;
use crate::store::Store;
use schema::manifest::Manifest;
use std::collections::BTreeSet;

/// How an artifact's bytes get from one store into another.
pub(super) enum Way {
    /// As they are stored.
    Verbatim,
    /// With something done to them.
    Anew {
        /// What must be opened first.
        open: Option<Box<Coded>>,
        layers: Layers,
        /// What the new copy is encoded as, in order.
        encoding: Vec<String>,
    },
}

/// Encrypted copies go as they are unless the target encrypts to others; what the target asks for and the copy has not is
/// added; nothing is taken off for a target that does not ask for it.
pub(super) fn way(held: &Manifest, from: &Store, to: &Store) -> Result<Way> {
    let encoding = Coded::known(held)?;
    let wanted = to.layers(is_compressed(held) || encoding.contains(&encode::ZSTD));
    let recipients = held.copy.as_ref().map(|copy| copy.recipients.as_slice()).unwrap_or_default();
    let encrypted = !recipients.is_empty();
    let set = |names: &[String]| names.iter().cloned().collect::<BTreeSet<_>>();
    let others = !wanted.recipients.is_empty() && set(&wanted.recipients) != set(recipients);
    let as_it_is = if encrypted { !others } else { wanted.is_empty() };
    if as_it_is {
        return Ok(Way::Verbatim);
    }
    let open = if encrypted { Some(Box::new(from.coded(held).map_err(|error| to_others(error, to))?)) } else { None };
    let kept = encoding.iter().filter(|name| **name != encode::AGE).map(|name| (*name).to_owned());
    let encoding = kept.chain(wanted.names()).collect();
    Ok(Way::Anew { open, layers: wanted, encoding })
}

fn to_others(mut error: Error, to: &Store) -> Error {
    error.message =
        format!("`{}` encrypts to other recipients, so the copy must be opened first: {}", to.name, error.message);
    error
}

/// Whether the engine compressed the artifact.
fn is_compressed(manifest: &Manifest) -> bool {
    matches!(manifest.engine.method.as_str(), "dump" | "backup")
}

/// The digests of what was encoded, if it was, those of what was sent, and the receipts.
pub(super) struct Passed {
    pub(super) came: Option<Digested>,
    pub(super) sent: Digested,
    pub(super) receipts: Vec<Vec<u8>>,
}

/// Passes stored bytes on, the way that they must go.
pub(super) async fn pass(
    way: &Way,
    reading: impl Future<Output = Result<()>>,
    feed: Feed,
    sending: &Sending<'_>,
    observers: &StepObservers,
) -> Result<Passed> {
    let (open, layers) = match way {
        Way::Verbatim => {
            let (read, sent) = tokio::join!(reading, sending.send(feed, observers));
            return match (read, sent) {
                (Ok(()), Ok((sent, receipts))) => Ok(Passed { came: None, sent, receipts }),
                (read, sent) => Err(first_cause([read.err(), sent.err()])),
            };
        }
        Way::Anew { open, layers, .. } => (open.clone(), layers.clone()),
    };
    let (coded, stored) = channel();
    let opening_and_encoding = async {
        match open {
            None => encode::encode(feed, coded, layers).await,
            Some(opened) => {
                let (sink, plain) = channel();
                match tokio::join!(opened.decrypt(feed, sink), encode::encode(plain, coded, layers)) {
                    (Ok(()), Ok(encoded)) => Ok(encoded),
                    (opened, encoded) => Err(first_cause([opened.err(), encoded.err()])),
                }
            }
        }
    };
    let (read, encoded, sent) = tokio::join!(reading, opening_and_encoding, sending.send(stored, observers));
    match (read, encoded, sent) {
        (Ok(()), Ok(came), Ok((sent, receipts))) => Ok(Passed { came: Some(came), sent, receipts }),
        (read, encoded, sent) => Err(first_cause([read.err(), encoded.err(), sent.err()])),
    }
}
