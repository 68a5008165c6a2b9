//! The first admin key: without one, nobody could use the admin API.

use std::{collections::BTreeSet, io::Write as _};

use assay_reconciler::{
    object::{Metadata, Object, Spec},
    spec::{
        AdminKeySpec,
        admin_key::{AdminPermission, KeyHash},
    },
};

use crate::{
    boot::BootConfig,
    cli::{ADMIN_KEY_PREFIX, CommandError},
    crypto::{Secret, token},
    generation::{Actor, ApplyError, ApplyOptions, Engine, Owner, Snapshot},
};

/// The name of the key that is made here.
const NAME: &str = "first";

/// Makes a key with every permission and shows it, if there is no key at all: neither in `snapshot`,
/// which has what the manifests say, nor in `engine.toml`.
pub(super) async fn first_admin_key(
    engine: &Engine,
    snapshot: &Snapshot,
    config: &BootConfig,
) -> Result<(), CommandError> {
    if !config.admin_api_keys.is_empty() || !snapshot.admin_keys().is_empty() {
        return Ok(());
    }
    let key = token::opaque(ADMIN_KEY_PREFIX)?;
    let options = ApplyOptions {
        // Of two servers that start at once, one makes the key and the other finds it.
        expected_base: Some(snapshot.generation),
        ..ApplyOptions::new(Actor::boot())
    };
    let made = engine
        .apply_as(Owner::Boot, vec![object(&key)], Vec::new(), options)
        .await;
    match made {
        Ok(_) => {
            show(&key)?;
            Ok(())
        }
        Err(ApplyError::Stale { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn object(key: &Secret<String>) -> Object {
    Object {
        metadata: Metadata {
            name: NAME.to_owned(),
            labels: std::collections::BTreeMap::new(),
            annotations: std::collections::BTreeMap::new(),
        },
        spec: Spec::AdminKey(AdminKeySpec {
            hash: KeyHash::of(key.expose()),
            permissions: BTreeSet::from([AdminPermission::All]),
            expires_at: None,
            description: Some("made at the first start".to_owned()),
        }),
    }
}

/// On standard error but past the log, which is collected and kept.
fn show(key: &Secret<String>) -> std::io::Result<()> {
    let key = key.expose();
    let rule = "-".repeat(key.len().max(62));
    let mut stderr = anstream::stderr().lock();
    writeln!(
        stderr,
        "{rule}\n\
         There is no admin key yet, so one was made. It may do everything and\n\
         is shown only now:\n\n\
         {key}\n\n\
         Keep it safe, or replace it: `assay admin-key new NAME` makes another.\n\
         {rule}"
    )?;
    stderr.flush()
}
