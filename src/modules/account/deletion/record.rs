//! The rows of `account_deletions`.

use crate::{
    clock::UnixMillis,
    crypto::{Hashed, Keyring, Secret, token},
    store::{Store, StoreError, Tx, execute, fetch_optional},
};

fn hash(keyring: &Keyring, token: &str) -> Hashed {
    keyring.token_hash("account.keep", token)
}

/// Deletes the account later, and gives the token with which it is kept after all.
pub(super) async fn schedule(
    tx: &mut Tx,
    keyring: &Keyring,
    user_id: &str,
    now: UnixMillis,
    due_at: UnixMillis,
) -> Result<Secret<String>, StoreError> {
    let token = token::opaque("")?;
    execute!(
        tx,
        "INSERT INTO account_deletions (user_id, token_hash, asked_at, due_at)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT (user_id) DO UPDATE
            SET token_hash = excluded.token_hash, asked_at = excluded.asked_at,
                due_at = excluded.due_at",
        user_id,
        hash(keyring, token.expose()),
        now,
        due_at,
    )?;
    Ok(token)
}

/// When the account will be deleted, if it will.
pub(super) async fn due_at(store: &Store, user_id: &str) -> Result<Option<UnixMillis>, StoreError> {
    let row = fetch_optional!(
        store,
        (UnixMillis,),
        "SELECT due_at FROM account_deletions WHERE user_id = $1",
        user_id,
    )?;
    Ok(row.map(|(due_at,)| due_at))
}

/// The account is not deleted. `false` if it was not going to be.
pub(super) async fn keep(tx: &mut Tx, user_id: &str) -> Result<bool, StoreError> {
    let sql = "DELETE FROM account_deletions WHERE user_id = $1";
    Ok(execute!(tx, sql, user_id)? == 1)
}

/// Whose account this token keeps.
pub(super) async fn find(
    store: &Store,
    keyring: &Keyring,
    token: &str,
) -> Result<Option<String>, StoreError> {
    let row = fetch_optional!(
        store,
        (String,),
        "SELECT user_id FROM account_deletions WHERE token_hash = $1",
        hash(keyring, token),
    )?;
    Ok(row.map(|(user_id,)| user_id))
}

/// Keeps the account that this token is of, and tells whose it is.
pub(super) async fn keep_by_token(
    tx: &mut Tx,
    keyring: &Keyring,
    token: &str,
) -> Result<Option<String>, StoreError> {
    let row = fetch_optional!(
        tx,
        (String,),
        "DELETE FROM account_deletions WHERE token_hash = $1 RETURNING user_id",
        hash(keyring, token),
    )?;
    Ok(row.map(|(user_id,)| user_id))
}

/// An account whose time is over, taken out of the table; `None` if there is none.
pub(super) async fn take_due(tx: &mut Tx, now: UnixMillis) -> Result<Option<String>, StoreError> {
    let row = fetch_optional!(
        tx,
        (String,),
        "DELETE FROM account_deletions
          WHERE user_id = (SELECT user_id FROM account_deletions WHERE due_at <= $1
                            ORDER BY due_at LIMIT 1)
            AND due_at <= $1
      RETURNING user_id",
        now,
    )?;
    Ok(row.map(|(user_id,)| user_id))
}
