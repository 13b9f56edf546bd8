//! The index of an archive, written while the archive is: what lies where in it.

use super::member::{BLOCK, Kind, Member};
use crate::error::{Error, Result};
use schema::index::{Line, Member as Entry, Name};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// An index that is being written.
#[derive(Debug)]
pub(super) struct Index(BufWriter<File>);

fn failed(error: std::io::Error) -> Error {
    Error::io("write the index of the artifact", &error)
}

impl Index {
    /// A file of our own: what another attempt left there is replaced.
    pub(super) fn create(path: &Path) -> Result<Self> {
        Ok(Self(BufWriter::new(File::create(path).map_err(failed)?)))
    }

    /// Notes a member whose headers begin at `at` and have `header` bytes.
    pub(super) fn add(&mut self, member: &Member, at: u64, header: u64) -> Result<()> {
        let target = match &member.kind {
            Kind::Hardlink { target } => Some(Name::of(target)),
            _ => None,
        };
        let line = Line::Member(Entry {
            name: Name::of(&member.name),
            kind: member.kind.letter(),
            at,
            length: header + member.kind.stored().next_multiple_of(BLOCK as u64),
            target,
        });
        serde_json::to_writer(&mut self.0, &line).map_err(|error| failed(error.into()))?;
        self.0.write_all(b"\n").map_err(failed)
    }

    pub(super) fn finish(mut self) -> Result<()> {
        self.0.flush().map_err(failed)
    }
}
