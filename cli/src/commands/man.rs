//! `backstay man`: manual pages, made from the arguments themselves. A package runs it once with `--out`.

use crate::args::Args;
use crate::exit::Exit;
use crate::print;
use clap::CommandFactory;
use clap_mangen::Man;
use std::path::Path;

pub(super) fn man(out: Option<&Path>) -> Result<Exit, Exit> {
    // A page of its own for `help` would say nothing.
    let command = Args::command().disable_help_subcommand(true);
    let Some(out) = out else {
        let mut page = Vec::new();
        // Writing to memory cannot fail.
        let _ = Man::new(command).render(&mut page);
        print::result(&String::from_utf8_lossy(&page));
        return Ok(Exit::Ok);
    };
    clap_mangen::generate_to(command, out).map_err(|error| {
        print::failure("io", &format!("cannot write manual pages into `{}`: {error}", out.display()));
        print::help("The folder must be there already.");
        Exit::Failed
    })?;
    Ok(Exit::Ok)
}
