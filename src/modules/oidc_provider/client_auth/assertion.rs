//! A client that shows a JWT instead of a secret (RFC 7523 2.2, OpenID Connect Core 9).

use assay_reconciler::{
    object::CLIENT_SECRET_PURPOSE, secret::SecretSource, spec::oidc_client::ClientAuthMethod,
};
use serde_json::{Map, Value};

use super::super::{
    client_keys,
    error::{ErrorCode, OAuthError},
    seen,
    token::TOKEN_PATH,
};
use crate::{
    clock::UnixMillis,
    crypto::{
        VerifyError,
        foreign::{ForeignJwt, numeric_date, verify_mac},
    },
    generation::Client,
    modules::Context,
};

/// The only `client_assertion_type`.
pub(super) const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How far the client's clock may be from ours, in seconds.
const LEEWAY: i64 = 30;
/// The longest that an assertion may be good for, in seconds: its id is remembered that long.
const MAX_LIFE: i64 = 3_600;
/// Longest `jti`, in bytes.
const MAX_ID: usize = 512;

/// Checks that `assertion` is this client's, for us, fresh, and shown for the first time.
pub(super) async fn check(
    context: &Context,
    client: &Client,
    assertion: &str,
    endpoint: &str,
) -> Result<(), OAuthError> {
    let jwt = verified(context, client, assertion).await?;
    let now = context.clock.now().as_seconds();
    let audiences = [
        context.site.issuer.clone(),
        context.site.url(TOKEN_PATH),
        context.site.url(endpoint),
    ];
    let (id, until) = claims(&jwt.claims, &client.name, &audiences, now).map_err(refused)?;
    let is_first = seen::first_time(context, "client_assertion", &client.uid, id, until).await?;
    if !is_first {
        tracing::warn!(client = client.name, "a client assertion was shown twice");
        return Err(refused("its jti was seen before"));
    }
    Ok(())
}

async fn verified(
    context: &Context,
    client: &Client,
    assertion: &str,
) -> Result<ForeignJwt, OAuthError> {
    let spec = &client.spec;
    let algorithm = spec.token_endpoint_auth_signing_alg.as_deref();
    if spec.auth_method() == ClientAuthMethod::PrivateKeyJwt {
        return client_keys::verify(context, client, assertion, algorithm)
            .await
            .map_err(|error| {
                tracing::info!(client = client.name, "client assertion refused: {error}");
                refused("its signature is not by a key of this client")
            });
    }
    let now = context.clock.now().as_i64();
    let previous = spec
        .previous_client_secret
        .as_ref()
        .filter(|previous| previous.expires_at.as_millisecond() > now)
        .map(|previous| &previous.secret);
    let mut error = VerifyError::UnknownKey;
    for secret in spec.client_secret.iter().chain(previous) {
        let SecretSource::Sealed(sealed) = secret else {
            continue;
        };
        let secret = context.keyring.open(CLIENT_SECRET_PURPOSE, sealed)?;
        match verify_mac(assertion, secret.expose(), algorithm) {
            Ok(jwt) => return Ok(jwt),
            Err(other) => error = other,
        }
    }
    tracing::info!(client = client.name, "client assertion refused: {error}");
    Err(refused("it is not keyed with this client's secret"))
}

/// RFC 7523 3. Gives the id, and until when it has to be remembered.
fn claims<'a>(
    claims: &'a Map<String, Value>,
    client_id: &str,
    audiences: &[String],
    now: i64,
) -> Result<(&'a str, UnixMillis), &'static str> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(client_id) || text("sub") != Some(client_id) {
        return Err("its iss and sub must both be the client_id");
    }
    let is_ours = |audience: &Value| {
        audience
            .as_str()
            .is_some_and(|one| audiences.iter().any(|ours| ours == one))
    };
    let is_for_us = match claims.get("aud") {
        // All of them: one that is for others as well could be shown to us by them.
        Some(Value::Array(all)) => !all.is_empty() && all.iter().all(is_ours),
        Some(one) => is_ours(one),
        None => false,
    };
    if !is_for_us {
        return Err("its aud must be this issuer");
    }
    let moment = |name: &str| claims.get(name).map(numeric_date);
    let until = match moment("exp") {
        Some(Some(until)) if until + LEEWAY > now && until <= now + MAX_LIFE + LEEWAY => until,
        Some(Some(until)) if until > now => return Err("its exp is more than an hour away"),
        Some(_) => return Err("it has expired"),
        None => return Err("it has no exp"),
    };
    for name in ["nbf", "iat"] {
        match moment(name) {
            None => {}
            Some(Some(at)) if at <= now + LEEWAY => {}
            Some(_) => return Err("it is from the future"),
        }
    }
    match text("jti") {
        Some(id) if !id.is_empty() && id.len() <= MAX_ID => {
            Ok((id, UnixMillis::from_seconds(until + 2 * LEEWAY)))
        }
        _ => Err("it has no jti"),
    }
}

fn refused(why: &'static str) -> OAuthError {
    OAuthError::new(
        ErrorCode::InvalidClient,
        format!("the client assertion is not accepted: {why}"),
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_000_000;

    fn outcome(change: impl FnOnce(&mut Value)) -> Result<String, &'static str> {
        let mut value = json!({
            "iss": "app", "sub": "app", "aud": "https://op", "exp": NOW + 60, "iat": NOW, "jti": "1",
        });
        change(&mut value);
        let map = value.as_object().unwrap();
        let ours = ["https://op".to_owned(), "https://op/auth/token".to_owned()];
        claims(map, "app", &ours, NOW).map(|(id, _)| id.to_owned())
    }

    #[test]
    fn what_every_library_sends_is_taken() {
        assert_eq!(outcome(|_| {}).unwrap(), "1");
        assert!(outcome(|c| c["aud"] = json!(["https://op/auth/token"])).is_ok());
        assert!(outcome(|c| c["exp"] = json!(1_000_060.5)).is_ok());
        assert!(outcome(|c| c["iat"] = json!(NOW + 10)).is_ok());
        assert!(
            outcome(|c| c["exp"] = json!(NOW - 10)).is_ok(),
            "clocks differ"
        );
    }

    #[test]
    fn everything_else_is_refused() {
        let refused = |change: fn(&mut Value)| outcome(change).unwrap_err();
        assert!(refused(|c| c["iss"] = json!("other")).contains("iss"));
        assert!(refused(|c| c["sub"] = json!("other")).contains("sub"));
        assert!(refused(|c| c["aud"] = json!("https://other")).contains("aud"));
        assert!(refused(|c| c["aud"] = json!(["https://op", "https://other"])).contains("aud"));
        assert!(refused(|c| c["aud"] = json!([])).contains("aud"));
        assert!(refused(|c| drop(c.as_object_mut().unwrap().remove("exp"))).contains("exp"));
        assert!(refused(|c| c["exp"] = json!(NOW - 31)).contains("expired"));
        assert!(refused(|c| c["exp"] = json!("soon")).contains("expired"));
        assert!(refused(|c| c["exp"] = json!(NOW + 4_000)).contains("hour"));
        assert!(refused(|c| c["nbf"] = json!(NOW + 60)).contains("future"));
        assert!(refused(|c| c["iat"] = json!(NOW + 60)).contains("future"));
        assert!(refused(|c| drop(c.as_object_mut().unwrap().remove("jti"))).contains("jti"));
        assert!(refused(|c| c["jti"] = json!("")).contains("jti"));
    }
}
