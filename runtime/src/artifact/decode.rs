//! From the bytes of a copy back to those of the artifact. The stream only ends well when every byte was right.

use crate::artifact::digest::Digests;
use crate::artifact::encode::{AGE, ZSTD};
use crate::artifact::outlet::{Outlet, cause};
use crate::artifact::seal::Keys;
use crate::artifact::stream::{CHUNK, Feed, Sink};
use crate::blocking::blocking;
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
        blocking(work).await
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
        blocking(work).await
    }

    /// Takes the encryption off and nothing else. What comes out is as right as its encryption and stored digest say.
    pub async fn decrypt(self, stored: Feed, out: Sink) -> Result<()> {
        let work = move || {
            let mut out = Outlet::new(out);
            let mut opened = self.keys()?.open(stored)?;
            std::io::copy(&mut opened, &mut out).map_err(undecoded)?;
            out.finish()
        };
        blocking(work).await
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

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test that reaches too far must stop")]
mod tests {
    use super::*;
    use crate::artifact::channel;
    use crate::artifact::digest::Pair;
    use crate::artifact::encode::{Layers, encode};
    use crate::artifact::frames::FRAME;
    use age::secrecy::ExposeSecret;
    use bytes::Bytes;

    async fn through<F: Future<Output = Result<T>>, T>(
        bytes: &[u8],
        work: impl FnOnce(Feed, Sink) -> F,
    ) -> Result<(T, Vec<u8>)> {
        let ((sink, feed), (out, mut came)) = (channel(), channel());
        let putting = async {
            for chunk in bytes.chunks(CHUNK) {
                sink.send(Bytes::copy_from_slice(chunk)).await?;
            }
            sink.finish().await
        };
        let taking = async {
            let mut found = Vec::new();
            while let Some(chunk) = came.next().await? {
                found.extend_from_slice(&chunk);
            }
            Ok::<_, Error>(found)
        };
        let (_, done, found) = tokio::join!(putting, work(feed, out), taking);
        Ok((done?, found?))
    }

    fn coded(bytes: &[u8], layers: &Layers, keys: Option<Keys>) -> Coded {
        let mut digests = Pair::begin();
        digests.update(&Bytes::copy_from_slice(bytes));
        let digested = digests.finish().expect("digests");
        let content = Content {
            file: "x.tar".to_owned(),
            size: digested.size,
            blake3: digested.blake3,
            sha256: digested.sha256.unwrap_or_default(),
        };
        let copy = Copied {
            file: "x".to_owned(),
            size: 0,
            blake3: String::new(),
            sha256: String::new(),
            encoding: layers.names(),
            recipients: layers.recipients.clone(),
        };
        Coded { content, copy: Some(copy), keys }
    }

    fn pair() -> (Keys, String) {
        let identity = age::x25519::Identity::generate();
        let keys = Keys::new(identity.to_string().expose_secret().to_owned(), "a key".to_owned());
        (keys, identity.to_public().to_string())
    }

    #[tokio::test]
    async fn what_was_encoded_comes_back_whatever_its_size() {
        let (keys, recipient) = pair();
        let whole: Vec<u8> = (0..2 * FRAME + 9).map(|at| (at / 7 % 251) as u8).collect();
        for zstd in [None, Some(1)] {
            for recipients in [Vec::new(), vec![recipient.clone()]] {
                let layers = Layers { zstd, recipients };
                for size in [1, FRAME - 1, FRAME, FRAME + 1, 2 * FRAME, 2 * FRAME + 9] {
                    let bytes = &whole[..size as usize];
                    let work = |feed, out| encode(feed, out, layers.clone());
                    let (digested, stored) = through(bytes, work).await.expect("encoded");
                    assert_eq!(digested.blake3, blake3::hash(bytes).to_hex().to_string());
                    let coded = coded(bytes, &layers, Some(keys.clone()));
                    let (_, back) = through(&stored, |feed, out| coded.decode(feed, out)).await.expect("decoded");
                    assert!(back == bytes, "{size} bytes through {layers:?}");
                }
            }
        }
    }

    #[tokio::test]
    async fn no_damage_passes() {
        let (keys, recipient) = pair();
        let bytes = b"many bytes that are alike, many bytes that are alike".repeat(4);
        for layers in [
            Layers { zstd: Some(3), recipients: Vec::new() },
            Layers { zstd: Some(3), recipients: vec![recipient.clone()] },
        ] {
            let (_, stored) = through(&bytes, |feed, out| encode(feed, out, layers.clone())).await.expect("encoded");
            let decoded = async |stored: &[u8]| {
                let coded = coded(&bytes, &layers, Some(keys.clone()));
                through(stored, |feed, out| coded.decode(feed, out)).await.map(|(_, back)| back)
            };
            for at in 0..stored.len() {
                let mut other = stored.clone();
                other[at] ^= 0x10;
                // What decodes nevertheless (a byte of the table that the whole needs not) is the artifact.
                assert!(decoded(&other).await.map_or(true, |back| back == bytes), "byte {at} of {layers:?}");
                let cut = decoded(&stored[..at]).await;
                assert!(cut.is_err() || cut.is_ok_and(|back| back == bytes), "cut at {at} of {layers:?}");
            }
        }
        let (other, _) = pair();
        let layers = Layers { zstd: None, recipients: vec![recipient] };
        let (_, stored) = through(&bytes, |feed, out| encode(feed, out, layers.clone())).await.expect("encoded");
        let coded = coded(&bytes, &layers, Some(other));
        let refused = through(&stored, |feed, out| coded.decode(feed, out)).await.expect_err("another key");
        assert_eq!(refused.code, "identity-wrong");
    }
}
