//! One file a command: each gathers facts, compiles, runs, prints, and says how the process ends.

mod catalog;
mod completions;
mod explain;
mod fmt;
pub(crate) mod hidden;
mod init;
mod lock;
mod lsp;
mod man;
mod pause;
mod plan;
mod prune;
mod recover;
mod report;
mod restore;
mod run;
mod simulate;
mod status;
mod validate;
mod verify;

use crate::args::{Args, Command};
use crate::exit::Exit;

/// Does what the command line says.
pub(crate) fn dispatch(args: &Args) -> Exit {
    let done = match &args.command {
        Command::Init(options) => init::init(&args.place, options),
        Command::Validate(options) => validate::validate(&args.place, options),
        Command::Fmt(options) => fmt::fmt(&args.place, options),
        Command::Lsp(_) => lsp::lsp(&args.place),
        Command::Plan(options) => plan::plan(&args.place, options),
        Command::Run(options) => run::run(&args.place, options),
        Command::Pause(options) => pause::pause(&args.place, &options.job),
        Command::Continue(options) => pause::go_on(&args.place, &options.job),
        Command::Verify(options) => verify::verify(&args.place, options),
        Command::Restore(options) => restore::restore(&args.place, options),
        Command::Recover(options) => recover::recover(&args.place, options),
        Command::Prune(options) => prune::prune(&args.place, options),
        Command::Lock(options) => lock::lock(&args.place, options),
        Command::Catalog(options) => catalog::catalog(&args.place, &options.command),
        Command::Status(options) => status::status(&args.place, options),
        Command::Report(options) => report::report(&args.place, options),
        Command::Simulate(options) => simulate::simulate(&args.place, options),
        Command::Explain(options) => explain::explain(&args.place, options.name.as_deref()),
        Command::Completions(options) => completions::completions(options.shell),
        Command::Man(options) => man::man(options.out.as_deref()),
    };
    done.unwrap_or_else(|exit| exit)
}
