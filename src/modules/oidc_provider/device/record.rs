use crate::{
    clock::UnixMillis,
    crypto::Hashed,
    store::{StoreError, Tx, execute, fetch_optional},
};

/// A device that waits for its person.
#[derive(sqlx::FromRow)]
pub(super) struct Waiting {
    pub(super) client_uid: String,
    pub(super) scope: String,
    pub(super) resource: Option<String>,
    pub(super) expires_at: UnixMillis,
}

/// The device that shows this code, if it waits.
pub(super) async fn waiting(
    tx: &mut Tx,
    user_code: &Hashed,
    now: UnixMillis,
) -> Result<Option<Waiting>, StoreError> {
    fetch_optional!(
        tx,
        Waiting,
        "SELECT client_uid, scope, resource, expires_at FROM oidc_device_codes
          WHERE user_code_hash = $1 AND grant_id IS NULL AND denied_at IS NULL
            AND used_at IS NULL AND expires_at > $2",
        user_code,
        now,
    )
}

/// Gives the grant to the device, if it still waits. Of two answers at once, one counts.
pub(super) async fn approve(
    tx: &mut Tx,
    user_code: &Hashed,
    grant_id: &str,
    now: UnixMillis,
) -> Result<bool, StoreError> {
    let rows = execute!(
        tx,
        "UPDATE oidc_device_codes SET grant_id = $3
          WHERE user_code_hash = $1 AND grant_id IS NULL AND denied_at IS NULL
            AND used_at IS NULL AND expires_at > $2",
        user_code,
        now,
        grant_id,
    )?;
    Ok(rows == 1)
}

/// Tells the device no, if it still waits.
pub(super) async fn deny(
    tx: &mut Tx,
    user_code: &Hashed,
    now: UnixMillis,
) -> Result<bool, StoreError> {
    let rows = execute!(
        tx,
        "UPDATE oidc_device_codes SET denied_at = $2
          WHERE user_code_hash = $1 AND grant_id IS NULL AND denied_at IS NULL
            AND used_at IS NULL AND expires_at > $2",
        user_code,
        now,
    )?;
    Ok(rows == 1)
}
