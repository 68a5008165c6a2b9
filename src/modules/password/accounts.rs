use assay_reconciler::spec::module::PasswordSettings;

use super::{Password, PasswordRefused};
use crate::{
    clock::Clock,
    crypto::password::Passwords,
    modules::user::{self, Attributes, CreateUserError, Email, NewUser, NotAnEmail, User},
    store::{Store, StoreError},
};

/// Why an account could not be made or changed.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// The address.
    #[error(transparent)]
    Email(#[from] NotAnEmail),
    /// The password.
    #[error(transparent)]
    Refused(#[from] PasswordRefused),
    /// The account.
    #[error(transparent)]
    Create(#[from] CreateUserError),
    /// No such person.
    #[error("there is no such user")]
    Unknown,
    /// The hash.
    #[error(transparent)]
    Hashing(#[from] crate::crypto::password::PasswordError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The hash of what is to be somebody's password.
pub async fn hash(
    passwords: &Passwords,
    settings: &PasswordSettings,
    password: &str,
) -> Result<String, PasswordError> {
    let password = Password::chosen(password, settings.min_length)?;
    Ok(passwords
        .hash(super::cost(settings), password.secret())
        .await?)
}

/// Makes an account that signs in with this password; without one, the person needs another way in.
pub async fn create_user(
    store: &Store,
    passwords: &Passwords,
    settings: &PasswordSettings,
    clock: &Clock,
    email: &str,
    password: Option<&str>,
    is_admin: bool,
) -> Result<User, PasswordError> {
    let email: Email = email.parse()?;
    let password_hash = match password {
        None => None,
        Some(text) => Some(hash(passwords, settings, text).await?),
    };
    let new = NewUser {
        email,
        password_hash,
        is_admin,
        attributes: Attributes::default(),
    };
    let mut tx = store.begin().await?;
    let user = user::create(&mut tx, new, clock.now()).await?;
    tx.commit().await?;
    Ok(user)
}

/// Gives the person another password. Ends every session but `keep`, and what was granted outside it.
pub async fn set_password(
    store: &Store,
    passwords: &Passwords,
    settings: &PasswordSettings,
    clock: &Clock,
    user_id: &str,
    password: &str,
    keep: Option<&str>,
) -> Result<(), PasswordError> {
    let hash = hash(passwords, settings, password).await?;
    let mut tx = store.begin().await?;
    if !user::set_password_hash(&mut tx, user_id, &hash, keep, clock.now()).await? {
        return Err(PasswordError::Unknown);
    }
    tx.commit().await?;
    Ok(())
}
