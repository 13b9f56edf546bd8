//! A part of an archive as an archive of its own: what was asked for, the folders that lead there, and the first name of
//! every file that is asked for by another one.

use super::member::{BLOCK, Kind, Member};
use super::reader::Archive;
use crate::artifact::outlet::cause;
use crate::artifact::part::Ranges;
use crate::error::{Error, Result};
use schema::index::{Entry, Line};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, Read, Write};

/// Members that were asked for, in the order of the archive.
#[derive(Debug)]
pub struct Chosen {
    members: Vec<Entry>,
    /// Files outside of what was asked for, of which a name inside is another name.
    outside: BTreeMap<Vec<u8>, Entry>,
}

/// Finds what was asked for in an index, which is read as often as needed.
///
/// # Errors
/// `not-in-artifact` when there is nothing of a name; `index-damaged`.
pub fn choose<R: BufRead>(index: impl Fn() -> Result<R>, names: &[String]) -> Result<Chosen> {
    let wanted: Vec<&[u8]> = names.iter().map(|name| plain(name.as_bytes())).collect();
    let mut found = vec![false; wanted.len()];
    let mut members = Vec::new();
    each(index()?, &mut |entry| {
        let name = entry.path.as_slice();
        let mut taken = false;
        for (wanted, found) in wanted.iter().zip(&mut found) {
            let inside = is_inside(name, wanted);
            *found |= inside;
            taken |= inside || (entry.kind == 'd' && is_inside(wanted, name));
        }
        if taken {
            members.push(entry);
        }
    })?;
    if let Some((name, _)) = names.iter().zip(&found).find(|(_, found)| !**found) {
        return Err(Error::permanent("not-in-artifact", format!("the artifact holds nothing of the name `{name}`"))
            .help("Names are relative to the source's `root`, without a slash in front."));
    }
    let here: BTreeSet<&[u8]> = members.iter().map(|entry| entry.path.as_slice()).collect();
    let targets = members.iter().filter_map(|entry| entry.target.as_ref()).map(|target| target.bytes());
    let missing: BTreeSet<Vec<u8>> = targets.filter(|target| !here.contains(target)).map(<[u8]>::to_vec).collect();
    let mut outside = BTreeMap::new();
    if !missing.is_empty() {
        each(index()?, &mut |entry| {
            if missing.contains(entry.path.as_slice()) {
                outside.insert(entry.path.clone(), entry);
            }
        })?;
    }
    Ok(Chosen { members, outside })
}

/// Values of all frames of an index.
pub fn nodes<R: BufRead>(index: R) -> Result<Vec<[u8; 32]>> {
    let mut nodes = Vec::new();
    for line in index.lines() {
        if let Line::Frame { blake3 } = parse(&line.map_err(unread)?)? {
            let hash = blake3::Hash::from_hex(&blake3).map_err(|_| damaged())?;
            nodes.push(*hash.as_bytes());
        }
    }
    Ok(nodes)
}

fn each<R: BufRead>(index: R, seen: &mut dyn FnMut(Entry)) -> Result<()> {
    for line in index.lines() {
        if let Line::Entry(entry) = parse(&line.map_err(unread)?)? {
            seen(entry);
        }
    }
    Ok(())
}

fn parse(line: &str) -> Result<Line> {
    serde_json::from_str(line).map_err(|_| damaged())
}

fn damaged() -> Error {
    Error::integrity("index-damaged", "a line of the artifact's index cannot be read")
        .help("Restore all of it: that needs no index.")
}

/// Whether a name is that one or below it; everything is below the root.
fn is_inside(name: &[u8], top: &[u8]) -> bool {
    top.is_empty() || name.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}

fn plain(mut name: &[u8]) -> &[u8] {
    while let Some(rest) = name.strip_prefix(b"./").or_else(|| name.strip_prefix(b"/")) {
        name = rest;
    }
    while let Some(rest) = name.strip_suffix(b"/") {
        name = rest;
    }
    if name == b"." { b"" } else { name }
}

/// Writes the archive of what was chosen.
pub fn write(chosen: &Chosen, part: &mut dyn Ranges, out: &mut impl Write) -> Result<()> {
    // The name inside under which a file from outside was written first.
    let mut first: BTreeMap<&[u8], Vec<u8>> = BTreeMap::new();
    for entry in &chosen.members {
        let target = entry.target.as_ref().map(|target| target.bytes());
        let Some((target, source)) = target.and_then(|target| Some((target, chosen.outside.get(target)?))) else {
            let (at, length) = place(entry)?;
            copy(&mut *part.range(at, length), out)?;
            continue;
        };
        let own = member(part, entry)?;
        if let Some(first) = first.get(target) {
            let member = Member { kind: Kind::Hardlink { target: first.clone() }, ..own };
            out.write_all(&member.header()).map_err(unread)?;
            continue;
        }
        first.insert(target, own.name.clone());
        content(part, source, own.name, out)?;
    }
    out.write_all(&[0; 2 * BLOCK]).map_err(unread)
}

fn member(part: &mut dyn Ranges, entry: &Entry) -> Result<Member> {
    let (at, length) = place(entry)?;
    Archive::new(part.range(at, length)).next()?.ok_or_else(damaged)
}

/// Where a member is, and its bytes. Only of a full artifact: then it is in no other one.
fn place(entry: &Entry) -> Result<(u64, u64)> {
    entry.at.zip(entry.length).ok_or_else(damaged)
}

/// The member `source`, under another name.
fn content(part: &mut dyn Ranges, source: &Entry, name: Vec<u8>, out: &mut impl Write) -> Result<()> {
    let member = member(part, source)?;
    let stored = member.kind.stored().next_multiple_of(BLOCK as u64);
    let (at, length) = place(source)?;
    let begin = length.checked_sub(stored).ok_or_else(damaged)?;
    out.write_all(&Member { name, ..member }.header()).map_err(unread)?;
    copy(&mut *part.range(at + begin, stored), out)
}

fn copy(from: &mut dyn Read, out: &mut impl Write) -> Result<()> {
    std::io::copy(from, out).map(|_| ()).map_err(unread)
}

fn unread(error: std::io::Error) -> Error {
    cause(error, |error| Error::io("read a part of the artifact", error))
}
