//! Proof of possession (RFC 9449): a token that only the holder of a key can use.

use aws_lc_rs::digest::{SHA256, digest};
use axum::{
    http::{HeaderMap, HeaderValue, Method},
    response::Response,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};
use url::Url;

use super::seen;
use crate::{
    clock::UnixMillis, crypto::foreign::verify_by_own_key, modules::Context, store::StoreError,
};

/// The request header with the proof, and the response header with the nonce.
const PROOF: &str = "dpop";
/// The header in which the server gives a nonce (RFC 9449 8).
const NONCE: &str = "dpop-nonce";

/// How old a proof may be, and how far ahead the client's clock, in seconds.
const MAX_AGE: i64 = 60;
const LEEWAY: i64 = 10;
/// How long a nonce is given out, in seconds. It is taken for as long again.
const NONCE_LIFE: i64 = 120;
/// Longest `jti`, in bytes.
const MAX_ID: usize = 512;
/// What a nonce is bound to.
const NONCE_PURPOSE: &str = "oidc.dpop.nonce";

/// Why a proof is not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum ProofError {
    /// It proves nothing.
    #[error("the DPoP proof is not accepted: {0}")]
    Invalid(&'static str),
    /// Its nonce is not one that is given out now.
    #[error("the DPoP proof needs the nonce of the DPoP-Nonce header")]
    Nonce,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a request proves: the thumbprint of its key, or nothing if it has no proof. `path` is the
/// endpoint's; `access_token` the token that the proof must be for.
pub(super) async fn proven(
    context: &Context,
    headers: &HeaderMap,
    method: &Method,
    path: &str,
    access_token: Option<&str>,
) -> Result<Option<String>, ProofError> {
    let mut proofs = headers.get_all(PROOF).iter();
    let proof = match (proofs.next(), proofs.next()) {
        (None, _) => return Ok(None),
        (Some(only), None) => only
            .to_str()
            .map_err(|_| ProofError::Invalid("it is no JWT"))?,
        (Some(_), Some(_)) => return Err(ProofError::Invalid("there is more than one")),
    };
    let (jwt, thumbprint) = verify_by_own_key(proof)
        .map_err(|_| ProofError::Invalid("it is no JWT signed by the key in its header"))?;
    if jwt.typ.as_deref() != Some("dpop+jwt") {
        return Err(ProofError::Invalid("its typ is not dpop+jwt"));
    }
    let now = context.clock.now().as_seconds();
    let wanted = Wanted {
        method: method.as_str(),
        url: &context.site.url(path),
        access_token,
        now,
    };
    let (id, issued_at) = wanted.check(&jwt.claims).map_err(ProofError::Invalid)?;
    match jwt.claims.get("nonce") {
        None if !context.snapshot.oidc_provider_settings().require_dpop_nonce => {}
        Some(Value::String(nonce)) if is_nonce(context, nonce, now) => {}
        _ => return Err(ProofError::Nonce),
    }
    let until = UnixMillis::from_seconds(issued_at + 2 * (MAX_AGE + LEEWAY));
    if !seen::first_time(context, "dpop", &thumbprint, id, until).await? {
        return Err(ProofError::Invalid("its jti was seen before"));
    }
    Ok(Some(thumbprint))
}

/// `response` with the nonce for the next proof, if the request brought one (RFC 9449 8.2).
pub(super) fn with_nonce(
    context: &Context,
    request: &HeaderMap,
    mut response: Response,
) -> Response {
    if request.contains_key(PROOF)
        && let Some(nonce) = nonce(context)
    {
        response.headers_mut().insert(NONCE, nonce);
    }
    response
}

/// The nonce that is given out now. It needs no memory: its age is in it, under a keyed hash.
fn nonce(context: &Context) -> Option<HeaderValue> {
    let now = context.clock.now().as_seconds();
    HeaderValue::try_from(nonce_of(context, now / NONCE_LIFE)).ok()
}

fn nonce_of(context: &Context, period: i64) -> String {
    let tag = context
        .keyring
        .token_hash(NONCE_PURPOSE, &period.to_string());
    URL_SAFE_NO_PAD.encode(&tag.as_bytes()[..16])
}

fn is_nonce(context: &Context, nonce: &str, now: i64) -> bool {
    let period = now / NONCE_LIFE;
    nonce == nonce_of(context, period) || nonce == nonce_of(context, period - 1)
}

/// What a proof must be about (RFC 9449 4.3).
struct Wanted<'a> {
    method: &'a str,
    url: &'a str,
    access_token: Option<&'a str>,
    now: i64,
}

