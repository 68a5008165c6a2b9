//! `assay biscuit`: capability tokens. A token is read from a file or standard input, never from an argument:
//! everybody on the machine sees those.

mod attenuate;
mod inspect;
mod issue;
mod revoke;
mod said;
mod verify;

use std::{
    fs,
    io::{IsTerminal as _, Read as _},
    path::{Path, PathBuf},
};

use clap::Subcommand;

use super::{Exit, Failure, output};

const EXAMPLES: &str = "\
Examples:
  assay biscuit issue --fact 'user(\"ada\")' > token
  assay biscuit attenuate token --check 'check if operation(\"read\")' > narrower
  assay biscuit inspect narrower
  assay biscuit verify narrower --fact 'operation(\"read\")' --policy 'allow if user(\"ada\")'
  assay biscuit revoke 7595a112a1eb5b81...";

/// Bytes of a file with a token.
const MAX_FILE: u64 = 256 * 1024;

/// The command's arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a token.
    Issue(issue::Arguments),
    /// Add a block to a token: offline, without any key.
    Attenuate(attenuate::Arguments),
    /// Show what a token says: offline, whoever signed it.
    Inspect(inspect::Arguments),
    /// Decide whether a token allows something. Exit 0 it does, 1 it does not.
    Verify(verify::Arguments),
    /// Make blocks, and every token that has them, good for nothing.
    Revoke(revoke::Arguments),
}

pub(super) async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    match arguments.action {
        Action::Issue(arguments) => issue::run(arguments).await,
        Action::Attenuate(arguments) => attenuate::run(&arguments),
        Action::Inspect(arguments) => inspect::run(&arguments),
        Action::Verify(arguments) => verify::run(arguments).await,
        Action::Revoke(arguments) => revoke::run(arguments).await,
    }
}

/// Where a token comes from.
#[derive(Clone, Debug, clap::Args)]
struct Source {
    /// A file with the token; standard input unless given, or `-`.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

impl Source {
    fn read(&self) -> Result<String, Failure> {
        let file = self.file.as_deref().filter(|file| *file != Path::new("-"));
        let mut text = String::new();
        let outcome = if let Some(file) = file {
            fs::File::open(file).and_then(|file| file.take(MAX_FILE).read_to_string(&mut text))
        } else {
            let stdin = std::io::stdin();
            if stdin.is_terminal() {
                output::note("reading a token from standard input");
            }
            stdin.lock().take(MAX_FILE).read_to_string(&mut text)
        };
        outcome.map_err(|error| {
            let place = file.map_or_else(
                || "standard input".into(),
                |file| file.display().to_string(),
            );
            Failure::invalid(format!("cannot read a token from {place}: {error}"))
        })?;
        Ok(text.trim().to_owned())
    }
}
