//! `assay admin-key new`.

use std::collections::BTreeMap;

use assay_reconciler::{
    object::{Metadata, Object, Spec},
    spec::{
        AdminKeySpec,
        admin_key::{AdminPermission, KeyHash},
    },
};
use clap::Subcommand;
use jiff::Timestamp;

use super::{ADMIN_KEY_PREFIX, Exit, Failure, output};
use crate::crypto::token;

const EXAMPLES: &str = "\
Examples:
  assay admin-key new ci
  assay admin-key new helpdesk --permission users.read,users.write --expires 2027-01-01T00:00:00Z
  assay admin-key new ci >> idp/keys.yaml    # the key is shown, the manifest is appended

The key goes to standard error and is shown only now; the manifest with its hash goes to standard
output. Nothing is stored: the key is valid once the manifest is applied.";

/// The command's arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a key.
    #[command(after_help = EXAMPLES)]
    New {
        /// What to call it.
        name: String,
        /// What the key may do; may repeat.
        #[arg(
            long = "permission",
            value_name = "PERMISSION",
            value_delimiter = ',',
            default_values = ["config.read", "config.apply"],
        )]
        permissions: Vec<AdminPermission>,
        /// From when on the key is refused, as in 2027-01-01T00:00:00Z. Never, unless given.
        #[arg(long, value_name = "TIME")]
        expires: Option<Timestamp>,
    },
}

pub(super) fn run(arguments: Arguments) -> Result<Exit, Failure> {
    let Action::New {
        name,
        permissions,
        expires,
    } = arguments.action;
    let key = token::opaque(ADMIN_KEY_PREFIX).map_err(|error| Failure::failed(&error))?;
    let object = Object {
        metadata: Metadata {
            name,
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
        },
        spec: Spec::AdminKey(AdminKeySpec {
            hash: KeyHash::of(key.expose()),
            permissions: permissions.into_iter().collect(),
            expires_at: expires,
            description: None,
        }),
    };
    // What is no manifest is not printed as one.
    let manifest = object.to_manifest()?;
    crate::modules::admin::validated(std::slice::from_ref(&manifest))?;
    output::note(&format!(
        "The key, shown only now:\n\n  {}\n\nIts manifest:\n",
        key.expose()
    ));
    output::print(&format!("---\n{}", assay_reconciler::to_yaml(&manifest)?))?;
    Ok(Exit::Done)
}
