//! The planning questions, in the order in which they are asked: each row of the planning table that a strategy can act
//! on or record today. Adding a question is adding it here and to what is written.

use super::answers::Answers;
use super::question::{Kind, NONE, Question};
use super::timing::{fits, longest_gap, tightest};
use crate::resolve::capability;
use crate::structure::unit;

/// Every question, in order; those of one topic stand together.
pub static ALL: [&Question; 40] = [
    &NAME,
    &ENVIRONMENT,
    &ENGINE,
    &ROOT,
    &EDITION,
    &VERSION,
    &HTTP,
    &USER,
    &PASSWORD_ENV,
    &HOME,
    &ADMIN,
    &ADMIN_USER,
    &DATABASES,
    &CONF,
    &STOP,
    &START,
    &READY,
    &RPO,
    &RTO,
    &BACKUP_DOWNTIME,
    &RESTORE_DOWNTIME,
    &SIZE,
    &GROWTH,
    &CHANGE_RATE,
    &CPUS,
    &MEMORY,
    &TEMP,
    &DISK,
    &NETWORK,
    &STORE_PATH,
    &STORE_SITE,
    &SECOND_PATH,
    &SECOND_SITE,
    &BANDWIDTH,
    &TIMEZONE,
    &SCHEDULE,
    &CHECK,
    &NOTIFY,
    &NOTIFY_PRIVATE,
    &NOTIFY_TOKEN_ENV,
];

const STRATEGY: &str = "The strategy";
const SOURCE: &str = "What is protected";
const OBJECTIVES: &str = "What the business tolerates";
const WORKLOAD: &str = "How much data there is";
const RESOURCES: &str = "What the machine that runs jobs may use";
const STORES: &str = "Where copies are kept";
const JOB: &str = "When and how";
const NOTIFY_TOPIC: &str = "Who is told";

/// What most questions are like: asked always, needed, checked by their kind alone.
const PLAIN: Question = Question {
    flag: "",
    topic: STRATEGY,
    text: "",
    why: "",
    kind: Kind::Label,
    optional: false,
    applies: |_| true,
    default: |_| NONE.to_owned(),
    check: |_, _| Ok(()),
};

fn neo4j(answers: &Answers) -> bool {
    answers.is(&ENGINE, "neo4j")
}

fn development(answers: &Answers) -> bool {
    answers.is(&ENVIRONMENT, "development")
}

pub static NAME: Question = Question {
    flag: "name",
    text: "What is the strategy called?",
    why: "The name stands in the key of every artifact, so it should stay.",
    kind: Kind::Name,
    default: |_| "backups".to_owned(),
    ..PLAIN
};

pub(super) static ENVIRONMENT: Question = Question {
    flag: "environment",
    text: "What kind of environment is it?",
    why: "It decides how strict the rules are.",
    kind: Kind::Choice(&[
        ("development", "data that can be made again: findings are hints"),
        ("staging", "as production, to find out"),
        ("production", "data that must not be lost: two stores, nothing unverified"),
    ]),
    default: |_| "production".to_owned(),
    ..PLAIN
};

pub(super) static ENGINE: Question = Question {
    flag: "engine",
    topic: SOURCE,
    text: "What is protected?",
    why: "The engine knows how a consistent copy of it is made.",
    kind: Kind::Choice(&[
        ("files", "a directory of this machine"),
        ("neo4j", "the databases of a Neo4j server on this machine"),
    ]),
    default: |_| "files".to_owned(),
    ..PLAIN
};

pub(super) static ROOT: Question = Question {
    flag: "root",
    topic: SOURCE,
    text: "Which directory?",
    why: "All below it is taken; a relative path begins at the folder of the strategy.",
    kind: Kind::Path,
    applies: |answers| !neo4j(answers),
    default: |_| "data".to_owned(),
    ..PLAIN
};

pub(super) static EDITION: Question = Question {
    flag: "edition",
    topic: SOURCE,
    text: "Which edition of Neo4j?",
    why: "The edition decides which methods of backup there are.",
    kind: Kind::Choice(&[
        ("community", "backed up offline: stopped, dumped, started"),
        ("enterprise", "can be planned; this version cannot run it yet"),
    ]),
    applies: neo4j,
    default: |_| "community".to_owned(),
    ..PLAIN
};

