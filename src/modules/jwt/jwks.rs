use crate::modules::{Context, prepared::PreparedJson};

/// The JWK Set (RFC 7517 5, media type 8.5.2) of this snapshot.
pub(super) fn prepare(context: &Context) -> PreparedJson {
    let jwks = context.snapshot.signing_keys().jwks();
    PreparedJson::new(jwks.as_bytes().to_vec(), "application/jwk-set+json")
}
