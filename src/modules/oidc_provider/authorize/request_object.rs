//! Request objects: an authorization request as a JWT that its client signed (RFC 9101).

use serde_json::{Map, Value, json};

use super::super::{
    client_keys::{self, ClientKeyError},
    error::ErrorCode,
    seen,
};
use crate::{
    clock::UnixMillis,
    crypto::foreign::numeric_date,
    generation::Client,
    modules::{
        Context,
        audit::{self, AuditEvent},
        parameters::Parameters,
    },
    store::StoreError,
};

/// How far the client's clock may be from ours, in seconds.
const LEEWAY: i64 = 30;
/// How old an object may be, and how long it may be good for, in seconds, if it says both (FAPI 2.0
/// Message Signing 5.3.1).
const MAX_LIFE: i64 = 3_600;
/// Most parameters in an object.
const MAX_PARAMETERS: usize = 64;

/// Claims about the object itself (RFC 7519 4.1).
const ABOUT_ITSELF: [&str; 7] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

/// Why an object is not taken.
pub(super) enum NotOpened {
    /// It is at fault.
    Refused(ErrorCode, String),
    /// We are.
    Failed(StoreError),
}

impl From<(ErrorCode, String)> for NotOpened {
    fn from((code, description): (ErrorCode, String)) -> Self {
        Self::Refused(code, description)
    }
}

impl From<StoreError> for NotOpened {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

/// The parameters in the object, if it is this client's, for us, and timely.
pub(super) async fn open(
    context: &Context,
    client: &Client,
    object: &str,
) -> Result<Parameters, NotOpened> {
    let refused = |why: &str| {
        let description = format!("the request object is not accepted: {why}");
        (ErrorCode::InvalidRequestObject, description)
    };
    let algorithm = client.spec.request_object_signing_alg.as_deref();
    let jwt = match client_keys::verify(context, client, object, algorithm).await {
        Ok(jwt) => jwt,
        Err(ClientKeyError::None) => {
            let description = "this client has no keys that could sign a request object";
            return Err(NotOpened::Refused(
                ErrorCode::RequestNotSupported,
                description.to_owned(),
            ));
        }
        Err(error) => {
            tracing::info!(client = client.name, "request object refused: {error}");
            return Err(refused("its signature is not by a key of this client").into());
        }
    };
    // RFC 9101 10.8: a JWT of another kind is no request.
    if !matches!(
        jwt.typ.as_deref(),
        None | Some("jwt" | "oauth-authz-req+jwt")
    ) {
        return Err(refused("its typ must be oauth-authz-req+jwt").into());
    }
    let now = context.clock.now().as_seconds();
    check(&jwt.claims, &client.name, &context.site.issuer, now).map_err(refused)?;
    if !is_first(context, client, &jwt.claims).await? {
        return Err(refused("its jti was used before").into());
    }
    Ok(parameters(jwt.claims).map_err(refused)?)
}

/// Whether the object comes for the first time. One without a `jti` may come again until it expires
/// (RFC 9101 does not demand one).
async fn is_first(
    context: &Context,
    client: &Client,
    claims: &Map<String, Value>,
) -> Result<bool, StoreError> {
    let (Some(jti), Some(exp)) = (
        claims.get("jti").and_then(Value::as_str),
        claims.get("exp").and_then(numeric_date),
    ) else {
        return Ok(true);
    };
    let until = UnixMillis::from_seconds(exp.saturating_add(LEEWAY + 1));
    if seen::first_time(context, "request_object", &client.uid, jti, until).await? {
        return Ok(true);
    }
    let subject = format!("client:{}", client.name);
    let mut tx = context.store.begin().await?;
    let event = AuditEvent {
        actor: "anonymous",
        action: "oidc.request_object_reuse",
        subject: Some(&subject),
        detail: json!({}),
        ip: None,
    };
    audit::record(&mut tx, event, context.clock.now()).await?;
    tx.commit().await?;
    Ok(false)
}

fn check(
    claims: &Map<String, Value>,
    client_id: &str,
    issuer: &str,
    now: i64,
) -> Result<(), &'static str> {
    let is = |name: &str, value: &str| claims.get(name).and_then(Value::as_str) == Some(value);
    if !is("iss", client_id) {
        return Err("its iss must be the client_id");
    }
    if !is("client_id", client_id) {
        return Err("its client_id must be the one outside of it");
    }
    let is_for_us = match claims.get("aud") {
        Some(Value::Array(all)) => all.iter().any(|one| one.as_str() == Some(issuer)),
        Some(one) => one.as_str() == Some(issuer),
        None => false,
    };
    if !is_for_us {
        return Err("its aud must be this issuer");
    }
    // RFC 9101 4.
    if claims.contains_key("request") || claims.contains_key("request_uri") {
        return Err("it may not hold another one");
    }
    match (claims.get("jti"), claims.get("exp")) {
        (None, _) | (Some(Value::String(_)), Some(_)) => {}
        (Some(Value::String(_)), None) => {
            return Err("its jti must be remembered, so it needs an exp");
        }
        (Some(_), _) => return Err("its jti must be text"),
    }
    times(claims, now)
}

