//! Places where a test can have the process killed, as a power cut would: `BACKSTAY_FAULT=<name>` in a debug build.
//! Release builds have none of this.

/// Kills the process at once when the environment names this place.
#[cfg(debug_assertions)]
pub fn point(name: &str) {
    if std::env::var("BACKSTAY_FAULT").is_ok_and(|wanted| wanted == name) {
        // Nothing is flushed and no destructor runs.
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    }
}

/// Nothing, in a release build.
#[cfg(not(debug_assertions))]
pub fn point(_name: &str) {}
