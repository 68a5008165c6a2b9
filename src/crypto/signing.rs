use std::fmt;

use assay_reconciler::spec::SigningAlgorithm;
use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
        EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
        RsaKeyPair,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use serde::Serialize;
use serde_json::json;

use super::{CryptoError, Secret};

/// A private key, parsed once and kept: parsing an RSA key for each signature costs a good part of the
/// signature again.
pub struct SigningKey {
    algorithm: SigningAlgorithm,
    pair: Pair,
    public: Jwk,
    kid: String,
    random: SystemRandom,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    /// A new key, and its PKCS#8 form for storing (sealed). An RSA key takes a good part of a second.
    pub fn generate(algorithm: SigningAlgorithm) -> Result<(Self, Secret<Vec<u8>>), CryptoError> {
        let failed = |_| CryptoError::Library("generating a key");
        let random = SystemRandom::new();
        let pkcs8 = match algorithm {
            SigningAlgorithm::Rs256 | SigningAlgorithm::Ps256 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(failed)?;
                let der: Pkcs8V1Der = pair.as_der().map_err(failed)?;
                der.as_ref().to_vec()
            }
            SigningAlgorithm::Es256 | SigningAlgorithm::Es384 => {
                EcdsaKeyPair::generate_pkcs8(curve(algorithm).0, &random)
                    .map_err(failed)?
                    .as_ref()
                    .to_vec()
            }
            SigningAlgorithm::EdDsa => Ed25519KeyPair::generate_pkcs8(&random)
                .map_err(failed)?
                .as_ref()
                .to_vec(),
        };
        let pkcs8 = Secret::new(pkcs8);
        Ok((Self::from_pkcs8(algorithm, pkcs8.expose())?, pkcs8))
    }

    /// The key that was stored.
    pub fn from_pkcs8(algorithm: SigningAlgorithm, pkcs8: &[u8]) -> Result<Self, CryptoError> {
        let rejected = |_| CryptoError::BadKey(algorithm);
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let (pair, parameters) = match algorithm {
            SigningAlgorithm::Rs256 | SigningAlgorithm::Ps256 => {
                let pair = RsaKeyPair::from_pkcs8(pkcs8).map_err(rejected)?;
                let public = pair.public_key();
                let n = encode(public.modulus().big_endian_without_leading_zero());
                let e = encode(public.exponent().big_endian_without_leading_zero());
                (Pair::Rsa(pair), json!({ "kty": "RSA", "n": n, "e": e }))
            }
            SigningAlgorithm::Es256 | SigningAlgorithm::Es384 => {
                let (curve, name, length) = curve(algorithm);
                let pair = EcdsaKeyPair::from_pkcs8(curve, pkcs8).map_err(rejected)?;
                // SEC 1, 2.3.3: 04, then x and y.
                let (x, y) = match pair.public_key().as_ref() {
                    [4, point @ ..] if point.len() == 2 * length => point.split_at(length),
                    _ => return Err(CryptoError::BadKey(algorithm)),
                };
                let parameters =
                    json!({ "kty": "EC", "crv": name, "x": encode(x), "y": encode(y) });
                (Pair::Ecdsa(pair), parameters)
            }
            SigningAlgorithm::EdDsa => {
                let pair = Ed25519KeyPair::from_pkcs8(pkcs8).map_err(rejected)?;
                let x = encode(pair.public_key().as_ref());
                let parameters = json!({ "kty": "OKP", "crv": "Ed25519", "x": x });
                (Pair::Ed25519(pair), parameters)
            }
        };
        let (public, kid) = public_jwk(algorithm, parameters)?;
        Ok(Self {
            algorithm,
            pair,
            public,
            kid,
            random: SystemRandom::new(),
        })
    }

    /// The public half, with `use`, `alg` and `kid`.
    pub fn public_jwk(&self) -> &Jwk {
        &self.public
    }

    /// The key's name: its RFC 7638 thumbprint.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// What it signs with.
    pub fn algorithm(&self) -> SigningAlgorithm {
        self.algorithm
    }

    /// A signed JWT (RFC 7519) in compact form, with `alg`, `typ` and `kid` in its header. `typ` is
    /// `JWT`, `at+jwt` (RFC 9068), `logout+jwt`...
    pub fn sign_jwt(&self, typ: &str, claims: &impl Serialize) -> Result<String, CryptoError> {
        #[derive(Serialize)]
        struct Header<'a> {
            typ: &'a str,
            alg: &'a str,
            kid: &'a str,
        }
        let header = Header {
            typ,
            alg: self.algorithm.name(),
            kid: &self.kid,
        };
        let json = |error: serde_json::Error| CryptoError::Claims(error.to_string());
        let header = serde_json::to_vec(&header).map_err(json)?;
        let claims = serde_json::to_vec(claims).map_err(json)?;

        let mut token = String::with_capacity((header.len() + claims.len() + 256) * 4 / 3 + 8);
        URL_SAFE_NO_PAD.encode_string(&header, &mut token);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(&claims, &mut token);
        let signature = self.sign(token.as_bytes())?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(&signature, &mut token);
        Ok(token)
    }

    /// The bare signature, in the form of JWS (RFC 7518, section 3).
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let failed = |_| CryptoError::Library("signing");
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                let padding = match self.algorithm {
                    SigningAlgorithm::Ps256 => &RSA_PSS_SHA256,
                    _ => &RSA_PKCS1_SHA256,
                };
                pair.sign(padding, &self.random, message, &mut signature)
                    .map_err(failed)?;
                Ok(signature)
            }
            Pair::Ecdsa(pair) => {
                let signature = pair.sign(&self.random, message).map_err(failed)?;
                Ok(signature.as_ref().to_vec())
            }
            Pair::Ed25519(pair) => {
                let signature = pair.try_sign(message).map_err(failed)?;
                Ok(signature.as_ref().to_vec())
            }
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({} {})", self.algorithm, self.kid)
    }
}

