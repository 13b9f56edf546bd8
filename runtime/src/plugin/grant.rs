//! Whether a request is within a grant: a pure question about a method and a URL, answered after normalising both.

use schema::grant::Grant;
use url::{Host, Url};

/// A request's address, in the one form that is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// Upper-case.
    pub(super) method: String,
    /// Without user, fragment, or a dot at the end of the host.
    pub(super) url: Url,
    pub(super) host: String,
    pub(super) port: u16,
    /// Percent-decoded.
    segments: Vec<String>,
}

impl Target {
    /// Reads a URL as the sender will. `Err` says what is wrong with it.
    pub(super) fn parse(method: &str, text: &str) -> Result<Self, &'static str> {
        if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err("the method is not upper-case letters");
        }
        let mut url = Url::parse(text).map_err(|_| "it is not a URL")?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("its scheme is neither `http` nor `https`");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("it has a user name or a password");
        }
        if url.fragment().is_some() {
            return Err("it has a fragment");
        }
        let host = bare(url.host_str().ok_or("it has no host")?);
        if url.host_str() != Some(&host) {
            url.set_host(Some(&host)).map_err(|_| "its host is not one")?;
        }
        let port = url.port_or_known_default().ok_or("it has no port")?;
        let segments = segments(url.path())?;
        Ok(Self { method: method.to_owned(), url, host, port, segments })
    }

    /// Without the query, which may hold what nobody should read.
    pub(super) fn shown(&self) -> String {
        let mut url = self.url.clone();
        url.set_query(None);
        url.to_string()
    }

    /// The address that the host is, when it is no name.
    pub(super) fn literal(&self) -> Option<std::net::IpAddr> {
        match self.url.host()? {
            Host::Domain(_) => None,
            Host::Ipv4(address) => Some(address.into()),
            Host::Ipv6(address) => Some(address.into()),
        }
    }
}

/// The host without the dot that ends a fully qualified name.
fn bare(host: &str) -> String {
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

/// Segments of a path, decoded. Refuses what two readers could take for different paths.
fn segments(path: &str) -> Result<Vec<String>, &'static str> {
    path.split('/').skip(1).map(segment).collect()
}

fn segment(raw: &str) -> Result<String, &'static str> {
    let mut decoded = Vec::new();
    let mut bytes = raw.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| char::from(byte.unwrap_or(b'?')).to_digit(16);
        let (Some(high), Some(low)) = (digit(bytes.next()), digit(bytes.next())) else {
            return Err("a percent sign in its path is not followed by two digits");
        };
        decoded.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
    }
    let decoded = String::from_utf8(decoded).map_err(|_| "its path is not UTF-8")?;
    let doubled = ["%2e", "%2f", "%5c"].iter().any(|code| decoded.to_ascii_lowercase().contains(code));
    if doubled || matches!(decoded.as_str(), "." | "..") || decoded.contains(['/', '\\']) {
        return Err("its path has an encoded dot or slash");
    }
    if decoded.chars().any(char::is_control) {
        return Err("its path has a control character");
    }
    Ok(decoded)
}

/// Why a request is not allowed, or by which grant it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Allowed; `private` says whether private addresses are too.
    Allowed { private: bool },
    /// The URL is granted, with other methods.
    OtherMethods(Vec<String>),
    /// Nothing that was granted covers it.
    Unknown,
}

/// Looks for a grant that covers the target.
pub(super) fn judge(grants: &[Grant], target: &Target) -> Verdict {
    let mut verdict = Verdict::Unknown;
    for grant in grants {
        let Grant::Http { methods, private, .. } = grant else { continue };
        if !covers(grant, target) {
            continue;
        }
        if methods.contains(&target.method) {
            return Verdict::Allowed { private: *private };
        }
        verdict = Verdict::OtherMethods(methods.clone());
    }
    verdict
}

/// Whether origin and path prefix match.
fn covers(grant: &Grant, target: &Target) -> bool {
    let Grant::Http { scheme, host, port, path, exact, .. } = grant else { return false };
    // A grant is read like a URL, so that both sides are in the same form: case, punycode, address literals.
    let literal = if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.clone() };
    let Ok(granted) = Target::parse("GET", &format!("{scheme}://{literal}:{port}{path}")) else { return false };
    let (prefix, asked) = (folder(&granted.segments), folder(&target.segments));
    granted.url.scheme() == target.url.scheme()
        && granted.host == target.host
        && granted.port == target.port
        && if *exact { asked == prefix } else { asked.starts_with(prefix) }
}

/// Segments without the empty one that a slash at the end makes.
fn folder(segments: &[String]) -> &[String] {
    match segments.split_last() {
        Some((last, rest)) if last.is_empty() => rest,
        _ => segments,
    }
}

#[cfg(test)]
#[path = "grant_tests.rs"]
mod tests;
