//! Answers as a strategy: each choice with a sentence for whoever reads it in two years. Only what this version runs is
//! written; what it merely records is marked as such.

use super::answers::Answers;
use super::page::{Page, all_quoted, quoted};
use super::question::Question;
use super::questions::{
    ADMIN, ADMIN_USER, BACKUP_DOWNTIME, BANDWIDTH, CHANGE_RATE, CHECK, CONF, CPUS, DATABASES, DISK, EDITION, ENGINE,
    ENVIRONMENT, GROWTH, HOME, HTTP, MEMORY, NAME, NETWORK, NOTIFY, NOTIFY_PRIVATE, NOTIFY_TOKEN_ENV, PASSWORD_ENV,
    READY, RESTORE_DOWNTIME, ROOT, RPO, RTO, SCHEDULE, SECOND_PATH, SECOND_SITE, SIZE, START, STOP, STORE_PATH,
    STORE_SITE, TEMP, TIMEZONE, USER, VERSION,
};

/// The version that speaks in comments: what it cannot do yet, a later one may.
const BACKSTAY: &str = concat!("Backstay ", env!("CARGO_PKG_VERSION"));

/// The strategy that complete answers make. The same answers give the same bytes.
#[must_use]
pub fn write(answers: &Answers) -> String {
    let mut page = Page::default();
    page.note(&format!(
        "A backup strategy, begun by `backstay init` of {BACKSTAY}. It is yours: change it, keep it in git."
    ));
    page.line("//");
    page.line("//     backstay validate    checks this file; nothing is touched");
    page.line("//     backstay plan        shows what would run, and why; nothing is touched");
    page.line("//     backstay run         runs the job");
    page.line("//     backstay restore     brings data back; shows its plan until it is confirmed");
    page.block(&format!("strategy {}", quoted(answers.text(&NAME))), |page| {
        page.note(environment(answers.text(&ENVIRONMENT)));
        page.line(&format!("environment {}", quoted(answers.text(&ENVIRONMENT))));
        page.gap();
        objectives(page, answers);
        let workload = "How much data there is: what backups and restores take is reckoned from it.";
        record(page, "workload", workload, &[&SIZE, &GROWTH, &CHANGE_RATE], answers);
        let resources = "What the machine has: `backstay validate` tells what does not fit.";
        record(page, "resources", resources, &[&CPUS, &MEMORY, &TEMP, &DISK, &NETWORK], answers);
        if answers.is(&ENGINE, "neo4j") {
            neo4j(page, answers);
        } else {
            page.note("Everything below this directory is taken. A relative path begins at the folder of this file.");
            page.block("source \"files\" engine=\"files\"", |page| {
                page.line(&format!("root {}", quoted(answers.text(&ROOT))));
            });
        }
        page.gap();
        stores(page, answers);
        job(page, answers);
        notify(page, answers);
    });
    page.into_text()
}

fn environment(kind: &str) -> &'static str {
    match kind {
        "development" => "Data that can be made again: what is unwise is only a hint.",
        "staging" => "A rehearsal of production: what is unwise is a warning.",
        _ => "Data that must not be lost: what is unwise is a warning, and belongs in a review.",
    }
}

fn objectives(page: &mut Page, answers: &Answers) {
    page.note(
        "What the business tolerates. `backstay validate` holds against it what schedules and sizes come to; the \
         schedule below was chosen to keep `rpo`.",
    );
    let rows = [
        (&RPO, "At most this much may be lost, as time between the last good copy and a failure."),
        (&RTO, "Service must be back this soon after a failure."),
        (&BACKUP_DOWNTIME, "A backup may take the server down for this long."),
        (&RESTORE_DOWNTIME, "A restore may take it down for this long; what comes before the exchange does not count."),
    ];
    page.block("objectives", |page| {
        for (question, why) in rows {
            if let Some(time) = answers.get(question) {
                page.note(why);
                page.line(&format!("{} {}", question.flag, quoted(time)));
            }
        }
    });
    page.gap();
}

/// A block of plain rows; nothing when none of it was answered.
fn record(page: &mut Page, name: &str, what: &str, rows: &[&Question], answers: &Answers) {
    if !rows.iter().any(|question| answers.get(question).is_some()) {
        return;
    }
    page.note(what);
    page.block(name, |page| {
        for question in rows {
            if let Some(answer) = answers.get(question) {
                // A number is written bare; everything else here carries its unit in a string.
                let bare = answer.bytes().all(|byte| byte.is_ascii_digit());
                let value = if bare { answer.to_owned() } else { quoted(answer) };
                page.line(&format!("{} {value}", question.flag));
            }
        }
    });
    page.gap();
}

