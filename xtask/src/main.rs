//! What the project does to itself: demo, test, plugins, neo4j, bench, tidy. Holds no part of the product.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program that people watch")]

mod bench;
mod ci;
mod demo;
mod docs;
mod fuzz;
mod neo4j;
mod pages;
mod peers;
mod place;
mod plugins;
mod shell;
mod soak;
mod tidy;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "What the project does to itself")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Build the WebAssembly guests that the binary embeds.
    Plugins,
    /// Install the S3 servers and the proxy that tests run against.
    Peers,
    /// A real Neo4j Community to test against.
    #[command(subcommand)]
    Neo4j(neo4j::Verb),
    /// Show the product on an example, with real commands.
    Demo {
        #[command(subcommand)]
        what: Option<demo::What>,
    },
    /// Set up what the tests need, then check everything.
    Test,
    /// Check everything, with what is set up.
    Ci,
    /// Run the commands of the documents and compare their output.
    Docs {
        /// Rewrite shown output that has moved.
        #[arg(long)]
        update: bool,
    },
    /// Measure side by side with other programs; write `bench/RESULTS.md`.
    Bench {
        /// Measure the first build of the default workspace instead.
        #[arg(long)]
        cold: bool,
        /// Only these parts, printed and not written.
        #[arg(conflicts_with = "cold")]
        parts: Vec<String>,
    },
    /// Throw texts at the compiler for a while: nothing may panic or hang.
    Fuzz {
        /// Only this target.
        target: Option<String>,
        /// How long each target runs.
        #[arg(long, default_value_t = fuzz::SECONDS)]
        seconds: u64,
    },
    /// Kill runs of random strategies at random places for a while; nothing may be lost or left.
    Soak {
        /// How long.
        #[arg(long, default_value_t = 5)]
        minutes: u64,
        /// Begin with this random number, to have what went wrong again.
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Look at the pages that the binary makes, in a browser.
    Pages,
    /// Check the layout rules.
    Tidy,
}

fn main() -> std::process::ExitCode {
    let done = match Arguments::parse().task {
        Task::Plugins => plugins::build(),
        Task::Peers => peers::servers(),
        Task::Neo4j(verb) => neo4j::run(verb),
        Task::Demo { what } => demo::run(&what.unwrap_or(demo::What::Files)),
        Task::Test => ci::test(),
        Task::Ci => ci::check(),
        Task::Docs { update } => docs::run(update),
        Task::Bench { cold: true, .. } => bench::cold(),
        Task::Bench { cold: false, parts } => bench::run(&parts),
        Task::Fuzz { target, seconds } => fuzz::run(seconds, target.as_deref()),
        Task::Soak { minutes, seed } => soak::run(minutes, seed),
        Task::Pages => pages::run(),
        Task::Tidy => tidy::run(),
    };
    match done {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}
