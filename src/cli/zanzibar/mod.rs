//! `assay zanzibar`: tuples, and questions about them.

mod ask;
mod bulk;
mod question;

use clap::Subcommand;

use super::{Exit, Failure};

const EXAMPLES: &str = "\
Examples:
  assay zanzibar import tuples.ndjson
  assay zanzibar check document:readme#view@user:ada
  assay zanzibar lookup resources document#view@user:ada";

/// The command's arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Say whether a subject has a relation or permission: HAS, NO or CONDITIONAL. The exit code is 1 unless it is
    /// HAS.
    Check(ask::Check),
    /// Say why a check says what it says, as JSON.
    Explain(ask::Check),
    /// Take a relation or permission of an object apart, as JSON.
    Expand(ask::Expand),
    /// List the objects that a subject has a permission to, or the subjects that have it to an object.
    Lookup(ask::Lookup),
    /// Write tuples, one a line, each a JSON object as `assay import` and `export` write them.
    ///
    /// What is there already is left as it is, so an import that was interrupted is simply run again.
    Import(bulk::Import),
    /// Write every tuple, one a line, as `import` reads it.
    Export(bulk::Export),
}

pub(super) async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    match arguments.action {
        Action::Check(check) => ask::check(check).await,
        Action::Explain(check) => ask::explain(check).await,
        Action::Expand(expand) => ask::expand(expand).await,
        Action::Lookup(lookup) => ask::lookup(lookup).await,
        Action::Import(import) => bulk::import(import).await,
        Action::Export(export) => bulk::export(export).await,
    }
}