/// The curve, its name in a JWK, and the length of a coordinate in bytes (RFC 7518 6.2.1).
fn curve(algorithm: SigningAlgorithm) -> (&'static EcdsaSigningAlgorithm, &'static str, usize) {
    match algorithm {
        SigningAlgorithm::Es384 => (&ECDSA_P384_SHA384_FIXED_SIGNING, "P-384", 48),
        _ => (&ECDSA_P256_SHA256_FIXED_SIGNING, "P-256", 32),
    }
}

fn public_jwk(
    algorithm: SigningAlgorithm,
    mut parameters: serde_json::Value,
) -> Result<(Jwk, String), CryptoError> {
    parameters["use"] = "sig".into();
    parameters["alg"] = algorithm.name().into();
    let mut jwk: Jwk =
        serde_json::from_value(parameters).map_err(|_| CryptoError::BadKey(algorithm))?;
    let kid = jwk
        .thumbprint(ThumbprintHash::SHA256)
        .map_err(|_| CryptoError::BadKey(algorithm))?;
    jwk.common.key_id = Some(kid.clone());
    Ok((jwk, kid))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_kid_is_the_thumbprint_of_rfc_7638() {
        // RFC 8037, appendix A.3.
        let parameters = json!({
            "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
        });
        let (jwk, kid) = public_jwk(SigningAlgorithm::EdDsa, parameters).unwrap();
        assert_eq!(kid, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        assert_eq!(
            serde_json::to_value(jwk).unwrap(),
            json!({
                "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
                "use": "sig", "alg": "EdDSA", "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
            })
        );
    }

    #[test]
    fn a_stored_key_is_the_same_key_and_no_other_algorithm_takes_it() {
        use SigningAlgorithm::{EdDsa, Rs256};
        for algorithm in SigningAlgorithm::ALL {
            let (key, pkcs8) = SigningKey::generate(algorithm).unwrap();
            let loaded = SigningKey::from_pkcs8(algorithm, pkcs8.expose()).unwrap();
            assert_eq!(loaded.kid(), key.kid());
            assert_eq!(loaded.public_jwk(), key.public_jwk());
            assert_eq!(
                SigningAlgorithm::from_name(algorithm.name()),
                Some(algorithm)
            );
            let public = serde_json::to_string(key.public_jwk()).unwrap();
            for private in ["\"d\"", "\"p\"", "\"q\"", "\"k\""] {
                assert!(!public.contains(private), "{public}");
            }
            let other = if algorithm == EdDsa { Rs256 } else { EdDsa };
            let error = SigningKey::from_pkcs8(other, pkcs8.expose()).unwrap_err();
            assert_eq!(error, CryptoError::BadKey(other));
        }
    }
}
