//! `assay rollback`.

use assay_reconciler::diff::Generation;

use super::{Exit, Failure, changed, output, way::Where};
use crate::modules::admin::RollbackRequest;

const EXAMPLES: &str = "\
Examples:
  assay history
  assay rollback 41

Makes a new generation with the content of an earlier one. Secrets, sessions and consents stay.";

/// The command's arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The number of the generation to go back to.
    generation: i64,
    /// Do what is rarely meant, too, such as making a deleted admin key valid again.
    #[arg(long)]
    yes: bool,
    /// Do all of it, and undo it.
    #[arg(long)]
    dry_run: bool,
    /// How to print it.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: output::Format,
    #[command(flatten)]
    place: Where,
}

pub(super) async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    let request = RollbackRequest {
        generation: Generation(arguments.generation),
        yes: arguments.yes,
        dry_run: arguments.dry_run,
    };
    let reply = arguments.place.to_read().await?.rollback(request).await?;
    changed::print(&reply, arguments.output)
}
