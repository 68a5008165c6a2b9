//! Passwords: Argon2id in PHC form, with a pepper, off the async threads and never too many at once.

mod foreign;
mod hasher;
mod memory;
mod pepper;

use self::hasher::Hasher;
pub use self::{
    foreign::{ForeignHashError, StoredHash, accept as accept_foreign, portable},
    pepper::{PepperError, Peppers},
};
use super::{Busy, CpuPool, CryptoError, Keyring, Secret};

/// The longest password, in characters. Longer ones are refused before any work is done.
pub const MAX_CHARACTERS: usize = 1_024;
/// The most memory that a stored hash may ask for, 256 MiB: an imported one must not exhaust the server.
const MAX_MEMORY_KIB: u32 = 256 * 1_024;

/// What a hash costs. The default is OWASP's: 19 MiB, two passes, one lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes (`p`); computed one after the other.
    pub lanes: u32,
}

impl Default for PasswordCost {
    fn default() -> Self {
        Self {
            memory_kib: 19 * 1_024,
            passes: 2,
            lanes: 1,
        }
    }
}

/// Whether a password is the one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is not, or there is nobody of that name.
    Wrong,
    /// It is.
    Right {
        /// The stored hash has another cost than is wanted now: store a new one.
        needs_rehash: bool,
    },
}

/// Why a password was neither hashed nor verified.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// No room for the work now.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// Longer than [`MAX_CHARACTERS`].
    #[error("a password has at most {MAX_CHARACTERS} characters")]
    TooLong,
    /// A cost that Argon2 does not allow or that is beyond what this server spends.
    #[error(
        "argon2 cannot work with {} KiB of memory, {} passes and {} lanes; memory is at least 8 KiB a lane and at most {MAX_MEMORY_KIB} KiB",
        .0.memory_kib, .0.passes, .0.lanes
    )]
    Cost(PasswordCost),
    /// What is stored is no Argon2 hash.
    #[error("a stored password hash is not one of Argon2 in PHC form")]
    Malformed,
    /// What is stored was hashed with a pepper that is not there.
    #[error(
        "a stored password was hashed with the pepper `{0}`, which is not among those in ASSAY_PASSWORD_PEPPERS or ASSAY_PASSWORD_PEPPERS_FILE"
    )]
    NoPepper(String),
    /// What is stored was imported, and should not have been.
    #[error("a password hash that was imported cannot be verified: {0}")]
    Foreign(#[from] ForeignHashError),
    /// The library failed.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

/// Hashes and verifies passwords. One for the process; memory is bounded by its pool times the cost of
/// a hash. A cheap clone.
#[derive(Clone, Debug)]
pub struct Passwords {
    pool: CpuPool,
    hasher: Hasher,
}

impl Passwords {
    /// Passwords with the pepper of `keyring`, computed in `pool`.
    pub fn new(keyring: Keyring, pool: CpuPool) -> Self {
        let hasher = Hasher::new(keyring);
        Self { pool, hasher }
    }

    /// A new hash in PHC form, for storing.
    pub async fn hash(
        &self,
        cost: PasswordCost,
        password: Secret<String>,
    ) -> Result<String, PasswordError> {
        check_length(&password)?;
        self.run(move |hasher| hasher.hash(cost, &password)).await
    }

    /// Whether `password` is the one whose hash is `stored`. With `None`, for a user who does not exist
    /// or has no password, it takes the same time and is [`Verdict::Wrong`].
    pub async fn verify(
        &self,
        cost: PasswordCost,
        stored: Option<String>,
        password: Secret<String>,
    ) -> Result<Verdict, PasswordError> {
        check_length(&password)?;
        self.run(move |hasher| hasher.judge(cost, stored.as_deref(), &password))
            .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Hasher) -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let hasher = self.hasher.clone();
        let outcome = self.pool.run(move || work(&hasher)).await;
        self.hasher.watch();
        outcome??
    }
}

