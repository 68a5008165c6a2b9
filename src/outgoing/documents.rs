//! The discovery documents that others publish.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Networks, Outgoing, OutgoingError};

/// Longest document, in bytes.
const MAX_DOCUMENT: usize = 256 * 1_024;

impl Outgoing {
    /// The JSON object at `url`, fetched at most once in a while.
    ///
    /// # Errors
    /// It cannot be fetched and none is known, or it is no JSON object.
    pub async fn document(
        &self,
        allowed: &Networks,
        url: &str,
    ) -> Result<Arc<Map<String, Value>>, OutgoingError> {
        let fetch = async {
            let fetched = self.get(allowed, url, MAX_DOCUMENT).await?;
            let document =
                serde_json::from_slice(&fetched.body).map_err(|_| OutgoingError::Unreachable {
                    place: url.to_owned(),
                    reason: "what it answered is no JSON object".into(),
                })?;
            Ok((document, fetched.max_age))
        };
        self.documents.get(url, |_| true, fetch).await
    }
}
