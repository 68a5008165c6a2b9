//! Many people in a few statements.

use super::{Attributes, UserState};
use crate::{
    clock::UnixMillis,
    crypto::password::StoredHash,
    store::{StoreError, Tx, bulk},
};

/// A person as they are to be, whoever says so.
#[derive(Clone, Debug)]
pub struct Record {
    /// Made once, never given to anybody else.
    pub id: String,
    /// In its normal form.
    pub email: String,
    /// Whether the person has shown that the address is theirs.
    pub email_verified: bool,
    /// By which id another system knows the person.
    pub external_id: Option<String>,
    /// What a directory calls the person, in its normal form.
    pub user_name: Option<String>,
    /// Whether the account may be used.
    pub state: UserState,
    /// What is known about the person.
    pub attributes: Attributes,
    /// For somebody who has no password yet; it takes nobody's place.
    pub password_hash: Option<StoredHash>,
    /// When the account was made.
    pub created_at: UnixMillis,
}

/// Somebody who is known already.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Known {
    /// Made once, never given to anybody else.
    pub id: String,
    /// In its normal form.
    pub email: String,
    /// Whether the person has shown that the address is theirs.
    pub email_verified: bool,
    /// By which id another system knows the person.
    pub external_id: Option<String>,
    /// What a directory calls the person, in its normal form.
    pub user_name: Option<String>,
    /// Whether the account may be used.
    pub state: UserState,
    /// What is known about the person, as it is stored.
    pub attributes: String,
    /// Whether there is a password to sign in with.
    pub has_password: bool,
    /// When the account was made.
    pub created_at: UnixMillis,
}

/// What people are known by, each of them nobody else's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// The id.
    Id,
    /// The address, in its normal form.
    Email,
    /// What a directory calls them, in its normal form.
    UserName,
    /// The id in another system.
    ExternalId,
}

macro_rules! known_by {
    ($column:literal) => {
        concat!(
            "SELECT id, email, email_verified, external_id, user_name, state, attributes,
                    password_hash IS NOT NULL AS has_password, created_at
               FROM users WHERE ",
            $column,
            " IN (SELECT known_by FROM batch)"
        )
    };
}

/// Those who are known by one of these.
pub async fn find_all(tx: &mut Tx, key: Key, values: &[&str]) -> Result<Vec<Known>, StoreError> {
    let statement = match key {
        Key::Id => known_by!("id"),
        Key::Email => known_by!("email"),
        Key::UserName => known_by!("user_name"),
        Key::ExternalId => known_by!("external_id"),
    };
    let rows = values.iter().map(|value| [(*value).into()]);
    bulk::fetch_all(tx, ["known_by"], statement, rows).await
}

/// The same by id, and until the transaction ends nobody else changes them.
pub async fn find_and_hold(tx: &mut Tx, ids: &[&str]) -> Result<Vec<Known>, StoreError> {
    // A write, so that of two changes at once the second sees what the first has made.
    bulk::fetch_all(
        tx,
        ["known_by"],
        "UPDATE users SET updated_at = updated_at WHERE id IN (SELECT known_by FROM batch)
      RETURNING id, email, email_verified, external_id, user_name, state, attributes,
                password_hash IS NOT NULL AS has_password, created_at",
        ids.iter().map(|id| [(*id).into()]),
    )
    .await
}

/// What is written of people, in this order.
const COLUMNS: [&str; 12] = [
    "id",
    "email",
    "email_verified",
    "external_id",
    "user_name",
    "state",
    "attributes",
    "name_key",
    "password_hash",
    "password_changed_at",
    "created_at",
    "updated_at",
];

/// Makes their accounts, and gives how many: fewer, if somebody else has made one of them meanwhile.
pub async fn create_all(
    tx: &mut Tx,
    people: &[&Record],
    now: UnixMillis,
) -> Result<u64, StoreError> {
    write(
        tx,
        "INSERT INTO users (id, email, email_verified, external_id, user_name, state, attributes, name_key,
                            password_hash, password_changed_at, created_at, updated_at)
         SELECT id, email, email_verified, external_id, user_name, state, attributes, name_key,
                password_hash, password_changed_at, created_at, updated_at
           FROM batch WHERE TRUE
         ON CONFLICT DO NOTHING",
        people,
        now,
    )
    .await
}

/// Makes their accounts like that, and gives how many there were. Who has a password keeps it, and nobody
/// is signed out; for that there is [`super::end_all`].
pub async fn change_all(
    tx: &mut Tx,
    people: &[&Record],
    now: UnixMillis,
) -> Result<u64, StoreError> {
    write(
        tx,
        "UPDATE users
            SET email = batch.email, email_verified = batch.email_verified,
                external_id = batch.external_id, user_name = batch.user_name, state = batch.state,
                disabled_by_directory = users.disabled_by_directory AND users.state = 'disabled'
                                    AND batch.state = 'disabled',
                attributes = batch.attributes, name_key = batch.name_key,
                password_changed_at = CASE WHEN users.password_hash IS NULL AND batch.password_hash IS NOT NULL
                                           THEN batch.password_changed_at ELSE users.password_changed_at END,
                password_hash = COALESCE(users.password_hash, batch.password_hash),
                updated_at = batch.updated_at
           FROM batch WHERE users.id = batch.id",
        people,
        now,
    )
    .await
}

async fn write(
    tx: &mut Tx,
    statement: &'static str,
    people: &[&Record],
    now: UnixMillis,
) -> Result<u64, StoreError> {
    let stored: Vec<_> = people.iter().map(|person| stored(person)).collect();
    let rows = people
        .iter()
        .zip(&stored)
        .map(|(person, (attributes, name_key))| {
            let hash = person.password_hash.as_ref().map(StoredHash::as_str);
            [
                (&person.id).into(),
                (&person.email).into(),
                person.email_verified.into(),
                person.external_id.as_ref().into(),
                person.user_name.as_ref().into(),
                person.state.name().into(),
                attributes.into(),
                name_key.as_ref().into(),
                hash.into(),
                hash.map(|_| now).into(),
                person.created_at.into(),
                now.into(),
            ]
        });
    bulk::execute(tx, COLUMNS, statement, rows).await
}

/// Attributes as they are stored, and the name as it is searched for.
fn stored(person: &Record) -> (String, Option<String>) {
    (person.attributes.json(), person.attributes.name_key())
}
