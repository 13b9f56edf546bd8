//! `backstay completions`: the script that a shell sources, made from the arguments themselves.

use crate::args::Args;
use crate::exit::Exit;
use crate::print;
use clap::CommandFactory;

pub(super) fn completions(shell: clap_complete::Shell) -> Result<Exit, Exit> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "backstay", &mut script);
    print::result(&String::from_utf8_lossy(&script));
    Ok(Exit::Ok)
}
