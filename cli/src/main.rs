//! The `backstay` binary: arguments, colours, progress and exit codes. It joins the compiler and the runtime and has no
//! logic of its own.

mod against;
mod args;
mod ask;
mod bare;
mod commands;
mod exit;
mod facts;
mod git;
mod given;
mod input;
mod narrow;
mod observe;
mod print;
mod read;
mod replace;
mod saved;
mod texts;

use clap::Parser;

/// A plan of 50,000 steps is a million small texts: with this one it takes two thirds of the time (decision 0021).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    // A supervisor or a guard is this program again; it must not read arguments as a person's, nor start threads.
    if let Some(code) = commands::hidden::serve() {
        std::process::exit(code);
    }
    let exit = match args::Args::try_parse() {
        Ok(args) => commands::dispatch(&args),
        Err(error) => {
            let exit = if error.use_stderr() { exit::Exit::Invalid } else { exit::Exit::Ok };
            // Nothing is left to tell when the terminal is gone.
            let _ = error.print();
            exit
        }
    };
    // Not a return: threads that wait in a blocking call must not hold the process back.
    std::process::exit(exit.code());
}
