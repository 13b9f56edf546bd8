//! The imports that need no grant (`log`, `clock`, `random`), and the resources of `data`.

use crate::plugin::bindings::{clock, data, log, random, types};
use crate::plugin::body::{Body, Outlet};
use crate::plugin::call::Call;
use sha2::{Digest, Sha256};
use wasmtime::Result;
use wasmtime::component::Resource;

impl types::Host for Call {}

impl data::Host for Call {
    async fn sha256_part(&mut self, part: Resource<Body>) -> Result<Vec<u8>> {
        let entered = self.enter()?;
        let body = self.table.get(&part)?.clone();
        self.witness.excuse();
        let digest = tokio::task::spawn_blocking(move || body.sha256()).await;
        self.witness.resume();
        self.leave(entered);
        Ok(digest.map_err(wasmtime::Error::new)?.to_vec())
    }

    async fn sha256(&mut self, bytes: Vec<u8>) -> Result<Vec<u8>> {
        self.enter()?;
        Ok(Sha256::digest(&bytes).to_vec())
    }
}

impl data::HostArtifact for Call {
    async fn drop(&mut self, artifact: Resource<Body>) -> Result<()> {
        self.table.delete(artifact)?;
        Ok(())
    }
}

impl data::HostSink for Call {
    async fn drop(&mut self, sink: Resource<Outlet>) -> Result<()> {
        self.table.delete(sink)?;
        Ok(())
    }
}

impl log::Host for Call {
    async fn write(&mut self, level: log::Level, message: String) -> Result<()> {
        self.enter()?;
        match level {
            log::Level::Debug => self.log(&format!("debug: {message}")),
            log::Level::Info => self.log(&message),
            log::Level::Warn => self.log(&format!("warning: {message}")),
        }
        Ok(())
    }
}

impl clock::Host for Call {
    async fn now_ms(&mut self) -> Result<u64> {
        self.enter()?;
        let now = jiff::Timestamp::now().as_millisecond();
        Ok(u64::try_from(now).unwrap_or(0))
    }
}

impl random::Host for Call {
    async fn bytes(&mut self, count: u32) -> Result<Vec<u8>> {
        const MOST: u32 = 1024;
        self.enter()?;
        if count > MOST {
            return Err(wasmtime::Error::msg(format!("asked for {count} random bytes; {MOST} is the most")));
        }
        // 488 random bits from the system, stretched.
        let mut hasher = blake3::Hasher::new();
        for _ in 0..4 {
            hasher.update(uuid::Uuid::new_v4().as_bytes());
        }
        let mut bytes = vec![0; count as usize];
        hasher.finalize_xof().fill(&mut bytes);
        Ok(bytes)
    }
}