pub(super) static VERSION: Question = Question {
    flag: "server-version",
    topic: SOURCE,
    text: "Which version line of Neo4j?",
    why: "A server or an admin tool of another line is refused before anything is touched.",
    kind: Kind::Version,
    applies: neo4j,
    default: |_| "5.26".to_owned(),
    check: |text, _| {
        let unknown =
            format!("`{text}` is no version of Neo4j that is known; the oldest that can be backed up is `5.26`");
        capability::version(text).map(|_| ()).ok_or(unknown)
    },
    ..PLAIN
};

pub(super) static HTTP: Question = Question {
    flag: "http",
    topic: SOURCE,
    text: "Where does the server answer over HTTP?",
    why: "It is asked for its version before a backup, and whether it serves again afterwards.",
    kind: Kind::Url,
    applies: neo4j,
    default: |_| "http://127.0.0.1:7474".to_owned(),
    ..PLAIN
};

pub static USER: Question = Question {
    flag: "user",
    topic: SOURCE,
    text: "Which database user asks it?",
    why: "A restored database is asked a query before the old one is given up.",
    kind: Kind::Label,
    optional: true,
    applies: neo4j,
    ..PLAIN
};

pub static PASSWORD_ENV: Question = Question {
    flag: "password-env",
    topic: SOURCE,
    text: "Which environment variable holds that user's password?",
    why: "The strategy holds the variable's name; the password itself is never written.",
    kind: Kind::Variable,
    applies: |answers| answers.get(&USER).is_some(),
    default: |_| "NEO4J_PASSWORD".to_owned(),
    ..PLAIN
};

pub(super) static HOME: Question = Question {
    flag: "home",
    topic: SOURCE,
    text: "Where is the server installed?",
    why: "The data are below it, or where its `neo4j.conf` says.",
    kind: Kind::Path,
    applies: neo4j,
    default: |_| PACKAGED.to_owned(),
    ..PLAIN
};

/// The home of a server that came as a package of the system.
pub(super) const PACKAGED: &str = "/var/lib/neo4j";

fn packaged(answers: &Answers) -> bool {
    answers.text(&HOME).trim_end_matches('/') == PACKAGED
}

/// A path inside the home of a server that was unpacked somewhere.
fn inside(answers: &Answers, path: &str) -> String {
    format!("{}/{path}", answers.text(&HOME).trim_end_matches('/'))
}

pub(super) static ADMIN: Question = Question {
    flag: "admin",
    topic: SOURCE,
    text: "Where is `neo4j-admin`?",
    why: "It makes and loads the dumps; it must be of the server's own version.",
    kind: Kind::Path,
    applies: neo4j,
    default: |answers| {
        if packaged(answers) { "/usr/bin/neo4j-admin".to_owned() } else { inside(answers, "bin/neo4j-admin") }
    },
    ..PLAIN
};

pub(super) static ADMIN_USER: Question = Question {
    flag: "admin-user",
    topic: SOURCE,
    text: "Which system user owns the data?",
    why: "The tool runs as that user, so that the server can open what it wrote.",
    kind: Kind::Account,
    optional: true,
    applies: neo4j,
    default: |answers| if packaged(answers) { "neo4j".to_owned() } else { NONE.to_owned() },
    ..PLAIN
};

pub(super) static DATABASES: Question = Question {
    flag: "databases",
    topic: SOURCE,
    text: "Which databases?",
    why: "Names with spaces between; `system` is added, because users and roles are in it.",
    kind: Kind::Databases,
    applies: neo4j,
    default: |_| "neo4j".to_owned(),
    ..PLAIN
};

pub(super) static CONF: Question = Question {
    flag: "conf",
    topic: SOURCE,
    text: "Which directory holds `neo4j.conf`?",
    why: "A server is not whole without its settings, so they are kept beside the databases.",
    kind: Kind::Path,
    optional: true,
    applies: neo4j,
    default: |answers| if packaged(answers) { "/etc/neo4j".to_owned() } else { inside(answers, "conf") },
    ..PLAIN
};

pub(super) static STOP: Question = Question {
    flag: "stop",
    topic: SOURCE,
    text: "Which command stops the server?",
    why: "It is stopped for a dump and for a restore; the command returns when it is down.",
    kind: Kind::Command,
    applies: neo4j,
    default: |answers| {
        if packaged(answers) { "systemctl stop neo4j".to_owned() } else { inside(answers, "bin/neo4j stop") }
    },
    ..PLAIN
};

pub(super) static START: Question = Question {
    flag: "start",
    topic: SOURCE,
    text: "Which command starts it?",
    why: "It is started again whatever happened to the dump.",
    kind: Kind::Command,
    applies: neo4j,
    default: |answers| {
        if packaged(answers) { "systemctl start neo4j".to_owned() } else { inside(answers, "bin/neo4j start") }
    },
    ..PLAIN
};

