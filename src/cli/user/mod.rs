//! `assay user`: people, one by one and in bulk.

mod create;
mod export;
mod import;
mod progress;

use clap::Subcommand;

use super::{Exit, Failure};

const EXAMPLES: &str = "\
Examples:
  assay user create --email ada@example.com
  assay user import people.ndjson --dry-run
  assay user export people.ndjson";

/// The command's arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a person who can sign in.
    ///
    /// Without --password-stdin a password is made and printed, once, on standard output.
    Create(create::Arguments),
    /// Make accounts for people who come from another system.
    ///
    /// The file has one person a line, each a JSON object. It is looked through first, and nothing is imported
    /// while anything is wrong with it. Who is there already is left as they are, so an import that was
    /// interrupted is simply run again. Nobody is sent a letter.
    Import(import::Arguments),
    /// Write everybody, one person a line, as `import` reads it.
    Export(export::Arguments),
}

pub(super) async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    match arguments.action {
        Action::Create(arguments) => create::run(arguments).await,
        Action::Import(arguments) => import::run(arguments).await,
        Action::Export(arguments) => export::run(arguments).await,
    }
}
