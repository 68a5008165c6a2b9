//! How often somebody may try what could be guessed: the rows of `attempts`.

use std::time::Duration;

use crate::{
    clock::UnixMillis,
    crypto::Keyring,
    store::{StoreError, Tx, execute, fetch_optional},
};

/// So many tries of one kind by one party, in so much time from the first of them.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// Of what and by what, as `oidc.user_code.address`.
    pub domain: &'static str,
    /// How many.
    pub tries: i64,
    /// From the first on.
    pub window: Duration,
}

impl Limit {
    /// Counts a try and tells the how-manieth it is; `None` if there were enough. One statement, so
    /// that many at once count as many. A try that was no guess is not counted if the transaction is
    /// rolled back.
    pub async fn count(
        &self,
        tx: &mut Tx,
        keyring: &Keyring,
        who: &str,
        now: UnixMillis,
    ) -> Result<Option<i64>, StoreError> {
        let row = fetch_optional!(
            tx,
            (i64,),
            "INSERT INTO attempts (key_hash, tries, expires_at)
             VALUES ($1, 1, $2)
             ON CONFLICT (key_hash) DO UPDATE
                SET tries = CASE WHEN attempts.expires_at <= $3 THEN 1 ELSE attempts.tries + 1 END,
                    expires_at = CASE WHEN attempts.expires_at <= $3 THEN excluded.expires_at
                                      ELSE attempts.expires_at END
              WHERE attempts.expires_at <= $3 OR attempts.tries < $4
             RETURNING tries",
            keyring.token_hash(self.domain, who),
            now + self.window,
            now,
            self.tries,
        )?;
        Ok(row.map(|(tries,)| tries))
    }

    /// Takes a try back that turned out to be none, where the transaction does more than count.
    pub async fn take_back(
        &self,
        tx: &mut Tx,
        keyring: &Keyring,
        who: &str,
    ) -> Result<(), StoreError> {
        execute!(
            tx,
            "UPDATE attempts SET tries = tries - 1 WHERE key_hash = $1 AND tries > 0",
            keyring.token_hash(self.domain, who),
        )
        .map(drop)
    }
}
