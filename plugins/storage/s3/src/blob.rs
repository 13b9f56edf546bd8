//! What is handed to the host and comes back: sessions and receipts. Their form is nobody else's affair, so it is plain.

use crate::backstay::plugin::types::Error;

/// What is handed back with every part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) key: String,
    /// The server's name for the upload.
    pub(crate) upload: String,
    /// Written beside the object, so that a session knows its own work.
    pub(crate) token: String,
    /// Announced size of the object.
    pub(crate) size: Option<u64>,
}

/// What is handed back on commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Receipt {
    pub(crate) n: u32,
    pub(crate) offset: u64,
    pub(crate) len: u64,
    /// As the server gave it, with its quotes.
    pub(crate) etag: String,
    /// SHA-256 in base64.
    pub(crate) checksum: String,
}

fn lines<'a, const N: usize>(bytes: &'a [u8], what: &str) -> Result<[&'a str; N], Error> {
    let text = str::from_utf8(bytes).ok();
    let lines = text.and_then(|text| <[&str; N]>::try_from(text.split('\n').collect::<Vec<_>>()).ok());
    lines.ok_or_else(|| foreign(what))
}

fn foreign(what: &str) -> Error {
    Error::Permanent(format!("this is no {what} of this plugin"))
}

impl Session {
    pub(crate) fn pack(&self) -> Vec<u8> {
        let size = self.size.map_or_else(String::new, |size| size.to_string());
        ["s3", &self.key, &self.upload, &self.token, &size].join("\n").into_bytes()
    }

    pub(crate) fn unpack(bytes: &[u8]) -> Result<Self, Error> {
        let [mark, key, upload, token, size] = lines(bytes, "session")?;
        if mark != "s3" || upload.is_empty() || !crate::text::is_key(key) {
            return Err(foreign("session"));
        }
        let size = if size.is_empty() { None } else { Some(size.parse().map_err(|_| foreign("session"))?) };
        Ok(Self { key: key.to_owned(), upload: upload.to_owned(), token: token.to_owned(), size })
    }
}

impl Receipt {
    pub(crate) fn pack(&self) -> Vec<u8> {
        format!("{}\n{}\n{}\n{}\n{}", self.n, self.offset, self.len, self.etag, self.checksum).into_bytes()
    }

    pub(crate) fn unpack(bytes: &[u8]) -> Result<Self, Error> {
        let [n, offset, len, etag, checksum] = lines(bytes, "receipt")?;
        let number = |text: &str| text.parse::<u64>().map_err(|_| foreign("receipt"));
        Ok(Self {
            n: u32::try_from(number(n)?).map_err(|_| foreign("receipt"))?,
            offset: number(offset)?,
            len: number(len)?,
            etag: etag.to_owned(),
            checksum: checksum.to_owned(),
        })
    }
}

/// Receipts that follow each other without a gap, and the bytes that they cover.
pub(crate) fn covered(receipts: &[Vec<u8>]) -> Result<(Vec<Receipt>, u64), Error> {
    let (mut read, mut end, mut last) = (Vec::new(), 0u64, 0);
    for receipt in receipts {
        let receipt = Receipt::unpack(receipt)?;
        if receipt.offset != end || receipt.n <= last {
            return Err(Error::Permanent(format!("a part begins at {}, but {end} was next", receipt.offset)));
        }
        (end, last) = (end.saturating_add(receipt.len), receipt.n);
        read.push(receipt);
    }
    Ok((read, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_come_back() {
        for size in [None, Some(7)] {
            let session = Session { key: "a/b".into(), upload: "u=/+".into(), token: "t".into(), size };
            assert_eq!(Session::unpack(&session.pack()).ok(), Some(session));
        }
        let receipt = |n, offset| Receipt { n, offset, len: 5, etag: "\"e\"".into(), checksum: "c=".into() };
        assert_eq!(Receipt::unpack(&receipt(3, 9).pack()).ok(), Some(receipt(3, 9)));
        assert_eq!(covered(&[receipt(1, 0).pack(), receipt(2, 5).pack()]).ok().map(|(_, end)| end), Some(10));
        assert!(covered(&[receipt(1, 0).pack(), receipt(2, 6).pack()]).is_err());
        assert!(covered(&[receipt(1, 5).pack()]).is_err());
        assert!(Session::unpack(b"a\na\n").is_err() && Receipt::unpack(b"{}").is_err());
    }
}
