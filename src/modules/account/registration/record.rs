//! The rows of `registrations`.

use crate::{
    clock::UnixMillis,
    crypto::{CryptoError, Hashed, Keyring, Secret, token},
    modules::{
        session::{Browser, ReturnTo},
        user::Email,
    },
    store::{Store, StoreError, Tx, execute, fetch_optional},
};

/// Letters that make no words and are not taken for one another (RFC 8628 6.1).
const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// With a handful of tries, nobody guesses one of 20^8.
const CODE_LENGTH: usize = 8;

/// Somebody who asks for an account.
#[derive(Clone, Copy, Debug)]
pub(super) struct NewRegistration<'a> {
    pub(super) email: &'a Email,
    pub(super) browser: &'a Browser,
    pub(super) invitation: Option<&'a str>,
    pub(super) return_to: &'a ReturnTo,
    pub(super) expires_at: UnixMillis,
}

/// What shows that the address is theirs.
pub(super) struct Proof {
    /// Of the registration.
    pub(super) id: String,
    /// For the link.
    pub(super) token: Secret<String>,
    /// To be typed.
    pub(super) code: Secret<String>,
}

/// Somebody who has the letter.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Registration {
    pub(super) email: String,
    pub(super) invitation_id: Option<String>,
    pub(super) return_to: String,
}

fn token_hash(keyring: &Keyring, token: &str) -> Hashed {
    keyring.token_hash("registration", token)
}

fn browser_hash(keyring: &Keyring, browser: &Browser) -> Hashed {
    keyring.token_hash("registration.browser", browser.id())
}

fn code_hash(keyring: &Keyring, typed: &str) -> Hashed {
    // As people type it: in either case, with dashes and blanks or without.
    let letters = typed.chars().filter(char::is_ascii_alphanumeric);
    let letters: String = letters.map(|c| c.to_ascii_uppercase()).collect();
    keyring.token_hash("registration.code", &letters)
}

/// A code as people read it: `WDJB-MJHT`.
fn new_code() -> Result<Secret<String>, CryptoError> {
    let word = token::word(ALPHABET, CODE_LENGTH)?;
    let (first, second) = word.expose().split_at(CODE_LENGTH / 2);
    Ok(Secret::new(format!("{first}-{second}")))
}

pub(super) async fn insert(
    tx: &mut Tx,
    keyring: &Keyring,
    new: NewRegistration<'_>,
    now: UnixMillis,
) -> Result<Proof, StoreError> {
    let proof = Proof {
        id: token::identifier()?,
        token: token::opaque("")?,
        code: new_code()?,
    };
    execute!(
        tx,
        "INSERT INTO registrations (id, email, browser_hash, code_hash, token_hash, invitation_id,
                                    return_to, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &proof.id,
        new.email.as_str(),
        browser_hash(keyring, new.browser),
        code_hash(keyring, proof.code.expose()),
        token_hash(keyring, proof.token.expose()),
        new.invitation,
        new.return_to.as_str(),
        now,
        new.expires_at,
    )?;
    Ok(proof)
}

/// What was begun in this browser under this id.
pub(super) async fn begun(
    store: &Store,
    keyring: &Keyring,
    browser: &Browser,
    id: &str,
    now: UnixMillis,
) -> Result<Option<Registration>, StoreError> {
    fetch_optional!(
        store,
        Registration,
        "SELECT email, invitation_id, return_to FROM registrations
          WHERE id = $1 AND browser_hash = $2 AND expires_at > $3",
        id,
        browser_hash(keyring, browser),
        now,
    )
}

/// Takes the right code for another token, which is given; the code and the link of the letter are void
/// then. `None` for a wrong one.
pub(super) async fn exchange_code(
    tx: &mut Tx,
    keyring: &Keyring,
    browser: &Browser,
    id: &str,
    typed: &str,
    now: UnixMillis,
) -> Result<Option<Secret<String>>, StoreError> {
    let token = token::opaque("")?;
    let unknown_code = new_code()?;
    let rows = execute!(
        tx,
        "UPDATE registrations SET token_hash = $5, code_hash = $6
          WHERE id = $1 AND browser_hash = $2 AND code_hash = $3 AND expires_at > $4",
        id,
        browser_hash(keyring, browser),
        code_hash(keyring, typed),
        now,
        token_hash(keyring, token.expose()),
        code_hash(keyring, unknown_code.expose()),
    )?;
    Ok((rows == 1).then_some(token))
}

/// The registration that this token is of.
pub(super) async fn find(
    store: &Store,
    keyring: &Keyring,
    token: &str,
    now: UnixMillis,
) -> Result<Option<Registration>, StoreError> {
    fetch_optional!(
        store,
        Registration,
        "SELECT email, invitation_id, return_to FROM registrations
          WHERE token_hash = $1 AND expires_at > $2",
        token_hash(keyring, token),
        now,
    )
}

/// Takes the registration out of the table. `None` if somebody else has.
pub(super) async fn take(
    tx: &mut Tx,
    keyring: &Keyring,
    token: &str,
    now: UnixMillis,
) -> Result<Option<Registration>, StoreError> {
    fetch_optional!(
        tx,
        Registration,
        "DELETE FROM registrations WHERE token_hash = $1 AND expires_at > $2
      RETURNING email, invitation_id, return_to",
        token_hash(keyring, token),
        now,
    )
}
