use std::{fmt, sync::Arc};

use assay_reconciler::secret::{KEYED_HASH_PREFIX, SEALED_PREFIX, SecretSealer};
use aws_lc_rs::{
    aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    digest::{SHA256, digest},
    hkdf::{HKDF_SHA256, Prk, Salt},
    hmac, rand,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use data_encoding::HEXLOWER;
use serde::{Serialize, de::DeserializeOwned};
use subtle::ConstantTimeEq;

use super::{CryptoError, MasterKey, Secret, password::Peppers};

/// The first byte of sealed bytes, so that another scheme can follow.
const VERSION: u8 = 1;

/// A keyed hash of a token, which is all the database holds of it.
#[derive(Clone, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(transparent)]
pub struct Hashed(Vec<u8>);

impl Hashed {
    /// Its 32 bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Hashed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hashed(***)")
    }
}

/// Independent keys for each use, derived from the master key by HKDF-SHA-256 (RFC 5869). A cheap clone.
#[derive(Clone)]
pub struct Keyring(Arc<Keys>);

struct Keys {
    tokens: hmac::Key,
    client_secrets: hmac::Key,
    cookies: hmac::Key,
    nonces: hmac::Key,
    sealing: LessSafeKey,
    pepper: Secret<Vec<u8>>,
    peppers: Peppers,
    check_value: String,
}

impl Keyring {
    /// Derives the keys.
    pub fn derive(master: &MasterKey) -> Result<Self, CryptoError> {
        Self::with_peppers(master, Peppers::default())
    }

    /// Derives the keys, and keeps `peppers` beside the one that is derived.
    pub fn with_peppers(master: &MasterKey, peppers: Peppers) -> Result<Self, CryptoError> {
        let root = Salt::new(HKDF_SHA256, b"assay keyring v1").extract(master.0.expose());
        let check = hmac::Key::new(hmac::HMAC_SHA256, expand(&root, "check value")?.expose());
        let sealing = expand(&root, "sealing")?;
        Ok(Self(Arc::new(Keys {
            tokens: hmac_key(&root, "tokens")?,
            client_secrets: hmac_key(&root, "client secrets")?,
            cookies: hmac_key(&root, "cookies")?,
            nonces: hmac_key(&root, "sealing nonces")?,
            sealing: LessSafeKey::new(
                UnboundKey::new(&AES_256_GCM_SIV, sealing.expose())
                    .map_err(|_| CryptoError::Library("deriving keys"))?,
            ),
            pepper: expand(&root, "pepper")?,
            peppers,
            check_value: HEXLOWER.encode(hmac::sign(&check, b"assay").as_ref()),
        })))
    }

    /// Stands for the master key where it may be seen. The database keeps it, so that a server with
    /// another master key is refused at its start rather than failing at the first secret it opens.
    pub fn check_value(&self) -> &str {
        &self.0.check_value
    }

    /// What a token is looked up by. A token of one `domain` is never one of another.
    pub fn token_hash(&self, domain: &'static str, token: &str) -> Hashed {
        Hashed(
            tag(&self.0.tokens, domain, token.as_bytes())
                .as_ref()
                .to_vec(),
        )
    }

    /// Authenticates what is given to a browser to keep, such as a CSRF token or a short-lived state.
    pub fn cookie_tag(&self, purpose: &'static str, content: &[u8]) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(tag(&self.0.cookies, purpose, content).as_ref());
        bytes
    }

    /// Whether `presented` is the [`Keyring::cookie_tag`] of `content`; in constant time.
    pub fn verify_cookie_tag(
        &self,
        purpose: &'static str,
        content: &[u8],
        presented: &[u8],
    ) -> bool {
        self.cookie_tag(purpose, content).ct_eq(presented).into()
    }

    /// Whether `presented` is the secret whose stored form is `stored` (`hmac-sha256:<hex>`); in
    /// constant time.
    pub fn verify_secret(&self, stored: &str, presented: &str) -> bool {
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(digest(&SHA256, presented.as_bytes()).as_ref());
        let computed = self.keyed_hash(&sha256);
        computed.as_bytes().ct_eq(stored.as_bytes()).into()
    }

    /// The secret that [`SecretSealer::seal`] sealed for the same purpose.
    pub fn open(&self, purpose: &str, sealed: &str) -> Result<Secret<String>, CryptoError> {
        let bytes = sealed
            .strip_prefix(SEALED_PREFIX)
            .and_then(|encoded| URL_SAFE_NO_PAD.decode(encoded).ok())
            .ok_or(CryptoError::CannotOpen)?;
        let plain = self.decrypt(purpose, &bytes)?;
        String::from_utf8(plain)
            .map(Secret::new)
            .map_err(|_| CryptoError::CannotOpen)
    }

