//! From the bytes of a copy back to those of the artifact. The stream only ends well when every byte was right.

use crate::artifact::digest::Digests;
use crate::artifact::encode::{AGE, ZSTD};
use crate::artifact::outlet::{Outlet, cause};
use crate::artifact::seal::Keys;
use crate::artifact::stream::{CHUNK, Feed, Sink};
use crate::error::{Error, Result};
use schema::manifest::{Content, Copied, Manifest};
use std::io::{BufReader, Read, Write};

/// Largest window of a frame, as a power of two: one frame is far smaller.
const WINDOW: u32 = 23;

/// A copy of an artifact, and what it takes to read it.
#[derive(Clone, Debug)]
pub struct Coded {
    pub content: Content,
    /// `None` is stored as it is.
    pub copy: Option<Copied>,
    /// Identities, when it is encrypted.
    pub keys: Option<Keys>,
}

impl Coded {
    /// The encodings of a manifest's copy; an error when this version does not know one, or they stand in another order.
    pub fn known(manifest: &Manifest) -> Result<Vec<&str>> {
        let encoding: Vec<&str> = manifest.copy.iter().flat_map(|copy| &copy.encoding).map(String::as_str).collect();
        match encoding.as_slice() {
            [] | [ZSTD] | [AGE] | [ZSTD, AGE] => Ok(encoding),
            other => {
                let message = format!("artifact {} is encoded as `{}`", manifest.id, other.join("`, `"));
                Err(Error::permanent("encoding-unknown", message).help("Use a newer Backstay to read it."))
            }
        }
    }

    /// Decodes all of `stored` into `out`, which is finished only when size and BLAKE3 digest are those of the artifact.
    pub async fn decode(self, stored: Feed, out: Sink) -> Result<()> {
        let work = move || {
            let content = self.content.clone();
            let mut plain = self.reader(stored)?;
            check(&mut *plain, &content, out)
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| Error::permanent("panic", error.to_string()))?
    }

    /// Decodes all of an index, which is compressed, and encrypted where the copy is, into `out`.
    pub async fn decode_index(self, stored: Feed, out: Sink) -> Result<()> {
        let work = move || {
            let mut out = Outlet::new(out);
            let opened: Box<dyn Read> = match &self.keys {
                Some(keys) => Box::new(keys.open(stored)?),
                None => Box::new(stored),
            };
            std::io::copy(&mut decompressed(opened)?, &mut out).map_err(undecoded)?;
            out.finish()
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| Error::permanent("panic", error.to_string()))?
    }

    /// Takes the encryption off and nothing else. What comes out is as right as its encryption and stored digest say.
    pub async fn decrypt(self, stored: Feed, out: Sink) -> Result<()> {
        let work = move || {
            let mut out = Outlet::new(out);
            let mut opened = self.keys()?.open(stored)?;
            std::io::copy(&mut opened, &mut out).map_err(undecoded)?;
            out.finish()
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| Error::permanent("panic", error.to_string()))?
    }

    /// Whether it is made of frames.
    #[must_use]
    pub fn is_compressed(&self) -> bool {
        self.has(ZSTD)
    }

    fn has(&self, name: &str) -> bool {
        self.copy.iter().any(|copy| copy.encoding.iter().any(|known| known == name))
    }

    fn reader(&self, stored: impl Read + 'static) -> Result<Box<dyn Read>> {
        let opened: Box<dyn Read> = if self.has(AGE) { Box::new(self.keys()?.open(stored)?) } else { Box::new(stored) };
        if !self.has(ZSTD) {
            return Ok(opened);
        }
        Ok(Box::new(decompressed(opened)?))
    }

    fn keys(&self) -> Result<&Keys> {
        self.keys.as_ref().ok_or_else(|| Error::permanent("identity-missing", "the copy is encrypted"))
    }
}

/// The plain bytes of frames.
pub(crate) fn decompressed<R: Read>(stored: R) -> Result<zstd::stream::read::Decoder<'static, BufReader<R>>> {
    let failed = |error| Error::io("begin to decompress", &error);
    let mut decoder =
        zstd::stream::read::Decoder::with_buffer(BufReader::with_capacity(CHUNK, stored)).map_err(failed)?;
    decoder.window_log_max(WINDOW).map_err(failed)?;
    Ok(decoder)
}

fn check(plain: &mut dyn Read, content: &Content, out: Sink) -> Result<()> {
    let (mut digests, mut done) = (Digests::identity(), 0);
    let mut outlet = Outlet::new(out);
    let mut buffer = vec![0; CHUNK];
    loop {
        let count = plain.read(&mut buffer).map_err(undecoded)?;
        let bytes = buffer.get(..count).unwrap_or_default();
        done += count as u64;
        digests.update(bytes);
        if count == 0 {
            break;
        }
        // More than there may be is not unpacked to its end first.
        if done > content.size {
            return Err(different(content, &format!("more than {done} bytes")));
        }
        outlet.write_all(bytes).map_err(undecoded)?;
    }
    let digested = digests.finish();
    if digested.size != content.size {
        return Err(different(content, &format!("{} bytes", digested.size)));
    }
    if digested.blake3 != content.blake3 {
        return Err(different(content, &format!("the BLAKE3 digest {}", digested.blake3)));
    }
    outlet.finish()
}

pub(crate) fn undecoded(error: std::io::Error) -> Error {
    cause(error, |error| {
        Error::integrity("artifact-damaged", format!("the copy is damaged: it cannot be decoded: {error}"))
            .help("Restore from another store with `--from`, and find out what changed the bytes in this one.")
    })
}

fn different(content: &Content, found: &str) -> Error {
    let message = format!(
        "the copy decodes to something else: {found}, where the manifest says {} bytes with {}",
        content.size, content.blake3
    );
    Error::integrity("artifact-damaged", message).help("Restore from another store with `--from`.")
}