fn check_length(password: &Secret<String>) -> Result<(), PasswordError> {
    // A character is at most four bytes, so the first test spares counting a megabyte.
    let text = password.expose();
    if text.len() > 4 * MAX_CHARACTERS || text.chars().count() > MAX_CHARACTERS {
        return Err(PasswordError::TooLong);
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::crypto::{KeyFile, MasterKey, keyring};

    const CHEAP: PasswordCost = PasswordCost {
        memory_kib: 64,
        passes: 1,
        lanes: 1,
    };

    fn passwords(byte: u8) -> Passwords {
        Passwords::new(keyring(byte), CpuPool::new(1, 8))
    }

    #[tokio::test]
    async fn the_right_password_is_right_and_others_are_wrong() {
        let passwords = passwords(1);
        let stored = passwords.hash(CHEAP, "ada's".into()).await.unwrap();
        assert!(
            stored.starts_with("$argon2id$v=19$m=64,t=1,p=1$"),
            "{stored}"
        );
        let verify =
            |password: &str| passwords.verify(CHEAP, Some(stored.clone()), password.into());
        assert_eq!(
            verify("ada's").await,
            Ok(Verdict::Right {
                needs_rehash: false
            })
        );
        for wrong in ["", "Ada's", "ada's\0", "ada's "] {
            assert_eq!(verify(wrong).await, Ok(Verdict::Wrong), "{wrong:?}");
        }
    }

    #[tokio::test]
    async fn another_cost_asks_for_a_new_hash_and_still_verifies() {
        let passwords = passwords(1);
        let stored = passwords.hash(CHEAP, "ada's".into()).await.unwrap();
        let verdict = passwords.verify(
            PasswordCost { passes: 2, ..CHEAP },
            Some(stored),
            "ada's".into(),
        );
        assert_eq!(verdict.await, Ok(Verdict::Right { needs_rehash: true }));
    }

    #[tokio::test]
    async fn a_stolen_table_is_useless_without_the_pepper() {
        let stored = passwords(1).hash(CHEAP, "ada's".into()).await.unwrap();
        let elsewhere = passwords(2)
            .verify(CHEAP, Some(stored), "ada's".into())
            .await;
        assert_eq!(elsewhere, Ok(Verdict::Wrong));
    }

    #[tokio::test]
    async fn a_pepper_is_changed_at_the_next_sign_in_and_still_known() {
        let with = |text: &str| {
            let peppers = Peppers::find(Some(&text.into()), None).unwrap();
            let master =
                MasterKey::find(Some(&"01".repeat(32).into()), None, KeyFile::None).unwrap();
            Passwords::new(
                Keyring::with_peppers(&master, peppers).unwrap(),
                CpuPool::new(1, 8),
            )
        };
        let (a, b) = (
            format!("a {}\n", "aa".repeat(32)),
            format!("b {}\n", "bb".repeat(32)),
        );
        let older = with("");
        let first = with(&a);
        let second = with(&format!("{b}{a}"));
        let only_second = with(&b);
        let of_older = older.hash(CHEAP, "ada's".into()).await.unwrap();
        let of_first = first.hash(CHEAP, "ada's".into()).await.unwrap();
        let of_second = second.hash(CHEAP, "ada's".into()).await.unwrap();
        assert!(of_first.contains("keyid="), "{of_first}");
        let right = |needs_rehash| Ok(Verdict::Right { needs_rehash });
        let gone = Err(PasswordError::NoPepper("a".to_owned()));
        for (passwords, stored, verdict) in [
            (&older, &of_older, right(false)),
            (&first, &of_older, right(true)),
            (&first, &of_first, right(false)),
            (&second, &of_first, right(true)),
            (&second, &of_second, right(false)),
            (&only_second, &of_second, right(false)),
            (&only_second, &of_older, right(true)),
            (&only_second, &of_first, gone),
        ] {
            let found = passwords.verify(CHEAP, Some(stored.clone()), "ada's".into());
            assert_eq!(found.await, verdict, "{stored}");
            if verdict.is_ok() {
                let found = passwords.verify(CHEAP, Some(stored.clone()), "eve's".into());
                assert_eq!(found.await, Ok(Verdict::Wrong), "{stored}");
            }
        }
    }

    #[tokio::test]
    async fn what_would_exhaust_the_server_is_refused() {
        let passwords = passwords(1);
        let long = "ä".repeat(MAX_CHARACTERS);
        assert!(passwords.hash(CHEAP, long.clone().into()).await.is_ok());
        let longer = passwords.hash(CHEAP, (long + "x").into()).await;
        assert_eq!(longer, Err(PasswordError::TooLong));

        let greedy =
            "$argon2id$v=19$m=4194304,t=3,p=4$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA".to_owned();
        let refused = passwords.verify(CHEAP, Some(greedy), "x".into()).await;
        assert!(
            matches!(refused, Err(PasswordError::Cost(_))),
            "{refused:?}"
        );
        let garbage = passwords
            .verify(CHEAP, Some("plain".into()), "x".into())
            .await;
        assert_eq!(garbage, Err(PasswordError::Malformed));
    }

    #[tokio::test]
    async fn an_unknown_user_waits_in_the_same_queue_as_a_known_one() {
        let pool = CpuPool::new(1, 0);
        let passwords = Passwords::new(keyring(1), pool.clone());
        let stored = passwords.hash(CHEAP, "ada's".into()).await.unwrap();
        let (release, held) = std::sync::mpsc::channel::<()>();
        let (started, starting) = tokio::sync::oneshot::channel();
        let holder = tokio::spawn(async move {
            let work = move || {
                started.send(()).unwrap();
                held.recv().unwrap();
            };
            pool.run(work).await.unwrap().unwrap();
        });
        starting.await.unwrap();
        for stored in [Some(stored), None] {
            let refused = passwords.verify(CHEAP, stored, "guess".into()).await;
            assert_eq!(refused, Err(PasswordError::Busy(Busy)));
        }
        release.send(()).unwrap();
        holder.await.unwrap();
    }
}
