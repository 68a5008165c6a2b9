//! How often somebody may try what could be guessed: the rows of `attempts`.

use std::time::Duration;

use assay_reconciler::spec::module::SignInLimit;

use crate::{
    clock::UnixMillis,
    crypto::{Hashed, Keyring},
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

/// Tries of one kind by one party that have to wait longer and longer once there were enough.
#[derive(Clone, Copy, Debug)]
pub struct Slowing {
    /// Of what and by what, as `sign_in.account`.
    pub domain: &'static str,
    /// From how many on, and how long.
    pub limit: SignInLimit,
}

/// Whether a try may be made.
#[derive(Debug)]
pub enum Counted {
    /// It may, and counts as wrong until it is taken back.
    Try(Try),
    /// Not for so long.
    Wait(Duration),
}

/// A try that was counted before it was made.
#[derive(Debug)]
pub struct Try {
    key: Hashed,
    next_at: UnixMillis,
    /// Whether from here on one has to wait.
    pub is_last: bool,
}

impl Slowing {
    /// Counts a try, unless the one before it was too short a time ago. Many at once have to wait for
    /// each other like many in a row.
    pub async fn count(
        &self,
        tx: &mut Tx,
        keyring: &Keyring,
        who: &str,
        now: UnixMillis,
    ) -> Result<Counted, StoreError> {
        let key = keyring.token_hash(self.domain, who);
        let counted = fetch_optional!(
            tx,
            (i64,),
            "INSERT INTO attempts (key_hash, tries, expires_at, next_at)
             VALUES ($1, 1, $2, 0)
             ON CONFLICT (key_hash) DO UPDATE
                SET tries = CASE WHEN attempts.expires_at <= $3 THEN 1 ELSE attempts.tries + 1 END,
                    expires_at = CASE WHEN attempts.expires_at <= $3 THEN excluded.expires_at
                                      ELSE attempts.expires_at END
              WHERE attempts.expires_at <= $3 OR attempts.next_at <= $3
             RETURNING tries",
            &key,
            now + self.limit.window.duration(),
            now,
        )?;
        let Some((tries,)) = counted else {
            let row = fetch_optional!(
                tx,
                (UnixMillis,),
                "SELECT next_at FROM attempts WHERE key_hash = $1",
                &key,
            )?;
            let wait = row.map(|(next_at,)| next_at.since(now));
            return Ok(Counted::Wait(wait.unwrap_or(Duration::from_secs(1))));
        };
        let limit = i64::from(self.limit.tries);
        let next_at = now + self.wait(tries - limit);
        if tries >= limit {
            execute!(
                tx,
                "UPDATE attempts
                    SET next_at = $2,
                        expires_at = CASE WHEN expires_at < $2 THEN $2 ELSE expires_at END
                  WHERE key_hash = $1",
                &key,
                next_at,
            )?;
        }
        Ok(Counted::Try(Try {
            key,
            next_at,
            is_last: tries == limit,
        }))
    }

    /// One second after the last free try, and twice as long after each further one.
    fn wait(&self, beyond: i64) -> Duration {
        let longest = self.limit.longest_wait.duration();
        if beyond < 0 {
            return Duration::ZERO;
        }
        let seconds = u32::try_from(beyond)
            .ok()
            .and_then(|beyond| 1_u64.checked_shl(beyond));
        seconds.map_or(longest, |seconds| Duration::from_secs(seconds).min(longest))
    }
}

impl Try {
    /// It was no guess: as if it had not been made.
    pub async fn take_back(self, tx: &mut Tx, now: UnixMillis) -> Result<(), StoreError> {
        execute!(
            tx,
            "UPDATE attempts
                SET tries = tries - 1,
                    next_at = CASE WHEN next_at = $2 THEN $3 ELSE next_at END
              WHERE key_hash = $1 AND tries > 0",
            self.key,
            self.next_at,
            now,
        )
        .map(drop)
    }

    /// It was right, and whoever made it may be wrong as often again as at first.
    pub async fn forget_all(self, tx: &mut Tx) -> Result<(), StoreError> {
        execute!(tx, "DELETE FROM attempts WHERE key_hash = $1", self.key).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use assay_reconciler::spec::Span;

    use super::*;

    #[test]
    fn waiting_doubles_and_has_an_end() {
        let slowing = Slowing {
            domain: "test",
            limit: SignInLimit {
                tries: 5,
                window: Span::hours(1),
                longest_wait: Span::minutes(15),
            },
        };
        let seconds = |beyond| slowing.wait(beyond).as_secs();
        let waits: Vec<_> = [-1, 0, 1, 2, 9, 10, 31, 32, 64, i64::MAX]
            .map(seconds)
            .into();
        assert_eq!(waits, [0, 1, 2, 4, 512, 900, 900, 900, 900, 900]);
    }
}
