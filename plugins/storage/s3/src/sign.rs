//! Signature Version 4. The host hashes and keys: no secret is in here, and neither are the bytes of a part.

use crate::backstay::plugin::types::Error;
use crate::backstay::plugin::{clock, data, secrets};
use crate::place::Place;
use crate::text::{Moment, encode, hex};

const ACCESS: &str = "access-key";
const SECRET: &str = "secret-key";
const SESSION: &str = "session-token";

/// What is to be signed; everything in it is.
pub(crate) struct Signing<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    /// In their canonical form.
    pub(crate) query: &'a str,
    /// SHA-256 of the body.
    pub(crate) digest: &'a [u8],
}

/// A query in its canonical form: encoded, in order of name.
pub(crate) fn query(pairs: &[(&str, &str)]) -> String {
    let mut pairs: Vec<_> = pairs.iter().map(|(name, value)| (encode(name, false), encode(value, false))).collect();
    pairs.sort();
    pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// Adds the lines that the protocol wants to `headers`, whose names are in lower case, and the signature over all.
pub(crate) fn sign(place: &Place, signing: &Signing<'_>, headers: &mut Vec<(String, String)>) -> Result<(), Error> {
    let granted = secrets::names();
    let has = |name: &str| granted.iter().any(|granted| granted == name);
    if let Some(missing) = [ACCESS, SECRET].into_iter().find(|name| !has(name)) {
        return Err(Error::Config(format!("it needs a secret `{missing}`")));
    }
    let now = Moment::new(clock::now_ms() / 1000);
    let digest = hex(signing.digest);
    headers.push(("x-amz-date".to_owned(), now.compact()));
    headers.push(("x-amz-content-sha256".to_owned(), digest.clone()));
    if has(SESSION) {
        headers.push(("x-amz-security-token".to_owned(), format!("{{{{secret:{SESSION}}}}}")));
    }
    let (canonical, signed) = canonical(&place.host, signing, &digest, headers);
    // The host puts the token in before it hashes, as it does in the header.
    let request = hex(&secrets::sha256(&canonical).map_err(Error::Permanent)?);
    let scope = format!("{}/{}/s3/aws4_request", now.day, place.region);
    let text = format!("AWS4-HMAC-SHA256\n{}\n{scope}\n{request}", now.compact());
    let messages = [now.day.as_str(), &place.region, "s3", "aws4_request", &text];
    let messages: Vec<Vec<u8>> = messages.iter().map(|message| message.as_bytes().to_vec()).collect();
    let signature = secrets::hmac_sha256(SECRET, b"AWS4", &messages).map_err(Error::Permanent)?;
    headers.push((
        "authorization".to_owned(),
        format!(
            "AWS4-HMAC-SHA256 Credential={{{{secret:{ACCESS}}}}}/{scope}, SignedHeaders={signed}, Signature={}",
            hex(&signature)
        ),
    ));
    Ok(())
}

/// The request as both sides write it down, and the names of its headers.
fn canonical(host: &str, signing: &Signing<'_>, digest: &str, headers: &[(String, String)]) -> (String, String) {
    let mut lines: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.trim())).collect();
    lines.push(("host", host));
    lines.sort_unstable();
    let names: Vec<&str> = lines.iter().map(|(name, _)| *name).collect();
    let signed = names.join(";");
    let lines: String = lines.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let Signing { method, path, query, .. } = signing;
    (format!("{method}\n{path}\n{query}\n{lines}\n{signed}\n{digest}"), signed)
}

/// SHA-256 of no bytes at all.
pub(crate) fn nothing() -> Vec<u8> {
    data::sha256(&[])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published example of a ranged GET.
    #[test]
    fn the_form_of_a_request() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let headers = [("x-amz-date", "20130524T000000Z"), ("range", "bytes=0-9"), ("x-amz-content-sha256", empty)];
        let headers: Vec<_> = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let signing = Signing { method: "GET", path: "/test.txt", query: "", digest: &[] };
        let (text, signed) = canonical("examplebucket.s3.amazonaws.com", &signing, empty, &headers);
        assert_eq!(signed, "host;range;x-amz-content-sha256;x-amz-date");
        let expected = format!(
            "GET\n/test.txt\n\nhost:examplebucket.s3.amazonaws.com\nrange:bytes=0-9\nx-amz-content-sha256:{empty}\n\
             x-amz-date:20130524T000000Z\n\nhost;range;x-amz-content-sha256;x-amz-date\n{empty}"
        );
        assert_eq!(text, expected);
        assert_eq!(query(&[("uploadId", "a/b"), ("partNumber", "1")]), "partNumber=1&uploadId=a%2Fb");
    }
}
