//! The little XML that S3 speaks: elements by name, without attributes, in documents that a server made.

/// Contents of every element of that name, in order. Elements of one name do not stand in each other.
pub(crate) fn all<'a>(xml: &'a str, name: &str) -> Vec<&'a str> {
    let (open, close) = (format!("<{name}"), format!("</{name}>"));
    let mut found = Vec::new();
    let mut rest = xml;
    while let Some((_, after)) = rest.split_once(open.as_str()) {
        rest = after;
        // `<Key` also begins `<KeyMarker>`; a name is over at a space, a slash or the bracket.
        let Some((attributes, inner)) = after.split_once('>') else { break };
        if !(attributes.is_empty() || attributes.starts_with([' ', '/', '\t', '\r', '\n'])) {
            continue;
        }
        if attributes.ends_with('/') {
            found.push("");
            rest = inner;
        } else if let Some((content, after)) = inner.split_once(close.as_str()) {
            found.push(content);
            rest = after;
        }
    }
    found
}

/// Text of the first element of that name, with its entities replaced.
pub(crate) fn text(xml: &str, name: &str) -> Option<String> {
    all(xml, name).first().map(|content| unescape(content.trim()))
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let Some((entity, after)) = after.split_once(';') else {
            out.push('&');
            rest = after;
            continue;
        };
        rest = after;
        match entity {
            "lt" => out.push('<'),
            "gt" => out.push('>'),
            "amp" => out.push('&'),
            "quot" => out.push('"'),
            "apos" => out.push('\''),
            _ => out.extend(number(entity).and_then(char::from_u32)),
        }
    }
    out.push_str(rest);
    out
}

fn number(entity: &str) -> Option<u32> {
    let digits = entity.strip_prefix('#')?;
    match digits.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => digits.parse().ok(),
    }
}

pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_by_name() {
        let xml = "<?xml version=\"1.0\"?><List xmlns=\"x\"><KeyCount>2</KeyCount><Contents><Key>a&amp;b</Key></Contents>\
                   <Contents ><Key>&#x27;&#39;&quot;</Key><Owner/></Contents><Open>";
        let keys: Vec<_> = all(xml, "Contents").iter().filter_map(|one| text(one, "Key")).collect();
        assert_eq!(keys, ["a&b", "''\""]);
        assert_eq!(text(xml, "Owner").as_deref(), Some(""));
        assert_eq!(text(xml, "Open"), None);
        assert_eq!(text(xml, "Missing"), None);
        assert_eq!(unescape(&escape("<\"a\" & b>")), "<\"a\" & b>");
    }
}