fn is_enterprise(answers: &Answers) -> bool {
    answers.is(&EDITION, "enterprise")
}

fn neo4j(page: &mut Page, answers: &Answers) {
    let offline = if is_enterprise(answers) {
        format!(
            "An Enterprise server. {BACKSTAY} checks and plans this, and refuses to run it: online backups, and dumps \
             of one database while the server goes on, come later."
        )
    } else {
        "A Community server has no online backup: it is stopped, dumped and started again.".to_owned()
    };
    page.note(&offline);
    page.block("source \"graph\" engine=\"neo4j\"", |page| {
        page.line(&format!("edition {}", quoted(answers.text(&EDITION))));
        page.note(
            "A server or a tool of another line is refused before anything is touched; after an upgrade, change this.",
        );
        page.line(&format!("version {}", quoted(answers.text(&VERSION))));
        page.line(&format!("home {}", quoted(answers.text(&HOME))));
        admin(page, answers);
        page.note("It is asked for its version before a backup, and whether it serves again afterwards.");
        page.line(&format!("server \"local\" http={}", quoted(answers.text(&HTTP))));
        if let Some(user) = answers.get(&USER) {
            page.note(
                "After a restore the database is asked as this user. The password is looked up when it is needed.",
            );
            let password = quoted(answers.text(&PASSWORD_ENV));
            page.line(&format!("login user={} password=(env){password}", quoted(user)));
        }
        page.note(
            "Who runs Backstay must be allowed to run these two. The start is made whatever happened to the dump.",
        );
        page.block("control", |page| {
            for (verb, question) in [("stop", &STOP), ("start", &START)] {
                page.line(&format!("{verb} {}", all_quoted(answers.text(question).split_whitespace())));
            }
            page.note("A server that is later than this is told as a failure.");
            page.line(&format!("ready within={}", quoted(answers.text(&READY))));
        });
        page.note("Users, roles and passwords are in `system`: a server restored without it has none.");
        page.line(&format!("databases {}", all_quoted(databases(answers))));
    });
    for (name, root, include) in settings(answers) {
        page.gap();
        page.note(
            "What makes a server whole beside its databases: settings, certificates, plugins, licences. Keys among \
             them are stored in the clear, so keep the stores private.",
        );
        page.block(&format!("source {} engine=\"files\"", quoted(name)), |page| {
            page.line(&format!("root {}", quoted(&root)));
            if !include.is_empty() {
                page.line(&format!("include {}", all_quoted(include)));
            }
        });
    }
}

fn admin(page: &mut Page, answers: &Answers) {
    let program = quoted(answers.text(&ADMIN));
    match answers.get(&ADMIN_USER) {
        Some(user) => {
            page.note("The tool of the server's own version. It runs as the owner of the data; that takes root.");
            page.line(&format!("admin {program} user={}", quoted(user)));
        }
        None => {
            page.note("The tool of the server's own version. It runs as whoever runs Backstay, who must own the data.");
            page.line(&format!("admin {program}"));
        }
    }
}

/// The databases as answered, each once, and `system`.
fn databases(answers: &Answers) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for name in answers.text(&DATABASES).split_whitespace().chain(["system"]) {
        if !names.iter().any(|other| other.eq_ignore_ascii_case(name)) {
            names.push(name);
        }
    }
    names
}

/// What is kept beside the databases: a source's name, its root, and what of it.
fn settings(answers: &Answers) -> Vec<(&'static str, String, Vec<&'static str>)> {
    const BESIDE: [&str; 3] = ["certificates/**", "plugins/**", "licenses/**"];
    let (conf, home) = (answers.text(&CONF).trim_end_matches('/'), answers.text(&HOME).trim_end_matches('/'));
    if conf.is_empty() {
        Vec::new()
    } else if conf == format!("{home}/conf") {
        let include = ["conf/**"].into_iter().chain(BESIDE).collect();
        vec![("graph-files", home.to_owned(), include)]
    } else {
        vec![("graph-settings", conf.to_owned(), Vec::new()), ("graph-files", home.to_owned(), BESIDE.to_vec())]
    }
}

