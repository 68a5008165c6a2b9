use crate::{
    clock::UnixMillis,
    modules::{second_factor, session},
    store::{StoreError, Tx, execute},
};

/// Whether an account may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "TEXT", rename_all = "snake_case")]
pub enum UserState {
    /// It may.
    Active,
    /// An operator has closed it.
    Disabled,
    /// Its owner has not finished signing up.
    Pending,
}

impl UserState {
    /// The word in the database and the API.
    pub const fn name(self) -> &'static str {
        match self {
            UserState::Active => "active",
            UserState::Disabled => "disabled",
            UserState::Pending => "pending",
        }
    }
}

/// Closes the account and ends its sessions and all that was granted in its name. `false` if there is
/// no such person.
pub async fn disable(tx: &mut Tx, user_id: &str, now: UnixMillis) -> Result<bool, StoreError> {
    let is_known = set_state(tx, user_id, UserState::Disabled, now).await?;
    end_all(tx, user_id, None, now).await?;
    Ok(is_known)
}

/// Opens the account again. `false` if there is no such person.
pub async fn enable(tx: &mut Tx, user_id: &str, now: UnixMillis) -> Result<bool, StoreError> {
    set_state(tx, user_id, UserState::Active, now).await
}

/// Deletes the account, and with it sessions, consents and what was granted. `false` if there is no such
/// person.
pub async fn delete(tx: &mut Tx, user_id: &str, now: UnixMillis) -> Result<bool, StoreError> {
    session::end_sessions_of(tx, user_id, None, now).await?;
    let rows = execute!(tx, "DELETE FROM users WHERE id = $1", user_id)?;
    Ok(rows == 1)
}

/// Gives the person another password, and ends every session except `keep` and everything that was
/// granted outside of it: whoever knew the old password is out. `false` if there is no such person.
pub async fn set_password_hash(
    tx: &mut Tx,
    user_id: &str,
    password_hash: &str,
    keep: Option<&str>,
    now: UnixMillis,
) -> Result<bool, StoreError> {
    let rows = execute!(
        tx,
        "UPDATE users
            SET password_hash = $2, password_changed_at = $3, updated_at = $3
          WHERE id = $1",
        user_id,
        password_hash,
        now,
    )?;
    end_all(tx, user_id, keep, now).await?;
    Ok(rows == 1)
}

async fn set_state(
    tx: &mut Tx,
    user_id: &str,
    state: UserState,
    now: UnixMillis,
) -> Result<bool, StoreError> {
    let rows = execute!(
        tx,
        // Whoever says so now is not a directory, unless it says that next.
        "UPDATE users SET state = $2, disabled_by_directory = FALSE, updated_at = $3 WHERE id = $1",
        user_id,
        state.name(),
        now,
    )?;
    Ok(rows == 1)
}

/// Ends the sessions of the person but `keep`, sign-ins that wait for the second factor, what was granted
/// outside of `keep`, and forgets at which browsers the second factor was not to be asked for.
pub async fn end_all(
    tx: &mut Tx,
    user_id: &str,
    keep: Option<&str>,
    now: UnixMillis,
) -> Result<(), StoreError> {
    session::end_sessions_of(tx, user_id, keep, now).await?;
    second_factor::end_pending(tx, user_id).await?;
    second_factor::forget_all(tx, user_id).await?;
    execute!(
        tx,
        "UPDATE oidc_grants SET revoked_at = $3
          WHERE user_id = $1 AND revoked_at IS NULL
            AND COALESCE(session_id, '') <> COALESCE($2, '-')",
        user_id,
        keep,
        now,
    )?;
    Ok(())
}
