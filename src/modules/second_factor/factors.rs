//! What a person has.

use serde::Serialize;

use super::claimant::Claimant;
use crate::{
    clock::UnixMillis,
    modules::{Context, passkey, session::Acr},
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
    /// How many passkeys there are that were not copied.
    pub passkeys: i64,
    /// How many recovery codes are left.
    pub recovery_codes: i64,
    /// How many browsers are not asked.
    pub remembered_devices: i64,
}

impl Factors {
    /// Those of the person that can be used in this generation.
    pub(super) async fn usable(context: &Context, user_id: &str) -> Result<Self, StoreError> {
        let mut factors = of(&context.store, user_id, context.clock.now()).await?;
        if factors.passkeys > 0 && !passkey::can_be_used(context) {
            factors.passkeys = 0;
        }
        Ok(factors)
    }

    /// Those that count beside what the person has proved (`amr`, RFC 8176).
    pub(super) async fn beside(
        context: &Context,
        user_id: &str,
        amr: &[&str],
    ) -> Result<Self, StoreError> {
        let mut factors = Self::usable(context, user_id).await?;
        let both = Acr::together(amr, &["pop"]);
        if Acr::reached(&both) != Some(Acr::MultiFactor) {
            factors.passkeys = 0;
        }
        Ok(factors)
    }

    /// Those that somebody can show who has proved one thing.
    pub(super) async fn of_claimant(
        context: &Context,
        claimant: &Claimant,
    ) -> Result<Self, StoreError> {
        Self::beside(context, &claimant.user.id, &claimant.amr()).await
    }

    /// Whether there is an authenticator app. Whoever has set one up wants to be asked for it.
    pub fn has_authenticator(&self) -> bool {
        self.authenticator_since.is_some()
    }

    /// Whether there is anything to ask for.
    pub fn can_be_shown(&self) -> bool {
        self.has_authenticator() || self.passkeys > 0
    }
}

/// What the person has. One statement.
pub async fn of(store: &Store, user_id: &str, now: UnixMillis) -> Result<Factors, StoreError> {
    fetch_one!(
        store,
        Factors,
        "SELECT (SELECT created_at FROM totp_factors WHERE user_id = $1) AS authenticator_since,
                (SELECT used_at FROM totp_factors WHERE user_id = $1) AS authenticator_used_at,
                (SELECT COUNT(*) FROM passkeys
                  WHERE user_id = $1 AND suspected_at IS NULL) AS passkeys,
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
