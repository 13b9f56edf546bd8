//! Encryption with age: copies are sealed to recipients, and opened with an identity. Keys never leave this module.

use crate::artifact::outlet::{Outlet, cause};
use crate::error::{Error, Result};
use crate::secret::Hidden;
use age::stream::{StreamReader, StreamWriter};
use age::x25519::Recipient;
use age::{DecryptError, Decryptor, Encryptor, IdentityFile};
use std::io::{self, BufReader, Read, Write};

/// What a copy is written through: encrypted to recipients, or as it is when there are none.
pub(super) enum Sealed {
    Plain(Outlet),
    Age(Box<StreamWriter<Outlet>>),
}

impl Sealed {
    pub(super) fn begin(outlet: Outlet, recipients: &[String]) -> Result<Self> {
        if recipients.is_empty() {
            return Ok(Self::Plain(outlet));
        }
        let known: Vec<Recipient> =
            recipients.iter().map(|recipient| self::recipient(recipient)).collect::<Result<_>>()?;
        let encryptor = Encryptor::with_recipients(known.iter().map(|recipient| recipient as &dyn age::Recipient))
            .map_err(|error| Error::permanent("bad-recipient", error.to_string()))?;
        let writer = encryptor.wrap_output(outlet).map_err(unwritten)?;
        Ok(Self::Age(Box::new(writer)))
    }

    /// Ends the encryption and the stream.
    pub(super) fn finish(self) -> Result<()> {
        match self {
            Self::Plain(outlet) => outlet.finish(),
            Self::Age(writer) => writer.finish().map_err(unwritten)?.finish(),
        }
    }
}

impl Write for Sealed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(outlet) => outlet.write(bytes),
            Self::Age(writer) => writer.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(super) fn unwritten(error: io::Error) -> Error {
    cause(error, |error| Error::io("encode the artifact", error))
}

/// A recipient that copies can be encrypted to without a program of somebody else.
pub(crate) fn recipient(text: &str) -> Result<Recipient> {
    text.parse()
        .map_err(|why| Error::permanent("bad-recipient", format!("copies cannot be encrypted to `{text}`: {why}")))
}

/// Identities that were given, as the text of a file of `age-keygen`.
#[derive(Clone, Debug)]
pub struct Keys {
    text: Hidden,
    /// Where they are from, for messages: never the text.
    from: String,
}

impl Keys {
    #[must_use]
    pub fn new(text: String, from: String) -> Self {
        Self { text: Hidden(text), from }
    }

    fn file(&self) -> Result<IdentityFile<age::NoCallbacks>> {
        IdentityFile::from_buffer(self.text.0.as_bytes()).map_err(|_| {
            Error::permanent("identity-unreadable", format!("{} holds no identity of age", self.from))
                .help("Give the file that `age-keygen` wrote; an identity begins with `AGE-SECRET-KEY-1`.")
        })
    }

    /// Fails unless one of the identities opens what is encrypted to `recipients`.
    pub fn fit(&self, recipients: &[String]) -> Result<()> {
        let mut own = Vec::new();
        self.file()?.write_recipients_file(&mut own).map_err(|_| self.wrong(recipients))?;
        let own = String::from_utf8_lossy(&own);
        if own.lines().any(|line| recipients.iter().any(|recipient| recipient == line)) {
            return Ok(());
        }
        Err(self.wrong(recipients))
    }

    fn wrong(&self, recipients: &[String]) -> Error {
        let to = if recipients.is_empty() { "somebody else".to_owned() } else { recipients.join(" and ") };
        Error::permanent("identity-wrong", format!("{} does not open the copy, which is encrypted to {to}", self.from))
            .help("Give the store the `identity` that belongs to that recipient.")
    }

    /// The plain bytes of what is encrypted.
    pub(super) fn open<R: Read>(&self, stored: R) -> Result<StreamReader<BufReader<R>>> {
        let decryptor = Decryptor::new_buffered(BufReader::new(stored)).map_err(|error| self.closed(error))?;
        let identities = self.file()?.into_identities().map_err(|error| self.closed(error))?;
        decryptor.decrypt(identities.iter().map(|identity| identity.as_ref())).map_err(|error| self.closed(error))
    }

    fn closed(&self, error: DecryptError) -> Error {
        match error {
            DecryptError::NoMatchingKeys => self.wrong(&[]),
            DecryptError::Io(error) => cause(error, |error| {
                Error::integrity("artifact-damaged", format!("the copy cannot be decrypted: {error}"))
            }),
            error => Error::integrity("artifact-damaged", format!("the copy cannot be decrypted: {error}")),
        }
    }
}
