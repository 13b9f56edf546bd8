//! Entries to typed values, by the same functions that checked them.

use crate::span::Spanned;
use crate::structure::unit;
use crate::syntax::{Cursor, Entry, Value};
use schema::secret::SecretRef;

pub(super) fn text(entry: &Entry) -> Option<Spanned<String>> {
    entry.value.as_text().map(|text| Spanned::new(text.to_owned(), &entry.span))
}

pub(super) fn texts(entries: Vec<&Entry>) -> Vec<String> {
    entries.into_iter().filter_map(|entry| entry.value.as_text().map(str::to_owned)).collect()
}

fn parsed<T>(entry: &Entry, parse: impl Fn(&str) -> Option<T>) -> Option<Spanned<T>> {
    parse(entry.value.as_text()?).map(|value| Spanned::new(value, &entry.span))
}

pub(super) fn duration(entry: &Entry) -> Option<Spanned<u64>> {
    parsed(entry, unit::duration)
}

pub(super) fn size(entry: &Entry) -> Option<Spanned<u64>> {
    parsed(entry, unit::size)
}

pub(super) fn rate(entry: &Entry) -> Option<Spanned<u64>> {
    parsed(entry, unit::rate)
}

pub(super) fn growth(entry: &Entry) -> Option<Spanned<unit::Growth>> {
    parsed(entry, unit::growth)
}

pub(super) fn date(entry: &Entry) -> Option<Spanned<jiff::civil::Date>> {
    parsed(entry, unit::date)
}

pub(super) fn boolean(entry: &Entry) -> Option<Spanned<bool>> {
    entry.value.as_bool().map(|value| Spanned::new(value, &entry.span))
}

pub(super) fn integer(entry: &Entry) -> Option<Spanned<u64>> {
    let Value::Integer(number) = entry.value else { return None };
    u64::try_from(number).ok().map(|number| Spanned::new(number, &entry.span))
}

/// A number of steps, which the vocabulary keeps small.
pub(super) fn count(entry: &Entry) -> Option<Spanned<u32>> {
    let number = integer(entry)?;
    u32::try_from(number.value).ok().map(|value| Spanned::new(value, &entry.span))
}

/// A reference to a secret. A command's words are separated by white space; there are no quotes in it.
pub(super) fn secret(entry: &Entry) -> Option<SecretRef> {
    let text = entry.value.as_text()?.to_owned();
    match entry.annotation.as_ref()?.value.as_str() {
        "env" => Some(SecretRef::Env(text)),
        "file" => Some(SecretRef::File(text)),
        "keyring" => Some(SecretRef::Keyring(text)),
        "command" => Some(SecretRef::Command(text.split_whitespace().map(str::to_owned).collect())),
        _ => None,
    }
}

/// The first argument of the child of that name.
pub(super) fn child<'a>(cursor: &mut Cursor<'a>, name: &str, left: &mut super::Left) -> Option<&'a Entry> {
    let mut child = cursor.child(name)?;
    let entry = child.argument();
    left.extend(child.left());
    entry
}
