//! JWTs that others signed: client assertions, request objects, DPoP proofs, upstream ID tokens.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, Validation,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse, ThumbprintHash},
};
use serde_json::{Map, Value};

use super::VerifyError;

/// The longest JWT that is looked at, in bytes.
const MAX_TOKEN_BYTES: usize = 16 * 1_024;
/// The most keys that a set may hold.
const MAX_KEYS: usize = 100;
/// The most keys that are tried for one JWT without a `kid`.
const MAX_TRIES: usize = 8;
/// Below this an RSA key counts as broken (RFC 7518 3.3), in bytes.
const MIN_RSA_BYTES: usize = 256;

/// What may sign: asymmetric algorithms alone. Whoever could use our view of a public key as the key of
/// an HMAC would sign for anybody (RFC 8725 2.1).
const SIGNATURES: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// What a shared secret may key (RFC 7518 3.2).
const MACS: [Algorithm; 3] = [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];

/// The names of [`SIGNATURES`], for discovery.
pub const SIGNATURE_NAMES: [&str; 9] = [
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA",
];

/// The names of what a shared secret may key (RFC 7518 3.2), for discovery.
pub const MAC_NAMES: [&str; 3] = ["HS256", "HS384", "HS512"];

/// The public keys of somebody else (RFC 7517 5).
#[derive(Clone, Debug, Default)]
pub struct ForeignKeys(Vec<Jwk>);

/// A JWT whose signature fits.
#[derive(Clone, Debug)]
pub struct ForeignJwt {
    /// The `typ` header, in lower case and without `application/`.
    pub typ: Option<String>,
    /// The `alg` header.
    pub alg: String,
    /// Its claims.
    pub claims: Map<String, Value>,
}

impl ForeignKeys {
    /// The keys of a JWK Set. Those that cannot verify a signature are left out (RFC 7517 5).
    ///
    /// # Errors
    /// It is no JWK Set, or one of more keys than anybody has.
    pub fn parse(set: &Map<String, Value>) -> Result<Self, VerifyError> {
        let keys = set.get("keys").and_then(Value::as_array);
        let keys = keys.ok_or(VerifyError::Malformed)?;
        if keys.len() > MAX_KEYS {
            return Err(VerifyError::Malformed);
        }
        let usable = |key: &Value| {
            let jwk: Jwk = serde_json::from_value(key.clone()).ok()?;
            is_usable(&jwk).then_some(jwk)
        };
        Ok(Self(keys.iter().filter_map(usable).collect()))
    }

    /// Whether one of the keys has this `kid`.
    pub fn has(&self, kid: &str) -> bool {
        self.0
            .iter()
            .any(|key| key.common.key_id.as_deref() == Some(kid))
    }

    /// The keys as JSON, for a library that has a form of its own for them.
    pub fn to_json(&self) -> Value {
        serde_json::json!({ "keys": self.0 })
    }

    /// Whether one of the keys comes with this certificate (`x5c`, RFC 7517 4.7).
    pub fn has_certificate(&self, der: &[u8]) -> bool {
        self.0.iter().any(|key| {
            let chain = key.common.x509_chain.as_deref();
            chain
                .and_then(<[String]>::first)
                .and_then(|own| STANDARD.decode(own).ok())
                .is_some_and(|own| own == der)
        })
    }

    /// The JWT, if one of these keys signed it, with `algorithm` where one is named.
    ///
    /// # Errors
    /// Why it is not taken. Its claims are for the caller to check.
    pub fn verify(&self, token: &str, algorithm: Option<&str>) -> Result<ForeignJwt, VerifyError> {
        let header = header(token)?;
        if !SIGNATURES.contains(&header.alg) || !is_named(header.alg, algorithm) {
            return Err(VerifyError::Signature);
        }
        let fits = |key: &&Jwk| {
            family(key) == Some(header.alg.family())
                && suits_curve(key, header.alg)
                && (header.kid.is_none() || key.common.key_id == header.kid)
                && key
                    .common
                    .key_algorithm
                    .is_none_or(|alg| alg.to_string() == name(header.alg))
        };
        let mut error = VerifyError::UnknownKey;
        for key in self.0.iter().filter(fits).take(MAX_TRIES) {
            let Ok(decoding) = DecodingKey::from_jwk(key) else {
                continue;
            };
            match checked(token, &header, &decoding) {
                Ok(jwt) => return Ok(jwt),
                Err(other) => error = other,
            }
        }
        Err(error)
    }
}

