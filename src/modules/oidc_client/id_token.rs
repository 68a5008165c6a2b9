//! ID tokens of an upstream (OpenID Connect Core 3.1.3.7).

use std::time::{Duration, UNIX_EPOCH};

use openidconnect::{
    AccessToken, AccessTokenHash, ClaimsVerificationError, ClientId, IssuerUrl, Nonce,
    core::{CoreIdToken, CoreIdTokenVerifier, CoreJsonWebKeySet, CoreJwsSigningAlgorithm},
};
use serde_json::{Map, Value};

use super::{error::UpstreamError, provider::Provider};
use crate::{
    clock::UnixMillis,
    crypto::foreign::{unverified_claims, unverified_kid},
    modules::Context,
};

/// How far the clocks of two machines may differ.
const LEEWAY: Duration = Duration::from_secs(30);

/// What may sign. No MAC: whoever knows our secret would sign for the provider.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// What an ID token must say beside who it is from and for.
pub(super) struct Expected<'a> {
    pub(super) nonce: &'a str,
    /// The token that came with it.
    pub(super) access_token: &'a AccessToken,
    /// When the person must have proved who they are, if it tells when that was.
    pub(super) not_before: Option<UnixMillis>,
    pub(super) now: UnixMillis,
}

/// Its issuer and its claims, if it holds.
pub(super) async fn verified(
    context: &Context,
    provider: &Provider<'_>,
    token: &CoreIdToken,
    expected: Expected<'_>,
) -> Result<(String, Map<String, Value>), UpstreamError> {
    let text = token.to_string();
    let claims = unverified_claims(&text).ok_or_else(|| wrong("cannot be read"))?;
    let issuer = provider.issuer_for(claims.get("tid"))?;
    let jwks = provider.jwks.as_deref();
    let jwks = jwks.ok_or_else(|| UpstreamError::Discovery("has no `jwks_uri`".into()))?;
    let kid = unverified_kid(&text);
    let keys = context
        .outgoing
        .keys(&provider.networks, jwks, kid.as_deref())
        .await?;
    let keys: CoreJsonWebKeySet = serde_json::from_value(keys.to_json())
        .map_err(|_| UpstreamError::Discovery("names keys that cannot be read".into()))?;
    let url = IssuerUrl::new(issuer.clone()).map_err(|_| wrong("is of no issuer"))?;
    let client_id = ClientId::new(provider.upstream.spec.client_id.clone());
    let verifier = CoreIdTokenVerifier::new_public_client(client_id, url, keys)
        .set_allowed_algs(ALGORITHMS)
        .set_time_fn(move || (UNIX_EPOCH + since_epoch(expected.now - LEEWAY)).into())
        .set_issue_time_verifier_fn(move |at| {
            if at.timestamp() <= (expected.now + LEEWAY).as_seconds() {
                Ok(())
            } else {
                Err("issued in the future".into())
            }
        });
    let nonce = Nonce::new(expected.nonce.to_owned());
    let known = token.claims(&verifier, &nonce).map_err(|error| {
        // The library's words name what it expected and found, which may be anything.
        wrong(match error {
            ClaimsVerificationError::Expired(_) => "has expired, or is from the future",
            ClaimsVerificationError::InvalidAudience(_) => "is for somebody else (`aud`)",
            ClaimsVerificationError::InvalidIssuer(_) => "is of another issuer (`iss`)",
            ClaimsVerificationError::InvalidNonce(_) => "is of another sign-in (`nonce`)",
            ClaimsVerificationError::SignatureVerification(_) => "is not signed by its keys",
            _ => "does not hold",
        })
    })?;
    // The library leaves this to us (Core 3.1.3.7, step 5).
    if known
        .authorized_party()
        .is_some_and(|party| party.as_str() != provider.upstream.spec.client_id)
    {
        return Err(wrong("was made for somebody else (`azp`)"));
    }
    if known.subject().is_empty() {
        return Err(wrong("has an empty `sub`"));
    }
    if let Some(hash) = known.access_token_hash() {
        let algorithm = token.signing_alg().map_err(|_| wrong("is not signed"))?;
        let key = token
            .signing_key(&verifier)
            .map_err(|_| wrong("is not signed by its keys"))?;
        let ours = AccessTokenHash::from_token(expected.access_token, algorithm, key);
        if ours.ok().as_ref() != Some(hash) {
            return Err(wrong("came with another access token (`at_hash`)"));
        }
    }
    if let (Some(not_before), Some(at)) = (expected.not_before, known.auth_time())
        && at.timestamp() < (not_before - LEEWAY).as_seconds()
    {
        return Err(wrong("tells of a sign-in that is too old (`auth_time`)"));
    }
    Ok((issuer, claims))
}

fn wrong(what: &str) -> UpstreamError {
    UpstreamError::IdToken(what.to_owned())
}

fn since_epoch(at: UnixMillis) -> Duration {
    at.since(UnixMillis::default())
}
