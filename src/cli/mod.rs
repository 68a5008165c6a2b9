//! The command line: one file a command.
//!
//! Exit codes: 0 done (for `diff`: nothing differs), 1 a finding (`diff`: something differs), 2 or
//! more an error. An error never leaves through a `Result` of `main`, whose code would be 1.

mod environment;
mod logging;
mod serve;

use std::{fmt::Display, io::Write as _, process::ExitCode};

use clap::{Parser, Subcommand};

pub use self::environment::ProcessSecrets;

/// The exit code of what failed.
const FAILED: u8 = 2;

/// An identity provider whose whole configuration is a folder of YAML in git.
#[derive(Debug, Parser)]
#[command(name = "assay", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server.
    Serve(serve::Arguments),
}

/// Runs the command that this process was started with.
pub fn main() -> ExitCode {
    // Usage errors leave from here with 2, help and version with 0.
    let cli = Cli::parse();
    let outcome = match cli.command {
        Command::Serve(arguments) => serve::run(arguments),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            complain(&error);
            ExitCode::from(FAILED)
        }
    }
}

/// What a command failed with: words for a person.
type CommandError = Box<dyn std::error::Error + Send + Sync>;

/// Says on standard error what went wrong.
fn complain(error: &dyn Display) {
    let red = anstyle::AnsiColor::Red.on_default().bold();
    // With standard error gone there is nobody to tell. anstream drops the colour where none is wanted.
    let _ = writeln!(anstream::stderr(), "{red}error:{red:#} {error}");
}