/// The JWT, if it is keyed with `secret` (RFC 7518 3.2), with `algorithm` where one is named.
///
/// # Errors
/// Why it is not taken. Its claims are for the caller to check.
pub fn verify_mac(
    token: &str,
    secret: &str,
    algorithm: Option<&str>,
) -> Result<ForeignJwt, VerifyError> {
    let header = header(token)?;
    if !MACS.contains(&header.alg) || !is_named(header.alg, algorithm) {
        return Err(VerifyError::Signature);
    }
    checked(token, &header, &DecodingKey::from_secret(secret.as_bytes()))
}

/// The JWT, if the public key in its own header signed it, and the thumbprint (RFC 7638) of that key:
/// a proof that whoever made it has the private key (RFC 9449 4.2).
///
/// # Errors
/// Why it is not taken. Its claims are for the caller to check.
pub fn verify_by_own_key(token: &str) -> Result<(ForeignJwt, String), VerifyError> {
    let mut header = raw_header(token)?;
    let key = header.jwk.take().ok_or(VerifyError::Header)?;
    refuse_foreign(&header)?;
    // A private key in a header is no longer private.
    let is_private = encoded_header(token)?["jwk"].as_object().is_none_or(|jwk| {
        ["d", "k", "p", "q"]
            .iter()
            .any(|part| jwk.contains_key(*part))
    });
    if is_private || !is_usable(&key) || family(&key) != Some(header.alg.family()) {
        return Err(VerifyError::Header);
    }
    if !SIGNATURES.contains(&header.alg) || !suits_curve(&key, header.alg) {
        return Err(VerifyError::Signature);
    }
    let decoding = DecodingKey::from_jwk(&key).map_err(|_| VerifyError::Header)?;
    let thumbprint = key
        .thumbprint(ThumbprintHash::SHA256)
        .map_err(|_| VerifyError::Header)?;
    Ok((checked(token, &header, &decoding)?, thumbprint))
}

/// The claims of a JWT that nobody has verified: to find out whose it says it is.
pub fn unverified_claims(token: &str) -> Option<Map<String, Value>> {
    let mut parts = token.split('.').skip(1);
    let claims = parts.next()?;
    decode(claims).and_then(|bytes| serde_json::from_slice(&bytes).ok())
}

/// The `kid` of a JWT that nobody has verified.
pub fn unverified_kid(token: &str) -> Option<String> {
    raw_header(token).ok()?.kid
}

/// The seconds of a NumericDate (RFC 7519 2), which may have a fraction.
#[allow(
    clippy::cast_possible_truncation,
    reason = "it saturates, and a second is enough"
)]
pub fn numeric_date(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| Some(value.as_f64()? as i64))
}

fn header(token: &str) -> Result<jsonwebtoken::Header, VerifyError> {
    let header = raw_header(token)?;
    if header.jwk.is_some() {
        return Err(VerifyError::Header);
    }
    refuse_foreign(&header)?;
    Ok(header)
}

fn raw_header(token: &str) -> Result<jsonwebtoken::Header, VerifyError> {
    if token.len() > MAX_TOKEN_BYTES || token.split('.').count() != 3 {
        return Err(VerifyError::Malformed);
    }
    jsonwebtoken::decode_header(token).map_err(|_| VerifyError::Malformed)
}

/// RFC 8725 3.10: no key is fetched that the token names. RFC 7515 4.1.11: we understand no `crit`.
fn refuse_foreign(header: &jsonwebtoken::Header) -> Result<(), VerifyError> {
    let is_foreign = header.jku.is_some()
        || header.x5u.is_some()
        || header.x5c.is_some()
        || header.crit.is_some();
    if is_foreign {
        return Err(VerifyError::Header);
    }
    Ok(())
}

fn encoded_header(token: &str) -> Result<Value, VerifyError> {
    let encoded = token.split('.').next().unwrap_or_default();
    decode(encoded)
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .ok_or(VerifyError::Malformed)
}

fn decode(text: &str) -> Option<Vec<u8>> {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    URL_SAFE_NO_PAD.decode(text).ok()
}

