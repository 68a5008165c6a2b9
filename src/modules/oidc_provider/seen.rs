//! Ids that count once: whoever shows one a second time has copied it.

use crate::{
    clock::UnixMillis,
    modules::Context,
    store::{StoreError, execute},
};

/// Whether this is the first time that `id` is shown. It is remembered until `until`, by when whatever
/// carries it must have expired. Of two at once, one is the first.
pub(super) async fn first_time(
    context: &Context,
    kind: &str,
    whose: &str,
    id: &str,
    until: UnixMillis,
) -> Result<bool, StoreError> {
    let text = format!("{kind}\0{whose}\0{id}");
    let rows = execute!(
        &context.store,
        "INSERT INTO oidc_seen_ids (id_hash, expires_at) VALUES ($1, $2)
         ON CONFLICT (id_hash) DO NOTHING",
        context.keyring.token_hash("oidc.seen", &text),
        until,
    )?;
    Ok(rows == 1)
}
