//! `backstay init`: answers from flags, from a running server and from a person become a commented strategy. Never
//! writes over a file.

use crate::args::{Init, Place};
use crate::ask;
use crate::exit::Exit;
use crate::facts;
use crate::print;
use compiler::Text;
use compiler::init::{self, Answers, Question};
use runtime::engine::neo4j;
use runtime::secret::Secrets;
use schema::secret::SecretRef;
use schema::source::Login;
use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

pub(super) fn init(place: &Place, options: &Init) -> Result<Exit, Exit> {
    let out = options.out.clone().unwrap_or_else(|| place.strategy.clone());
    let to_file = out != Path::new("-");
    if to_file && out.symlink_metadata().is_ok() {
        return Err(exists(&out));
    }
    let learned = match &options.from {
        Some(url) => learn(url, options)?,
        None => BTreeMap::new(),
    };
    let answers = answered(options, &learned, &suggestions(&out, to_file))?;
    let text = init::write(&answers);
    let name = if to_file { out.display().to_string() } else { "strategy.kdl".to_owned() };
    let findings = checked(&name, &text)?;
    if to_file {
        create(&out, &text)?;
    } else {
        print::result(&text);
    }
    summary(&answers, to_file.then_some(&out), findings);
    Ok(Exit::Ok)
}