fn times(claims: &Map<String, Value>, now: i64) -> Result<(), &'static str> {
    let moment = |name: &str| match claims.get(name).map(numeric_date) {
        None => Ok(None),
        Some(Some(at)) => Ok(Some(at)),
        Some(None) => Err("its exp, nbf and iat must be numbers"),
    };
    let (exp, nbf, iat) = (moment("exp")?, moment("nbf")?, moment("iat")?);
    if exp.is_some_and(|exp| exp <= now.saturating_sub(LEEWAY)) {
        return Err("it has expired");
    }
    if nbf.max(iat).is_some_and(|from| from > now + LEEWAY) {
        return Err("it is from the future");
    }
    if let (Some(exp), Some(nbf)) = (exp, nbf) {
        if nbf < now - MAX_LIFE - LEEWAY {
            return Err("its nbf is more than an hour ago");
        }
        if exp > nbf.saturating_add(MAX_LIFE) {
            return Err("its exp is more than an hour after its nbf");
        }
    }
    Ok(())
}

/// What is asked for. Nothing outside of the object counts (RFC 9101 6.3).
fn parameters(claims: Map<String, Value>) -> Result<Parameters, &'static str> {
    let mut pairs = Vec::new();
    for (name, value) in claims {
        if ABOUT_ITSELF.contains(&name.as_str()) {
            continue;
        }
        match value {
            // The only parameter that a request may have several times (RFC 8707 2).
            Value::Array(values) if name == "resource" => {
                for value in values {
                    let resource = value.as_str().ok_or("its resource must be text")?;
                    pairs.push((name.clone(), resource.to_owned()));
                }
            }
            Value::String(text) => pairs.push((name, text)),
            // As they would be written outside: `max_age`, and the JSON of `claims`.
            Value::Number(_) | Value::Bool(_) | Value::Object(_) => {
                pairs.push((name, value.to_string()));
            }
            Value::Array(_) => return Err("its parameters must be text"),
            Value::Null => {}
        }
        if pairs.len() > MAX_PARAMETERS {
            return Err("it has too many parameters");
        }
    }
    pairs.retain(|(_, value)| !value.is_empty());
    Ok(Parameters::from_pairs(pairs))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_000_000;

    fn outcome(change: impl FnOnce(&mut Value)) -> Result<(), &'static str> {
        let mut value = json!({
            "iss": "app", "client_id": "app", "aud": ["https://other", "https://op"],
            "exp": NOW + 60, "nbf": NOW, "iat": NOW, "scope": "openid",
        });
        change(&mut value);
        check(value.as_object().unwrap(), "app", "https://op", NOW)
    }

    fn without(name: &'static str) -> impl FnOnce(&mut Value) {
        move |claims| drop(claims.as_object_mut().unwrap().remove(name))
    }

    #[test]
    fn an_object_of_the_client_for_us_is_taken() {
        outcome(|_| {}).unwrap();
        outcome(|c| c["aud"] = json!("https://op")).unwrap();
        outcome(|c| c["exp"] = json!(NOW - 10)).unwrap();
        outcome(without("exp")).unwrap();
        outcome(without("nbf")).unwrap();
        // An hour counts only for what says when it begins.
        outcome(|c| {
            without("nbf")(c);
            c["exp"] = json!(NOW + 90_000);
        })
        .unwrap();
    }

    #[test]
    fn everything_else_is_refused() {
        let refused = |change: fn(&mut Value)| outcome(change).unwrap_err();
        assert!(refused(|c| c["iss"] = json!("other")).contains("iss"));
        assert!(refused(|c| without("iss")(c)).contains("iss"));
        assert!(refused(|c| c["client_id"] = json!("other")).contains("client_id"));
        assert!(refused(|c| without("client_id")(c)).contains("client_id"));
        assert!(refused(|c| c["aud"] = json!("https://other")).contains("aud"));
        assert!(refused(|c| c["aud"] = json!([])).contains("aud"));
        assert!(refused(|c| without("aud")(c)).contains("aud"));
        assert!(refused(|c| c["exp"] = json!(NOW - 31)).contains("expired"));
        assert!(refused(|c| c["exp"] = json!("later")).contains("numbers"));
        assert!(refused(|c| c["nbf"] = json!(NOW + 31)).contains("future"));
        assert!(refused(|c| c["iat"] = json!(NOW + 31)).contains("future"));
        assert!(refused(|c| c["nbf"] = json!(NOW - 3_631)).contains("ago"));
        assert!(refused(|c| c["exp"] = json!(NOW + 3_601)).contains("after"));
        assert!(refused(|c| c["request"] = json!("eyJ")).contains("another"));
        assert!(refused(|c| c["request_uri"] = json!("urn:x")).contains("another"));
    }

    #[test]
    fn claims_become_the_parameters_they_would_be_outside() {
        let read = |value: Value| parameters(value.as_object().unwrap().clone());
        let taken = read(json!({
            "iss": "app", "aud": "x", "exp": 1, "jti": "1", "max_age": 60, "state": "",
            "claims": { "userinfo": {} }, "scope": "openid", "resource": ["https://a", "https://b"],
        }))
        .unwrap();
        assert_eq!(taken.get("max_age"), Some("60"));
        assert_eq!(taken.get("claims"), Some(r#"{"userinfo":{}}"#));
        assert_eq!(taken.get("scope"), Some("openid"));
        assert_eq!(
            taken.iter().filter(|(name, _)| *name == "resource").count(),
            2
        );
        assert_eq!(taken.iter().count(), 5);
        assert!(read(json!({ "scope": ["openid"] })).is_err());
        let many: Map<String, Value> = (0..100).map(|i| (i.to_string(), json!("x"))).collect();
        assert!(parameters(many).is_err());
    }
}
