//! What is handed to the host and comes back: sessions and receipts. Their form is nobody else's affair, so it is plain.

use crate::backstay::plugin::types::Error;

/// What is handed back with every part.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) key: String,
    /// The file that parts are written into.
    pub(crate) part: String,
    /// Announced size of the object.
    pub(crate) size: Option<u64>,
}

impl Session {
    /// Three lines; no key has a line break.
    pub(crate) fn pack(&self) -> Vec<u8> {
        let size = self.size.map_or_else(String::new, |size| size.to_string());
        [&self.key, "\n", &self.part, "\n", &size].concat().into_bytes()
    }

    pub(crate) fn unpack(bytes: &[u8]) -> Result<Self, Error> {
        let foreign = || Error::Permanent("this is no session of this plugin".to_owned());
        let text = str::from_utf8(bytes).map_err(|_| foreign())?;
        let mut lines = text.split('\n');
        let (Some(key), Some(part), Some(size), None) = (lines.next(), lines.next(), lines.next(), lines.next()) else {
            return Err(foreign());
        };
        // A session that names an object in place of a part would have it removed.
        if !crate::name::leftover_of(key, part) {
            return Err(foreign());
        }
        let size = if size.is_empty() { None } else { Some(size.parse().map_err(|_| foreign())?) };
        Ok(Self { key: key.to_owned(), part: part.to_owned(), size })
    }
}

/// What is handed back on commit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Receipt {
    pub(crate) offset: u64,
    pub(crate) len: u64,
}

impl Receipt {
    pub(crate) fn pack(&self) -> Vec<u8> {
        [self.offset.to_le_bytes(), self.len.to_le_bytes()].concat()
    }

    pub(crate) fn unpack(bytes: &[u8]) -> Result<Self, Error> {
        let number =
            |from: usize| bytes.get(from..from + 8).and_then(|part| part.try_into().ok()).map(u64::from_le_bytes);
        match (number(0), number(8), bytes.len()) {
            (Some(offset), Some(len), 16) => Ok(Self { offset, len }),
            _ => Err(Error::Permanent("this is no receipt of this plugin".to_owned())),
        }
    }
}
