//! The `secrets` import: what a guest may have done with secrets that it never sees.

use crate::error::Error;
use crate::plugin::bindings::secrets::Host;
use crate::plugin::call::Call;
use crate::plugin::secrets;
use schema::grant::Grant;
use sha2::{Digest, Sha256};
use wasmtime::Result;

impl Host for Call {
    async fn names(&mut self) -> Result<Vec<String>> {
        self.enter()?;
        let mut names: Vec<String> =
            granted(&self.given.grants, true).chain(granted(&self.given.grants, false)).collect();
        names.sort();
        Ok(names)
    }

    async fn sha256(&mut self, text: String) -> Result<Result<Vec<u8>, String>> {
        let entered = self.enter()?;
        let filled = self.filled(&text).await;
        self.leave(entered);
        Ok(filled.map(|filled| Sha256::digest(filled.as_bytes()).to_vec()))
    }

    async fn hmac_sha256(
        &mut self,
        name: String,
        prefix: Vec<u8>,
        messages: Vec<Vec<u8>>,
    ) -> Result<Result<Vec<u8>, String>> {
        let entered = self.enter()?;
        if messages.is_empty() {
            return Err(wasmtime::Error::msg("asked for a signature of nothing"));
        }
        let secret = self.signing_secret(name).await;
        self.leave(entered);
        Ok(secret.map(|secret| chain([prefix.as_slice(), secret.as_bytes()].concat(), &messages)))
    }
}

/// Each result is the key for the next message.
fn chain(key: Vec<u8>, messages: &[Vec<u8>]) -> Vec<u8> {
    messages.iter().fold(key, |key, message| hmac(&key, message))
}

/// HMAC-SHA-256, as RFC 2104 has it.
fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    const BLOCK: usize = 64;
    let mut key = if key.len() > BLOCK { Sha256::digest(key).to_vec() } else { key.to_vec() };
    key.resize(BLOCK, 0);
    let padded = |with: u8| key.iter().map(|byte| byte ^ with).collect::<Vec<u8>>();
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(padded(0x5c)).chain_update(inner).finalize().to_vec()
}

/// Names of the secrets that were granted for signing, or for sending.
fn granted(grants: &[Grant], signing: bool) -> impl Iterator<Item = String> {
    grants.iter().filter_map(move |grant| match grant {
        Grant::Secret { name, signs } if *signs == signing => Some(name.clone()),
        _ => None,
    })
}

impl Call {
    /// A text with secrets put in, if all of them may be sent; or what to tell the guest.
    pub(super) async fn filled(&mut self, text: &str) -> std::result::Result<String, String> {
        let asked = secrets::names(text)?;
        if asked.is_empty() {
            return Ok(text.to_owned());
        }
        for name in asked {
            self.check_secret(&name, false)?;
        }
        let (given, text) = (self.given.clone(), text.to_owned());
        self.fetched(move || {
            secrets::fill(&text, |name| {
                let value = given.secrets.value(name)?;
                given.redactor.remember(&value);
                Ok(value)
            })
        })
        .await
    }

    async fn signing_secret(&mut self, name: String) -> std::result::Result<String, String> {
        self.check_secret(&name, true)?;
        let given = self.given.clone();
        self.fetched(move || {
            let value = given.secrets.value(&name)?;
            given.redactor.remember(&value);
            Ok(value)
        })
        .await
    }

    /// Fetching secrets may run a program, so it is done where that may take long.
    async fn fetched(
        &mut self,
        fetch: impl FnOnce() -> crate::error::Result<String> + Send + 'static,
    ) -> std::result::Result<String, String> {
        let fetched = tokio::task::spawn_blocking(fetch).await;
        let fetched = fetched.unwrap_or_else(|panic| Err(Error::permanent("panic", panic.to_string())));
        fetched.map_err(|error| {
            let message = error.message.clone();
            self.witness.caused(error);
            message
        })
    }

    fn check_secret(&mut self, name: &str, signing: bool) -> std::result::Result<(), String> {
        let grants = &self.given.grants;
        if granted(grants, signing).any(|granted| granted == name) {
            return Ok(());
        }
        if granted(grants, !signing).any(|granted| granted == name) {
            let (what, only) = if signing { ("sign with", "send it") } else { ("send", "sign with it") };
            let help = format!("Its manifest lets it {only} and nothing else; report it to the plugin's author.");
            return Err(
                self.deny(&format!("asked to {what} the secret `{name}`, which it was not granted for that"), help)
            );
        }
        let help = format!("If it should have it, add `secret \"{name}\" (env)\"NAME\"` to its node.");
        Err(self.deny(&format!("asked for the secret `{name}`, which it was not granted"), help))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published example of a signing key and of a signature with it.
    #[test]
    fn keys_are_derived_one_from_the_other() {
        let key = b"AWS4wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_vec();
        let messages: Vec<Vec<u8>> =
            ["20150830", "us-east-1", "iam", "aws4_request"].iter().map(|text| text.as_bytes().to_vec()).collect();
        assert_eq!(hex(&chain(key, &messages)), "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9");
    }

    /// Cases 2 and 6 of RFC 4231: a short key, and one that is longer than a block.
    #[test]
    fn keys_of_any_length() {
        let short = hmac(b"Jefe", b"what do ya want for nothing?");
        assert_eq!(hex(&short), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        let long = hmac(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First");
        assert_eq!(hex(&long), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
