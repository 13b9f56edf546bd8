//! The exchange of directories, in every state that a kill can leave.

use runtime::engine::exchange::{Exchange, Outcome, half_done, recover_all};
use std::fs;
use std::path::{Path, PathBuf};

const FOLDERS: [&str; 2] = ["databases", "transactions"];

fn pairs(data: &Path) -> Vec<(PathBuf, PathBuf)> {
    FOLDERS.map(|folder| (data.join(folder).join("a"), data.join(folder).join("bk-a"))).to_vec()
}

fn set_up(data: &Path) {
    for (live, staging) in pairs(data) {
        for (path, side) in [(live, "old"), (staging, "new")] {
            fs::create_dir_all(&path).unwrap();
            fs::write(path.join("side"), side).unwrap();
        }
    }
}

/// What is live: one word for each directory.
fn live(data: &Path) -> Vec<String> {
    pairs(data)
        .iter()
        .map(|(live, _)| fs::read_to_string(live.join("side")).unwrap_or_else(|_| "none".to_owned()))
        .collect()
}

fn swap_names(a: &Path, b: &Path) {
    let aside = a.with_extension("aside");
    fs::rename(a, &aside).unwrap();
    fs::rename(b, a).unwrap();
    fs::rename(aside, b).unwrap();
}

/// What a kill between the two exchanges leaves in `data`.
pub(crate) fn half_swap(data: &Path) {
    set_up(data);
    Exchange::new(data, "a").exchange(&pairs(data), "bk-a").unwrap();
    let second = pairs(data).pop().unwrap();
    swap_names(&second.0, &second.1);
    assert_eq!(live(data), ["new", "old"]);
}

/// Every intermediate state: before the first exchange, between the two, after both; and the other half, which no
/// order of ours makes, but a restored backup of the disk may.
#[test]
fn every_state_becomes_whole() {
    let cases: [(&[usize], Outcome, [&str; 2], bool); 4] = [
        (&[0, 1], Outcome::Untouched, ["old", "old"], false),
        (&[1], Outcome::Reverted, ["old", "old"], true),
        (&[0], Outcome::Reverted, ["old", "old"], true),
        (&[], Outcome::Finished, ["new", "new"], false),
    ];
    for (undone, outcome, expected, half) in cases {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path();
        set_up(data);
        let record = Exchange::new(data, "a");
        record.exchange(&pairs(data), "bk-a").unwrap();
        for index in undone {
            let (live, staging) = pairs(data).swap_remove(*index);
            swap_names(&live, &staging);
        }
        assert_eq!(half_done(data), half, "{undone:?}");
        assert_eq!(record.recover().unwrap(), Some((outcome, "bk-a".to_owned())), "{undone:?}");
        assert_eq!(live(data), expected, "{undone:?}");
        assert_eq!(record.recover().unwrap(), None, "a second time there is nothing to do");
        assert!(recover_all(data).unwrap().is_empty());
        assert!(!half_done(data));
        // Whatever it became, the swap can be asked for again and ends the same way.
        record.exchange(&pairs(data), "bk-a").unwrap();
        assert_eq!(live(data), ["new", "new"], "{undone:?}");
        record.exchange(&pairs(data), "bk-a").unwrap();
        assert_eq!(live(data), ["new", "new"], "twice is once");
        record.put_back().unwrap();
        assert_eq!(live(data), ["old", "old"]);
    }
}

#[test]
fn a_stranger_among_the_directories_is_never_guessed_at() {
    let folder = tempfile::tempdir().unwrap();
    half_swap(folder.path());
    let (live, _) = pairs(folder.path()).remove(0);
    fs::rename(&live, live.with_extension("away")).unwrap();
    fs::create_dir(&live).unwrap();
    let record = Exchange::new(folder.path(), "a");
    assert_eq!(record.recover().unwrap_err().code, "swap-unclear");
    assert_eq!(record.put_back().unwrap_err().code, "swap-unclear");
    assert_eq!(record.exchange(&pairs(folder.path()), "bk-a").unwrap_err().code, "swap-open");
}

#[test]
fn a_missing_side_is_a_plain_rename_and_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    set_up(data);
    for (live, _) in pairs(data) {
        fs::remove_dir_all(live).unwrap();
    }
    let record = Exchange::new(data, "a");
    record.exchange(&pairs(data), "bk-a").unwrap();
    assert_eq!(live(data), ["new", "new"]);
    assert!(pairs(data).iter().all(|(_, staging)| !staging.exists()));
    record.put_back().unwrap();
    assert_eq!(live(data), ["none", "none"]);
    for (_, staging) in pairs(data) {
        fs::remove_dir_all(staging).unwrap();
    }
    assert_eq!(record.exchange(&pairs(data), "bk-a").unwrap_err().code, "nothing-staged");
}

#[test]
fn old_data_under_the_staging_name_is_no_leftover() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    set_up(data);
    let record = Exchange::new(data, "a");
    record.keeps_old("bk-a").unwrap();
    record.exchange(&pairs(data), "bk-a").unwrap();
    record.close().unwrap();
    assert_eq!(record.keeps_old("bk-a").unwrap_err().code, "staging-holds-old-data");
    record.keeps_old("bk-b").unwrap();
    assert_eq!(record.recover().unwrap(), None, "closed is closed");
}

#[test]
fn a_first_exchange_that_fails_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    set_up(data);
    let second = pairs(data).pop().unwrap();
    // A name that cannot be exchanged with its parent: the second call fails after the first has succeeded.
    let inside = second.0.join("bk-a");
    fs::rename(&second.1, &inside).unwrap();
    let bad = vec![pairs(data).remove(0), (second.0.clone(), inside)];
    let error = Exchange::new(data, "a").exchange(&bad, "bk-a").unwrap_err();
    assert_eq!(error.code, "exchange-unsupported");
    assert_eq!(live(data), ["old", "old"]);
    assert_eq!(Exchange::new(data, "a").recover().unwrap(), None);
}
