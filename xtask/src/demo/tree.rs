//! A tree of files that is awkward in the ways that real ones are. The same every time.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

/// Numbers that look random and are the same every time (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        let words = std::iter::repeat_with(|| self.roll().to_le_bytes());
        words.take(count / 8 + 1).flatten().take(count).collect()
    }
}

/// Makes the tree: 310 files of some 25 MB in folders, links of both kinds, odd names, odd modes, old times.
pub(super) fn grow(root: &Path) -> io::Result<()> {
    let mut dice = Dice(0x5eed_0bac_57a7);
    for n in 0..300 {
        let folder = root.join(format!("folder-{}", n % 10)).join(if n % 20 < 10 { "" } else { "deeper/still" });
        fs::create_dir_all(&folder)?;
        let size = usize::try_from(dice.roll() % 64_000).unwrap_or_default();
        let path = folder.join(format!("note-{n}.txt"));
        fs::write(&path, dice.bytes(size))?;
        let age = Duration::new(1_500_000_000 + dice.roll() % 200_000_000, 123_456_789);
        fs::File::options().write(true).open(&path)?.set_modified(UNIX_EPOCH + age)?;
    }
    fs::write(root.join("large.bin"), dice.bytes(16 << 20))?;
    fs::write(root.join("empty.txt"), "")?;
    fs::create_dir_all(root.join("empty folder"))?;
    fs::write(root.join("private.key"), dice.bytes(64))?;
    fs::set_permissions(root.join("private.key"), fs::Permissions::from_mode(0o600))?;
    fs::write(root.join("run.sh"), "#!/bin/sh\n")?;
    fs::set_permissions(root.join("run.sh"), fs::Permissions::from_mode(0o755))?;
    fs::hard_link(root.join("large.bin"), root.join("large-again.bin"))?;
    symlink("folder-0/note-0.txt", root.join("first"))?;
    symlink("nowhere/at all", root.join("dangling"))?;
    odd(&root.join("odd"))
}

/// Names that break careless tools.
fn odd(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let long = [b'l'; 255];
    let names: [&[u8]; 6] = [b"two\nlines", b"\xff\xfe not UTF-8", b"-rf", b" space ", "smörgås 🥪".as_bytes(), &long];
    for name in names {
        fs::write(folder.join(OsStr::from_bytes(name)), name)?;
    }
    Ok(())
}
