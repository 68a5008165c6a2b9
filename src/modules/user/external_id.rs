use crate::{
    clock::UnixMillis,
    store::{StoreError, Tx, execute, fetch_optional},
};

/// Characters of an external id.
const MAX_LENGTH: usize = 255;

/// Why somebody does not get the external id.
#[derive(Debug, thiserror::Error)]
pub enum ExternalIdError {
    /// Empty, too long, control characters.
    #[error(
        "an external id has 1 to {MAX_LENGTH} characters, none of them a control character or a blank at an end"
    )]
    Malformed,
    /// Somebody else has it.
    #[error("there already is another user with this external id")]
    Taken,
    /// There is no such person.
    #[error("there is no such user")]
    Unknown,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Whether it can be one, of a person or of a group.
pub fn is_external_id(text: &str) -> bool {
    !text.is_empty()
        && text.trim() == text
        && text.chars().count() <= MAX_LENGTH
        && !text.contains(char::is_control)
}

/// Says by which id another system knows the person; `None` if by none.
pub async fn set_external_id(
    tx: &mut Tx,
    user_id: &str,
    external_id: Option<&str>,
    now: UnixMillis,
) -> Result<(), ExternalIdError> {
    if external_id.is_some_and(|id| !is_external_id(id)) {
        return Err(ExternalIdError::Malformed);
    }
    let taken = fetch_optional!(
        tx,
        (String,),
        "SELECT id FROM users WHERE external_id = $1 AND id <> $2",
        external_id,
        user_id
    )?;
    if taken.is_some() {
        return Err(ExternalIdError::Taken);
    }
    let rows = execute!(
        tx,
        "UPDATE users SET external_id = $2, updated_at = $3 WHERE id = $1",
        user_id,
        external_id,
        now
    )?;
    match rows {
        0 => Err(ExternalIdError::Unknown),
        _ => Ok(()),
    }
}