/// The sources that are archived as files.
fn file_sources(answers: &Answers) -> Vec<&'static str> {
    if answers.is(&ENGINE, "neo4j") {
        settings(answers).into_iter().map(|(name, ..)| name).collect()
    } else {
        vec!["files"]
    }
}

fn stores(page: &mut Page, answers: &Answers) {
    page.note("The first copy, near the data. Nothing in a store is ever overwritten, and nothing is removed yet: watch its disk.");
    store(page, "vault", answers.text(&STORE_PATH), answers.text(&STORE_SITE), "disk");
    if let Some(path) = answers.get(&SECOND_PATH) {
        page.gap();
        page.note(&format!(
            "The second copy, on another site, for when the first is lost with everything around it. {BACKSTAY} reaches \
             directories only: mount what is far away here, and say as `media` what it is made of."
        ));
        store(page, "offsite", path, answers.text(&SECOND_SITE), "nas");
    }
    page.gap();
}

fn store(page: &mut Page, name: &str, path: &str, site: &str, media: &str) {
    page.block(&format!("store {} plugin=\"fs\"", quoted(name)), |page| {
        page.line(&format!("site {}", quoted(site)));
        page.line(&format!("media {}", quoted(media)));
        page.line(&format!("path {}", quoted(path)));
    });
}

fn job(page: &mut Page, answers: &Answers) {
    page.note(&format!(
        "{BACKSTAY} shows when this is due and does not start it: let cron or a systemd timer run `backstay run --job \
         backup`."
    ));
    page.block("job \"backup\"", |page| {
        let (cron, zone) = (quoted(answers.text(&SCHEDULE)), quoted(answers.text(&TIMEZONE)));
        page.note("Minute, hour, day of month, month, day of week.");
        page.line(&format!("schedule {cron} timezone={zone}"));
        page.gap();
        let files = file_sources(answers);
        if answers.is(&ENGINE, "neo4j") {
            page.line("backup \"graph\" method=\"dump\" to=\"vault\"");
        }
        for name in &files {
            page.line(&format!("backup {} to=\"vault\"", quoted(name)));
        }
        page.gap();
        page.note("A copy that was never read back may be damaged, and that would be found out when it is needed.");
        if answers.is(&ENGINE, "neo4j") {
            page.line(&format!("verify \"graph\" with={}", quoted(answers.text(&CHECK))));
        }
        for name in &files {
            page.line(&format!("verify {} with=\"digest\"", quoted(name)));
        }
        if answers.get(&SECOND_PATH).is_some() {
            page.gap();
            page.note("Only what was verified goes on to the second store, and is read back there.");
            let most = answers.get(&BANDWIDTH).map(|rate| format!(" bandwidth={}", quoted(rate)));
            page.line(&format!("transfer from=\"vault\" to=\"offsite\"{}", most.unwrap_or_default()));
            page.line("verify \"offsite\" with=\"digest\"");
        }
    });
}

fn notify(page: &mut Page, answers: &Answers) {
    let Some(url) = answers.get(&NOTIFY) else { return };
    page.gap();
    page.note("Whoever answers there hears of every run that was not good, with the report as JSON.");
    page.block("notify \"ops\" plugin=\"webhook\" on=\"degraded failure\"", |page| {
        page.line(&format!("url {}", quoted(url)));
        if answers.is(&NOTIFY_PRIVATE, "yes") {
            page.note("The plugin may reach this address although it is private or loopback.");
            page.line("private #true");
        }
        if let Some(variable) = answers.get(&NOTIFY_TOKEN_ENV) {
            page.note("Sent as a bearer token; the plugin never sees it.");
            page.line(&format!("secret \"token\" (env){}", quoted(variable)));
        }
    });
}

/// The answers that are in the strategy and that this version does not act on, as fragments for people; the gravest first.
#[must_use]
pub fn recorded(answers: &Answers) -> Vec<String> {
    let edition =
        is_enterprise(answers).then(|| "`edition`: an Enterprise server is planned, and cannot be run yet".to_owned());
    let cpus = answers.get(&CPUS).map(|_| "`cpus`: a run does as many steps at once as it is told".to_owned());
    let schedule = "`schedule`: shown by `plan`; cron or a systemd timer has to start the job".to_owned();
    edition.into_iter().chain(cpus).chain([schedule]).collect()
}
