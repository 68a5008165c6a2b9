//! What a person has.

use serde::Serialize;

use crate::{
    clock::UnixMillis,
    store::{Store, StoreError, Tx, execute, fetch_one},
};

/// The second factors of one person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct Factors {
    /// Since when there is an authenticator app.
    pub authenticator_since: Option<UnixMillis>,
    /// When a code of it was taken last.
    pub authenticator_used_at: Option<UnixMillis>,
    /// How many recovery codes are left.
    pub recovery_codes: i64,
    /// How many browsers are not asked.
    pub remembered_devices: i64,
}

impl Factors {
    /// Whether there is one that a sign-in can ask for.
    pub fn are_set_up(&self) -> bool {
        self.authenticator_since.is_some()
    }
}

/// What the person has. One statement.
pub async fn of(store: &Store, user_id: &str, now: UnixMillis) -> Result<Factors, StoreError> {
    fetch_one!(
        store,
        Factors,
        "SELECT (SELECT created_at FROM totp_factors WHERE user_id = $1) AS authenticator_since,
                (SELECT used_at FROM totp_factors WHERE user_id = $1) AS authenticator_used_at,
                (SELECT COUNT(*) FROM recovery_codes
                  WHERE user_id = $1 AND used_at IS NULL) AS recovery_codes,
                (SELECT COUNT(*) FROM remembered_devices
                  WHERE user_id = $1 AND expires_at > $2) AS remembered_devices",
        user_id,
        now,
    )
}

/// Takes all of them from the person. `false` if there was none.
pub async fn reset(tx: &mut Tx, user_id: &str) -> Result<bool, StoreError> {
    let mut rows = 0;
    for statement in [
        "DELETE FROM totp_factors WHERE user_id = $1",
        "DELETE FROM recovery_codes WHERE user_id = $1",
        "DELETE FROM remembered_devices WHERE user_id = $1",
        "DELETE FROM second_factor_requests WHERE user_id = $1",
    ] {
        rows += execute!(tx, statement, user_id)?;
    }
    Ok(rows > 0)
}
