//! `assay modules`.

use super::{Exit, Failure, output, way::Where};
use crate::modules::admin::ModuleState;

const EXAMPLES: &str = "\
Examples:
  assay modules
  assay modules -o json

A module that is on and \"not in this build\" is configured, and serves nothing.";

/// The command's arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// How to print it.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: output::Format,
    #[command(flatten)]
    place: Where,
}

pub(super) async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    let modules = arguments.place.to_read().await?.modules().await?;
    match arguments.output {
        output::Format::Json => output::print_json(&modules)?,
        output::Format::Text => {
            let rows: Vec<_> = modules.iter().map(row).collect();
            let heading = ["MODULE", "STATE", "OWNER", "REQUIRES"];
            output::print(&output::table(heading, &rows))?;
        }
    }
    Ok(Exit::Done)
}

fn row(module: &ModuleState) -> [String; 4] {
    let requires: Vec<&str> = module.requires.iter().map(|name| name.name()).collect();
    let state = match (module.enabled, module.always_on) {
        (_, true) => "always on",
        (true, false) => "on",
        (false, false) => "off",
    };
    let absent = if module.in_build {
        ""
    } else {
        ", not in this build"
    };
    [
        module.name.to_string(),
        format!("{state}{absent}"),
        module.owner.clone().unwrap_or_else(|| "-".to_owned()),
        requires.join(", "),
    ]
}