pub(super) static READY: Question = Question {
    flag: "ready",
    topic: SOURCE,
    text: "How long may it take until it answers?",
    why: "A server that is later than that is told as a failure.",
    kind: Kind::Duration,
    applies: neo4j,
    default: |_| "2m".to_owned(),
    check: |text, _| above_zero("ready", text),
    ..PLAIN
};

fn above_zero(what: &str, text: &str) -> Result<(), String> {
    if unit::duration(text) == Some(0) { Err(format!("`{what}` cannot be zero")) } else { Ok(()) }
}

pub(super) static RPO: Question = Question {
    flag: "rpo",
    topic: OBJECTIVES,
    text: "How much data may be lost, as time?",
    why: "The schedule must keep it; daily backups are 25 hours apart when summer time ends.",
    kind: Kind::Duration,
    // A dump is checked for long before it counts.
    default: |answers| if neo4j(answers) { "36h".to_owned() } else { "26h".to_owned() },
    check: |text, _| above_zero("rpo", text),
    ..PLAIN
};

pub(super) static RTO: Question = Question {
    flag: "rto",
    topic: OBJECTIVES,
    text: "How long may it take until service is back after a failure?",
    why: "A restore has to be faster than that.",
    kind: Kind::Duration,
    default: |_| "4h".to_owned(),
    check: |text, _| above_zero("rto", text),
    ..PLAIN
};

pub(super) static BACKUP_DOWNTIME: Question = Question {
    flag: "backup-downtime",
    topic: OBJECTIVES,
    text: "How long may a backup take the server down?",
    why: "An offline dump takes it down for as long as the dump lasts.",
    kind: Kind::Duration,
    applies: neo4j,
    default: |_| "1h".to_owned(),
    check: |text, _| {
        let stopped = "the server is stopped for every dump, so this cannot be zero; online backups are for later";
        if unit::duration(text) == Some(0) { Err(stopped.to_owned()) } else { Ok(()) }
    },
    ..PLAIN
};

pub(super) static RESTORE_DOWNTIME: Question = Question {
    flag: "restore-downtime",
    topic: OBJECTIVES,
    text: "How long may a restore take it down?",
    why: "A restore is staged beside the live data; the server is down only for the exchange.",
    kind: Kind::Duration,
    applies: neo4j,
    default: |answers| {
        if answers.seconds(&RTO) < Some(1_800) { answers.text(&RTO).to_owned() } else { "30m".to_owned() }
    },
    check: |text, answers| {
        above_zero("restore-downtime", text)?;
        let too_long = unit::duration(text) > answers.seconds(&RTO);
        if too_long { Err(format!("that is longer than `rto` allows ({})", answers.text(&RTO))) } else { Ok(()) }
    },
    ..PLAIN
};

pub(super) static SIZE: Question = Question {
    flag: "size",
    topic: WORKLOAD,
    text: "How many bytes are protected today?",
    why: "Durations and room are judged by it.",
    kind: Kind::Size,
    optional: true,
    ..PLAIN
};

pub(super) static GROWTH: Question = Question {
    flag: "growth",
    topic: WORKLOAD,
    text: "How fast does that grow?",
    why: "It tells how long the stores are large enough.",
    kind: Kind::Growth,
    optional: true,
    ..PLAIN
};

pub(super) static CHANGE_RATE: Question = Question {
    flag: "change-rate",
    topic: WORKLOAD,
    text: "How many bytes change in a time?",
    why: "It is what a differential backup has to carry, for example `4GiB/day`.",
    kind: Kind::Rate,
    optional: true,
    ..PLAIN
};

pub(super) static CPUS: Question = Question {
    flag: "cpus",
    topic: RESOURCES,
    text: "How many processor cores?",
    why: "They bound what is done at once.",
    kind: Kind::Count,
    optional: true,
    ..PLAIN
};

pub(super) static MEMORY: Question = Question {
    flag: "memory",
    topic: RESOURCES,
    text: "How much main memory?",
    why: "A checker of a database needs room beside the server.",
    kind: Kind::Size,
    optional: true,
    ..PLAIN
};

pub(super) static TEMP: Question = Question {
    flag: "temp",
    topic: RESOURCES,
    text: "How much free room for scratch files?",
    why: "A copy is loaded there to be checked, so it should hold the largest database.",
    kind: Kind::Size,
    optional: true,
    ..PLAIN
};

