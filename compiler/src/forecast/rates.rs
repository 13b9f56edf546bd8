//! Rates and sizes that are taken for granted where neither the strategy nor a measurement says them. They err to the
//! safe side: what was measured is on fast local disks, and a forecast that is kept is worth more than a short one.

use schema::forecast::Assumption;
use std::collections::BTreeSet;

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// A figure that may have to be assumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Figure {
    SizeOfAll,
    SizeOfFiles,
    SizeBeside,
    SizeOfSystem,
    EvenShare,
    ChangeRate,
    NoGrowth,
    Disk,
    Network,
    Archive,
    Dump,
    Online,
    Command,
    Check,
    Load,
    Start,
    Stop,
    StepsAtOnce,
    Step,
    Rehydration,
    Reaction,
}

struct Row {
    figure: Figure,
    what: &'static str,
    /// Bytes per second, bytes, or seconds.
    amount: u64,
    value: &'static str,
    instead: &'static str,
}

/// Every figure, where it comes from, and what to say so that it need not be assumed.
static TABLE: [Row; 21] = [
    // A guess: most databases are smaller.
    Row {
        figure: Figure::SizeOfAll,
        what: "bytes of all databases",
        amount: 100 * GIB,
        value: "100 GiB",
        instead: "workload { size \"180GiB\"; }",
    },
    // A guess for trees of files and what commands write, when there is no database.
    Row {
        figure: Figure::SizeOfFiles,
        what: "bytes of all files",
        amount: 10 * GIB,
        value: "10 GiB",
        instead: "workload { size \"20GiB\"; }",
    },
    // Configuration, certificates and plugins: an installation with all of its plugins is some 155 MB.
    Row {
        figure: Figure::SizeBeside,
        what: "bytes of files beside databases, for each server",
        amount: 512 * MIB,
        value: "512 MiB",
        instead: "a first backup, whose size is used from then on",
    },
    // A fresh one is 2 MiB; it holds users, roles and names.
    Row {
        figure: Figure::SizeOfSystem,
        what: "bytes of a `system` database",
        amount: 256 * MIB,
        value: "256 MiB",
        instead: "a first backup, whose size is used from then on",
    },
    Row {
        figure: Figure::EvenShare,
        what: "share of a database in the size of all, for runs and storage",
        amount: 0,
        value: "an even one; a restore is reckoned with all",
        instead: "a first backup, whose size is used from then on",
    },
    // A tenth of what full copies would be: the usual range of transaction logs is one to five percent.
    Row {
        figure: Figure::ChangeRate,
        what: "what changes in a day",
        amount: 10,
        value: "a tenth of a database",
        instead: "workload { change-rate \"4GiB/day\"; }",
    },
    Row {
        figure: Figure::NoGrowth,
        what: "growth",
        amount: 0,
        value: "none",
        instead: "workload { growth \"2%/month\"; }",
    },
    // Copying and hashing 2 GiB took 2.4 s on a local SSD (bench/RESULTS.md); a spinning disk does a fifth of that.
    Row {
        figure: Figure::Disk,
        what: "bytes that a disk reads or writes in a second",
        amount: 150 * MIB,
        value: "150 MiB/s",
        instead: "a drill, which measures it",
    },
    // Half of a Gbit/s.
    Row {
        figure: Figure::Network,
        what: "bytes to or from another machine in a second",
        amount: 60 * MIB,
        value: "60 MiB/s",
        instead: "resources { network \"1Gbit/s\"; }",
    },
    // Measured 760 MiB/s for few large files (bench/RESULTS.md); many small ones are slower.
    Row {
        figure: Figure::Archive,
        what: "bytes of files that are archived in a second",
        amount: 100 * MIB,
        value: "100 MiB/s",
        instead: "a first backup of each source",
    },
    // Measured 279 MiB/s for 260 MiB on a local SSD.
    Row {
        figure: Figure::Dump,
        what: "bytes that a dump reads in a second",
        amount: 80 * MIB,
        value: "80 MiB/s",
        instead: "a first backup of each source",
    },
    // The server goes on serving meanwhile.
    Row {
        figure: Figure::Online,
        what: "bytes that an online backup reads in a second",
        amount: 80 * MIB,
        value: "80 MiB/s",
        instead: "a first backup of each source",
    },
    Row {
        figure: Figure::Command,
        what: "bytes that a command writes or reads in a second",
        amount: 50 * MIB,
        value: "50 MiB/s",
        instead: "a first backup of each source",
    },
    // Follows every record: random reads.
    Row {
        figure: Figure::Check,
        what: "bytes of a database that are checked in a second",
        amount: 40 * MIB,
        value: "40 MiB/s",
        instead: "a drill, which measures it",
    },
    // A load writes what a dump reads.
    Row {
        figure: Figure::Load,
        what: "bytes that a restore loads in a second",
        amount: 60 * MIB,
        value: "60 MiB/s",
        instead: "a drill, which measures it",
    },
    Row {
        figure: Figure::Start,
        what: "seconds until a server or database answers after its start",
        amount: 120,
        value: "2m",
        instead: "control { ready within=\"2m\"; }",
    },
    // A server writes out what it holds first.
    Row {
        figure: Figure::Stop,
        what: "seconds until a server or database is down",
        amount: 60,
        value: "1m",
        instead: "a first run, which measures it",
    },
    Row {
        figure: Figure::StepsAtOnce,
        what: "steps at once",
        amount: super::duration::AT_ONCE,
        value: "2, which share disk and network",
        instead: "`--parallel` of `run`",
    },
    // An admin tool is a JVM, which starts in 2 to 5 s.
    Row {
        figure: Figure::Step,
        what: "seconds that a step takes beside its bytes",
        amount: 5,
        value: "5s",
        instead: "a first run, which measures it",
    },
    // The slowest way of each archive class: see `thaw.rs`.
    Row {
        figure: Figure::Rehydration,
        what: "time until an archive class can be read",
        amount: 48 * 3_600,
        value: "by provider and class: 1h to 48h",
        instead: "a class that can be read at once",
    },
    Row {
        figure: Figure::Reaction,
        what: "time until somebody begins a restore, on a machine that is there",
        amount: 0,
        value: "not counted",
        instead: "a drill by hand, which shows it",
    },
];

/// The figures that were needed.
#[derive(Debug, Default)]
pub(super) struct Assumed(BTreeSet<Figure>);

impl Assumed {
    /// The figure, which is noted as assumed.
    pub(super) fn take(&mut self, figure: Figure) -> u64 {
        self.0.insert(figure);
        TABLE.iter().find(|row| row.figure == figure).map_or(1, |row| row.amount)
    }

    /// Those that were needed, in the order of the table.
    pub(super) fn into_list(self) -> Vec<Assumption> {
        let rows = TABLE.iter().filter(|row| self.0.contains(&row.figure));
        let own = str::to_owned;
        rows.map(|row| Assumption { what: own(row.what), value: own(row.value), instead: own(row.instead) }).collect()
    }
}
