//! The public keys of a client, from its manifest or from where it publishes them.

use std::sync::Arc;

use crate::{
    crypto::{
        VerifyError,
        certificate::Certificate,
        foreign::{ForeignJwt, ForeignKeys, unverified_kid},
    },
    generation::Client,
    modules::Context,
    outgoing::{Networks, OutgoingError},
};

/// Why a JWT is not taken for the client's.
#[derive(Debug, thiserror::Error)]
pub(super) enum ClientKeyError {
    /// The manifest names no keys.
    #[error("the client has no keys")]
    None,
    /// They cannot be fetched.
    #[error(transparent)]
    Fetch(#[from] OutgoingError),
    /// The JWT.
    #[error(transparent)]
    Verify(#[from] VerifyError),
}

/// The private networks that clients' addresses may lie in.
pub(super) fn allowed_networks(context: &Context) -> Networks {
    let settings = context.snapshot.oidc_provider_settings();
    Networks::new(settings.allowed_private_networks.clone())
}

/// The JWT, if the client signed it, with `algorithm` where one is named.
pub(super) async fn verify(
    context: &Context,
    client: &Client,
    token: &str,
    algorithm: Option<&str>,
) -> Result<ForeignJwt, ClientKeyError> {
    let keys = keys(context, client, unverified_kid(token)).await?;
    Ok(keys.verify(token, algorithm)?)
}

/// Whether one of the client's keys comes with this certificate (RFC 8705 2.2.2).
pub(super) async fn has_certificate(
    context: &Context,
    client: &Client,
    certificate: &Certificate,
) -> Result<bool, ClientKeyError> {
    let keys = keys(context, client, None).await?;
    Ok(keys.has_certificate(certificate.der()))
}

/// The client's keys, with `wanted` among them if they have it.
async fn keys(
    context: &Context,
    client: &Client,
    wanted: Option<String>,
) -> Result<Arc<ForeignKeys>, ClientKeyError> {
    if let Some(set) = &client.spec.jwks {
        let keys = ForeignKeys::parse(set)?;
        return Ok(Arc::new(keys));
    }
    let url = client.spec.jwks_uri.as_ref().ok_or(ClientKeyError::None)?;
    let allowed = allowed_networks(context);
    Ok(context
        .outgoing
        .keys(&allowed, url.as_str(), wanted.as_deref())
        .await?)
}
