#![allow(clippy::unwrap_used, clippy::print_stdout)]

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};

use super::*;
use crate::crypto::SigningKey;

const NOW: UnixMillis = UnixMillis::from_seconds(1_000_000);

fn expected() -> Expected<'static> {
    Expected {
        typ: "at+jwt",
        issuer: "https://id.example.com",
        audience: Some("api"),
        now: NOW,
    }
}

fn claims() -> Value {
    json!({ "iss": "https://id.example.com", "aud": ["api", "other"], "sub": "ada", "exp": 1_000_600 })
}

fn with(change: impl FnOnce(&mut Value)) -> Value {
    let mut claims = claims();
    change(&mut claims);
    claims
}

fn key(algorithm: SigningAlgorithm) -> (SigningKey, VerifyingKeys) {
    let (key, _) = SigningKey::generate(algorithm).unwrap();
    let keys = VerifyingKeys::new([key.public_jwk()]);
    (key, keys)
}

#[test]
fn a_token_of_each_algorithm_is_taken_by_its_own_key_only() {
    use SigningAlgorithm::{EdDsa, Es256, Rs256};
    let (_, strangers) = key(Es256);
    for algorithm in [Rs256, Es256, EdDsa] {
        let (key, keys) = key(algorithm);
        let token = key.sign_jwt("at+jwt", &claims()).unwrap();
        let read: Value = keys.verify(&token, &expected()).unwrap();
        assert_eq!(read, claims());

        let unknown = strangers.verify::<Value>(&token, &expected());
        assert_eq!(unknown, Err(VerifyError::UnknownKey));

        let (head, signature) = token.rsplit_once('.').unwrap();
        let mut bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
        bytes[10] ^= 1;
        let altered = format!("{head}.{}", URL_SAFE_NO_PAD.encode(bytes));
        let refused = keys.verify::<Value>(&altered, &expected());
        assert_eq!(refused, Err(VerifyError::Signature));
    }
}

#[test]
fn claims_that_are_not_as_expected_are_refused() {
    let (key, keys) = key(SigningAlgorithm::EdDsa);
    let verdict = |claims: Value| {
        let token = key.sign_jwt("at+jwt", &claims).unwrap();
        keys.verify::<Value>(&token, &expected()).map(drop)
    };
    assert_eq!(verdict(with(|c| c["aud"] = "api".into())), Ok(()));
    assert_eq!(verdict(with(|c| c["exp"] = 999_971.into())), Ok(()));
    assert_eq!(verdict(with(|c| c["nbf"] = 1_000_030.into())), Ok(()));
    for (claims, error) in [
        (
            with(|c| c["iss"] = "https://evil.example".into()),
            VerifyError::Issuer,
        ),
        (with(|c| c["iss"] = Value::Null), VerifyError::Issuer),
        (with(|c| c["aud"] = "apis".into()), VerifyError::Audience),
        (with(|c| c["aud"] = json!([])), VerifyError::Audience),
        (with(|c| c["exp"] = 999_970.into()), VerifyError::Expired),
        (with(|c| c["exp"] = Value::Null), VerifyError::Expired),
        (with(|c| c["exp"] = "never".into()), VerifyError::Expired),
        (with(|c| c["nbf"] = 1_000_031.into()), VerifyError::NotYet),
        (with(|c| c["nbf"] = "soon".into()), VerifyError::NotYet),
    ] {
        assert_eq!(verdict(claims.clone()), Err(error), "{claims}");
    }
    let token = key.sign_jwt("JWT", &claims()).unwrap();
    assert_eq!(
        keys.verify::<Value>(&token, &expected()),
        Err(VerifyError::Typ)
    );
    let token = key.sign_jwt("at+jwt", &claims()).unwrap();
    assert_eq!(
        keys.verify::<u8>(&token, &expected()),
        Err(VerifyError::Claims)
    );
}