pub(super) static DISK: Question = Question {
    flag: "disk",
    topic: RESOURCES,
    text: "How much room for copies is on its own disks?",
    why: "With the growth it tells when the first store is full.",
    kind: Kind::Size,
    optional: true,
    ..PLAIN
};

pub(super) static NETWORK: Question = Question {
    flag: "network",
    topic: RESOURCES,
    text: "How fast is the network to the stores?",
    why: "It bounds how soon the second copy is there, for example `1Gbit/s`.",
    kind: Kind::Rate,
    optional: true,
    ..PLAIN
};

pub(super) static STORE_PATH: Question = Question {
    flag: "store-path",
    topic: STORES,
    text: "Where does the first copy go?",
    why: "A directory near the data, for quick restores, and on another disk than the data.",
    kind: Kind::Path,
    default: |_| "backups/vault".to_owned(),
    ..PLAIN
};

pub(super) static STORE_SITE: Question = Question {
    flag: "store-site",
    topic: STORES,
    text: "On which site is that?",
    why: "Copies on one site can be lost together.",
    kind: Kind::Label,
    default: |_| "site-1".to_owned(),
    ..PLAIN
};

pub(super) static SECOND_PATH: Question = Question {
    flag: "second-path",
    topic: STORES,
    text: "Where does the second copy go?",
    why: "A directory that survives the loss of the first, such as a mounted share of another site.",
    kind: Kind::Path,
    optional: true,
    default: |_| "backups/offsite".to_owned(),
    check: |text, answers| {
        if text == NONE {
            let needed = "one store is one failure: outside of development a second one is needed";
            return if development(answers) { Ok(()) } else { Err(needed.to_owned()) };
        }
        let (one, other) = (folder(text), folder(answers.text(&STORE_PATH)));
        if one.starts_with(&other) || other.starts_with(&one) {
            return Err("the two stores are in one directory, and would be lost together".to_owned());
        }
        Ok(())
    },
    ..PLAIN
};

/// A path that can be compared as text.
fn folder(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    format!("{}{}/", if path.starts_with('/') { "/" } else { "" }, parts.join("/"))
}

fn second(answers: &Answers) -> bool {
    answers.get(&SECOND_PATH).is_some()
}

pub(super) static SECOND_SITE: Question = Question {
    flag: "second-site",
    topic: STORES,
    text: "On which site is that?",
    why: "Another one than the first, so that no fire, theft or outage takes both.",
    kind: Kind::Label,
    applies: second,
    default: |_| "site-2".to_owned(),
    check: |text, answers| {
        let same = answers.is(&STORE_SITE, text) && !development(answers);
        if same { Err("both copies would be on one site, and can be lost together".to_owned()) } else { Ok(()) }
    },
    ..PLAIN
};

pub(super) static BANDWIDTH: Question = Question {
    flag: "bandwidth",
    topic: STORES,
    text: "How fast may the copy to the second store be?",
    why: "A limit leaves room for others on the way, for example `80MiB/s`.",
    kind: Kind::Rate,
    optional: true,
    applies: second,
    ..PLAIN
};

pub static TIMEZONE: Question = Question {
    flag: "timezone",
    topic: JOB,
    text: "In which time zone is the schedule read?",
    why: "Off-peak hours are local; a zone that changes its clocks has a day of 25 hours.",
    kind: Kind::Timezone,
    default: |_| "UTC".to_owned(),
    ..PLAIN
};

pub(super) static SCHEDULE: Question = Question {
    flag: "schedule",
    topic: JOB,
    text: "When is a backup due?",
    why: "Minute, hour, day of month, month, day of week; off-peak, and often enough for `rpo`.",
    kind: Kind::Cron,
    default: |answers| {
        let (zone, most) = (answers.text(&TIMEZONE), most_apart(answers));
        // Where there is no room for what a backup is reckoned to take, what is known must do.
        let reckoned = answers.seconds(&RPO).unwrap_or(0).saturating_sub(taken(answers));
        let most = if reckoned > taken(answers) { most.min(reckoned) } else { most };
        tightest(zone, most).to_owned()
    },
    check: |text, answers| {
        let (zone, most) = (answers.text(&TIMEZONE), most_apart(answers));
        if fits(text, zone, most) {
            return Ok(());
        }
        let gap = spoken(longest_gap(text, zone, u64::MAX));
        let rpo = answers.text(&RPO);
        Err(match answers.get(&BACKUP_DOWNTIME) {
            Some(downtime) => format!(
                "`{text}` is up to {gap} apart; with a dump of at most {downtime} that loses more than `rpo` allows ({rpo})"
            ),
            None => format!(
                "`{text}` is up to {gap} apart, and a backup takes time: that loses more than `rpo` allows ({rpo})"
            ),
        })
    },
    ..PLAIN
};

