//! Secret values: fetched from their references at the moment of use, remembered only so that they can be redacted.

use crate::error::{Error, Result};
use schema::secret::SecretRef;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

/// What a redacted value becomes.
pub const MASK: &str = "[secret]";
/// Shorter values are not masked: they would hide ordinary text and protect nothing.
const SHORTEST: usize = 4;

/// Resolves references and masks the values that were resolved; cheap to clone.
#[derive(Clone)]
pub struct Secrets {
    base: PathBuf,
    /// Values that go before those of the environment; no child process gets them.
    environment: Arc<BTreeMap<String, Hidden>>,
    /// Every spelling of every value seen, longest first.
    seen: Arc<RwLock<BTreeSet<Spelling>>>,
}

/// A value that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden(pub String);

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(MASK)
    }
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Spelling(std::cmp::Reverse<usize>, String);

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets")
    }
}

impl Secrets {
    /// Relative paths of `(file)` references begin at `base`.
    #[must_use]
    pub fn new(base: &Path) -> Self {
        Self { base: base.to_owned(), environment: Arc::default(), seen: Arc::default() }
    }

    /// `(env)` references find these values first.
    #[must_use]
    pub fn with_environment(self, environment: BTreeMap<String, Hidden>) -> Self {
        Self { environment: Arc::new(environment), ..self }
    }

    /// The value that a reference stands for. Errors name the reference, never a value.
    pub fn value(&self, reference: &SecretRef) -> Result<String> {
        let value = self.look_up(reference)?;
        if value.is_empty() {
            return Err(Error::permanent("secret-empty", format!("the secret {reference} is empty")));
        }
        self.remember(&value);
        Ok(value)
    }

    fn look_up(&self, reference: &SecretRef) -> Result<String> {
        let missing = |why: String| {
            Error::permanent("secret-missing", format!("the secret {reference} cannot be had: {why}"))
                .help("Provide it where the strategy says, or change the reference.")
        };
        match reference {
            SecretRef::Env(name) => match self.environment.get(name) {
                Some(value) => Ok(value.0.clone()),
                None => std::env::var(name).map_err(|_| missing("the variable is not set".to_owned())),
            },
            SecretRef::File(path) => std::fs::read_to_string(self.base.join(path))
                .map(without_line_break)
                .map_err(|error| missing(error.to_string())),
            SecretRef::Command(argv) => self.run(argv).map_err(missing),
            SecretRef::Keyring(_) => Err(missing("keyrings are not read yet".to_owned())),
        }
    }

    fn run(&self, argv: &[String]) -> Result<String, String> {
        let (program, arguments) = argv.split_first().ok_or("the command is empty")?;
        let output = std::process::Command::new(program)
            .args(arguments)
            .current_dir(&self.base)
            .stdin(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .output()
            .map_err(|error| error.to_string())?;
        if !output.status.success() {
            return Err(format!("the command ended with {}", output.status));
        }
        let text = String::from_utf8(output.stdout).map_err(|_| "its output is not UTF-8")?;
        Ok(without_line_break(text))
    }

    fn remember(&self, value: &str) {
        if value.len() < SHORTEST {
            return;
        }
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        for spelling in spellings(value) {
            seen.insert(Spelling(std::cmp::Reverse(spelling.len()), spelling));
        }
    }

    /// `text` with every spelling of every value seen so far masked: raw, URL-encoded, hexadecimal, base64.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
        let mut text = text.to_owned();
        for Spelling(_, value) in seen.iter() {
            if text.contains(value.as_str()) {
                text = text.replace(value.as_str(), MASK);
            }
        }
        text
    }
}

fn without_line_break(mut text: String) -> String {
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    text
}

fn spellings(value: &str) -> Vec<String> {
    use std::fmt::Write;
    let mut hex = String::new();
    for byte in value.bytes() {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    let url: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
    vec![value.to_owned(), url, hex.to_uppercase(), hex, base64(value.as_bytes())]
}

/// Base64 without padding: a spelling to look for, so the last character group may be cut short.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for group in bytes.chunks_exact(3) {
        let word = group.iter().fold(0_u32, |word, byte| (word << 8) | u32::from(*byte));
        for shift in [18, 12, 6, 0] {
            if let Some(letter) = ALPHABET.get(((word >> shift) & 63) as usize) {
                out.push(char::from(*letter));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_every_spelling_and_only_known_values() {
        let secrets = Secrets::new(Path::new("."));
        secrets.remember("s3cr/t+value");
        for text in ["raw s3cr/t+value", "url s3cr%2Ft%2Bvalue", "hex 733363722f742b76616c7565", "b64 czNjci90K3ZhbHVl"]
        {
            let masked = secrets.redact(text);
            assert!(masked.ends_with(MASK), "{masked}");
        }
        assert_eq!(secrets.redact("nothing here"), "nothing here");
    }

    #[test]
    fn an_error_names_the_reference_only() {
        let secrets = Secrets::new(Path::new("/"));
        let error = secrets.value(&SecretRef::File("nowhere/to/be/found".to_owned())).expect_err("no such file");
        assert!(error.message.contains("(file)\"nowhere/to/be/found\""), "{}", error.message);
        let command = vec!["sh".to_owned(), "-c".to_owned(), "echo told-to-nobody; exit 3".to_owned()];
        let error = secrets.value(&SecretRef::Command(command)).expect_err("it fails");
        assert!(!error.to_string().replace("echo told-to-nobody", "").contains("told"), "{error}");
    }
}
