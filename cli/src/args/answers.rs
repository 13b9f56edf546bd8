//! A flag for every question of `init`, made from the questions themselves.

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::error::Error;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches, ValueHint};
use compiler::init::{self, Kind, Question};
use std::collections::BTreeMap;

/// Answers that were given as flags, by flag.
#[derive(Debug, Default)]
pub(crate) struct AnswerFlags(pub(crate) BTreeMap<&'static str, String>);

fn flag(question: &'static Question) -> Arg {
    let flag = Arg::new(question.flag).long(question.flag).value_name(question.kind.placeholder());
    let flag =
        flag.help_heading(question.topic).help(question.text).long_help(format!("{}\n{}", question.text, question.why));
    match question.kind {
        Kind::Choice(choices) => {
            let values = choices.iter().map(|(choice, meaning)| PossibleValue::new(*choice).help(*meaning));
            flag.value_parser(PossibleValuesParser::new(values))
        }
        Kind::Path => flag.value_hint(ValueHint::AnyPath),
        Kind::Url => flag.value_hint(ValueHint::Url),
        _ => flag,
    }
}

impl Args for AnswerFlags {
    fn augment_args(command: Command) -> Command {
        let before = command.get_arguments().count();
        let command = command.args(init::ALL.into_iter().map(flag));
        debug_assert!(command.get_arguments().count() == before + init::ALL.len(), "a flag twice");
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for AnswerFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut given = Self::default();
        given.update_from_arg_matches(matches)?;
        Ok(given)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        for question in init::ALL {
            if let Some(text) = matches.get_one::<String>(question.flag) {
                self.0.insert(question.flag, text.clone());
            }
        }
        Ok(())
    }
}
