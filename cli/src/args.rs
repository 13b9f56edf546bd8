//! The command line.

mod answers;

pub(crate) use answers::AnswerFlags;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Backup strategies as code: validate, prove, preview, run, restore.
#[derive(Debug, Parser)]
#[command(name = "backstay", version, arg_required_else_help = true, after_help = after_help())]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(subcommand)]
    pub(crate) command: Command,
}

fn after_help() -> String {
    let rows = crate::exit::Exit::ALL.iter().map(|(exit, meaning)| format!("  {:>3}  {meaning}", exit.code()));
    format!("Exit codes (any other number means failure):\n{}", rows.collect::<Vec<_>>().join("\n"))
}

/// As many steps as may read from a store at a time.
const MOST_PARALLEL: i64 = (runtime::plugin::SLOTS / 2) as i64;

/// Heading of the options that every command has.
const EVERYWHERE: &str = "With every command";

/// Where things are.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Place {
    /// The strategy; relative paths in it begin at its folder
    #[arg(long, short = 's', global = true, help_heading = EVERYWHERE, default_value = "strategy.kdl", value_name = "FILE")]
    pub(crate) strategy: PathBuf,
    /// Journal, catalog and locks [default: `.backstay` beside the strategy]
    #[arg(long, global = true, help_heading = EVERYWHERE, env = "BACKSTAY_STATE", value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
    /// A value for `(var)"NAME"` in the strategy, before its `let`; can be repeated
    #[arg(long = "var", global = true, help_heading = EVERYWHERE, value_name = "NAME=VALUE")]
    pub(crate) variables: Vec<String>,
    /// Lines NAME=value for `(env)"NAME"` in the strategy, before the environment; passed on to no child process
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "FILE")]
    pub(crate) env_file: Option<PathBuf>,
    /// Folder with manifests (`NAME.kdl`) of plugins that are not installed here: enough to validate and to plan
    #[arg(long, global = true, env = "BACKSTAY_PLUGINS", value_name = "DIR")]
    pub(crate) plugins: Option<PathBuf>,
    /// How progress is told, on standard error
    #[arg(long, global = true, help_heading = EVERYWHERE, default_value = "text", value_name = "FORMAT")]
    pub(crate) log_format: LogFormat,
}

