//! Codes on paper, for when the authenticator is lost.

use crate::{
    clock::UnixMillis,
    crypto::{CryptoError, Hashed, Keyring, Secret, token},
    store::{StoreError, Tx, execute, fetch_one},
};

/// How many there are at a time.
const COUNT: usize = 10;
/// Letters of one. With 20 to choose from these are 51 bits, which nobody guesses at a few tries an hour.
const LENGTH: usize = 12;
/// Letters that are not taken for one another, and that spell no word.
const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// After how many of them a dash makes it easier to read.
const GROUP: usize = 4;

/// Gives the person new ones, and takes the old ones out of use. They are seen this once: what stands in
/// the database are keyed hashes.
pub(super) async fn renew(
    tx: &mut Tx,
    keyring: &Keyring,
    user_id: &str,
    now: UnixMillis,
) -> Result<Vec<Secret<String>>, StoreError> {
    remove(tx, user_id).await?;
    let mut codes = Vec::with_capacity(COUNT);
    for _ in 0..COUNT {
        let code = new()?;
        execute!(
            tx,
            "INSERT INTO recovery_codes (code_hash, user_id, created_at) VALUES ($1, $2, $3)",
            hash(keyring, user_id, code.expose()),
            user_id,
            now,
        )?;
        codes.push(code);
    }
    Ok(codes)
}

/// Takes all of them from the person.
pub(super) async fn remove(tx: &mut Tx, user_id: &str) -> Result<(), StoreError> {
    execute!(tx, "DELETE FROM recovery_codes WHERE user_id = $1", user_id).map(drop)
}

/// Whether the code is one of the person's. It counts once, which is a condition of the statement.
pub(super) async fn take(
    tx: &mut Tx,
    keyring: &Keyring,
    user_id: &str,
    code: &str,
    now: UnixMillis,
) -> Result<bool, StoreError> {
    let rows = execute!(
        tx,
        "UPDATE recovery_codes SET used_at = $3
          WHERE code_hash = $1 AND user_id = $2 AND used_at IS NULL",
        hash(keyring, user_id, code),
        user_id,
        now,
    )?;
    Ok(rows == 1)
}

/// How many the person still has.
pub(super) async fn left(tx: &mut Tx, user_id: &str) -> Result<u32, StoreError> {
    let (count,) = fetch_one!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM recovery_codes WHERE user_id = $1 AND used_at IS NULL",
        user_id,
    )?;
    Ok(u32::try_from(count).unwrap_or_default())
}

fn new() -> Result<Secret<String>, CryptoError> {
    let letters = token::word(ALPHABET, LENGTH)?;
    let mut code = String::with_capacity(LENGTH + LENGTH / GROUP);
    for (index, letter) in letters.expose().chars().enumerate() {
        if index > 0 && index % GROUP == 0 {
            code.push('-');
        }
        code.push(letter);
    }
    Ok(Secret::new(code))
}

/// However it was typed: people leave dashes out, and do not shift.
fn hash(keyring: &Keyring, user_id: &str, code: &str) -> Hashed {
    let letters = code.chars().filter(char::is_ascii_alphanumeric);
    let letters: String = letters.take(2 * LENGTH).collect();
    keyring.token_hash(
        "recovery_code",
        &format!("{user_id}:{}", letters.to_ascii_uppercase()),
    )
}
