//! `assay keys list`, `assay keys rotate` and `assay keys withdraw`.

use clap::Subcommand;
use serde::Serialize;

use super::{Exit, Failure, output, way::Where};
use crate::generation::{KeyState, RootKeyRecord, SigningKeyRecord};

const EXAMPLES: &str = "\
Examples:
  assay keys list
  assay keys rotate jwt
  assay keys rotate biscuit
  assay keys withdraw biscuit 3";

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
        /// Which keys: `jwt` or `biscuit`.
        family: Family,
        #[command(flatten)]
        common: Common,
    },
    /// Forget a retired key at once; tokens that it signed are good for nothing any more.
    #[command(after_help = EXAMPLES)]
    Withdraw {
        /// Which keys: `biscuit`.
        family: Withdrawable,
        /// The number of the key.
        id: u32,
        #[command(flatten)]
        place: Where,
    },
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Family {
    /// The keys of the JWKS.
    Jwt,
    /// The root keys of biscuits.
    Biscuit,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Withdrawable {
    /// The root keys of biscuits.
    Biscuit,
}

#[derive(Debug, clap::Args)]
struct Common {
    /// How to print it.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: output::Format,
    #[command(flatten)]
    place: Where,
}

/// A key, and what it signs.
#[derive(Serialize)]
#[serde(tag = "for", rename_all = "lowercase")]
enum Listed {
    Jwt(SigningKeyRecord),
    Biscuit(RootKeyRecord),
}

pub(super) async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    match arguments.action {
        Action::List(common) => {
            let way = common.place.to_read().await?;
            let signing = way.signing_keys().await?.into_iter().map(Listed::Jwt);
            let root = way.root_keys().await?.into_iter().map(Listed::Biscuit);
            let keys: Vec<Listed> = signing.chain(root).collect();
            match common.output {
                output::Format::Json => output::print_json(&keys)?,
                output::Format::Text => {
                    let rows: Vec<_> = keys.iter().map(row).collect();
                    let heading = ["FOR", "KID", "ALGORITHM", "STATE", "CREATED", "EXPIRES"];
                    output::print(&output::table(heading, &rows))?;
                }
            }
        }
        Action::Rotate { family, common } => {
            let way = common.place.to_read().await?;
            let rotated = match family {
                Family::Jwt => way.rotate_signing_keys().await?,
                Family::Biscuit => way.rotate_root_key().await?,
            };
            match common.output {
                output::Format::Json => output::print_json(&rotated)?,
                output::Format::Text => {
                    for key in rotated {
                        output::print_line(&format!("{} signs with {}", key.algorithm, key.kid))?;
                    }
                }
            }
        }
        Action::Withdraw {
            family: Withdrawable::Biscuit,
            id,
            place,
        } => {
            place.to_read().await?.withdraw_root_key(id).await?;
            output::print_line(&format!("tokens of root key {id} are not taken any more"))?;
        }
    }
    Ok(Exit::Done)
}

fn row(key: &Listed) -> [String; 6] {
    let (family, kid, algorithm, state, created_at, expires_at) = match key {
        Listed::Jwt(key) => (
            "jwt",
            key.kid.clone(),
            &key.algorithm,
            key.state,
            key.created_at,
            key.expires_at,
        ),
        Listed::Biscuit(key) => (
            "biscuit",
            key.id.to_string(),
            &key.algorithm,
            key.state,
            key.created_at,
            key.expires_at,
        ),
    };
    let state = match state {
        KeyState::Next => "next",
        KeyState::Active => "active",
        KeyState::Retired => "retired",
    };
    [
        family.to_owned(),
        kid,
        algorithm.clone(),
        state.to_owned(),
        created_at.to_string(),
        expires_at.map_or_else(|| "-".to_owned(), |at| at.to_string()),
    ]
}