/// Most seconds between two backups: what may be lost, less what a backup takes until it is a copy. A dump takes at most
/// the downtime that it may cause; of files nothing is known, but it is never nothing.
fn most_apart(answers: &Answers) -> u64 {
    answers.seconds(&RPO).unwrap_or(0).saturating_sub(answers.seconds(&BACKUP_DOWNTIME).unwrap_or(1))
}

/// Seconds from the start of a backup until it is a copy that can be relied on, in every store: of what there is in a year,
/// or of what a forecast takes for granted.
fn taken(answers: &Answers) -> u64 {
    const MIB: u64 = 1 << 20;
    const YEAR: u64 = 31_536_000;
    // A dump is loaded aside and checked; files are read back.
    let (assumed, rate) = if neo4j(answers) { (100 << 30, 12 * MIB) } else { (10 << 30, 30 * MIB) };
    let mut size = answers.get(&SIZE).and_then(unit::size).unwrap_or(assumed);
    if let Some(growth) = answers.get(&GROWTH).and_then(unit::growth) {
        for _ in 0..YEAR / growth.per.max(1) {
            size = size.saturating_add(size.saturating_mul(growth.basis_points) / 10_000);
        }
    }
    (size / rate).saturating_add(300)
}

/// Seconds as a person would say them, in whole minutes.
fn spoken(seconds: u64) -> String {
    let parts = [(seconds / 86_400, "d"), (seconds / 3_600 % 24, "h"), (seconds / 60 % 60, "m")];
    let said: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count}{unit}")).collect();
    said.join(" ")
}

pub(super) static CHECK: Question = Question {
    flag: "verify",
    topic: JOB,
    text: "How deep is a dump checked?",
    why: "A copy that was never read back may be damaged, and only a restore would tell.",
    kind: Kind::Choice(&[
        ("consistency", "loaded under a scratch name and checked by Neo4j's own checker"),
        ("digest", "every byte read back and compared; quicker, and blind to damage from before the dump"),
    ]),
    applies: neo4j,
    default: |_| "consistency".to_owned(),
    ..PLAIN
};

pub(super) static NOTIFY: Question = Question {
    flag: "notify",
    topic: NOTIFY_TOPIC,
    text: "Which URL is told of a run that was not good?",
    why: "A failure that nobody hears of is found out at the restore. Write no secret into it.",
    kind: Kind::Url,
    optional: true,
    check: |text, _| {
        let secret =
            text.split_once("://").is_some_and(|(_, rest)| rest.split('/').next().unwrap_or(rest).contains('@'));
        if secret {
            Err("a login in the URL would stand in the strategy; use `--notify-token-env`".to_owned())
        } else {
            Ok(())
        }
    },
    ..PLAIN
};

fn notified(answers: &Answers) -> bool {
    answers.get(&NOTIFY).is_some()
}

pub(super) static NOTIFY_PRIVATE: Question = Question {
    flag: "notify-private",
    topic: NOTIFY_TOPIC,
    text: "Is that an address of your own network?",
    why: "A plugin reaches private and loopback addresses only where the strategy says so.",
    kind: Kind::Choice(&[("yes", "it may be private or loopback"), ("no", "only public addresses")]),
    applies: notified,
    default: |answers| if is_private(answers.text(&NOTIFY)) { "yes".to_owned() } else { "no".to_owned() },
    ..PLAIN
};

/// Whether the host of a URL looks like one that only the own network knows.
fn is_private(text: &str) -> bool {
    let Ok(url) = url::Url::parse(text) else { return false };
    match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
        Some(url::Host::Domain(name)) => {
            !name.contains('.') || [".internal", ".local", ".lan"].iter().any(|end| name.ends_with(end))
        }
        None => false,
    }
}

pub(super) static NOTIFY_TOKEN_ENV: Question = Question {
    flag: "notify-token-env",
    topic: NOTIFY_TOPIC,
    text: "Which environment variable holds the bearer token for it?",
    why: "It is sent as `Authorization: Bearer …` and stands nowhere.",
    kind: Kind::Variable,
    optional: true,
    applies: notified,
    ..PLAIN
};
