//! Everything that descends from this process, found in `/proc` and ended.

use rustix::process::{Pid, Signal, WaitOptions, getpid, kill_process};
use std::collections::BTreeMap;
use std::time::Duration;

/// Ends every descendant and waits until none is left. New ones that appear meanwhile are ended too: this process is a
/// subreaper, so an orphan becomes its child and is found in the next round.
pub(super) fn end_all() {
    loop {
        while let Ok(Some(_)) = rustix::process::wait(WaitOptions::NOHANG) {}
        let descendants = of(getpid());
        if descendants.is_empty() {
            return;
        }
        for pid in descendants {
            let _ = kill_process(pid, Signal::KILL);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn of(root: Pid) -> Vec<Pid> {
    let mut children: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
    for (pid, parent) in processes() {
        children.entry(parent).or_default().push(pid);
    }
    let mut found = Vec::new();
    let mut open = vec![root.as_raw_nonzero().get()];
    while let Some(parent) = open.pop() {
        for &pid in children.get(&parent).into_iter().flatten() {
            open.push(pid);
            found.extend(Pid::from_raw(pid));
        }
    }
    found
}

/// Every process with its parent.
fn processes() -> impl Iterator<Item = (i32, i32)> {
    std::fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
        Some((pid, parent_in(&stat)?))
    })
}

/// The fourth field. The second is a name in parentheses that may hold anything, so counting starts after the last one.
fn parent_in(stat: &str) -> Option<i32> {
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::parent_in;

    #[test]
    fn a_name_with_parentheses_hides_nothing() {
        assert_eq!(parent_in("12 (a) S 7 (b) R 34 12 1"), Some(34));
        assert_eq!(parent_in("12 (sh) S 7 12 1"), Some(7));
        assert_eq!(parent_in("12"), None);
    }
}
