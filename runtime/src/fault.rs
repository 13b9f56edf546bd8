//! Places where a test has the process killed, as a power cut would, or lets an operation fail. Debug builds only: in a
//! release build every function here is empty.
//!
//! * `BACKSTAY_FAULT=PLACE[#PASS]` kills the process when it comes by that place (for the first time, or that often).
//! * `BACKSTAY_FAULT_STOP=PLACE[#PASS]` freezes it there (SIGSTOP), to go on with SIGCONT.
//! * `BACKSTAY_CLOCK=SECONDS[,SECONDS…]` adds so much to the clock at the first look, the second, and so on.
//! * `BACKSTAY_FAULT_ERROR=PLACE[#PASS]:ERRNO` has the operation at that place fail (always, or at that pass alone).
//! * `BACKSTAY_FAULT_LOG=FILE` adds `PLACE#PASS` to the file each time: tests find the places so, and list none by hand.

#[cfg(debug_assertions)]
pub use armed::{clock, io, on, point};

/// Nothing, in a release build.
#[cfg(not(debug_assertions))]
#[inline]
pub fn point(_name: &str) {}

/// Nothing, in a release build.
#[cfg(not(debug_assertions))]
#[inline]
pub fn on(_layer: &str, _what: &str, _key: &str, _moment: &str) {}

/// Nothing, in a release build.
#[cfg(not(debug_assertions))]
#[inline]
pub fn io(_layer: &str, _what: &str, _key: &str) -> std::io::Result<()> {
    Ok(())
}

/// Nothing is added, in a release build.
#[cfg(not(debug_assertions))]
#[inline]
pub fn clock() -> i64 {
    0
}

#[cfg(debug_assertions)]
mod armed {
    use std::collections::BTreeMap;
    use std::fs::File;
    use std::io::Write;
    use std::sync::{Mutex, OnceLock, PoisonError};

    /// A place by its name, at one pass or at any.
    #[derive(Debug, PartialEq, Eq)]
    struct Wanted {
        name: String,
        pass: Option<u32>,
    }

    impl Wanted {
        fn read(text: &str) -> Self {
            match text.rsplit_once('#').map(|(name, pass)| (name, pass.parse())) {
                Some((name, Ok(pass))) => Self { name: name.to_owned(), pass: Some(pass) },
                _ => Self { name: text.to_owned(), pass: None },
            }
        }

        fn is(&self, name: &str, pass: u32) -> bool {
            self.name == name && self.pass.is_none_or(|wanted| wanted == pass)
        }
    }

    /// What the environment asks for.
    #[derive(Debug)]
    struct Orders {
        kill: Option<Wanted>,
        stop: Option<Wanted>,
        fail: Option<(Wanted, i32)>,
        log: Option<File>,
        passes: Mutex<BTreeMap<String, u32>>,
    }

    impl Orders {
        /// `None` when nothing is asked for: then a place costs one look.
        fn read() -> Option<Self> {
            let asked = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
            let kill = asked("BACKSTAY_FAULT").map(|text| Wanted::read(&text));
            let stop = asked("BACKSTAY_FAULT_STOP").map(|text| Wanted::read(&text));
            let fail = asked("BACKSTAY_FAULT_ERROR").and_then(|text| {
                let (place, errno) = text.rsplit_once(':')?;
                Some((Wanted::read(place), number(errno)?))
            });
            let log =
                asked("BACKSTAY_FAULT_LOG").and_then(|path| File::options().create(true).append(true).open(path).ok());
            let any = kill.is_some() || stop.is_some() || fail.is_some() || log.is_some();
            any.then(|| Self { kill, stop, fail, log, passes: Mutex::default() })
        }

        /// Counts a pass, writes it down, and kills when it is the one. The pass, from 1.
        fn pass(&self, name: &str) -> u32 {
            let mut passes = self.passes.lock().unwrap_or_else(PoisonError::into_inner);
            let pass = passes.entry(name.to_owned()).or_default();
            *pass += 1;
            let pass = *pass;
            if let Some(mut log) = self.log.as_ref() {
                let _ = log.write_all(format!("{name}#{pass}\n").as_bytes());
            }
            if self.kill.as_ref().is_some_and(|wanted| wanted.is(name, pass)) {
                // Nothing is flushed and no destructor runs.
                send(rustix::process::Signal::KILL);
            }
            if self.stop.as_ref().is_some_and(|wanted| wanted.name == name && wanted.pass.unwrap_or(1) == pass) {
                send(rustix::process::Signal::STOP);
            }
            pass
        }
    }

