//! The keys that others publish.

use std::sync::Arc;

use super::{Networks, Outgoing, OutgoingError};
use crate::crypto::foreign::ForeignKeys;

/// Longest JWK Set, in bytes.
const MAX_SET: usize = 256 * 1_024;

impl Outgoing {
    /// The keys at `url`, fetched at most once in a while. With `wanted` they are fetched again if that
    /// key is not among them, because it may be new.
    ///
    /// # Errors
    /// They cannot be fetched and none are known.
    pub async fn keys(
        &self,
        allowed: &Networks,
        url: &str,
        wanted: Option<&str>,
    ) -> Result<Arc<ForeignKeys>, OutgoingError> {
        let has_wanted = |keys: &ForeignKeys| wanted.is_none_or(|kid| keys.has(kid));
        let fetch = async {
            let fetched = self.get(allowed, url, MAX_SET).await?;
            let keys = serde_json::from_slice(&fetched.body)
                .ok()
                .and_then(|set| ForeignKeys::parse(&set).ok())
                .ok_or_else(|| OutgoingError::Unreachable {
                    place: url.to_owned(),
                    reason: "what it answered is no JWK Set".into(),
                })?;
            Ok((keys, fetched.max_age))
        };
        self.key_sets.get(url, has_wanted, fetch).await
    }
}
