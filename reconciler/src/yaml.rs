//! Manifests as YAML text.

use serde_json::Value;

/// `document` as YAML, read by people and by [`crate::load()`] alike.
///
/// # Errors
/// None that a manifest can cause.
pub fn to_yaml(document: &Value) -> Result<String, serde_json::Error> {
    use serde::ser::Error as _;
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    serde_saphyr::to_string_with_options(document, options).map_err(serde_json::Error::custom)
}
