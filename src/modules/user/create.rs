use super::{Attributes, Email, User, UserState};
use crate::{
    clock::UnixMillis,
    crypto::token,
    store::{StoreError, Tx, execute},
};

/// A person who is to be known here.
#[derive(Debug)]
pub struct NewUser {
    /// The id, if it had to be known before the account was made; else a new one.
    pub id: Option<String>,
    /// The address that identifies the account.
    pub email: Email,
    /// Argon2id in PHC form; `None` for a person who signs in in another way.
    pub password_hash: Option<String>,
    /// Whether the person may use the admin API and the console.
    pub is_admin: bool,
    /// What is known about the person.
    pub attributes: Attributes,
}

/// Why a person was not made.
#[derive(Debug, thiserror::Error)]
pub enum CreateUserError {
    /// There is an account of this address.
    #[error("there already is a user with the e-mail address {0}")]
    Exists(Email),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes the account, in the caller's transaction.
pub async fn create(tx: &mut Tx, new: NewUser, now: UnixMillis) -> Result<User, CreateUserError> {
    let id = match new.id {
        Some(id) => id,
        None => token::uuid_v7(now).map_err(StoreError::from)?.to_string(),
    };
    let attributes = new.attributes.json();
    let name_key = new.attributes.name_key();
    let changed_at = new.password_hash.is_some().then_some(now);
    let rows = execute!(
        tx,
        "INSERT INTO users (id, email, state, is_admin, password_hash, password_changed_at, created_at, updated_at, attributes, name_key)
         VALUES ($1, $2, 'active', $3, $4, $5, $6, $6, $7, $8)
         ON CONFLICT (email) DO NOTHING",
        &id,
        new.email.as_str(),
        new.is_admin,
        new.password_hash,
        changed_at,
        now,
        &attributes,
        name_key,
    )?;
    if rows == 0 {
        return Err(CreateUserError::Exists(new.email));
    }
    Ok(User {
        id,
        email: new.email.to_string(),
        email_verified: false,
        state: UserState::Active,
        is_admin: new.is_admin,
        attributes,
        password_hash: None,
    })
}
