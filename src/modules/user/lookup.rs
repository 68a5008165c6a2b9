use super::{Email, UserState};
use crate::store::{Store, StoreError, fetch_optional};

/// A person.
#[derive(Clone, sqlx::FromRow)]
pub struct User {
    /// Made once, never given to anybody else: the `sub` of public subjects.
    pub id: String,
    /// In its normal form.
    pub email: String,
    /// Whether the person has shown that the address is theirs.
    pub email_verified: bool,
    /// Whether the account may be used.
    pub state: UserState,
    /// Whether the person may use the admin API and the console.
    pub is_admin: bool,
    /// JSON object of OpenID Connect standard claims.
    pub attributes: String,
    /// Argon2id in PHC form.
    pub(in crate::modules) password_hash: Option<String>,
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User")
            .field("id", &self.id)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// The person with this address, in whatever state the account is.
pub async fn by_email(store: &Store, email: &Email) -> Result<Option<User>, StoreError> {
    fetch_optional!(
        store,
        User,
        "SELECT id, email, email_verified, state, is_admin, attributes, password_hash
           FROM users WHERE email = $1",
        email.as_str(),
    )
}

/// The person with this id, in whatever state the account is.
pub async fn by_id(store: &Store, id: &str) -> Result<Option<User>, StoreError> {
    fetch_optional!(
        store,
        User,
        "SELECT id, email, email_verified, state, is_admin, attributes, password_hash
           FROM users WHERE id = $1",
        id,
    )
}