// RFC 8725.
#[test]
fn a_header_cannot_choose_key_or_algorithm() {
    let (key, keys) = key(SigningAlgorithm::Rs256);
    let verdict = |token: &str| keys.verify::<Value>(token, &expected()).map(drop);
    let body = URL_SAFE_NO_PAD.encode(claims().to_string());
    let forged =
        |header: Value| format!("{}.{body}.AAAA", URL_SAFE_NO_PAD.encode(header.to_string()));

    let none = json!({ "alg": "none", "typ": "at+jwt", "kid": key.kid() });
    assert_eq!(verdict(&forged(none)), Err(VerifyError::Malformed));
    for extra in [
        ("jku", json!("https://evil.example/jwks")),
        ("x5u", json!("https://evil.example/x5u")),
        ("x5c", json!(["AAAA"])),
        ("jwk", serde_json::to_value(key.public_jwk()).unwrap()),
        ("crit", json!(["exp"])),
    ] {
        let mut header = json!({ "alg": "RS256", "typ": "at+jwt", "kid": key.kid() });
        header[extra.0] = extra.1;
        assert_eq!(
            verdict(&forged(header)),
            Err(VerifyError::Header),
            "{}",
            extra.0
        );
    }
    for kid in ["../../etc/passwd", "' OR 1=1 --", ""] {
        let header = json!({ "alg": "RS256", "typ": "at+jwt", "kid": kid });
        assert_eq!(verdict(&forged(header)), Err(VerifyError::UnknownKey));
    }

    // HMAC keyed with our public key.
    let public = serde_json::to_vec(key.public_jwk()).unwrap();
    let mut header = Header::new(Algorithm::HS256);
    header.typ = Some("at+jwt".into());
    header.kid = Some(key.kid().into());
    let confused = jsonwebtoken::encode(&header, &claims(), &EncodingKey::from_secret(&public));
    assert_eq!(verdict(&confused.unwrap()), Err(VerifyError::Signature));

    for garbage in ["", ".", "..", "a.b.c", &"a".repeat(MAX_TOKEN_BYTES + 1)] {
        assert_eq!(
            verdict(garbage),
            Err(VerifyError::Malformed),
            "{garbage:.10}"
        );
    }
}

/// What a token costs beyond its signature, in CPU time. `--ignored --nocapture`, with `--release`.
#[test]
#[ignore = "measures, and takes seconds"]
fn a_token_costs_little_more_than_its_signature() {
    const ROUNDS: u64 = 300;
    for algorithm in SigningAlgorithm::ALL {
        let (key, pkcs8) = SigningKey::generate(algorithm).unwrap();
        let keys = VerifyingKeys::new([key.public_jwk()]);
        let token = key.sign_jwt("at+jwt", &claims()).unwrap();
        let message = token.rsplit_once('.').unwrap().0.as_bytes();
        // jsonwebtoken takes PKCS#1, which begins after 26 bytes of a PKCS#8 RSA-2048 key.
        let (own, library) = match algorithm {
            SigningAlgorithm::Rs256 => (
                Algorithm::RS256,
                EncodingKey::from_rsa_der(&pkcs8.expose()[26..]),
            ),
            SigningAlgorithm::Ps256 => (
                Algorithm::PS256,
                EncodingKey::from_rsa_der(&pkcs8.expose()[26..]),
            ),
            SigningAlgorithm::Es256 => (Algorithm::ES256, EncodingKey::from_ec_der(pkcs8.expose())),
            SigningAlgorithm::Es384 => (Algorithm::ES384, EncodingKey::from_ec_der(pkcs8.expose())),
            SigningAlgorithm::EdDsa => (Algorithm::EdDSA, EncodingKey::from_ed_der(pkcs8.expose())),
        };
        let claims = claims();
        let bare = cost(ROUNDS, || drop(key.sign(message).unwrap()));
        let whole = cost(ROUNDS, || drop(key.sign_jwt("at+jwt", &claims).unwrap()));
        let parsing = cost(ROUNDS, || {
            drop(jsonwebtoken::encode(&Header::new(own), &claims, &library).unwrap());
        });
        let verify = cost(ROUNDS, || {
            drop(keys.verify::<Value>(&token, &expected()).unwrap());
        });
        println!(
            "{algorithm}: bare signature {bare} ns, sign_jwt {whole} ns, jsonwebtoken::encode {parsing} ns, verify {verify} ns"
        );
        if algorithm == SigningAlgorithm::Rs256 {
            assert!(whole * 4 < bare * 5, "{whole} against {bare}");
        }
    }
}

/// Nanoseconds of this thread's CPU for one round.
fn cost(rounds: u64, mut work: impl FnMut()) -> u64 {
    let spent = || -> u64 {
        let line = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
        line.split(' ').next().unwrap().parse().unwrap()
    };
    work();
    let began = spent();
    (0..rounds).for_each(|_| work());
    (spent() - began) / rounds
}