    fn send(signal: rustix::process::Signal) {
        let _ = rustix::process::kill_process(rustix::process::getpid(), signal);
    }

    /// What is added to the clock at this look, in seconds.
    pub fn clock() -> i64 {
        use std::sync::atomic::{AtomicUsize, Ordering};
        static OFFSETS: OnceLock<Vec<i64>> = OnceLock::new();
        static LOOKS: AtomicUsize = AtomicUsize::new(0);
        let read = || std::env::var("BACKSTAY_CLOCK").unwrap_or_default();
        let offsets = OFFSETS.get_or_init(|| read().split(',').filter_map(|text| text.parse().ok()).collect());
        let look = LOOKS.fetch_add(1, Ordering::Relaxed);
        offsets.get(look.min(offsets.len().saturating_sub(1))).copied().unwrap_or_default()
    }

    fn orders() -> Option<&'static Orders> {
        static ORDERS: OnceLock<Option<Orders>> = OnceLock::new();
        ORDERS.get_or_init(Orders::read).as_ref()
    }

    /// The error that a test names, by its symbol or its number.
    fn number(name: &str) -> Option<i32> {
        use rustix::io::Errno;
        let errno = match name {
            "ENOSPC" => Errno::NOSPC,
            "EIO" => Errno::IO,
            "EACCES" => Errno::ACCESS,
            "EROFS" => Errno::ROFS,
            number => return number.parse().ok(),
        };
        Some(errno.raw_os_error())
    }

    /// What a key of a store, or a file in one, is: places are named by it, not by names that differ in each run.
    fn kind(key: &str) -> &'static str {
        let name = key.rsplit('/').next().unwrap_or_default();
        match name {
            "" if key.is_empty() => "",
            "" => "folder",
            "manifest.json" => "manifest",
            "store.json" => "store",
            _ if name.starts_with('.') => "part",
            _ if key.starts_with("probe-") => "probe",
            _ if key.contains("/facts/") => "fact",
            _ => "bytes",
        }
    }

    fn place(parts: &[&str]) -> String {
        parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join("/")
    }

    /// A place of that name.
    pub fn point(name: &str) {
        if let Some(orders) = orders() {
            orders.pass(name);
        }
    }

    /// The place `layer/what/kind of key/moment`; what is empty is left out.
    pub fn on(layer: &str, what: &str, key: &str, moment: &str) {
        if let Some(orders) = orders() {
            orders.pass(&place(&[layer, what, kind(key), moment]));
        }
    }

    /// The place `layer/what/kind of key`, before an operation that may fail there.
    pub fn io(layer: &str, what: &str, key: &str) -> std::io::Result<()> {
        let Some(orders) = orders() else { return Ok(()) };
        let name = place(&[layer, what, kind(key)]);
        let pass = orders.pass(&name);
        match &orders.fail {
            Some((wanted, errno)) if wanted.is(&name, pass) => Err(std::io::Error::from_raw_os_error(*errno)),
            _ => Ok(()),
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_place_is_wanted_at_any_pass_or_at_one() {
            assert!(Wanted::read("journal/begin").is("journal/begin", 7));
            let third = Wanted::read("fs/sync/bytes#3");
            assert!(third.is("fs/sync/bytes", 3) && !third.is("fs/sync/bytes", 2) && !third.is("fs/sync", 3));
        }

        #[test]
        fn keys_are_named_by_what_they_are() {
            let keys = ["s/a/b/i/manifest.json", "s/a/b/i/a-1/x.tar", "s/a/b/i/a-1/.x.tar.0.part", "s/a/", ""];
            assert_eq!(keys.map(kind), ["manifest", "bytes", "part", "folder", ""]);
            assert_eq!(place(&["storage", "create", kind("store.json"), "before"]), "storage/create/store/before");
        }
    }
}
