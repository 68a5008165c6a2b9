//! Authenticator apps: codes that depend on a secret and the time (RFC 6238).

use qrcode::{EcLevel, QrCode, render::svg};
use totp_rs::{Algorithm, Builder, Totp};

use crate::{
    clock::UnixMillis,
    crypto::{CryptoError, Keyring, Secret, token},
    store::{StoreError, Tx, execute, fetch_optional},
};

/// What secrets are sealed for.
const PURPOSE: &str = "totp.secret";
/// RFC 4226 4 recommends 160 bits.
const SECRET_LENGTH: usize = 20;
/// Steps before and after the present one whose codes are taken: clocks differ (RFC 6238 5.2).
const SKEW: u16 = 1;

/// What an authenticator app and we share.
pub(super) struct SharedSecret(Secret<Vec<u8>>);

impl SharedSecret {
    /// A new one.
    pub(super) fn new() -> Result<Self, CryptoError> {
        token::bytes(SECRET_LENGTH).map(Self)
    }

    pub(super) fn from_bytes(bytes: Secret<Vec<u8>>) -> Self {
        Self(bytes)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.0.expose()
    }

    /// As people type it where there is no camera: in groups of four.
    pub(super) fn text(&self) -> String {
        let base32 = data_encoding::BASE32_NOPAD.encode(self.bytes());
        let groups: Vec<_> = base32
            .as_bytes()
            .chunks(4)
            .map(String::from_utf8_lossy)
            .collect();
        groups.join(" ")
    }

    /// The picture that an authenticator app reads: an `otpauth` address as SVG.
    pub(super) fn picture(&self, issuer: &str, account: &str) -> Option<String> {
        // The colon separates the two in the label.
        let plain = |text: &str| text.replace(':', " ").into_boxed_str();
        let totp = self
            .builder()
            .with_issuer(Some(plain(issuer)))
            .with_account_name(plain(account))
            .build()
            .ok()?;
        let address = totp.to_url().ok()?;
        let code = QrCode::with_error_correction_level(address, EcLevel::M).ok()?;
        let svg = code
            .render::<svg::Color<'_>>()
            .min_dimensions(220, 220)
            .build();
        // What stands before is for a file of its own.
        svg.find("<svg").map(|start| svg[start..].to_owned())
    }

    /// The time step that the code is of, if it is right about now.
    pub(super) fn step_of(&self, code: &str, now: UnixMillis) -> Option<i64> {
        let digits: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        let seconds = u64::try_from(now.as_seconds()).ok()?;
        let step = self.totp()?.check(&digits, seconds)?;
        i64::try_from(step).ok()
    }

    fn totp(&self) -> Option<Totp> {
        self.builder().build().ok()
    }

    /// What every authenticator app understands: SHA-1, six digits, thirty seconds.
    fn builder(&self) -> Builder {
        Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(6)
            .with_step_duration(30)
            .with_skew(SKEW)
            .with_secret(self.bytes().to_vec())
    }
}

/// Gives the person this authenticator. The code of `step` confirmed it, and is not taken again. `false`
/// if there is one already.
pub(super) async fn add(
    tx: &mut Tx,
    keyring: &Keyring,
    user_id: &str,
    secret: &SharedSecret,
    step: i64,
    now: UnixMillis,
) -> Result<bool, StoreError> {
    let rows = execute!(
        tx,
        "INSERT INTO totp_factors (user_id, secret, last_step, created_at, used_at)
         VALUES ($1, $2, $3, $4, $4)
         ON CONFLICT (user_id) DO NOTHING",
        user_id,
        keyring.seal_bytes(PURPOSE, secret.bytes())?,
        step,
        now,
    )?;
    Ok(rows == 1)
}

/// Takes the authenticator from the person.
pub(super) async fn remove(tx: &mut Tx, user_id: &str) -> Result<(), StoreError> {
    execute!(tx, "DELETE FROM totp_factors WHERE user_id = $1", user_id).map(drop)
}

/// Whether the code is one of the person's authenticator. It counts once: the statement that takes it
/// refuses its step, and every one before, from then on (RFC 6238 5.2).
pub(super) async fn take_code(
    tx: &mut Tx,
    keyring: &Keyring,
    user_id: &str,
    code: &str,
    now: UnixMillis,
) -> Result<bool, StoreError> {
    let sealed = fetch_optional!(
        tx,
        (Vec<u8>,),
        "SELECT secret FROM totp_factors WHERE user_id = $1",
        user_id,
    )?;
    let Some((sealed,)) = sealed else {
        return Ok(false);
    };
    let secret = SharedSecret::from_bytes(keyring.open_bytes(PURPOSE, &sealed)?);
    let Some(step) = secret.step_of(code, now) else {
        return Ok(false);
    };
    let rows = execute!(
        tx,
        "UPDATE totp_factors SET last_step = $2, used_at = $3
          WHERE user_id = $1 AND last_step < $2 AND secret = $4",
        user_id,
        step,
        now,
        sealed,
    )?;
    Ok(rows == 1)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn secret() -> SharedSecret {
        SharedSecret::from_bytes(Secret::new(b"12345678901234567890".to_vec()))
    }

    /// RFC 6238 appendix B, the last six of its eight digits.
    #[test]
    fn codes_are_those_of_the_standard_within_one_step() {
        let at = UnixMillis::from_seconds;
        assert_eq!(secret().step_of("287082", at(59)), Some(1));
        assert_eq!(
            secret().step_of(" 081 804 ", at(1_111_111_109)),
            Some(37_037_036)
        );
        assert_eq!(secret().step_of("287082", at(89)), Some(1));
        assert_eq!(secret().step_of("287082", at(90)), None);
        assert_eq!(secret().step_of("287083", at(59)), None);
        assert_eq!(secret().step_of("", at(59)), None);
        assert_eq!(secret().step_of("94287082", at(59)), None);
    }

    #[test]
    fn the_secret_is_shown_as_a_picture_and_as_text() {
        assert_eq!(secret().text(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        let picture = secret()
            .picture("Acme: Identity", "ada@example.com")
            .unwrap();
        assert!(picture.starts_with("<svg") && picture.ends_with("</svg>"));
        assert!(!picture.contains("style") && !picture.contains("script"));
    }
}