impl Place {
    /// The same place with the strategy that a command names itself.
    pub(crate) fn with(&self, file: Option<&PathBuf>) -> Self {
        Self { strategy: file.unwrap_or(&self.strategy).clone(), ..self.clone() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Bars on a terminal, lines elsewhere
    Text,
    /// One JSON object a line
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlanFormat {
    Text,
    Json,
    /// For a pull request or a wiki: never too long for a comment
    Markdown,
    /// One page that needs nothing else
    Html,
    Svg,
    Mermaid,
    Dot,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum With {
    /// Every byte is read back and compared with the manifest
    Digest,
    /// The engine's own checker, on a scratch copy
    Consistency,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write a first strategy from the answers to planning questions
    Init(Init),
    /// Check the strategy; nothing is touched
    Validate(Validate),
    /// Lay strategies out as everybody would write them; comments stay
    Fmt(Fmt),
    /// Show what would run, and why; nothing is touched
    Plan(Plan),
    /// Run a job of the strategy, or of a saved plan
    Run(Run),
    /// Pause the run of a job that is under way: what runs goes on to its end, what was stopped is started, nothing else begins
    Pause(Named),
    /// Let a paused run go on
    Continue(Named),
    /// Read artifacts back from their stores and check them
    Verify(Verify),
    /// Bring an artifact back; shows its plan unless confirmed
    Restore(Restore),
    /// Write the strategy that a store keeps, on a machine that has nothing else
    Recover(Recover),
    /// Remove what the rules of stores let go; shows its plan unless confirmed
    Prune(Prune),
    /// Let nobody remove an artifact before a time
    Lock(Lock),
    /// List what the stores hold, or look again
    Catalog(Catalog),
    /// Tell how backups stand now, beside what is promised; exit codes are for monitors
    Status(Status),
    /// Tell what was done and found in a time, for an audit
    Report(Report),
    /// Play the schedules over a time to come: every run, every deletion, what can be restored, and what a failure leaves
    Simulate(Simulate),
    /// Explain a diagnostic's code, or how the figures of a database, a job or a store come about
    Explain(Explain),
    /// Print the script that lets a shell complete commands and flags
    Completions(Completions),
    /// Print the manual page, or write the pages of all commands
    Man(Man),
    /// Serve an editor over standard input and output, by the Language Server Protocol
    Lsp(Lsp),
}

/// Formats of diagnostics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    /// For people, with the lines that it is about
    Text,
    /// Everything that is known, for programs
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of a GitHub workflow
    Github,
    /// A test report, for build servers
    Junit,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
On a terminal every question that no flag answers is asked. Elsewhere its default holds, unless `--ask` is given: then \
answers are read from standard input, a line each, an empty one for the default. A file that is there is never overwritten.")]
pub(crate) struct Init {
    /// Write to this file [default: the strategy]; `-` is standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Ask nothing: what no flag answers has its default
    #[arg(long, conflicts_with = "ask")]
    pub(crate) defaults: bool,
    /// Ask, even where standard input is no terminal
    #[arg(long)]
    pub(crate) ask: bool,
    /// Take the answers that a running Neo4j has; `--user` and `--password-env` are its login
    #[arg(long, value_name = "URL")]
    pub(crate) from: Option<String>,
    #[command(flatten)]
    pub(crate) answers: AnswerFlags,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Validate {
    /// The strategy, as with `--strategy`
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// How the result is printed, on standard output
    #[arg(long, default_value = "text", value_name = "FORMAT")]
    pub(crate) format: CheckFormat,
    /// Mend in the files what a machine can mend with certainty, and say what is left
    #[arg(long)]
    pub(crate) fix: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Fmt {
    /// Files, or folders with `.kdl` files; `-` formats standard input to standard output [default: the strategy and
    /// what it imports]
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Write nothing: list what would change, and exit with 1 if something would
    #[arg(long)]
    pub(crate) check: bool,
    /// Write nothing: show what would change as a unified diff, and exit with 1 if something would
    #[arg(long)]
    pub(crate) diff: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Plan {
    /// The strategy, as with `--strategy`
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Only this job
    #[arg(long, value_name = "JOB")]
    pub(crate) job: Option<String>,
    /// How the plan is printed, on standard output; with `json`, what is wrong with the strategy is printed as `validate
    /// --format json` does
    #[arg(long, default_value = "text", value_name = "FORMAT")]
    pub(crate) format: PlanFormat,
    /// Save the plan, for `backstay run FILE`
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Ask the sources which databases they have, and the stores what they hold
    #[arg(long)]
    pub(crate) refresh: bool,
    /// Show what changes instead, beside a git commit, another strategy file or a saved plan (text, json, markdown)
    #[arg(long, value_name = "COMMIT|FILE", conflicts_with_all = ["job", "out"])]
    pub(crate) against: Option<String>,
    /// Why the breaking changes are wanted, where the policy asks for notes; can be repeated
    #[arg(long, value_name = "NOTE", requires = "against")]
    pub(crate) approve: Vec<String>,
    /// Show only what belongs to a job, a source, a database, `source:database`, a store or the beginning of an address; `*` and
    /// `?` stand for any characters
    #[arg(long, value_name = "NAME")]
    pub(crate) only: Option<String>,
    /// Fold nothing
    #[arg(long, short = 'v')]
    pub(crate) verbose: bool,
    /// Show the next runs after this time (RFC 3339) [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<jiff::Timestamp>,
    /// Exit with 2 when the plan has steps (with `--against`: when anything changes), and with 1 when the strategy is invalid
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Run {
    /// A plan that `backstay plan --out` saved: exactly that runs, or nothing
    #[arg(value_name = "PLAN")]
    pub(crate) plan: Option<PathBuf>,
    /// The job [default: the only one]
    #[arg(long, value_name = "JOB")]
    pub(crate) job: Option<String>,
    /// Go on with the run that was cut off, by its own plan
    #[arg(long)]
    pub(crate) resume: bool,
    /// Most steps that run at once
    #[arg(long, default_value_t = 2, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=MOST_PARALLEL))]
    pub(crate) parallel: u16,
    /// Only these steps and what they need: a glob over addresses, with the job or without; `*` is any characters
    #[arg(long, value_name = "GLOB")]
    pub(crate) only: Vec<String>,
    /// Not these steps, nor what cannot be done without them
    #[arg(long, value_name = "GLOB")]
    pub(crate) skip: Vec<String>,
    /// Do it although what is left out makes the run weaker than its plan
    #[arg(long)]
    pub(crate) confirm: bool,
    /// Run outside the job's window
    #[arg(long)]
    pub(crate) any_time: bool,
    /// How the report is printed, on standard output
    #[arg(long, default_value = "text", value_name = "FORMAT")]
    pub(crate) format: Format,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Named {
    /// The job
    #[arg(value_name = "JOB")]
    pub(crate) job: String,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Verify {
    /// Only artifacts in this store
    #[arg(long, value_name = "STORE")]
    pub(crate) store: Option<String>,
    /// Only artifacts of this source
    #[arg(long, value_name = "SOURCE")]
    pub(crate) source: Option<String>,
    /// Only the artifact with this id, or its beginning
    #[arg(long, value_name = "ID")]
    pub(crate) artifact: Option<String>,
    /// How deep
    #[arg(long, default_value = "digest", value_name = "CHECK")]
    pub(crate) with: With,
    /// How the report is printed, on standard output
    #[arg(long, default_value = "text", value_name = "FORMAT")]
    pub(crate) format: Format,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Restore {
    /// The source to bring back
    #[arg(value_name = "SOURCE")]
    pub(crate) source: String,
    /// Only this database
    #[arg(long, value_name = "DATABASE")]
    pub(crate) database: Option<String>,
    /// Only from this store
    #[arg(long, value_name = "STORE")]
    pub(crate) from: Option<String>,
    /// By the strategy that this store keeps, and from this store alone: on a machine that has nothing else. A folder, or a
    /// file with the `store` node of any other; relative paths begin in the working directory
    #[arg(long, value_name = "DIR|FILE", conflicts_with_all = ["from", "finish"])]
    pub(crate) store: Option<PathBuf>,
    /// The artifact with this id, or its beginning [default: the newest]
    #[arg(long, value_name = "ID")]
    pub(crate) artifact: Option<String>,
    /// The newest artifact from this time or before it (RFC 3339); what was written after it was taken is not in it
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<jiff::Timestamp>,
    /// The newest artifact of a database that holds nothing after the transaction of this number
    #[arg(long, value_name = "NUMBER")]
    pub(crate) transaction: Option<u64>,
    /// A new name beside the live data, which is not touched: a database name or a directory
    #[arg(long, value_name = "NAME")]
    pub(crate) into: Option<String>,
    /// Only this file or folder of a tree, relative to its root; can be given several times, and needs `--into`
    #[arg(long = "file", value_name = "PATH")]
    pub(crate) files: Vec<String>,
    /// A query that must succeed on the restored database before the old one counts as replaced
    #[arg(long, value_name = "CYPHER")]
    pub(crate) query: Option<String>,
    /// Show the plan, as without `--confirm`: which copies are tried in which order, what is stopped, what is kept
    #[arg(long, conflicts_with = "confirm")]
    pub(crate) plan: bool,
    /// Show the old data that a finished restore kept, and remove it with `--confirm`
    #[arg(long, conflicts_with_all = ["from", "artifact", "at", "transaction", "into", "query", "plan"])]
    pub(crate) finish: bool,
    /// Do it: without this the plan is shown, and nothing is touched
    #[arg(long)]
    pub(crate) confirm: bool,
    /// How the plan or the report is printed, on standard output
    #[arg(long, default_value = "text", value_name = "FORMAT")]
    pub(crate) format: Format,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Recover {
    /// The store: a folder, or a file with the `store` node of any other
    #[arg(long, value_name = "DIR|FILE")]
    pub(crate) store: PathBuf,
    /// The folder to write the strategy and what it imports into; it is made, and must be empty
    #[arg(long, value_name = "DIR")]
    pub(crate) into: PathBuf,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
A copy is marked first. Its bytes go with a later prune, once the mark is older than the safety age; until then it can be \
taken back with `--revive`.")]
pub(crate) struct Prune {
    /// The store, as the strategy names it [default: all that have rules]
    #[arg(value_name = "STORE")]
    pub(crate) store: Option<String>,
    /// How old a mark must be before the bytes go, for example `24h`; `0s` lets them go at once, also from under a run that
    /// is publishing elsewhere [default: as the strategy says, or 24h]
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    pub(crate) safety_age: Option<u64>,
    /// Take back the mark of the artifact with this id, or its beginning
    #[arg(long, value_name = "ID", conflicts_with_all = ["confirm", "safety_age"])]
    pub(crate) revive: Option<String>,
    /// Do it: without this the plan is shown, and nothing is touched
    #[arg(long)]
    pub(crate) confirm: bool,
    /// Show what stays as well
    #[arg(long, short = 'v')]
    pub(crate) verbose: bool,
    /// How the report is printed, on standard output
    #[arg(long, default_value = "text", value_name = "FORMAT")]
    pub(crate) format: Format,
}

/// A time in the words of the language, or none at all.
fn seconds(text: &str) -> Result<u64, String> {
    if text == "0s" {
        return Ok(0);
    }
    compiler::structure::unit::duration(text).ok_or_else(|| "write a number and a unit, for example `24h`".to_owned())
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Lock {
    /// The artifact with this id, or its beginning
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Nobody removes it before this time (RFC 3339); a lock that is there is never made shorter
    #[arg(long, value_name = "TIME")]
    pub(crate) until: jiff::Timestamp,
    /// Only the copy in this store [default: all copies]
    #[arg(long, value_name = "STORE")]
    pub(crate) store: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Catalog {
    #[command(subcommand)]
    pub(crate) command: CatalogCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CatalogCommand {
    /// List what the catalog knows
    List {
        /// How the list is printed, on standard output
        #[arg(long, default_value = "text", value_name = "FORMAT")]
        format: Format,
    },
    /// Show one artifact: its copies, what is known of each, and what its manifest says
    Show {
        /// The artifact's id, or its beginning
        #[arg(value_name = "ID")]
        id: String,
        /// How it is printed, on standard output
        #[arg(long, default_value = "text", value_name = "FORMAT")]
        format: Format,
    },
    /// Make the catalog again from the stores alone
    Rebuild,
    /// Look whether all that the stores hold is as it should be, and as the catalog says; reads no artifact
    Check {
        /// How the findings are printed, on standard output
        #[arg(long, default_value = "text", value_name = "FORMAT")]
        format: Format,
    },
    /// Make artifacts out of `.backup` and `.dump` files that Backstay did not make; they are unverified at first
    Adopt {
        /// The files; they stay where they are
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
        /// The source that they are of
        #[arg(long, value_name = "SOURCE")]
        source: String,
        /// The database that they are of
        #[arg(long, value_name = "DATABASE")]
        database: String,
        /// The store that they are brought into
        #[arg(long, value_name = "STORE")]
        store: String,
        /// When they were taken (RFC 3339) [default: as a file's name says, or when it was last changed]
        #[arg(long, value_name = "TIME")]
        taken: Option<jiff::Timestamp>,
    },
    /// Forget a store that was emptied on purpose, so that it may be set up anew
    Forget {
        /// The store, as the strategy names it
        #[arg(value_name = "STORE")]
        store: String,
    },
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Status {
    /// The strategy, as with `--strategy`
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Ask no store: tell what this machine remembers, and of when that is
    #[arg(long)]
    pub(crate) offline: bool,
    /// Tell the notifiers of `missed` which runs were due and did not begin; each is told once, by this or by the next run
    #[arg(long)]
    pub(crate) notify: bool,
    /// How it is printed, on standard output
    #[arg(long, default_value = "text", value_name = "FORMAT")]
    pub(crate) format: StatusFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StatusFormat {
    Text,
    Json,
    /// Figures in the text format of Prometheus
    Prometheus,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Report {
    /// The strategy, as with `--strategy`
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// From when (RFC 3339) [default: 90 days before the end]
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<jiff::Timestamp>,
    /// Until when (RFC 3339) [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<jiff::Timestamp>,
    /// How it is printed, on standard output
    #[arg(long, default_value = "text", value_name = "FORMAT")]
    pub(crate) format: ReportFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    Text,
    Json,
    /// One page that needs nothing else
    Html,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Explain {
    /// A code such as `copies-too-few`, or a `source:database`, job or store of the strategy [default: list all codes]
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Simulate {
    /// The strategy, as with `--strategy`, or a saved plan
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// How long, for example `90d`; `1y` is 365 days
    #[arg(long = "for", default_value = "1y", value_name = "TIME")]
    pub(crate) span: String,
    /// When it begins (RFC 3339) [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<jiff::Timestamp>,
    /// Something is lost with all that is in it, for example `site=dc-1` or `store=vault@2027-03-01T04:00:00Z`; kinds are
    /// host, zone, site, provider, account and store; at the end when no time is said
    #[arg(long, value_name = "KIND=NAME[@TIME]")]
    pub(crate) fail: Vec<String>,
    /// Tell every run, every restorable point and every deletion
    #[arg(long, short = 'v')]
    pub(crate) verbose: bool,
    /// Begin with what the stores hold now, instead of empty ones
    #[arg(long)]
    pub(crate) refresh: bool,
    /// How the result is printed, on standard output
    #[arg(long, default_value = "text", value_name = "FORMAT")]
    pub(crate) format: SimulateFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SimulateFormat {
    Text,
    Json,
    /// A chart
    Svg,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Where the script goes, for example:
  bash        backstay completions bash > ~/.local/share/bash-completion/completions/backstay
  zsh         backstay completions zsh > DIR/_backstay, where DIR is in $fpath
  fish        backstay completions fish > ~/.config/fish/completions/backstay.fish
  elvish      backstay completions elvish >> ~/.config/elvish/rc.elv
  powershell  backstay completions powershell >> $PROFILE")]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Man {
    /// Write `backstay.1` and a page for each command into this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Lsp {
    /// What is done in any case; some editors say it
    #[arg(long, hide = true)]
    pub(crate) stdio: bool,
}
