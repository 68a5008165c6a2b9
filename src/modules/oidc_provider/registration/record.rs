//! What is known of a registration beside the client: the rows of `oidc_registrations`.

use assay_reconciler::diff::Owner;

use crate::{
    clock::UnixMillis,
    crypto::{Hashed, Keyring},
    store::{Store, StoreError, Tx, execute, fetch_all, fetch_optional},
};

/// What a registration access token begins with.
pub(super) const TOKEN_PREFIX: &str = "assay_rat_";

/// What the token with which a client manages itself is looked up by.
pub(super) fn hash_token(keyring: &Keyring, token: &str) -> Hashed {
    keyring.token_hash("oidc.registration", token)
}

/// A registration that has not expired.
#[derive(sqlx::FromRow)]
pub(super) struct Registration {
    /// `oidc_clients.id`.
    pub(super) client_uid: String,
    /// The client's id.
    pub(super) name: String,
    /// Whose the client is; `registration`, unless a manifest took it over.
    pub(super) owner: String,
    pub(super) created_at: UnixMillis,
}

/// The registration that this token manages.
pub(super) async fn find(
    store: &Store,
    keyring: &Keyring,
    token: &str,
    now: UnixMillis,
) -> Result<Option<Registration>, StoreError> {
    fetch_optional!(
        store,
        Registration,
        "SELECT r.client_uid, c.name, c.owner, r.created_at
           FROM oidc_registrations r
           JOIN oidc_clients c ON c.id = r.client_uid
          WHERE r.token_hash = $1 AND (r.expires_at IS NULL OR r.expires_at > $2)",
        hash_token(keyring, token),
        now,
    )
}

/// Remembers the registration of the client that the same transaction has made.
pub(super) async fn insert(
    tx: &mut Tx,
    client_id: &str,
    token_hash: &Hashed,
    now: UnixMillis,
    expires_at: Option<UnixMillis>,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO oidc_registrations (client_uid, token_hash, created_at, expires_at)
         SELECT id, $2, $3, $4 FROM oidc_clients WHERE name = $1",
        client_id,
        token_hash,
        now,
        expires_at,
    )
    .map(drop)
}

/// Lets the registration live longer, or less long.
pub(super) async fn expire_at(
    store: &Store,
    client_uid: &str,
    expires_at: Option<UnixMillis>,
) -> Result<(), StoreError> {
    execute!(
        store,
        "UPDATE oidc_registrations SET expires_at = $2 WHERE client_uid = $1",
        client_uid,
        expires_at,
    )
    .map(drop)
}

/// Names of clients whose registration has expired and that are nobody else's.
pub(super) async fn expired(
    store: &Store,
    now: UnixMillis,
    limit: i64,
) -> Result<Vec<String>, StoreError> {
    let rows = fetch_all!(
        store,
        (String,),
        "SELECT c.name
           FROM oidc_registrations r
           JOIN oidc_clients c ON c.id = r.client_uid
          WHERE r.expires_at <= $1 AND c.owner = $2
          ORDER BY r.expires_at LIMIT $3",
        now,
        Owner::Registration.to_string(),
        limit,
    )?;
    Ok(rows.into_iter().map(|(name,)| name).collect())
}
