//! The rows of `confirmations`.

use super::Purpose;
use crate::{
    clock::UnixMillis,
    crypto::{Hashed, Keyring, Secret, token},
    modules::{Context, session::ReturnTo},
    store::{Store, StoreError, Tx, execute, fetch_optional},
};

/// No vowel, so that no code is a word (RFC 8628 6.1 has the same letters).
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// 34 bits.
const LENGTH: usize = 8;
/// How often the code of one letter can be tried.
const TRIES: i64 = 5;

/// What somebody asks to be sent a letter for.
#[derive(Clone, Copy, Debug)]
pub struct NewConfirmation<'a> {
    /// What for.
    pub purpose: Purpose,
    /// Whose account it is about. `None`: nobody's, and no letter is sent, but nobody is told.
    pub user_id: Option<&'a str>,
    /// The address that the letter goes to, or that is to be taken back.
    pub email: &'a str,
    /// Where they were going.
    pub return_to: &'a ReturnTo,
}

/// What the letter says, and what the page knows it by.
pub struct Issued {
    /// What the page where the code is typed knows it by.
    pub id: String,
    /// The whole address.
    pub link: Secret<String>,
    /// In two halves.
    pub code: Secret<String>,
}

/// What was confirmed, or is about to be.
#[derive(Clone, sqlx::FromRow)]
pub struct Confirmation {
    /// Whose account it is about.
    pub user_id: String,
    /// The address that the letter went to, or that is to be taken back.
    pub email: String,
    /// Where they were going.
    pub return_to: String,
}

impl std::fmt::Debug for Confirmation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Confirmation")
            .field("user_id", &self.user_id)
            .finish_non_exhaustive()
    }
}

fn link_hash(keyring: &Keyring, token: &str) -> Hashed {
    keyring.token_hash("confirmation.link", token)
}

/// The code is one of the letter's: it opens no other one.
fn code_hash(keyring: &Keyring, id: &str, code: &str) -> Hashed {
    keyring.token_hash("confirmation.code", &format!("{id} {code}"))
}

/// As somebody may type it: small letters, without the dash, with blanks.
fn normal(code: &str) -> String {
    code.chars()
        .filter(char::is_ascii_alphabetic)
        .take(LENGTH + 1)
        .map(|c| c.to_ascii_uppercase())
        .collect()
}

/// Makes a link and a code.
pub async fn issue(
    tx: &mut Tx,
    context: &Context,
    new: NewConfirmation<'_>,
    now: UnixMillis,
) -> Result<Issued, StoreError> {
    let purpose = new.purpose;
    let id = token::identifier()?;
    let secret = token::opaque("")?;
    let code = token::word(LETTERS, LENGTH)?;
    let expires_at = now + std::time::Duration::from_mins(u64::from(purpose.minutes()));
    execute!(
        tx,
        "INSERT INTO confirmations (link_hash, id, purpose, user_id, email, account_email,
                                    password_changed_at, code_hash, tries_left, return_to,
                                    created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5,
                 CASE WHEN $6 THEN (SELECT email FROM users WHERE id = $4) END,
                 CASE WHEN $7 THEN (SELECT COALESCE(password_changed_at, 0) FROM users WHERE id = $4) END,
                 $8, $9, $10, $11, $12)",
        link_hash(&context.keyring, secret.expose()),
        &id,
        purpose.name(),
        new.user_id,
        new.email,
        purpose.ends_with_the_address(),
        purpose.ends_with_the_password(),
        code_hash(&context.keyring, &id, code.expose()),
        TRIES,
        new.return_to.as_str(),
        now,
        expires_at,
    )?;
    let path = format!("{}?token={}", purpose.path(), secret.expose());
    let (first, second) = code.expose().split_at(LENGTH / 2);
    Ok(Issued {
        id,
        link: Secret::new(context.site.url(&path)),
        code: Secret::new(format!("{first}-{second}")),
    })
}

