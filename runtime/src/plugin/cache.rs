//! Compiled plugins on disk. What is loaded from here runs as native code, so only what this user wrote, unchanged, is.

use crate::error::{Error, Result};
use std::fs::{self, DirBuilder};
use std::hash::{Hash, Hasher};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use wasmtime::Engine;
use wasmtime::component::Component;

/// Whether a component came from the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Compiled,
    Cached,
}

/// A private directory of compiled components.
#[derive(Debug)]
pub(super) struct Cache {
    folder: PathBuf,
    /// Version and settings of the engine, as far as compiled code depends on them.
    engine: String,
}

impl Cache {
    /// Makes the directory, readable by this user only. One that others can write to is refused.
    pub(super) fn open(folder: &Path, engine: &Engine) -> Result<Self> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|error| Error::io(format_args!("make the plugin cache `{}`", folder.display()), &error))?;
        let found = fs::metadata(folder)
            .map_err(|error| Error::io(format_args!("look at the plugin cache `{}`", folder.display()), &error))?;
        let ours = found.uid() == rustix::process::geteuid().as_raw();
        if !ours || found.permissions().mode() & 0o077 != 0 {
            let message = format!("the plugin cache `{}` can be used by others", folder.display());
            return Err(Error::permanent("cache-not-private", message)
                .help(format!("Remove it, or run `chmod 700 {}` as its owner.", folder.display())));
        }
        let mut hasher = Fingerprint(blake3::Hasher::new());
        engine.precompile_compatibility_hash().hash(&mut hasher);
        let engine = hasher.0.finalize().to_hex().chars().take(16).collect();
        Ok(Self { folder: folder.to_owned(), engine })
    }

    /// The compiled form of a component: from the cache when it is there and whole, else compiled and put there.
    ///
    /// # Errors
    /// When the component is not valid. A cache that cannot be written is no error: the next process compiles again.
    pub(super) fn load(&self, engine: &Engine, wasm: &[u8]) -> wasmtime::Result<(Component, Origin)> {
        let digest = blake3::hash(wasm).to_hex();
        let place = self.folder.join(format!("{digest}-{}.cwasm", self.engine));
        if let Some(component) = Self::cached(engine, &place) {
            return Ok((component, Origin::Cached));
        }
        let component = Component::new(engine, wasm)?;
        if let Ok(code) = component.serialize() {
            let written = replace(&place, &code)
                .and_then(|()| replace(&digest_of(&place), blake3::hash(&code).to_hex().as_bytes()));
            if written.is_err() {
                // Half of a pair is found out by its digest; none is better.
                let _ = fs::remove_file(&place);
            }
        }
        Ok((component, Origin::Compiled))
    }

    fn cached(engine: &Engine, place: &Path) -> Option<Component> {
        let code = fs::read(place).ok()?;
        let digest = fs::read_to_string(digest_of(place)).ok()?;
        if blake3::hash(&code).to_hex().as_str() != digest {
            return None;
        }
        load_trusted(engine, &code)
    }
}

/// Turns bytes of this cache into code.
#[expect(unsafe_code, reason = "the only way to load compiled code; see the comment inside")]
fn load_trusted(engine: &Engine, code: &[u8]) -> Option<Component> {
    // SAFETY: the bytes must be what `Component::serialize` of a compatible engine returned. They are: the directory is
    // owned by this user and closed to others, these very bytes (not the file, which could change) match the digest
    // that was written after them, and the engine's compatibility hash is in the name, which the engine checks again.
    unsafe { Component::deserialize(engine, code) }.ok()
}

fn digest_of(place: &Path) -> PathBuf {
    place.with_extension("b3")
}

/// Writes beside and renames, so that a process that loads at the same time sees all or nothing.
fn replace(place: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = place.with_extension(format!("new-{}", uuid::Uuid::new_v4().simple()));
    fs::write(&temporary, bytes)?;
    fs::rename(&temporary, place)
}

/// Feeds what is hashed to BLAKE3.
struct Fingerprint(blake3::Hasher);

impl Hasher for Fingerprint {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}
