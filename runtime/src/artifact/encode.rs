//! From the bytes of an artifact to those of a copy: digested, compressed where that is asked for, then encrypted.
//! In one pass and in bounded memory; what was cut off is made anew.

use crate::artifact::digest::{Digested, Pair};
use crate::artifact::frames;
use crate::artifact::outlet::Outlet;
use crate::artifact::seal::{Sealed, unwritten};
use crate::artifact::stream::{Feed, Sink};
use crate::blocking::blocking;
use crate::error::Result;
use crate::fault;
use schema::manifest::{Content, Copied};
use std::io::Write;

/// Names of the encodings in a manifest.
pub(crate) const ZSTD: &str = "zstd";
pub(crate) const AGE: &str = "age";

/// What is done to bytes, in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layers {
    /// Level of compression.
    pub zstd: Option<u8>,
    /// Recipients that they are encrypted to; none is not.
    pub recipients: Vec<String>,
}

impl Layers {
    /// What was stored of the artifact in `file`, as a manifest has it.
    #[must_use]
    pub fn copied(&self, file: &str, stored: &Digested) -> Copied {
        let encoding = self.names();
        let Content { file, size, blake3, sha256 } = stored.content(file_name(file, &encoding));
        Copied { file, size, blake3, sha256, encoding, recipients: self.recipients.clone() }
    }

    /// Whether anything is done at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.zstd.is_none() && self.recipients.is_empty()
    }

    /// Their names, as a manifest lists them.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let zstd = self.zstd.map(|_| ZSTD.to_owned());
        let age = (!self.recipients.is_empty()).then(|| AGE.to_owned());
        zstd.into_iter().chain(age).collect()
    }
}

/// `file` with the ending of each encoding, as the programs of that name expect it.
#[must_use]
pub fn file_name(file: &str, encoding: &[String]) -> String {
    let ending = |name: &String| match name.as_str() {
        ZSTD => ".zst".to_owned(),
        other => format!(".{other}"),
    };
    encoding.iter().fold(file.to_owned(), |file, name| file + &ending(name))
}

/// Encodes all of `feed` into `out`, which is finished only when all went well. Returns the digests of what came in.
pub async fn encode(feed: Feed, out: Sink, layers: Layers) -> Result<Digested> {
    let work = move || {
        let mut sealed = Sealed::begin(Outlet::new(out), &layers.recipients)?;
        let digested = match layers.zstd {
            Some(level) => frames::compress(feed, i32::from(level), Pair::begin(), &mut sealed)?,
            None => copy(feed, &mut sealed)?,
        };
        sealed.finish()?;
        Ok(digested)
    };
    blocking(work).await
}

fn copy(mut feed: Feed, out: &mut impl Write) -> Result<Digested> {
    let mut digests = Pair::begin();
    while let Some(chunk) = feed.blocking_next()? {
        digests.update(&chunk);
        fault::point("in-encode");
        out.write_all(&chunk).map_err(unwritten)?;
    }
    digests.finish()
}
