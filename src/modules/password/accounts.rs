use assay_reconciler::spec::module::PasswordSettings;

use super::{
    BreachedError, PasswordRefused, Who,
    policy::{self, NotChosen},
};
use crate::{
    clock::Clock,
    crypto::{self, CryptoError, Secret, password::Passwords},
    modules::{
        Context,
        user::{self, CreateUserError, NotAnEmail},
    },
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
    /// Whether it is breached cannot be said.
    #[error(transparent)]
    Breached(#[from] BreachedError),
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

/// The hash of what is to be somebody's password, if it is one that may be chosen.
pub async fn choose(context: &Context, text: &str, who: Who<'_>) -> Result<String, PasswordError> {
    let settings = context.snapshot.password_settings();
    chosen(&context.passwords, &settings, text, who).await
}

/// [`choose`] where there is no generation that is served.
pub async fn chosen(
    passwords: &Passwords,
    settings: &PasswordSettings,
    text: &str,
    who: Who<'_>,
) -> Result<String, PasswordError> {
    let looked_at = {
        let (settings, text) = (settings.clone(), Secret::new(text.to_owned()));
        let (email, name) = (who.email.map(str::to_owned), who.name.map(str::to_owned));
        // It estimates for milliseconds, and reads a file.
        tokio::task::spawn_blocking(move || {
            let who = Who {
                email: email.as_deref(),
                name: name.as_deref(),
            };
            policy::chosen(&settings, text.expose(), who)
        })
    };
    let password = looked_at
        .await
        .map_err(|_| CryptoError::Library("looking at a password"))
        .map_err(crypto::password::PasswordError::from)?;
    let password = match password {
        Ok(password) => password,
        Err(NotChosen::Refused(refused)) => return Err(refused.into()),
        Err(NotChosen::Breached(error)) => return Err(error.into()),
    };
    Ok(passwords
        .hash(super::cost(settings), password.secret())
        .await?)
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
    let user = user::by_id(store, user_id)
        .await?
        .ok_or(PasswordError::Unknown)?;
    let who = Who {
        email: Some(&user.email),
        name: None,
    };
    let hash = chosen(passwords, settings, password, who).await?;
    let mut tx = store.begin().await?;
    if !user::set_password_hash(&mut tx, user_id, &hash, keep, clock.now()).await? {
        return Err(PasswordError::Unknown);
    }
    tx.commit().await?;
    Ok(())
}
