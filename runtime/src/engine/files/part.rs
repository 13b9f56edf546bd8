//! A part of an archive as an archive of its own: what was asked for, the folders that lead there, and the first name of
//! every file that is asked for by another one. Of a differential, what did not change is in the artifacts before it.

use super::index::LONGEST;
use super::member::{BLOCK, Kind, Member};
use super::reader::Archive;
use crate::artifact::outlet::cause;
use crate::artifact::part::Part;
use crate::error::{Error, Result};
use schema::index::{Entry, Line};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, Read, Write};

/// How often one index is read: for what was asked for, and for the first names of it. Those have no first name in turn.
const ROUNDS: usize = 2;

/// Where a name is looked for: in the artifact of that place in its chain, or else in those before it.
type Wanted = (Vec<u8>, usize);

/// Members that were asked for, and where each of them is: in the artifact itself, or in one before it in its chain.
#[derive(Debug)]
pub struct Chosen {
    /// In the order of the last index.
    names: Vec<Vec<u8>>,
    /// Place of the last artifact in the chain.
    last: usize,
    found: BTreeMap<Wanted, (usize, Entry)>,
    missing: BTreeSet<Wanted>,
}

impl Chosen {
    /// Finds what was asked for in the index of the artifact itself, the `last` one of its chain, from 0.
    ///
    /// # Errors
    /// `not-in-artifact` when there is nothing of a name; `index-damaged`.
    pub fn new(index: impl BufRead, last: usize, names: &[String]) -> Result<Self> {
        let wanted: Vec<&[u8]> = names.iter().map(|name| plain(name.as_bytes())).collect();
        let mut found = vec![false; wanted.len()];
        let mut taken = Vec::new();
        each(index, &mut |entry| {
            let name = entry.path.as_slice();
            let mut is_taken = false;
            for (wanted, found) in wanted.iter().zip(&mut found) {
                let inside = is_inside(name, wanted);
                *found |= inside;
                is_taken |= inside || (entry.kind == 'd' && is_inside(wanted, name));
            }
            if is_taken {
                taken.push(entry.path);
            }
        })?;
        if let Some((name, _)) = names.iter().zip(&found).find(|(_, found)| !**found) {
            return Err(Error::permanent(
                "not-in-artifact",
                format!("the artifact holds nothing of the name `{name}`"),
            )
            .help("Names are relative to the source's `root`, without a slash in front."));
        }
        let missing = taken.iter().map(|name| (name.clone(), last)).collect();
        Ok(Self { names: taken, last, found: BTreeMap::new(), missing })
    }

    /// Looks for what is not found yet in the index of the artifact at a place, which is read as often as needed. From the
    /// last one on; `true` when the artifacts before it are of no interest.
    ///
    /// # Errors
    /// `index-damaged`, also when nothing is found at the first place.
    pub fn look<R: BufRead>(&mut self, place: usize, index: impl Fn() -> Result<R>) -> Result<bool> {
        let mut looked = BTreeSet::new();
        let mut rounds = 0..ROUNDS;
        loop {
            let names: BTreeSet<Vec<u8>> = self.missing.difference(&looked).map(|(name, _)| name.clone()).collect();
            if names.is_empty() {
                break;
            }
            rounds.next().ok_or_else(damaged)?;
            looked.extend(self.missing.iter().cloned());
            let mut here: BTreeMap<Vec<u8>, Entry> = BTreeMap::new();
            each(index()?, &mut |entry| {
                if entry.at.is_some() && names.contains(&entry.path) {
                    here.insert(entry.path.clone(), entry);
                }
            })?;
            for wanted in std::mem::take(&mut self.missing) {
                let Some(entry) = here.get(&wanted.0) else {
                    self.missing.insert(wanted);
                    continue;
                };
                // Another name of a file is worth nothing without the one that came first.
                let first = entry.target.as_ref().map(|target| (target.bytes().to_vec(), place));
                self.missing.extend(first.filter(|first| !self.found.contains_key(first)));
                self.found.insert(wanted, (place, entry.clone()));
            }
            self.missing.retain(|wanted| !self.found.contains_key(wanted));
        }
        match (self.missing.is_empty(), place) {
            (false, 0) => Err(damaged()),
            (done, _) => Ok(done),
        }
    }

    /// Places of the artifacts that have something of it.
    #[must_use]
    pub fn places(&self) -> BTreeSet<usize> {
        self.found.values().map(|(place, _)| *place).collect()
    }

