//! Names of owners for the archive's reader. Numbers are what counts: names only serve people and other machines.

use std::collections::BTreeMap;

/// Names by number, from the files that every Unix has; an owner that only a directory service knows has no name here.
#[derive(Debug)]
pub(super) struct Names {
    users: BTreeMap<u32, Vec<u8>>,
    groups: BTreeMap<u32, Vec<u8>>,
}

impl Names {
    pub(super) fn of_this_machine() -> Self {
        let read = |path| std::fs::read_to_string(path).unwrap_or_default();
        Self { users: parsed(&read("/etc/passwd")), groups: parsed(&read("/etc/group")) }
    }

    pub(super) fn user(&self, uid: u32) -> Vec<u8> {
        self.users.get(&uid).cloned().unwrap_or_default()
    }

    pub(super) fn group(&self, gid: u32) -> Vec<u8> {
        self.groups.get(&gid).cloned().unwrap_or_default()
    }
}

/// `name:x:number:…`; the first name of a number counts.
fn parsed(text: &str) -> BTreeMap<u32, Vec<u8>> {
    let mut names = BTreeMap::new();
    for line in text.lines() {
        let mut fields = line.split(':');
        let (name, number) = (fields.next(), fields.nth(1).and_then(|field| field.parse().ok()));
        if let (Some(name), Some(number)) = (name, number) {
            names.entry(number).or_insert_with(|| name.as_bytes().to_vec());
        }
    }
    names
}
