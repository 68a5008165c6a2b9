//! `assay import`: the configuration of other systems, as manifests and tuples.

mod files;
mod keto;
mod openfga;
mod permissions;
mod spicedb;

use std::path::PathBuf;

use clap::Subcommand;

use super::{Exit, Failure};

const EXAMPLES: &str = "\
Examples:
  assay import spicedb schema.zed --tuples relationships.txt --out permissions
  assay import openfga model.fga --tuples tuples.csv --out permissions
  assay import keto namespaces.ts --tuples tuples.json --out permissions";

/// The command's arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(subcommand)]
    system: System,
}

#[derive(Debug, Subcommand)]
enum System {
    /// A schema and relationships of SpiceDB.
    Spicedb(spicedb::Arguments),
    /// A model and tuples of OpenFGA.
    Openfga(openfga::Arguments),
    /// A model (Ory Permission Language) and relation tuples of Ory Keto.
    Keto(keto::Arguments),
}

/// Where what was imported goes.
#[derive(Debug, clap::Args)]
struct Out {
    /// The folder that the manifests are written to, and the tuples as `tuples.ndjson`.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Write over what an earlier import wrote there.
    #[arg(long)]
    overwrite: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    match &arguments.system {
        System::Spicedb(arguments) => spicedb::run(arguments),
        System::Openfga(arguments) => openfga::run(arguments),
        System::Keto(arguments) => keto::run(arguments),
    }
}
