//! Secrets, key encryption at rest, hashing, random tokens, and signing keys in use. No SQL.

mod secret;

pub use self::secret::Secret;
