use crate::{
    clock::UnixMillis,
    store::{StoreError, Tx, execute, fetch_optional},
};

/// Notes that the address, if it is still the account's, is its owner's.
pub async fn verify_email(
    tx: &mut Tx,
    user_id: &str,
    email: &str,
    now: UnixMillis,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE users SET email_verified = TRUE, updated_at = $3 WHERE id = $1 AND email = $2",
        user_id,
        email,
        now,
    )
    .map(drop)
}

/// Gives the account another address, which was shown to be its owner's, and tells the old one. `None` if
/// another account has it, or there is no such person.
pub async fn change_email(
    tx: &mut Tx,
    user_id: &str,
    email: &str,
    now: UnixMillis,
) -> Result<Option<String>, StoreError> {
    let old = fetch_optional!(
        tx,
        (String,),
        "SELECT email FROM users WHERE id = $1",
        user_id
    )?;
    let rows = execute!(
        tx,
        "UPDATE users SET email = $2, email_verified = TRUE, updated_at = $3
          WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM users other
                                         WHERE other.email = $2 AND other.id <> $1)",
        user_id,
        email,
        now,
    )?;
    Ok(old.filter(|_| rows == 1).map(|(old,)| old))
}
