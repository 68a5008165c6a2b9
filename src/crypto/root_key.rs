use std::fmt;

use aws_lc_rs::rand;
use biscuit_auth::{KeyPair, PrivateKey, PublicKey, builder::Algorithm};
use data_encoding::HEXLOWER;

use super::{CryptoError, Secret};

/// The length of an Ed25519 seed (RFC 8032 5.1.5).
const SEED: usize = 32;

/// A private Ed25519 key that biscuits begin with.
pub struct RootKey {
    id: u32,
    pair: KeyPair,
}

impl RootKey {
    /// A new seed for storing (sealed), and the public half in hex.
    pub fn generate() -> Result<(Secret<Vec<u8>>, String), CryptoError> {
        let mut seed = vec![0; SEED];
        rand::fill(&mut seed).map_err(|_| CryptoError::Library("generating a key"))?;
        let seed = Secret::new(seed);
        let public = HEXLOWER.encode(&Self::from_seed(0, seed.expose())?.public().to_bytes());
        Ok((seed, public))
    }

    /// The key that was stored, under the number that tokens name.
    pub fn from_seed(id: u32, seed: &[u8]) -> Result<Self, CryptoError> {
        let private = PrivateKey::from_bytes(seed, Algorithm::Ed25519)
            .map_err(|_| CryptoError::Library("reading the seed of a root key"))?;
        let pair = KeyPair::from(&private);
        Ok(Self { id, pair })
    }

    /// The number that tokens name (`root_key_id`).
    pub fn id(&self) -> u32 {
        self.id
    }

    /// What signs.
    pub fn pair(&self) -> &KeyPair {
        &self.pair
    }

    /// What verifies.
    pub fn public(&self) -> PublicKey {
        self.pair.public()
    }
}

impl fmt::Debug for RootKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RootKey({}, ***)", self.id)
    }
}
