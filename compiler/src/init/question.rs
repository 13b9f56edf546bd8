//! One question: its words, its flag, what may be answered, and whether an answer can be accepted.

use super::Answers;
use crate::structure::{did_you_mean, is_name, is_url, schedule, unit};

/// The answer that leaves an optional thing out.
pub const NONE: &str = "none";

/// A planning question. It applies, has a default and is checked in the light of the answers before it.
#[derive(Debug)]
pub struct Question {
    /// Its flag without the dashes; also its name in messages.
    pub flag: &'static str,
    /// The questions of one topic stand together.
    pub topic: &'static str,
    pub text: &'static str,
    /// One sentence: what the answer is used for.
    pub why: &'static str,
    pub kind: Kind,
    /// Whether `none` is an answer.
    pub optional: bool,
    /// Whether it is asked at all.
    pub applies: fn(&Answers) -> bool,
    pub default: fn(&Answers) -> String,
    /// What its kind does not know: the answer beside other answers.
    pub check: fn(&str, &Answers) -> Result<(), String>,
}

/// What kind of thing an answer is: the value types of the language.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// One of these, each with what it means.
    Choice(&'static [(&'static str, &'static str)]),
    Name,
    /// Names of databases.
    Databases,
    /// A version line of a server.
    Version,
    Duration,
    Size,
    Growth,
    Rate,
    Count,
    Path,
    /// A program and its arguments.
    Command,
    /// The name of a system user.
    Account,
    /// The name of an environment variable.
    Variable,
    /// A short text on one line.
    Label,
    Url,
    Cron,
    Timezone,
}

impl Kind {
    /// How an answer is shown in a usage line.
    #[must_use]
    pub fn placeholder(self) -> &'static str {
        match self {
            Self::Choice(_) => "CHOICE",
            Self::Name | Self::Account => "NAME",
            Self::Databases => "NAMES",
            Self::Version => "VERSION",
            Self::Duration => "TIME",
            Self::Size => "SIZE",
            Self::Growth => "GROWTH",
            Self::Rate => "RATE",
            Self::Count => "NUMBER",
            Self::Path => "PATH",
            Self::Command => "COMMAND",
            Self::Variable => "VARIABLE",
            Self::Label => "TEXT",
            Self::Url => "URL",
            Self::Cron => "CRON",
            Self::Timezone => "ZONE",
        }
    }

    /// An answer of this kind.
    fn sample(self) -> &'static str {
        match self {
            Self::Choice(choices) => choices.first().map_or("", |(choice, _)| choice),
            Self::Name => "orders",
            Self::Account => "neo4j",
            Self::Databases => "neo4j system",
            Self::Version => "5.26",
            Self::Duration => "1h30m",
            Self::Size => "180GiB",
            Self::Growth => "2%/month",
            Self::Rate => "80MiB/s",
            Self::Count => "8",
            Self::Path => "/srv/backups",
            Self::Command => "systemctl stop neo4j",
            Self::Variable => "NEO4J_PASSWORD",
            Self::Label => "dc-1",
            Self::Url => "https://example.org/hook",
            Self::Cron => "30 2 * * *",
            Self::Timezone => "Europe/Stockholm",
        }
    }

    /// The answer as it is kept, or why it is none.
    pub(super) fn read(self, text: &str) -> Result<String, String> {
        let not = |what: &str| Err(format!("`{text}` is not {what}; write for example `{}`", self.sample()));
        let plain = |what: &str, fits: bool| if fits { Ok(text.to_owned()) } else { not(what) };
        if text.is_empty() || text.chars().any(char::is_control) {
            return not("one line of text");
        }
        match self {
            Self::Choice(choices) => choice(text, choices),
            Self::Name => plain("a name of letters, digits, `-`, `_` and `.`", is_name(text)),
            Self::Databases => plain("names of databases, with spaces between", text.split_whitespace().all(is_name)),
            Self::Version => plain("a version line", is_version(text)),
            Self::Duration => plain("a duration", unit::duration(text).is_some()),
            Self::Size => plain("a size", unit::size(text).is_some()),
            Self::Growth => plain("a growth", unit::growth(text).is_some()),
            Self::Rate => plain("a rate", unit::rate(text).is_some()),
            Self::Count => plain("a number from 1 on", text.parse::<u32>().is_ok_and(|count| count > 0)),
            Self::Path | Self::Label => Ok(text.to_owned()),
            Self::Command => plain("a program with arguments and without quotes", !text.contains(['"', '\'', '\\'])),
            Self::Account => plain("the name of a user", !text.contains(char::is_whitespace)),
            Self::Variable => plain("the name of an environment variable", is_variable(text)),
            Self::Url => plain("a URL that begins with `http://` or `https://`", is_url(text)),
            Self::Cron => match schedule::cron(text) {
                Ok(_) => Ok(text.split_whitespace().collect::<Vec<_>>().join(" ")),
                Err(why) => Err(format!("`{text}` {why}; write minute, hour, day of month, month, day of week")),
            },
            Self::Timezone => {
                let similar = || schedule::similar_zone(text).map(|zone| format!("; did you mean `{zone}`?"));
                let known = schedule::zone(text).is_some();
                if known {
                    Ok(text.to_owned())
                } else {
                    Err(format!("`{text}` is no time zone{}", similar().unwrap_or_default()))
                }
            }
        }
    }
}

/// A choice, or a beginning that only one choice has.
fn choice(text: &str, choices: &[(&str, &str)]) -> Result<String, String> {
    let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
    if names.contains(&text) {
        return Ok(text.to_owned());
    }
    let mut begun = names.iter().filter(|name| name.starts_with(text));
    match (begun.next(), begun.next()) {
        (Some(only), None) => Ok((*only).to_owned()),
        _ => Err(format!("`{text}` is none of the choices. {}", did_you_mean(text, &names).unwrap_or_default())),
    }
}

/// Numbers with dots between, at least two.
fn is_version(text: &str) -> bool {
    let part = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split('.').all(part) && text.contains('.')
}

fn is_variable(text: &str) -> bool {
    let word = |char: char| char.is_ascii_alphanumeric() || char == '_';
    text.chars().all(word) && !text.starts_with(|char: char| char.is_ascii_digit())
}