    /// Encrypts bytes, differently each time, bound to `purpose`.
    pub fn seal_bytes(&self, purpose: &str, plain: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let failed = |_| CryptoError::Library("sealing");
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce).map_err(failed)?;
        let mut sealed = vec![VERSION];
        sealed.extend(self.encrypt(purpose, nonce, plain).map_err(failed)?);
        Ok(sealed)
    }

    /// The bytes that [`Keyring::seal_bytes`] sealed for the same purpose.
    pub fn open_bytes(&self, purpose: &str, sealed: &[u8]) -> Result<Secret<Vec<u8>>, CryptoError> {
        match sealed.split_first() {
            Some((&VERSION, rest)) => self.decrypt(purpose, rest).map(Secret::new),
            _ => Err(CryptoError::CannotOpen),
        }
    }

    /// `value` as JSON, encrypted as [`Keyring::seal_bytes`] does.
    pub fn seal_json(&self, purpose: &str, value: &impl Serialize) -> Result<Vec<u8>, CryptoError> {
        let json =
            serde_json::to_vec(value).map_err(|error| CryptoError::Claims(error.to_string()))?;
        self.seal_bytes(purpose, &json)
    }

    /// The value that [`Keyring::seal_json`] sealed for the same purpose.
    pub fn open_json<T: DeserializeOwned>(
        &self,
        purpose: &str,
        sealed: &[u8],
    ) -> Result<T, CryptoError> {
        let json = self.open_bytes(purpose, sealed)?;
        serde_json::from_slice(json.expose()).map_err(|_| CryptoError::CannotOpen)
    }

    pub(super) fn pepper(&self) -> &Secret<Vec<u8>> {
        &self.0.pepper
    }

    pub(super) fn peppers(&self) -> &Peppers {
        &self.0.peppers
    }

    /// The nonce and the ciphertext after it.
    fn encrypt(
        &self,
        purpose: &str,
        nonce: [u8; NONCE_LEN],
        plain: &[u8],
    ) -> Result<Vec<u8>, aws_lc_rs::error::Unspecified> {
        let mut ciphertext = plain.to_vec();
        self.0.sealing.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(purpose.as_bytes()),
            &mut ciphertext,
        )?;
        let mut sealed = nonce.to_vec();
        sealed.extend(ciphertext);
        Ok(sealed)
    }

    fn decrypt(&self, purpose: &str, sealed: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let (nonce, ciphertext) = sealed
            .split_first_chunk::<NONCE_LEN>()
            .ok_or(CryptoError::CannotOpen)?;
        let mut buffer = ciphertext.to_vec();
        let length = self
            .0
            .sealing
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(purpose.as_bytes()),
                &mut buffer,
            )
            .map_err(|_| CryptoError::CannotOpen)?
            .len();
        buffer.truncate(length);
        Ok(buffer)
    }
}

impl SecretSealer for Keyring {
    fn keyed_hash(&self, secret_sha256: &[u8; 32]) -> String {
        let tag = hmac::sign(&self.0.client_secrets, secret_sha256);
        format!("{KEYED_HASH_PREFIX}{}", HEXLOWER.encode(tag.as_ref()))
    }

    /// The nonce is a keyed hash of purpose and plaintext, so the same secret gives the same text and
    /// a diff can compare; another secret gives another nonce. AES-GCM-SIV (RFC 8452) would stay safe
    /// even if two nonces met.
    #[allow(clippy::expect_used)] // Encryption in memory fails for nothing but 64 GiB of plaintext.
    fn seal(&self, purpose: &str, plain: &str) -> String {
        let tag = tag(&self.0.nonces, purpose, plain.as_bytes());
        let mut nonce = [0; NONCE_LEN];
        nonce.copy_from_slice(&tag.as_ref()[..NONCE_LEN]);
        let sealed = self
            .encrypt(purpose, nonce, plain.as_bytes())
            .expect("a secret is shorter than 64 GiB");
        format!("{SEALED_PREFIX}{}", URL_SAFE_NO_PAD.encode(sealed))
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyring(***)")
    }
}

/// The length before the label keeps (`a`, `bc`) and (`ab`, `c`) apart.
fn tag(key: &hmac::Key, label: &str, content: &[u8]) -> hmac::Tag {
    let mut context = hmac::Context::with_key(key);
    context.update(&(label.len() as u64).to_be_bytes());
    context.update(label.as_bytes());
    context.update(content);
    context.sign()
}

fn hmac_key(root: &Prk, use_of_it: &'static str) -> Result<hmac::Key, CryptoError> {
    expand(root, use_of_it).map(|bytes| hmac::Key::new(hmac::HMAC_SHA256, bytes.expose()))
}

