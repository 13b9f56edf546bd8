//! Huge pages of memory: this process does without, for it holds a few buffers of each size and such pages are half empty
//! then; what it starts for a source has them as without us, for a database may be among that. A child inherits the flag, so
//! it is taken back for as long as one is started.

use rustix::thread::{disable_transparent_huge_pages, transparent_huge_pages_are_disabled};
use std::sync::{Mutex, PoisonError};

/// Whether this process has put them off. Who starts a child holds it.
static OFF: Mutex<bool> = Mutex::new(false);

/// Puts huge pages off for this process, unless whoever started it has done so. A system without them has nothing to put off.
pub fn no_huge_pages() {
    let mut off = OFF.lock().unwrap_or_else(PoisonError::into_inner);
    if !*off && matches!(transparent_huge_pages_are_disabled(), Ok(false)) {
        *off = disable_transparent_huge_pages(true).is_ok();
    }
}

/// Starts a child, which gets what this process would have.
pub(crate) fn as_before<T>(start: impl FnOnce() -> T) -> T {
    let off = OFF.lock().unwrap_or_else(PoisonError::into_inner);
    // What was set can be set again: neither can fail where `no_huge_pages` did not.
    if *off {
        let _ = disable_transparent_huge_pages(false);
    }
    let started = start();
    if *off {
        let _ = disable_transparent_huge_pages(true);
    }
    started
}
