//! Documents that are read before they are asked for. A look at a whole store reads very many small ones, and a call of the
//! plugin for each costs more than what it reads.

use super::Store;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Most bytes of a document that is read so; larger ones are read alone.
const SMALL: usize = 16 << 10;

/// What was read, by key; each is handed out once.
#[derive(Debug)]
pub(super) struct Ahead(Mutex<HashMap<String, Vec<u8>>>);

impl Ahead {
    pub(super) fn take(&self, key: &str) -> Option<Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key)
    }
}

impl Store {
    /// The same store with these documents at hand. What could not be read is read again when it is asked for, and told then.
    pub(super) async fn ahead(&self, keys: &[String]) -> Self {
        let read = self.storage.get_each(keys, SMALL).await;
        Self { ahead: Some(Arc::new(Ahead(Mutex::new(read)))), ..self.clone() }
    }
}