impl Wanted<'_> {
    fn check<'c>(&self, claims: &'c Map<String, Value>) -> Result<(&'c str, i64), &'static str> {
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        if text("htm") != Some(self.method) {
            return Err("its htm is another method");
        }
        if !text("htu").is_some_and(|url| is_same(url, self.url)) {
            return Err("its htu is another address");
        }
        let issued_at = claims
            .get("iat")
            .and_then(Value::as_i64)
            .ok_or("it has no iat")?;
        if issued_at > self.now + LEEWAY || issued_at < self.now - MAX_AGE - LEEWAY {
            return Err("its iat is not now");
        }
        if let Some(token) = self.access_token {
            let hash = URL_SAFE_NO_PAD.encode(digest(&SHA256, token.as_bytes()));
            if text("ath") != Some(&hash) {
                return Err("its ath is of another token");
            }
        }
        match text("jti") {
            Some(id) if !id.is_empty() && id.len() <= MAX_ID => Ok((id, issued_at)),
            _ => Err("it has no jti"),
        }
    }
}

/// Compares addresses without query and fragment, as RFC 3986 normalises them.
fn is_same(shown: &str, ours: &str) -> bool {
    let bare = |text: &str| {
        let mut url = Url::parse(text).ok()?;
        url.set_query(None);
        url.set_fragment(None);
        Some(url)
    };
    bare(shown).is_some_and(|shown| bare(ours) == Some(shown))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    fn outcome(change: impl FnOnce(&mut Value)) -> Result<String, &'static str> {
        let mut claims = json!({
            "htm": "POST", "htu": "https://op.example/auth/token", "iat": 1_000, "jti": "1",
            // The SHA-256 of "token".
            "ath": "PEaenWxYddN6Q_NT1PiOYfz4EsZu7jRXRlpAsNpBU-A",
        });
        change(&mut claims);
        let wanted = Wanted {
            method: "POST",
            url: "https://op.example/auth/token",
            access_token: Some("token"),
            now: 1_000,
        };
        let claims = claims.as_object().unwrap();
        wanted.check(claims).map(|(id, _)| id.to_owned())
    }

    #[test]
    fn a_proof_is_about_this_request() {
        assert_eq!(outcome(|_| {}).unwrap(), "1");
        assert!(outcome(|c| c["htu"] = json!("https://OP.example:443/auth/token?x=1#y")).is_ok());
        assert!(outcome(|c| c["iat"] = json!(1_010)).is_ok());
        assert!(outcome(|c| c["iat"] = json!(930)).is_ok());
    }

    #[test]
    fn a_proof_about_anything_else_is_refused() {
        let refused = |change: fn(&mut Value)| outcome(change).unwrap_err();
        assert!(refused(|c| c["htm"] = json!("GET")).contains("htm"));
        assert!(refused(|c| c["htm"] = json!("post")).contains("htm"));
        assert!(refused(|c| c["htu"] = json!("https://op.example/auth/userinfo")).contains("htu"));
        assert!(refused(|c| c["htu"] = json!("http://op.example/auth/token")).contains("htu"));
        assert!(refused(|c| c["iat"] = json!(1_011)).contains("iat"));
        assert!(refused(|c| c["iat"] = json!(929)).contains("iat"));
        assert!(refused(|c| c["iat"] = json!("1000")).contains("iat"));
        assert!(refused(|c| c["ath"] = json!("other")).contains("ath"));
        assert!(refused(|c| drop(c.as_object_mut().unwrap().remove("ath"))).contains("ath"));
        assert!(refused(|c| c["jti"] = json!("")).contains("jti"));
    }
}
