use super::super::scope::Scopes;
use crate::{
    clock::UnixMillis,
    store::{Store, StoreError, Tx, execute, fetch_optional},
};

/// What the person has consented to for this client.
pub(in crate::modules::oidc_provider) async fn recorded(
    store: &Store,
    user_id: &str,
    client_uid: &str,
) -> Result<Scopes, StoreError> {
    let row = fetch_optional!(
        store,
        (String,),
        "SELECT scope FROM oidc_consents WHERE user_id = $1 AND client_uid = $2",
        user_id,
        client_uid,
    )?;
    Ok(row
        .map(|(scope,)| Scopes::parse(&scope))
        .unwrap_or_default())
}

/// Adds to what the person has consented to.
pub(in crate::modules::oidc_provider) async fn remember(
    tx: &mut Tx,
    user_id: &str,
    client_uid: &str,
    scopes: &Scopes,
    now: UnixMillis,
) -> Result<(), StoreError> {
    let before = fetch_optional!(
        tx,
        (String,),
        "SELECT scope FROM oidc_consents WHERE user_id = $1 AND client_uid = $2",
        user_id,
        client_uid,
    )?;
    let before = before
        .map(|(scope,)| Scopes::parse(&scope))
        .unwrap_or_default();
    execute!(
        tx,
        "INSERT INTO oidc_consents (user_id, client_uid, scope, granted_at)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT (user_id, client_uid)
         DO UPDATE SET scope = excluded.scope, granted_at = excluded.granted_at",
        user_id,
        client_uid,
        before.union(scopes).to_string(),
        now,
    )
    .map(drop)
}