    fn find(&self, name: &[u8], from: usize) -> Result<&(usize, Entry)> {
        self.found.get(&(name.to_vec(), from)).ok_or_else(damaged)
    }

    /// The member that holds the bytes of one.
    fn content<'a>(&'a self, mut of: &'a (usize, Entry)) -> Result<&'a (usize, Entry)> {
        for _ in 0..=self.found.len() {
            let Some(target) = &of.1.target else { return Ok(of) };
            of = self.find(target.bytes(), of.0)?;
        }
        Err(damaged())
    }
}

/// Values of all frames of an index.
pub fn nodes(index: impl BufRead) -> Result<Vec<[u8; 32]>> {
    let mut nodes = Vec::new();
    lines(index, &mut |line| {
        if let Line::Frame { blake3 } = line {
            let hash = blake3::Hash::from_hex(&blake3).map_err(|_| damaged())?;
            nodes.push(*hash.as_bytes());
        }
        Ok(())
    })?;
    Ok(nodes)
}

fn each(index: impl BufRead, seen: &mut dyn FnMut(Entry)) -> Result<()> {
    lines(index, &mut |line| {
        if let Line::Entry(entry) = line {
            seen(entry);
        }
        Ok(())
    })
}

fn lines(mut index: impl BufRead, seen: &mut dyn FnMut(Line) -> Result<()>) -> Result<()> {
    let mut text = Vec::new();
    loop {
        text.clear();
        if (&mut index).take(LONGEST).read_until(b'\n', &mut text).map_err(unread)? == 0 {
            return Ok(());
        }
        // One that is longer is cut off, and is none.
        seen(serde_json::from_slice(&text).map_err(|_| damaged())?)?;
    }
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

/// Bytes of artifacts, by their places in the chain.
pub type Parts = BTreeMap<usize, Part>;

/// Writes the archive of what was chosen.
pub fn write(chosen: &Chosen, parts: &mut Parts, out: &mut impl Write) -> Result<()> {
    // The name under which bytes were written first, by the member that holds them.
    let mut first: BTreeMap<(usize, Option<u64>), Vec<u8>> = BTreeMap::new();
    for name in &chosen.names {
        let own = chosen.find(name, chosen.last)?;
        let source = chosen.content(own)?;
        let key = (source.0, source.1.at);
        if let Some(first) = first.get(&key) {
            let member = Member { kind: Kind::Hardlink { target: first.clone() }, ..member(parts, own)? };
            out.write_all(&member.header()).map_err(unread)?;
            continue;
        }
        let name = member(parts, own)?.name;
        first.insert(key, name.clone());
        if std::ptr::eq(own, source) {
            let (at, length) = place(&own.1)?;
            copy(&mut of(parts, own.0)?.range(at, length), out)?;
        } else {
            content(parts, source, name, out)?;
        }
    }
    out.write_all(&[0; 2 * BLOCK]).map_err(unread)
}

fn of(parts: &mut Parts, place: usize) -> Result<&mut Part> {
    parts.get_mut(&place).ok_or_else(damaged)
}

fn member(parts: &mut Parts, (link, entry): &(usize, Entry)) -> Result<Member> {
    let (at, length) = place(entry)?;
    Archive::new(of(parts, *link)?.range(at, length)).next()?.ok_or_else(damaged)
}

/// Where a member is, and its bytes.
fn place(entry: &Entry) -> Result<(u64, u64)> {
    entry.at.zip(entry.length).ok_or_else(damaged)
}

/// The member `source`, under another name.
fn content(parts: &mut Parts, source: &(usize, Entry), name: Vec<u8>, out: &mut impl Write) -> Result<()> {
    let member = member(parts, source)?;
    let stored = member.kind.stored().next_multiple_of(BLOCK as u64);
    let (at, length) = place(&source.1)?;
    let begin = length.checked_sub(stored).ok_or_else(damaged)?;
    out.write_all(&Member { name, ..member }.header()).map_err(unread)?;
    copy(&mut of(parts, source.0)?.range(at.saturating_add(begin), stored), out)
}

fn copy(from: &mut impl Read, out: &mut impl Write) -> Result<()> {
    std::io::copy(from, out).map(|_| ()).map_err(unread)
}

fn unread(error: std::io::Error) -> Error {
    cause(error, |error| Error::io("read a part of the artifact", error))
}