/// What a link would confirm. Uses nothing up.
pub async fn peek(
    store: &Store,
    keyring: &Keyring,
    purpose: Purpose,
    token: &str,
    now: UnixMillis,
) -> Result<Option<Confirmation>, StoreError> {
    fetch_optional!(
        store,
        Confirmation,
        "SELECT c.user_id, c.email, c.return_to
           FROM confirmations c
           JOIN users u ON u.id = c.user_id
          WHERE c.link_hash = $1 AND c.purpose = $2 AND c.used_at IS NULL AND c.expires_at > $3
            AND u.state = 'active'
            AND u.email = COALESCE(c.account_email, u.email)
            AND COALESCE(u.password_changed_at, 0)
              = COALESCE(c.password_changed_at, u.password_changed_at, 0)",
        link_hash(keyring, token),
        purpose.name(),
        now,
    )
}

/// Confirms by the link, once.
pub async fn by_link(
    tx: &mut Tx,
    keyring: &Keyring,
    purpose: Purpose,
    token: &str,
    now: UnixMillis,
) -> Result<Option<Confirmation>, StoreError> {
    redeem(tx, &link_hash(keyring, token), purpose, now).await
}

/// Confirms by the code, once. A wrong one is counted, so the transaction must be committed in any case.
pub async fn by_code(
    tx: &mut Tx,
    keyring: &Keyring,
    purpose: Purpose,
    id: &str,
    code: &str,
    now: UnixMillis,
) -> Result<Option<Confirmation>, StoreError> {
    let counted = fetch_optional!(
        tx,
        (Hashed, Hashed),
        "UPDATE confirmations SET tries_left = tries_left - 1
          WHERE id = $1 AND purpose = $2 AND tries_left > 0 AND used_at IS NULL AND expires_at > $3
      RETURNING link_hash, code_hash",
        id,
        purpose.name(),
        now,
    )?;
    match counted {
        Some((link, code_of_letter)) if code_of_letter == code_hash(keyring, id, &normal(code)) => {
            redeem(tx, &link, purpose, now).await
        }
        _ => Ok(None),
    }
}

/// Makes every link and code of the account void, whatever they are for.
pub async fn withdraw_all(tx: &mut Tx, user_id: &str) -> Result<(), StoreError> {
    execute!(tx, "DELETE FROM confirmations WHERE user_id = $1", user_id).map(drop)
}

/// Single use and the state of the account are conditions of the statement. The account's row is taken
/// first, so that of a change to it and this, one comes after the other.
async fn redeem(
    tx: &mut Tx,
    link_hash: &Hashed,
    purpose: Purpose,
    now: UnixMillis,
) -> Result<Option<Confirmation>, StoreError> {
    execute!(
        tx,
        "UPDATE users SET updated_at = updated_at
          WHERE id = (SELECT user_id FROM confirmations WHERE link_hash = $1)",
        link_hash,
    )?;
    fetch_optional!(
        tx,
        Confirmation,
        "UPDATE confirmations SET used_at = $3
          WHERE link_hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3
            AND EXISTS (
                SELECT 1 FROM users u
                 WHERE u.id = confirmations.user_id AND u.state = 'active'
                   AND u.email = COALESCE(confirmations.account_email, u.email)
                   AND COALESCE(u.password_changed_at, 0)
                     = COALESCE(confirmations.password_changed_at, u.password_changed_at, 0))
      RETURNING user_id, email, return_to",
        link_hash,
        purpose.name(),
        now,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_the_same_however_it_is_typed() {
        for typed in ["BCDF-GHJK", "bcdfghjk", " bcdf ghjk\n", "b.c.d.f-g.h.j.k"] {
            assert_eq!(normal(typed), "BCDFGHJK", "{typed:?}");
        }
        // One too long is none, however it begins.
        assert_ne!(normal("BCDFGHJKL"), "BCDFGHJK");
    }
}