fn checked(
    token: &str,
    header: &jsonwebtoken::Header,
    key: &DecodingKey,
) -> Result<ForeignJwt, VerifyError> {
    let mut validation = Validation::new(header.alg);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    let claims = jsonwebtoken::decode::<Map<String, Value>>(token, key, &validation)
        .map_err(|_| VerifyError::Signature)?
        .claims;
    let typ = header.typ.as_ref().map(|typ| {
        let typ = typ.to_ascii_lowercase();
        typ.strip_prefix("application/").unwrap_or(&typ).to_owned()
    });
    Ok(ForeignJwt {
        typ,
        alg: name(header.alg),
        claims,
    })
}

fn name(algorithm: Algorithm) -> String {
    format!("{algorithm:?}")
}

fn is_named(algorithm: Algorithm, wanted: Option<&str>) -> bool {
    wanted.is_none_or(|wanted| wanted == name(algorithm))
}

fn is_usable(key: &Jwk) -> bool {
    let signs = !matches!(key.common.public_key_use, Some(PublicKeyUse::Encryption));
    let is_strong = match &key.algorithm {
        AlgorithmParameters::RSA(parameters) => decode(&parameters.n)
            .is_some_and(|modulus| modulus.len() >= MIN_RSA_BYTES && modulus.len() <= 1_024),
        _ => true,
    };
    signs && is_strong && family(key).is_some()
}

fn family(key: &Jwk) -> Option<AlgorithmFamily> {
    match &key.algorithm {
        AlgorithmParameters::RSA(_) => Some(AlgorithmFamily::Rsa),
        AlgorithmParameters::EllipticCurve(_) => Some(AlgorithmFamily::Ec),
        AlgorithmParameters::OctetKeyPair(_) => Some(AlgorithmFamily::Ed),
        _ => None,
    }
}

