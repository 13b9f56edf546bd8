//! Where the bucket is: the configuration as addresses of objects.

use crate::backstay::plugin::types::Error;
use crate::text::encode;
use serde::Deserialize;

/// Bytes of a part, when nobody says otherwise: small enough that a few fit in memory, large enough that a request a part
/// costs little.
const PART: u64 = 8 << 20;
/// Bytes of a part at least and at most, by the protocol.
const SMALLEST_PART: u64 = 5 << 20;
pub(crate) const LARGEST_PART: u64 = 5 << 30;

#[derive(Deserialize)]
struct Config {
    bucket: String,
    region: String,
    prefix: Option<String>,
    endpoint: Option<String>,
    style: Option<String>,
    class: Option<String>,
    #[serde(rename = "part-size")]
    part_size: Option<u64>,
}

/// A bucket, and the folder in it.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// Scheme and host, without a slash at the end.
    origin: String,
    /// What the `Host` header will be.
    pub(crate) host: String,
    /// Path of the bucket; empty when the host names it.
    bucket: String,
    pub(crate) region: String,
    /// Empty, or with a slash at its end.
    pub(crate) prefix: String,
    /// Storage class of objects that come in parts, as the protocol spells it.
    pub(crate) class: Option<String>,
    /// Bytes of a part of an object at least.
    pub(crate) part_size: u64,
}

impl Place {
    pub(crate) fn read(json: &str) -> Result<Self, Error> {
        let config: Config = serde_json::from_str(json).map_err(|error| Error::Config(error.to_string()))?;
        let endpoint = config.endpoint.as_deref().map(|endpoint| endpoint.trim_end_matches('/'));
        let (scheme, host, path) = match (endpoint, config.style.as_deref()) {
            (None, None | Some("virtual")) => {
                ("https", format!("{}.s3.{}.amazonaws.com", config.bucket, config.region), false)
            }
            (None, Some(_)) => return Err(Error::Config("`style` needs an `endpoint`".to_owned())),
            (Some(endpoint), style) => {
                let (scheme, host) = split(endpoint)?;
                match style {
                    None | Some("path") => (scheme, host, true),
                    Some("virtual") => (scheme, format!("{}.{host}", config.bucket), false),
                    Some(other) => {
                        return Err(Error::Config(format!("`style` is `path` or `virtual`, not `{other}`")));
                    }
                }
            }
        };
        let part_size = config.part_size.unwrap_or(PART);
        if !(SMALLEST_PART..=LARGEST_PART).contains(&part_size) {
            return Err(Error::Config("`part-size` is from 5 MiB to 5 GiB".to_owned()));
        }
        let prefix = config.prefix.unwrap_or_default();
        let prefix = prefix.trim_matches('/');
        Ok(Self {
            origin: format!("{scheme}://{host}"),
            host,
            bucket: if path { format!("/{}", encode(&config.bucket, false)) } else { String::new() },
            region: config.region,
            prefix: if prefix.is_empty() { String::new() } else { format!("{prefix}/") },
            class: config.class.map(|class| class.to_ascii_uppercase().replace('-', "_")),
            part_size,
        })
    }

    /// The path of an object, or of the bucket itself, encoded.
    pub(crate) fn path(&self, key: Option<&str>) -> String {
        let key = key.map(|key| encode(&format!("{}{key}", self.prefix), true)).unwrap_or_default();
        format!("{}/{key}", self.bucket)
    }

    pub(crate) fn url(&self, path: &str, query: &str) -> String {
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}{path}{mark}{query}", self.origin)
    }
}

/// Scheme and host of an endpoint, without the port that the scheme implies.
fn split(endpoint: &str) -> Result<(&str, String), Error> {
    let (scheme, port) = if endpoint.starts_with("https://") { ("https", ":443") } else { ("http", ":80") };
    let host = endpoint.strip_prefix(scheme).and_then(|rest| rest.strip_prefix("://"));
    let host = host.filter(|host| !host.is_empty() && !host.contains(['/', '?', '#', '@']));
    let host = host.ok_or_else(|| {
        Error::Config(format!(
            "`{endpoint}` is no endpoint: it needs `http://` or `https://`, a host, and nothing more"
        ))
    })?;
    Ok((scheme, host.strip_suffix(port).unwrap_or(host).to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(more: &str) -> Result<Place, Error> {
        Place::read(&format!("{{\"bucket\":\"b\",\"region\":\"r\",\"private\":false{more}}}"))
    }

    #[test]
    fn addresses() {
        let url = |more: &str| {
            let place = place(more).expect("a place");
            place.url(&place.path(Some("k+1")), "a=b")
        };
        assert_eq!(url(""), "https://b.s3.r.amazonaws.com/k%2B1?a=b");
        let endpoint = ",\"endpoint\":\"http://H:9000/\",\"prefix\":\"/p/q\"";
        assert_eq!(url(endpoint), "http://h:9000/b/p/q/k%2B1?a=b");
        assert_eq!(url(&format!("{endpoint},\"style\":\"virtual\"")), "http://b.h:9000/p/q/k%2B1?a=b");
        assert_eq!(place(",\"endpoint\":\"https://h:443\"").expect("a place").host, "h");
        assert_eq!(place(endpoint).expect("a place").path(None), "/b/");
        for wrong in [",\"style\":\"path\"", ",\"endpoint\":\"ftp://h\"", ",\"endpoint\":\"http://h/x\""] {
            assert!(place(wrong).is_err(), "{wrong}");
        }
        for (wrong, right) in [(1 << 20, 5 << 20), ((5_u64 << 30) + 1, 5 << 30)] {
            assert!(place(&format!(",\"part-size\":{wrong}")).is_err(), "{wrong}");
            assert_eq!(place(&format!(",\"part-size\":{right}")).expect("a place").part_size, right);
        }
        assert_eq!(place(",\"class\":\"standard-ia\"").expect("a place").class.as_deref(), Some("STANDARD_IA"));
    }
}
