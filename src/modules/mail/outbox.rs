//! The rows of `mails`. One replica at a time has a letter, because it moves the next attempt on before
//! it makes one.

use std::time::Duration;

use serde_json::{Map, Value};

use super::Letter;
use crate::{
    clock::UnixMillis,
    crypto::{CryptoError, Keyring, token},
    modules::{Context, pages::Language, session::SignedIn, user::User},
    store::{Store, StoreError, Tx, execute, fetch_all},
};

/// For how long a letter is left to the process that took it: longer than one attempt can take. After a
/// crash it is due again.
const TAKEN_FOR: Duration = Duration::from_mins(1);
/// Letters that one process sends at once.
pub(super) const AT_ONCE: i64 = 8;

/// For how long a letter is tried that an operator wants to be sent once more.
pub(super) const RESENT_FOR: Duration = Duration::from_hours(24);

/// Whom a letter is for.
#[derive(Clone, Copy, Debug)]
pub struct Recipient<'a> {
    /// Whose account it is about; the letter goes with the account. `None` for somebody who has none,
    /// or has none any more.
    pub user_id: Option<&'a str>,
    /// Where it goes.
    pub email: &'a str,
    /// What it is written in.
    pub language: &'static Language,
}

impl<'a> Recipient<'a> {
    /// The owner of an account, in their own language if they have told it, else in `otherwise`.
    pub fn of(user: &'a User, otherwise: &'static Language) -> Self {
        let attributes: Value = serde_json::from_str(&user.attributes).unwrap_or_default();
        Self {
            user_id: Some(&user.id),
            email: &user.email,
            language: attributes["locale"]
                .as_str()
                .and_then(Language::among)
                .unwrap_or(otherwise),
        }
    }

    /// Somebody who is signed in, in their own language if they have told it, else in `otherwise`.
    pub fn signed_in(person: &'a SignedIn, otherwise: &'static Language) -> Self {
        Self {
            user_id: Some(&person.user_id),
            email: &person.email,
            language: person
                .locale
                .as_deref()
                .and_then(Language::among)
                .unwrap_or(otherwise),
        }
    }
}

/// Puts a letter into the outbox, in the transaction that does what it tells of. Call
/// [`super::Mails::wake`] after it has committed.
pub async fn queue(
    tx: &mut Tx,
    context: &Context,
    to: &Recipient<'_>,
    letter: Letter<'_>,
    now: UnixMillis,
) -> Result<(), StoreError> {
    let expires_at = now + letter.deliver_within();
    insert(tx, &context.keyring, to, letter, now, expires_at).await
}

/// Does what [`queue`] does, except that no letter comes of it: so that it takes no less time to say
/// nothing to nobody.
pub async fn queue_nothing(
    tx: &mut Tx,
    context: &Context,
    to: &Recipient<'_>,
    letter: Letter<'_>,
    now: UnixMillis,
) -> Result<(), StoreError> {
    insert(tx, &context.keyring, to, letter, now, now).await
}

pub(super) async fn insert(
    tx: &mut Tx,
    keyring: &Keyring,
    to: &Recipient<'_>,
    letter: Letter<'_>,
    now: UnixMillis,
    expires_at: UnixMillis,
) -> Result<(), StoreError> {
    let id = token::uuid_v7(now)?.to_string();
    let variables = keyring.seal_json(&purpose(&id), &letter.variables())?;
    execute!(
        tx,
        "INSERT INTO mails (id, user_id, recipient, language, kind, variables, next_attempt_at,
                            created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)",
        id,
        to.user_id,
        to.email,
        to.language.tag,
        letter.kind().name(),
        variables,
        now,
        expires_at,
    )
    .map(drop)
}

/// Bound to the row, so that no letter can be given another one's link.
fn purpose(id: &str) -> String {
    format!("mail {id}")
}

/// A letter that this process has taken.
#[derive(Clone, sqlx::FromRow)]
pub(super) struct Taken {
    pub(super) id: String,
    pub(super) recipient: String,
    pub(super) language: String,
    pub(super) kind: String,
    variables: Vec<u8>,
    /// How often it was tried, this time included.
    pub(super) attempts: i64,
    pub(super) created_at: UnixMillis,
    pub(super) expires_at: UnixMillis,
}

impl Taken {
    /// What it has to tell.
    pub(super) fn variables(&self, keyring: &Keyring) -> Result<Map<String, Value>, CryptoError> {
        keyring.open_json(&purpose(&self.id), &self.variables)
    }
}

/// Takes what is due, the longest due first.
pub(super) async fn take(store: &Store, now: UnixMillis) -> Result<Vec<Taken>, StoreError> {
    let mut tx = store.begin().await?;
    // What is due is asked twice: a replica that waited for another one's update sees it only outside
    // the subselect.
    let taken = fetch_all!(
        &mut tx,
        Taken,
        "UPDATE mails
            SET attempts = attempts + 1, next_attempt_at = $2
          WHERE id IN (SELECT id FROM mails
                        WHERE delivered_at IS NULL AND next_attempt_at <= $1 AND expires_at > $1
                        ORDER BY next_attempt_at LIMIT $3)
            AND delivered_at IS NULL AND next_attempt_at <= $1
      RETURNING id, recipient, language, kind, variables, attempts, created_at, expires_at",
        now,
        now + TAKEN_FOR,
        AT_ONCE,
    )?;
    tx.commit().await?;
    Ok(taken)
}

