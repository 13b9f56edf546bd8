//! One value against its shape: type, unit, format, and whether it may be a literal.

use super::shape::{Type, ValueShape};
use super::suggest::{certain, did_you_mean, listed, typed_like};
use super::{glob, recipient, schedule, unit};
use crate::diag::{Diagnostic, Explanation, codes};
use crate::span::Span;
use crate::syntax::{Entry, Value};
use std::ops::Range;

/// Annotations that say where a secret is found.
pub const REFERENCES: [&str; 4] = ["env", "file", "command", "keyring"];

/// What is wrong with a value; `None` is nothing.
pub(super) fn judge(entry: &Entry, shape: &ValueShape) -> Option<Diagnostic> {
    if shape.kind == Type::Secret {
        return secret(entry, shape);
    }
    if let Some(annotation) = &entry.annotation {
        return Some(annotated(&annotation.value, &annotation.span, &shape.name));
    }
    match (&entry.value, shape.kind) {
        (Value::Integer(_), Type::Integer) | (Value::Boolean(_), Type::Boolean) => integer(entry, shape),
        (Value::Integer(number), kind) if kind.has_unit() => Some(without_unit(entry, shape, &number.to_string())),
        (Value::Float(number), kind) if kind.has_unit() => Some(without_unit(entry, shape, &number.to_string())),
        (Value::Text(text), kind) if kind.has_unit() && text.parse::<f64>().is_ok() => {
            Some(without_unit(entry, shape, text))
        }
        (Value::Text(_), Type::Integer | Type::Boolean) => Some(mistyped(entry, shape)),
        (Value::Text(text), _) => self::text(text, entry, shape),
        _ => Some(mistyped(entry, shape)),
    }
}

fn integer(entry: &Entry, shape: &ValueShape) -> Option<Diagnostic> {
    let Value::Integer(number) = entry.value else { return None };
    let (least, most) = (shape.least.unwrap_or(0), shape.most.unwrap_or(i128::from(u32::MAX)));
    (!(least..=most).contains(&number)).then(|| {
        let message = format!("`{}` is out of range", shape.name);
        Diagnostic::error(&codes::INVALID_VALUE, message)
            .at(&entry.span, format!("not from {least} to {most}"))
            .help(format!("Write a whole number from {least} to {most}."))
    })
}

/// An annotation where the value is not a secret.
pub(super) fn annotated(annotation: &str, span: &Span, name: &str) -> Diagnostic {
    Diagnostic::error(&codes::UNEXPECTED_ANNOTATION, format!("`{name}` takes no annotation"))
        .at(span, "not a secret, so it cannot come from elsewhere")
        .help(format!("Remove `({annotation})` and write the value itself."))
}

fn mistyped(entry: &Entry, shape: &ValueShape) -> Diagnostic {
    let message = format!("`{}` is {}, not {}", shape.name, shape.kind.noun(), entry.value.kind());
    Diagnostic::error(&codes::WRONG_TYPE, message)
        .at(&entry.span, format!("{} stands here", entry.value.kind()))
        .help(format!("Write {}, for example `{}`.", shape.kind.noun(), shape.sample()))
}

fn without_unit(entry: &Entry, shape: &ValueShape, number: &str) -> Diagnostic {
    let choices: &[&str] = match shape.kind {
        Type::Duration => &["s", "m", "h"],
        Type::Size => &["MiB", "GiB"],
        Type::Rate => &["MiB/s", "Mbit/s"],
        _ => &["%/month", "%/year"],
    };
    let typed: Vec<String> = choices.iter().map(|unit| format!("\"{number}{unit}\"")).collect();
    let typed: Vec<&str> = typed.iter().map(String::as_str).collect();
    let bare =
        Diagnostic::error(&codes::MISSING_UNIT, format!("`{}` is {} and needs a unit", shape.name, shape.kind.noun()))
            .at(&entry.span, "a bare number")
            .help(format!("Write {}.", listed(&typed)));
    // Nothing is nothing in every unit.
    let zero = number.parse::<f64>().is_ok_and(|number| number == 0.0);
    match choices.first().filter(|_| zero) {
        Some(unit) => bare.fix(format!("Write `0{unit}`"), &entry.span, format!("\"0{unit}\"")),
        None => bare,
    }
}