/// Every question that applies, answered: by its flag, by the server, by the person, or by its default.
fn answered(
    options: &Init,
    learned: &BTreeMap<&str, String>,
    suggestions: &[(&'static Question, String)],
) -> Result<Answers, Exit> {
    let mut answers = Answers::default();
    for (question, text) in suggestions {
        answers.suggest(question, text);
    }
    let asks = options.ask || (!options.defaults && std::io::stdin().is_terminal() && std::io::stderr().is_terminal());
    let mut topic = "";
    for question in init::ALL {
        let flag = options.answers.0.get(question.flag);
        if !answers.applies(question) {
            if flag.is_some() {
                let message = format!("`--{}` means nothing beside the other answers", question.flag);
                return Err(refused(&message, "Leave it out, or change the answer that it depends on."));
            }
            continue;
        }
        let default = answers.default_of(question);
        let (answer, from) = match (flag, learned.get(question.flag)) {
            (Some(flag), _) => (flag, format!("`--{}`", question.flag)),
            (None, Some(learned)) => (learned, format!("the server's `{}`", question.flag)),
            (None, None) if asks => {
                if topic != question.topic {
                    topic = question.topic;
                    ask::topic(topic);
                }
                ask::ask(question, &default, |answer| answers.give(question, answer))?;
                continue;
            }
            (None, None) => (&default, format!("the default of `--{}`", question.flag)),
        };
        answers.give(question, answer).map_err(|why| {
            refused(&format!("{from} is refused: {why}"), &format!("Say it with `--{}`.", question.flag))
        })?;
    }
    Ok(answers)
}

fn refused(message: &str, help: &str) -> Exit {
    print::failure("answer-refused", message);
    print::help(help);
    Exit::Invalid
}

/// What this machine can tell better than a default: the folder's name and the zone of its clock.
fn suggestions(out: &Path, to_file: bool) -> Vec<(&'static Question, String)> {
    let mut found: Vec<(&'static Question, String)> = Vec::new();
    let folder = out.parent().filter(|folder| to_file && !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Some(name) = folder.canonicalize().ok().as_deref().and_then(Path::file_name) {
        found.push((&init::NAME, name.to_string_lossy().into_owned()));
    }
    // `/etc/localtime` is a link into the zone files on every system with them; its tail is the zone's name.
    let zone = Path::new("/etc/localtime").read_link().ok();
    if let Some((_, zone)) = zone.as_ref().and_then(|zone| zone.to_str()?.split_once("zoneinfo/")) {
        // The same under the name that people write.
        found.push((&init::TIMEZONE, if zone == "Etc/UTC" { "UTC" } else { zone }.to_owned()));
    }
    found
}

/// Asks a running server for its answers.
fn learn(url: &str, options: &Init) -> Result<BTreeMap<&'static str, String>, Exit> {
    let given = |question: &Question| options.answers.0.get(question.flag).filter(|text| *text != init::NONE).cloned();
    let variable = given(&init::PASSWORD_ENV).unwrap_or_else(|| (init::PASSWORD_ENV.default)(&Answers::default()));
    let login = given(&init::USER).map(|user| Login { user, password: SecretRef::Env(variable) });
    let asked = super::run::block_on(async {
        neo4j::ask(url, login.as_ref(), Secrets::new(Path::new("."))).await.map_err(|error| {
            print::error(&error);
            Exit::from(&error)
        })
    })?;
    let server = &asked.server;
    print::line(&format!("{url} is Neo4j {} {}", server.version, server.edition));
    match &asked.withheld {
        Some(why) => {
            print::line(&format!("  {why}"));
            print::help("Give `--user` and `--password-env`, or say `--databases` and `--home`.");
        }
        None => {
            print::line(&format!("  databases: {}", server.databases.join(", ")));
            print::line(&format!("  home: {}", server.home.as_deref().unwrap_or("not told to this user")));
        }
    }
    // No edition tells over HTTP how many bytes a database has.
    print::line("  sizes: not told over HTTP");
    Ok(init::learned(server).into_iter().map(|(question, text)| (question.flag, text)).collect())
}

/// Compiles what is to be written; the number of findings. Something that does not compile is never written.
fn checked(name: &str, text: &str) -> Result<usize, Exit> {
    let facts = facts::bundled();
    let checked = compiler::check(&[Text { name: name.to_owned(), text: text.to_owned() }], &facts);
    print::diagnostics(&checked.diagnostics);
    if checked.value.is_none() {
        print::failure("init-invalid", "these answers make a strategy that is not valid, so nothing was written");
        print::help("Change the answer that is named above; if none is, report it.");
        return Err(Exit::Failed);
    }
    Ok(checked.diagnostics.len())
}

/// Writes a new file, whole or not at all, and never over another.
fn create(out: &Path, text: &str) -> Result<(), Exit> {
    let failed = |error: std::io::Error| {
        if error.kind() == std::io::ErrorKind::AlreadyExists {
            return exists(out);
        }
        print::failure("io", &format!("cannot write `{}`: {error}", out.display()));
        Exit::Failed
    };
    let folder =
        out.parent().filter(|folder| !folder.as_os_str().is_empty()).map_or(PathBuf::from("."), Path::to_owned);
    let readable = std::fs::Permissions::from_mode(0o644);
    let mut file =
        tempfile::Builder::new().prefix(".backstay-").permissions(readable).tempfile_in(folder).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(failed)?;
    file.persist_noclobber(out).map_err(|error| failed(error.error))?;
    Ok(())
}

fn exists(out: &Path) -> Exit {
    print::failure("file-exists", &format!("`{}` is there already, and is not overwritten", out.display()));
    print::help("Name another file with `--out`, or `--out -` for standard output.");
    Exit::Invalid
}

fn summary(answers: &Answers, out: Option<&PathBuf>, findings: usize) {
    if let Some(out) = out {
        let told =
            if findings == 0 { "valid, nothing to remark".to_owned() } else { format!("valid; remarks: {findings}") };
        print::line(&format!("wrote {} ({told})", out.display()));
    }
    print::line("recorded, and not acted on by this version:");
    for what in init::recorded(answers) {
        print::line(&format!("  {what}"));
    }
    if let Some(out) = out {
        let usual = out.as_path() == Path::new("strategy.kdl");
        let flag = if usual { String::new() } else { format!(" --strategy {}", out.display()) };
        print::line(&format!("next: read it, then `backstay plan{flag}`"));
    }
}