/// RFC 7518 3.4: each ECDSA algorithm has its curve.
fn suits_curve(key: &Jwk, algorithm: Algorithm) -> bool {
    match (&key.algorithm, algorithm) {
        (AlgorithmParameters::EllipticCurve(parameters), Algorithm::ES256) => {
            parameters.curve == EllipticCurve::P256
        }
        (AlgorithmParameters::EllipticCurve(parameters), Algorithm::ES384) => {
            parameters.curve == EllipticCurve::P384
        }
        (AlgorithmParameters::OctetKeyPair(parameters), Algorithm::EdDSA) => {
            parameters.curve == EllipticCurve::Ed25519
        }
        _ => true,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use jsonwebtoken::{EncodingKey, Header};
    use serde_json::json;

    use super::{super::SigningKey, *};
    use crate::crypto::SigningAlgorithm;

    fn parsed(value: &Value) -> Result<ForeignKeys, VerifyError> {
        ForeignKeys::parse(value.as_object().unwrap())
    }

    fn keys(keys: &[&SigningKey]) -> ForeignKeys {
        let keys: Vec<_> = keys.iter().map(|key| key.public_jwk()).collect();
        parsed(&json!({ "keys": keys })).unwrap()
    }

    fn make(algorithm: SigningAlgorithm) -> SigningKey {
        SigningKey::generate(algorithm).unwrap().0
    }

    fn with_header(token: &str, change: impl FnOnce(&mut Value)) -> String {
        let (head, rest) = token.split_once('.').unwrap();
        let mut header: Value = serde_json::from_slice(&decode(head).unwrap()).unwrap();
        change(&mut header);
        format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header.to_string()))
    }

    #[test]
    fn every_algorithm_verifies_and_nothing_else_does() {
        let all: Vec<SigningKey> = SigningAlgorithm::ALL.into_iter().map(make).collect();
        let set = keys(&all.iter().collect::<Vec<_>>());
        for key in &all {
            let token = key.sign_jwt("JWT", &json!({ "sub": "a" })).unwrap();
            let alg = key.algorithm().name();
            let jwt = set.verify(&token, Some(alg)).unwrap();
            assert_eq!((jwt.alg.as_str(), jwt.typ.as_deref()), (alg, Some("jwt")));
            assert_eq!(jwt.claims["sub"], "a");
            let other = if alg == "RS256" { "ES256" } else { "RS256" };
            assert_eq!(
                set.verify(&token, Some(other)).unwrap_err(),
                VerifyError::Signature
            );
            let stranger = keys(&[&make(key.algorithm())]);
            assert_eq!(
                stranger.verify(&token, None).unwrap_err(),
                VerifyError::UnknownKey
            );
            let forged = with_header(&token, |header| header["kid"] = Value::Null);
            assert!(set.verify(&forged, None).is_err(), "{alg}");
        }
    }

    #[test]
    fn an_unsigned_or_hmac_token_is_never_taken_for_a_signed_one() {
        let key = make(SigningAlgorithm::Rs256);
        let set = keys(&[&key]);
        let token = key.sign_jwt("JWT", &json!({})).unwrap();
        let none = with_header(&token, |header| header["alg"] = "none".into());
        assert_eq!(set.verify(&none, None).unwrap_err(), VerifyError::Malformed);
        // The public key as an HMAC secret, in each form that a library may have it.
        let public = serde_json::to_string(key.public_jwk()).unwrap();
        let mac = jsonwebtoken::encode(
            &Header::new(Algorithm::HS256),
            &json!({}),
            &EncodingKey::from_secret(public.as_bytes()),
        )
        .unwrap();
        assert_eq!(set.verify(&mac, None).unwrap_err(), VerifyError::Signature);
        assert!(verify_mac(&mac, &public, None).is_ok());
        assert!(verify_mac(&mac, "other", None).is_err());
        assert!(verify_mac(&mac, &public, Some("HS512")).is_err());
        assert_eq!(
            verify_mac(&token, &public, None).unwrap_err(),
            VerifyError::Signature
        );
    }

    #[test]
    fn headers_that_bring_keys_are_refused() {
        let key = make(SigningAlgorithm::Es256);
        let set = keys(&[&key]);
        let token = key.sign_jwt("JWT", &json!({})).unwrap();
        for (name, value) in [
            ("jku", json!("https://evil")),
            ("x5u", json!("https://evil")),
            ("x5c", json!(["AA"])),
            ("crit", json!(["exp"])),
            ("jwk", serde_json::to_value(key.public_jwk()).unwrap()),
        ] {
            let changed = with_header(&token, |header| header[name] = value);
            assert_eq!(
                set.verify(&changed, None).unwrap_err(),
                VerifyError::Header,
                "{name}"
            );
        }
    }

    #[test]
    fn a_set_is_read_for_the_keys_that_can_verify() {
        let key = make(SigningAlgorithm::Es256);
        let mut encrypting = serde_json::to_value(key.public_jwk()).unwrap();
        encrypting["use"] = "enc".into();
        let set = parsed(&json!({ "keys": [
            encrypting,
            { "kty": "oct", "k": "c2VjcmV0" },
            { "kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "weak" },
            { "kty": "new" },
        ] }))
        .unwrap();
        assert!(set.0.is_empty(), "{set:?}");
        assert!(parsed(&json!({ "key": [] })).is_err());
    }

    #[test]
    fn a_proof_shows_the_thumbprint_of_its_own_key() {
        let key = make(SigningAlgorithm::Es256);
        let jwk = serde_json::to_value(key.public_jwk()).unwrap();
        let sign = |jwk: Value| {
            let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": jwk });
            let message = format!(
                "{}.{}",
                URL_SAFE_NO_PAD.encode(header.to_string()),
                URL_SAFE_NO_PAD.encode(r#"{"jti":"1"}"#)
            );
            let signature = key.sign(message.as_bytes()).unwrap();
            format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
        };
        let (jwt, thumbprint) = verify_by_own_key(&sign(jwk.clone())).unwrap();
        assert_eq!(jwt.typ.as_deref(), Some("dpop+jwt"));
        assert_eq!(thumbprint, key.kid());
        let mut private = jwk.clone();
        private["d"] = "AAAA".into();
        assert_eq!(
            verify_by_own_key(&sign(private)).unwrap_err(),
            VerifyError::Header
        );
        let other = serde_json::to_value(make(SigningAlgorithm::Es256).public_jwk()).unwrap();
        assert_eq!(
            verify_by_own_key(&sign(other)).unwrap_err(),
            VerifyError::Signature
        );
        assert!(verify_by_own_key(&key.sign_jwt("dpop+jwt", &json!({})).unwrap()).is_err());
    }
}