fn secret(entry: &Entry, shape: &ValueShape) -> Option<Diagnostic> {
    let name = &shape.name;
    if entry.is_variable() {
        return Some(
            Diagnostic::error(&codes::LITERAL_SECRET, format!("`{name}` is a secret, and no variable can hold one"))
                .at(&entry.span, "a variable")
                .help("Write a reference in its place: `(env)\"NAME\"`, `(file)\"PATH\"` or `(command)\"PROGRAM ARGUMENT\"`."),
        );
    }
    let Some(annotation) = &entry.annotation else {
        return Some(
            Diagnostic::error(&codes::LITERAL_SECRET, format!("`{name}` is a secret and cannot be written here"))
                .at(&entry.span, "a literal value")
                .help("Write a reference: `(env)\"NAME\"`, `(file)\"PATH\"` or `(command)\"PROGRAM ARGUMENT\"`."),
        );
    };
    if !REFERENCES.contains(&annotation.value.as_str()) {
        let message = format!("`({})` is no place for a secret", annotation.value);
        let unknown = Diagnostic::error(&codes::UNEXPECTED_ANNOTATION, message)
            .at(&annotation.span, "unknown annotation")
            .help_maybe(did_you_mean(&annotation.value, &REFERENCES));
        return Some(match certain(&annotation.value, REFERENCES) {
            Some(meant) => unknown.fix(format!("Write `({meant})`"), &annotation.span, meant),
            None => unknown,
        });
    }
    match entry.value.as_text() {
        Some(text) if annotation.value == "command" && text.contains(['"', '\'', '\\']) => {
            let help = "Write the program and its arguments with spaces between; put what needs quotes into a script.";
            Some(invalid(&codes::INVALID_VALUE, entry, shape, "has quotes, which mean nothing without a shell", help))
        }
        Some(text) if annotation.value == "keyring" && !is_entry(text) => {
            let help = "Write the service and the user, for example `(keyring)\"backup/vault\"`.";
            Some(invalid(&codes::INVALID_VALUE, entry, shape, "is no entry of a keyring", help))
        }
        Some(text) if !text.trim().is_empty() => None,
        Some(_) => {
            Some(invalid(&codes::INVALID_VALUE, entry, shape, "is an empty reference", "Say where it is found."))
        }
        None => Some(mistyped(entry, shape)),
    }
}

fn invalid(code: &'static Explanation, entry: &Entry, shape: &ValueShape, why: &str, help: &str) -> Diagnostic {
    let shown = entry.value.as_text().unwrap_or_default();
    let why = if shown.is_empty() { "is empty" } else { why };
    let shown = if shown.is_empty() || shown.chars().count() > 40 || shown.contains(char::is_control) {
        &shape.name
    } else {
        shown
    };
    Diagnostic::error(code, format!("`{shown}` {why}")).at(&entry.span, format!("not {}", shape.kind.noun())).help(help)
}

fn text(text: &str, entry: &Entry, shape: &ValueShape) -> Option<Diagnostic> {
    let kind = shape.kind;
    let example = format!("Write {}, for example `{}`.", kind.noun(), shape.sample());
    let bad = |why: &str, help: &str| Some(invalid(&codes::INVALID_VALUE, entry, shape, why, help));
    let parses = match kind {
        Type::Duration => unit::duration(text).is_some(),
        Type::Size => unit::size(text).is_some(),
        Type::Rate => unit::rate(text).is_some(),
        Type::Growth => unit::growth(text).is_some(),
        Type::Time => unit::time(text).is_some(),
        Type::Path => !text.trim().is_empty() && !text.contains('\0'),
        Type::Url => is_url(text),
        Type::Address => is_address(text),
        Type::Date => unit::date(text).is_some(),
        Type::Recipient if is_private_key(text) => {
            return Some(
                Diagnostic::error(&codes::LITERAL_SECRET, "a private key stands where the public one belongs")
                    .at(&entry.span, "a literal secret")
                    .help("Write what `age-keygen -y` prints. If this was committed, make a new key."),
            );
        }
        Type::Recipient => recipient::is_recipient(text),
        Type::Glob => return glob(text, entry),
        Type::Name => is_name(text),
        Type::Database => is_name(&text.replace(['*', '?'], "x")),
        Type::Enum => return word(text, entry, shape),
        Type::Words => return words(text, entry, shape),
        Type::Cron => {
            let help = "Write minute, hour, day of month, month and day of week, for example `\"30 2 * * *\"`.";
            let wrong = schedule::cron(text).err()?;
            return Some(invalid(&codes::INVALID_SCHEDULE, entry, shape, &wrong, help));
        }
        Type::Timezone => return timezone(text, entry, shape),
        Type::Template => return template(text, entry),
        _ => return if text.is_empty() { bad("is empty", &example) } else { None },
    };
    match kind {
        _ if parses => None,
        Type::Name => {
            bad("is not a name", "Use letters, digits, `-`, `_` and `.`, at most 63, beginning with a letter or digit.")
        }
        Type::Address => bad("is not a host with a port", "Write both, for example `\"graph-1.internal:6362\"`."),
        Type::Recipient => bad(
            "is not an age recipient, or has a slip in it",
            "Write what `age-keygen -y` prints: it begins with `age1`.",
        ),
        Type::Url => bad("is not a URL with a host", "Write a whole URL, for example `\"https://example.org/hook\"`."),
        _ => {
            let wrong = invalid(&codes::INVALID_VALUE, entry, shape, &format!("is not {}", kind.noun()), &example);
            Some(match unit::spelled(kind, text) {
                Some(meant) => replaced(wrong.help(format!("Did you mean `\"{meant}\"`?")), entry, &meant),
                None => wrong,
            })
        }
    }
}

