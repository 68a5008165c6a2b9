//! `assay module enable` and `assay module disable`.

use clap::Subcommand;

use super::{Exit, Failure, changed, output, way::Where};
use crate::modules::admin::SwitchRequest;

const EXAMPLES: &str = "\
Examples:
  assay module enable passkey
  assay module disable passkey
  assay module enable auth        # every module";

/// The command's arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(subcommand)]
    switch: Switch,
}

#[derive(Debug, Subcommand)]
enum Switch {
    /// Switch a module on.
    #[command(after_help = EXAMPLES)]
    Enable(One),
    /// Switch a module off: it has no routes any more.
    #[command(after_help = EXAMPLES)]
    Disable(One),
}

#[derive(Debug, clap::Args)]
struct One {
    /// Its name, as `assay modules` lists it; `auth` for every module.
    name: String,
    /// How to print it.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: output::Format,
    #[command(flatten)]
    place: Where,
}

pub(super) async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    let (one, enabled) = match arguments.switch {
        Switch::Enable(one) => (one, true),
        Switch::Disable(one) => (one, false),
    };
    let request = SwitchRequest {
        modules: vec![one.name],
        enabled,
    };
    let reply = one.place.to_read().await?.switch(&request).await?;
    changed::print(&reply, one.output)
}
