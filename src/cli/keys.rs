//! `assay keys list` and `assay keys rotate`.

use clap::Subcommand;

use super::{Exit, Failure, output, way::Where};
use crate::generation::{KeyState, SigningKeyRecord};

const EXAMPLES: &str = "\
Examples:
  assay keys list
  assay keys rotate jwt";

/// The command's arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the keys that sign tokens, and those that only verify.
    #[command(after_help = EXAMPLES)]
    List(Common),
    /// Put a new key in the place of each active one; tokens signed before stay valid.
    #[command(after_help = EXAMPLES)]
    Rotate {
        /// Which keys: `jwt`.
        family: Family,
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Family {
    /// The keys of the JWKS.
    Jwt,
}

#[derive(Debug, clap::Args)]
struct Common {
    /// How to print it.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: output::Format,
    #[command(flatten)]
    place: Where,
}

pub(super) async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    match arguments.action {
        Action::List(common) => {
            let keys = common.place.to_read().await?.signing_keys().await?;
            match common.output {
                output::Format::Json => output::print_json(&keys)?,
                output::Format::Text => {
                    let rows: Vec<_> = keys.iter().map(row).collect();
                    let heading = ["KID", "ALGORITHM", "STATE", "CREATED", "EXPIRES"];
                    output::print(&output::table(heading, &rows))?;
                }
            }
        }
        Action::Rotate {
            family: Family::Jwt,
            common,
        } => {
            let way = common.place.to_read().await?;
            let rotated = way.rotate_signing_keys().await?;
            match common.output {
                output::Format::Json => output::print_json(&rotated)?,
                output::Format::Text => {
                    for key in rotated {
                        output::print_line(&format!("{} signs with {}", key.algorithm, key.kid))?;
                    }
                }
            }
        }
    }
    Ok(Exit::Done)
}

fn row(key: &SigningKeyRecord) -> [String; 5] {
    let state = match key.state {
        KeyState::Next => "next",
        KeyState::Active => "active",
        KeyState::Retired => "retired",
    };
    [
        key.kid.clone(),
        key.algorithm.clone(),
        state.to_owned(),
        key.created_at.to_string(),
        key.expires_at
            .map_or_else(|| "-".to_owned(), |at| at.to_string()),
    ]
}
