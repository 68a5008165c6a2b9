/// What can go wrong in cryptography. Says nothing about the data: that is all secret.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum CryptoError {
    /// Sealed with another master key, for another purpose, or altered.
    #[error("a sealed value cannot be opened: it was sealed with another master key, or altered")]
    CannotOpen,
    /// A private key that cannot be read.
    #[error("a private key is not a valid {0} key in PKCS#8")]
    BadKey(super::SigningAlgorithm),
    /// Claims that JSON cannot hold.
    #[error("the claims of a token cannot be written as JSON: {0}")]
    Claims(String),
    /// The library failed where it should not, such as for want of randomness.
    #[error("the cryptographic library failed while it was {0}")]
    Library(&'static str),
}