fn expand(root: &Prk, use_of_it: &'static str) -> Result<Secret<Vec<u8>>, CryptoError> {
    let mut bytes = vec![0; 32];
    root.expand(&[use_of_it.as_bytes()], HKDF_SHA256)
        .and_then(|okm| okm.fill(&mut bytes))
        .map_err(|_| CryptoError::Library("deriving keys"))?;
    Ok(Secret::new(bytes))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::{super::KeyFile, *};

    /// The keyring of a master key made of one byte.
    pub(crate) fn keyring(byte: u8) -> Keyring {
        let key = Secret::new(format!("{byte:02x}").repeat(32));
        Keyring::derive(&MasterKey::find(Some(&key), None, KeyFile::None).unwrap()).unwrap()
    }

    #[test]
    fn derived_keys_never_change_from_one_release_to_the_next() {
        let keyring = keyring(7);
        insta::assert_snapshot!(keyring.check_value(), @"e2c39e1bb2e62fb2973f4471a96be3aaf500aa734a6f121c1c91b96c9d4e24be");
        insta::assert_snapshot!(keyring.keyed_hash(&[1; 32]), @"hmac-sha256:d8fb7b072eb8bab1de62cdc256bcf7fcff56eade8b90c8c93203f4f3892acde3");
        insta::assert_snapshot!(keyring.seal("upstream", "s3cret"), @"v1:4JghdEgCrocC-yOGEsyGQw9u1hBXRQXPkyjC6j4gmV5IPg");
        insta::assert_snapshot!(HEXLOWER.encode(keyring.token_hash("session", "token").as_bytes()), @"840df60b0eddcdf90c8d22e44d9df8b156c2d0e0e0632b4edcf28fb8f1090ad2");
        insta::assert_snapshot!(HEXLOWER.encode(&keyring.cookie_tag("csrf", b"content")), @"6c05693657c70de4f49779e85005d5e3e61eb2ae329bd4bfa0fae120d433f838");
        insta::assert_snapshot!(HEXLOWER.encode(keyring.pepper().expose()), @"8f0557b61ec6bf6c56d2bf51e0edbdf00a9275764e5db475b41d58cbb281b2f4");
    }

    #[test]
    fn another_master_key_has_another_check_value_and_opens_nothing() {
        let (ours, theirs) = (keyring(1), keyring(2));
        assert_ne!(ours.check_value(), theirs.check_value());
        assert_eq!(ours.check_value(), keyring(1).check_value());
        let sealed = ours.seal("upstream", "s3cret");
        assert_eq!(
            theirs.open("upstream", &sealed).unwrap_err(),
            CryptoError::CannotOpen
        );
        assert_eq!(ours.open("upstream", &sealed).unwrap().expose(), "s3cret");
    }

    #[test]
    fn a_client_secret_is_verified_against_its_stored_form() {
        let keyring = keyring(1);
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(digest(&SHA256, b"s3cret").as_ref());
        let stored = keyring.keyed_hash(&sha256);
        assert!(keyring.verify_secret(&stored, "s3cret"));
        assert!(!keyring.verify_secret(&stored, "s3cret "));
        assert!(!keyring.verify_secret("", ""));
        assert!(!keyring.verify_secret(&stored[..20], "s3cret"));
    }

    #[test]
    fn hashes_of_one_domain_are_not_those_of_another() {
        let keyring = keyring(1);
        assert_ne!(keyring.token_hash("a", "bc"), keyring.token_hash("ab", "c"));
        assert_eq!(keyring.token_hash("a", "bc"), keyring.token_hash("a", "bc"));
        let tag = keyring.cookie_tag("csrf", b"x");
        assert!(keyring.verify_cookie_tag("csrf", b"x", &tag));
        assert!(!keyring.verify_cookie_tag("state", b"x", &tag));
        assert!(!keyring.verify_cookie_tag("csrf", b"x", &tag[..31]));
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_for_its_purpose_only(plain in ".{0,60}", flip in 0_usize..2_000) {
            let keyring = keyring(3);
            let sealed = keyring.seal("p", &plain);
            prop_assert_eq!(&sealed, &keyring.seal("p", &plain));
            let opened = keyring.open("p", &sealed).unwrap();
            prop_assert_eq!(opened.expose(), &plain);
            prop_assert!(keyring.open("q", &sealed).is_err());

            let mut bytes = keyring.seal_bytes("p", plain.as_bytes()).unwrap();
            prop_assert_ne!(&bytes, &keyring.seal_bytes("p", plain.as_bytes()).unwrap());
            let opened = keyring.open_bytes("p", &bytes).unwrap();
            prop_assert_eq!(opened.expose(), plain.as_bytes());
            prop_assert!(keyring.open_bytes("q", &bytes).is_err());
            let bit = flip % (bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(keyring.open_bytes("p", &bytes).is_err());
        }
    }
}
