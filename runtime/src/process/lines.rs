//! Output cut into lines, with a bound on how long one may be.

use std::io;
use tokio::io::{AsyncRead, AsyncReadExt};

/// A longer line is told in pieces of this many bytes.
const LONGEST: usize = 16 << 10;

/// Hands every line to `heard`, without its end. Lines end at `\n` or `\r`; empty ones are left out.
pub(crate) async fn each<R: AsyncRead + Unpin>(
    reader: Option<R>,
    heard: &(dyn Fn(&str) + Send + Sync),
) -> io::Result<()> {
    let Some(mut reader) = reader else { return Ok(()) };
    let mut rest = Vec::new();
    let mut block = vec![0; 8 << 10];
    loop {
        let count = reader.read(&mut block).await?;
        for &byte in block.iter().take(count) {
            if byte == b'\n' || byte == b'\r' || rest.len() >= LONGEST {
                tell(&mut rest, heard);
            }
            if byte != b'\n' && byte != b'\r' {
                rest.push(byte);
            }
        }
        if count == 0 {
            tell(&mut rest, heard);
            return Ok(());
        }
    }
}

fn tell(rest: &mut Vec<u8>, heard: &(dyn Fn(&str) + Send + Sync)) {
    if !rest.is_empty() {
        heard(&String::from_utf8_lossy(rest));
        rest.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::each;
    use std::sync::Mutex;

    #[tokio::test]
    async fn lines_end_at_either_mark_and_are_bounded() {
        let long = "x".repeat(40_000);
        let text = format!("a\r\nb\n\n{long}\nlast");
        let heard = Mutex::new(Vec::new());
        each(Some(text.as_bytes()), &|line: &str| heard.lock().expect("not poisoned").push(line.to_owned()))
            .await
            .expect("reads");
        let heard = heard.into_inner().expect("not poisoned");
        assert_eq!(heard.iter().map(String::len).collect::<Vec<_>>(), [1, 1, 16_384, 16_384, 7_232, 4]);
    }
}
