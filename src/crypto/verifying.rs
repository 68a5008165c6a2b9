use std::{collections::HashMap, time::Duration};

use assay_reconciler::spec::SigningAlgorithm;
use aws_lc_rs::{
    encoding::AsDer,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, ParsedPublicKey,
        RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm,
    jwk::{AlgorithmParameters, Jwk},
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::clock::UnixMillis;

/// The longest token that is looked at, in bytes.
const MAX_TOKEN_BYTES: usize = 16 * 1_024;
/// How far the clocks of two machines may differ.
const LEEWAY: Duration = Duration::from_secs(30);

/// Public keys by `kid`.
#[derive(Clone, Default)]
pub struct VerifyingKeys(HashMap<String, VerifyingKey>);

/// A public key, parsed once and kept: parsing one for each token costs as much again as the check.
#[derive(Clone)]
struct VerifyingKey {
    algorithm: Algorithm,
    public: ParsedPublicKey,
}

/// What a token must say to be taken.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The `typ` header, so that one kind of token is never taken for another (RFC 8725, 3.11).
    pub typ: &'a str,
    /// The `iss` claim.
    pub issuer: &'a str,
    /// A value that `aud` must contain; `None` where any audience will do.
    pub audience: Option<&'a str>,
    /// The moment at which it must be valid.
    pub now: UnixMillis,
}

/// Why a token is not taken. For logs and tests; a client learns only that it is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum VerifyError {
    #[error("not a signed JWT")]
    Malformed,
    #[error("signed with a key that is not known")]
    UnknownKey,
    #[error("the signature or the algorithm is wrong")]
    Signature,
    #[error("a header that is not accepted")]
    Header,
    #[error("another type of token")]
    Typ,
    #[error("another issuer")]
    Issuer,
    #[error("for another audience")]
    Audience,
    #[error("expired, or without an end")]
    Expired,
    #[error("not valid yet")]
    NotYet,
    #[error("a claim is missing or of the wrong type")]
    Claims,
}

impl VerifyingKeys {
    /// Keys from their public form. One without `kid` or of an algorithm we do not sign with is left out.
    pub fn new<'a>(keys: impl IntoIterator<Item = &'a Jwk>) -> Self {
        let usable = |jwk: &Jwk| {
            let kid = jwk.common.key_id.clone()?;
            Some((kid, VerifyingKey::of(jwk)?))
        };
        Self(keys.into_iter().filter_map(usable).collect())
    }

    /// The claims of a token that one of these keys signed and that says what is expected.
    pub fn verify<T: DeserializeOwned>(
        &self,
        token: &str,
        expected: &Expected<'_>,
    ) -> Result<T, VerifyError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(VerifyError::Malformed);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| VerifyError::Malformed)?;
        // RFC 8725 3.10: keys are never taken from the token. RFC 7515 4.1.11: we understand no `crit`.
        if header.jku.is_some()
            || header.jwk.is_some()
            || header.x5u.is_some()
            || header.x5c.is_some()
            || header.crit.is_some()
        {
            return Err(VerifyError::Header);
        }
        if header.typ.as_deref() != Some(expected.typ) {
            return Err(VerifyError::Typ);
        }
        let kid = header.kid.ok_or(VerifyError::UnknownKey)?;
        let key = self.0.get(&kid).ok_or(VerifyError::UnknownKey)?;
        // The algorithm is the key's, never the token's (RFC 8725 3.1). Claims are checked below,
        // against the time that was passed in.
        if header.alg != key.algorithm {
            return Err(VerifyError::Signature);
        }
        let claims: Value = key.checked(token)?;
        expected.check(&claims)?;
        serde_json::from_value(claims).map_err(|_| VerifyError::Claims)
    }
}

impl VerifyingKey {
    fn of(jwk: &Jwk) -> Option<Self> {
        let name = jwk.common.key_algorithm?.to_string();
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
        let (algorithm, public) = match (SigningAlgorithm::from_name(&name)?, &jwk.algorithm) {
            (
                algorithm @ (SigningAlgorithm::Rs256 | SigningAlgorithm::Ps256),
                AlgorithmParameters::RSA(key),
            ) => {
                let (n, e) = (decode(&key.n)?, decode(&key.e)?);
                let der = RsaPublicKeyComponents { n, e }.as_der().ok()?;
                match algorithm {
                    SigningAlgorithm::Ps256 => (
                        Algorithm::PS256,
                        ParsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, der.as_ref()),
                    ),
                    _ => (
                        Algorithm::RS256,
                        ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der.as_ref()),
                    ),
                }
            }
            (
                algorithm @ (SigningAlgorithm::Es256 | SigningAlgorithm::Es384),
                AlgorithmParameters::EllipticCurve(key),
            ) => {
                // SEC 1, 2.3.3: 04, then x and y.
                let point = [vec![4], decode(&key.x)?, decode(&key.y)?].concat();
                match algorithm {
                    SigningAlgorithm::Es384 => (
                        Algorithm::ES384,
                        ParsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point),
                    ),
                    _ => (
                        Algorithm::ES256,
                        ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point),
                    ),
                }
            }
            (SigningAlgorithm::EdDsa, AlgorithmParameters::OctetKeyPair(key)) => (
                Algorithm::EdDSA,
                ParsedPublicKey::new(&ED25519, decode(&key.x)?),
            ),
            _ => return None,
        };
        let public = public.ok()?;
        Some(Self { algorithm, public })
    }

    /// The claims, if the signature is this key's (RFC 7515 5.2).
    fn checked(&self, token: &str) -> Result<Value, VerifyError> {
        let (signed, signature) = token.rsplit_once('.').ok_or(VerifyError::Malformed)?;
        let (_, claims) = signed.split_once('.').ok_or(VerifyError::Malformed)?;
        let signature = URL_SAFE_NO_PAD.decode(signature);
        let signature = signature.map_err(|_| VerifyError::Signature)?;
        self.public
            .verify_sig(signed.as_bytes(), &signature)
            .map_err(|_| VerifyError::Signature)?;
        let claims = URL_SAFE_NO_PAD.decode(claims);
        let claims = claims.map_err(|_| VerifyError::Malformed)?;
        serde_json::from_slice(&claims).map_err(|_| VerifyError::Claims)
    }
}

impl Expected<'_> {
    fn check(&self, claims: &Value) -> Result<(), VerifyError> {
        if claims["iss"].as_str() != Some(self.issuer) {
            return Err(VerifyError::Issuer);
        }
        if let Some(wanted) = self.audience {
            let is_for_us = match &claims["aud"] {
                Value::String(audience) => audience == wanted,
                Value::Array(audiences) => audiences.iter().any(|one| one == wanted),
                _ => false,
            };
            if !is_for_us {
                return Err(VerifyError::Audience);
            }
        }
        let moment = |claim: &str| claims[claim].as_i64().map(UnixMillis::from_seconds);
        // RFC 7519 4.1.4: "on or after which the JWT MUST NOT be accepted".
        match moment("exp") {
            Some(end) if self.now < end + LEEWAY => {}
            _ => return Err(VerifyError::Expired),
        }
        match (&claims["nbf"], moment("nbf")) {
            (Value::Null, _) => Ok(()),
            (_, Some(start)) if start <= self.now + LEEWAY => Ok(()),
            _ => Err(VerifyError::NotYet),
        }
    }
}

impl std::fmt::Debug for VerifyingKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests;