/// Whether any letter is due, which is asked far more often than there is one.
pub(super) async fn is_any_due(store: &Store, now: UnixMillis) -> Result<bool, StoreError> {
    let rows = fetch_all!(
        store,
        (i64,),
        "SELECT attempts FROM mails
          WHERE delivered_at IS NULL AND next_attempt_at <= $1 AND expires_at > $1
          LIMIT 1",
        now,
    )?;
    Ok(!rows.is_empty())
}

/// The letter has been handed over.
pub(super) async fn delivered(store: &Store, id: &str, now: UnixMillis) -> Result<(), StoreError> {
    execute!(
        store,
        "UPDATE mails SET delivered_at = $2, last_error = NULL WHERE id = $1",
        id,
        now,
    )
    .map(drop)
}

/// The letter has not been handed over, and is tried again at `next_attempt_at`.
pub(super) async fn failed(
    store: &Store,
    id: &str,
    error: &str,
    next_attempt_at: UnixMillis,
) -> Result<(), StoreError> {
    execute!(
        store,
        "UPDATE mails SET next_attempt_at = $2, last_error = $3
          WHERE id = $1 AND delivered_at IS NULL",
        id,
        next_attempt_at,
        error,
    )
    .map(drop)
}

/// The letter cannot be handed over, ever.
pub(super) async fn given_up(
    store: &Store,
    id: &str,
    error: &str,
    now: UnixMillis,
) -> Result<(), StoreError> {
    execute!(
        store,
        "UPDATE mails SET expires_at = $2, last_error = $3
          WHERE id = $1 AND delivered_at IS NULL",
        id,
        now,
        error,
    )
    .map(drop)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{super::reap::REAPER, *};
    use crate::{
        crypto::keyring,
        store::{fetch_one, testing::both_databases},
    };

    const NOW: UnixMillis = UnixMillis::from_millis(1_795_544_400_000);

    fn ada() -> Recipient<'static> {
        Recipient {
            user_id: None,
            email: "ada@example.com",
            language: Language::fallback(),
        }
    }

    async fn put(store: &Store, letter: Letter<'_>) {
        let mut tx = store.begin().await.unwrap();
        let end = NOW + letter.deliver_within();
        insert(&mut tx, &keyring(1), &ada(), letter, NOW, end)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    both_databases! {
        async fn a_letter_is_taken_by_one_and_due_again_after_a_crash(db: TestDb) {
            let store = db.store().await;
            put(&store, Letter::PasskeyAdded { name: "Phone" }).await;
            let taken = take(&store, NOW).await.unwrap();
            assert_eq!(taken.len(), 1);
            assert_eq!(taken[0].variables(&keyring(1)).unwrap()["name"], "Phone");
            // Another installation's key opens nothing.
            assert!(taken[0].variables(&keyring(2)).is_err());
            assert!(take(&store, NOW).await.unwrap().is_empty());
            assert!(!is_any_due(&store, NOW).await.unwrap());

            let again = take(&store, NOW + TAKEN_FOR).await.unwrap();
            assert_eq!(again[0].attempts, 2);
            delivered(&store, &again[0].id, NOW).await.unwrap();
            assert!(take(&store, NOW + TAKEN_FOR * 2).await.unwrap().is_empty());
        }

        async fn a_letter_that_nobody_takes_is_given_up_after_a_day(db: TestDb) {
            let store = db.store().await;
            put(&store, Letter::PasswordChanged).await;
            // One whose link is good for half an hour, for half an hour.
            put(&store, Letter::samples()[0]).await;
            let taken = take(&store, NOW).await.unwrap();
            assert_eq!(taken.len(), 2);
            for mail in &taken {
                failed(&store, &mail.id, "no answer", NOW + Duration::from_secs(5)).await.unwrap();
            }
            assert_eq!(take(&store, NOW + Duration::from_mins(31)).await.unwrap().len(), 1);
            assert!(take(&store, NOW + Duration::from_hours(24)).await.unwrap().is_empty());
            REAPER.turn(&store, NOW + Duration::from_hours(49)).await.unwrap();
            let (left,) = fetch_one!(&store, (i64,), "SELECT COUNT(*) FROM mails").unwrap();
            assert_eq!(left, 0);
        }

        async fn a_letter_of_an_account_goes_with_it(db: TestDb) {
            let store = db.store().await;
            execute!(
                &store,
                "INSERT INTO users (id, email, state, created_at, updated_at)
                 VALUES ('u', 'ada@example.com', 'active', 0, 0)"
            ).unwrap();
            let mut tx = store.begin().await.unwrap();
            let to = Recipient { user_id: Some("u"), ..ada() };
            let letter = Letter::PasswordChanged;
            insert(&mut tx, &keyring(1), &to, letter, NOW, NOW + Duration::from_mins(30)).await.unwrap();
            tx.commit().await.unwrap();
            execute!(&store, "DELETE FROM users WHERE id = 'u'").unwrap();
            assert!(take(&store, NOW).await.unwrap().is_empty());
        }
    }
}