fn timezone(text: &str, entry: &Entry, shape: &ValueShape) -> Option<Diagnostic> {
    if schedule::zone(text).is_some() {
        return None;
    }
    let help = schedule::similar_zone(text).map(|zone| format!("Did you mean `{zone}`?"));
    let help = help.unwrap_or_else(|| "Use an IANA name such as `Europe/Stockholm`, or `UTC`.".to_owned());
    let unknown = invalid(&codes::UNKNOWN_TIMEZONE, entry, shape, "is no time zone", &help);
    Some(match schedule::certain_zone(text) {
        Some(zone) => replaced(unknown, entry, &zone),
        None => unknown,
    })
}

/// The diagnostic with the fix that another value stands there.
fn replaced(wrong: Diagnostic, entry: &Entry, meant: &str) -> Diagnostic {
    wrong.fix(format!("Write `{meant}`"), &entry.span, typed_like(entry.span.text(), meant))
}

fn word(text: &str, entry: &Entry, shape: &ValueShape) -> Option<Diagnostic> {
    if shape.one_of.iter().any(|word| word == text) {
        return None;
    }
    let words: Vec<&str> = shape.one_of.iter().map(String::as_str).collect();
    let unknown = Diagnostic::error(&codes::UNKNOWN_VALUE, format!("`{}` cannot be `{text}`", shape.name))
        .at(&entry.span, "unknown value")
        .help_maybe(did_you_mean(text, &words));
    // Of several words in one string each that is wrong must have its meaning.
    let whole = entry.value.as_text().unwrap_or_default().split_whitespace();
    let meant = |word: &str| {
        if words.contains(&word) {
            Some(word.to_owned())
        } else {
            certain(word, words.iter().copied()).map(str::to_owned)
        }
    };
    Some(match whole.map(meant).collect::<Option<Vec<String>>>() {
        Some(meant) if !meant.is_empty() => replaced(unknown, entry, &meant.join(" ")),
        _ => unknown,
    })
}

fn words(text: &str, entry: &Entry, shape: &ValueShape) -> Option<Diagnostic> {
    if text.split_whitespace().next().is_none() {
        return word(text, entry, shape);
    }
    text.split_whitespace().find_map(|each| word(each, entry, shape))
}

fn template(text: &str, entry: &Entry) -> Option<Diagnostic> {
    let error = handlebars::Template::compile(text).err()?;
    let reason = error.reason().to_string();
    // The grammar's own list of what it expected helps nobody.
    let reason = if reason.contains("expected") { "a tag is not closed or not well formed" } else { &reason };
    let place = error.pos().map(|(line, column)| format!(" at line {line}, column {column} of the template"));
    Some(
        Diagnostic::error(&codes::INVALID_TEMPLATE, format!("the template does not parse: {reason}"))
            .at(&entry.span, format!("wrong{}", place.unwrap_or_default()))
            .help("Close every `{{` with `}}`, and every block `{{#if …}}` with its own `{{/if}}`."),
    )
}

/// Whether it can be the name of a thing: it becomes part of addresses and of keys in stores.
pub fn is_name(text: &str) -> bool {
    let plain = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.');
    text.len() <= 63 && text.chars().all(plain) && text.starts_with(|char: char| char.is_ascii_alphanumeric())
}

/// Whether it is a whole URL that a request can be sent to.
pub fn is_url(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// Whether it names a service and a user.
fn is_entry(text: &str) -> bool {
    text.split_once('/').is_some_and(|(service, user)| !service.trim().is_empty() && !user.trim().is_empty())
}

/// Whether it is, or was meant to be, an age identity.
pub(super) fn is_private_key(text: &str) -> bool {
    text.to_ascii_lowercase().contains("secret-key")
}

fn is_address(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else { return false };
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).map_or_else(
        || !host.is_empty() && host.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '-' | '.')),
        |host| host.parse::<core::net::Ipv6Addr>().is_ok(),
    );
    host && port.parse::<u16>().is_ok_and(|port| port > 0)
}

fn glob(text: &str, entry: &Entry) -> Option<Diagnostic> {
    let slip = glob::slip(text)?;
    let span = within(entry, text, slip.at..slip.at + slip.length);
    Some(Diagnostic::error(&codes::INVALID_VALUE, slip.message).at(&span, slip.label).help(slip.help))
}

/// The place of a part of a text, when it is written as it is read; else that of the whole.
pub(super) fn within(entry: &Entry, text: &str, part: Range<usize>) -> Span {
    let written = entry.span.text();
    match written.find(text).filter(|_| !part.is_empty()) {
        Some(before) if written.matches(text).count() == 1 => entry.span.part(before + part.start..before + part.end),
        _ => entry.span.clone(),
    }
}
