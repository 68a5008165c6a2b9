//! `/auth/upstream/{name}/backchannel-logout`: the upstream has signed somebody out (OpenID Connect
//! Back-Channel Logout 1.0).

use std::time::Duration;

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderValue, StatusCode, header::CACHE_CONTROL},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

use super::{error::UpstreamError, named, provider::Provider, sessions};
use crate::{
    clock::UnixMillis,
    crypto::foreign::{numeric_date, unverified_kid},
    generation::Upstream,
    modules::{
        Context, Problem,
        audit::{self, AuditEvent},
        form::StrictForm,
        session::ClientAddress,
    },
};

/// The event that a logout token tells of.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// How far the clocks of two machines may differ.
const LEEWAY: Duration = Duration::from_secs(30);
/// How old a token without an end may be.
const MAX_AGE: Duration = Duration::from_mins(5);

/// Whom a logout token is about.
struct SignedOutThere {
    issuer: String,
    subject: Option<String>,
    sid: Option<String>,
}

/// `POST /auth/upstream/{name}/backchannel-logout`
pub(super) async fn receive(
    State(context): State<Context>,
    Path(name): Path<String>,
    address: ClientAddress,
    StrictForm(form): StrictForm,
) -> Result<Response, Problem> {
    let upstream = named(&context, &name).ok_or_else(Problem::not_found)?;
    let token = form.get("logout_token").unwrap_or_default();
    let about = match verified(&context, upstream, token).await {
        Ok(about) => about,
        Err(Refused::Wrong(why)) => return Ok(refuse(StatusCode::BAD_REQUEST, why)),
        // It may be right: the upstream is to try again.
        Err(Refused::Unknown(error)) => {
            tracing::warn!(upstream = %upstream.name, "a logout token was not verified: {error}");
            let why = "the keys of the issuer cannot be fetched";
            return Ok(refuse(StatusCode::SERVICE_UNAVAILABLE, why));
        }
    };
    let now = context.clock.now();
    let mut tx = context.store.begin().await?;
    let (issuer, subject, sid) = (
        &about.issuer,
        about.subject.as_deref(),
        about.sid.as_deref(),
    );
    let ended = sessions::end(&mut tx, upstream, issuer, subject, sid, now).await?;
    let event = AuditEvent {
        actor: "anonymous",
        action: "upstream.logout",
        subject: None,
        detail: json!({ "upstream": upstream.name, "ended": ended }),
        ip: address.text(),
    };
    audit::record(&mut tx, event, now).await?;
    tx.commit().await?;
    context.logout_notices.wake();
    Ok(unstored(StatusCode::OK.into_response()))
}

enum Refused {
    Wrong(&'static str),
    Unknown(UpstreamError),
}

impl<E: Into<UpstreamError>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self::Unknown(error.into())
    }
}

/// Section 2.6.
async fn verified(
    context: &Context,
    upstream: &Upstream,
    token: &str,
) -> Result<SignedOutThere, Refused> {
    let provider = Provider::of(context, upstream).await?;
    let jwks = provider.jwks.as_deref();
    let jwks = jwks.ok_or(Refused::Wrong("the issuer has no keys"))?;
    let kid = unverified_kid(token);
    let keys = context
        .outgoing
        .keys(&provider.networks, jwks, kid.as_deref());
    let jwt = keys
        .await?
        .verify(token, None)
        .map_err(|_| Refused::Wrong("the logout token is not signed by its issuer"))?;
    // Older providers leave `typ` at what every JWT may say.
    if jwt
        .typ
        .as_deref()
        .is_some_and(|typ| !matches!(typ, "logout+jwt" | "jwt"))
    {
        return Err(Refused::Wrong("the token is no logout token"));
    }
    check(&provider, &jwt.claims, context.clock.now()).map_err(Refused::Wrong)
}

fn check(
    provider: &Provider<'_>,
    claims: &Map<String, Value>,
    now: UnixMillis,
) -> Result<SignedOutThere, &'static str> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let issuer = text("iss").filter(|issuer| provider.is_issuer(issuer));
    let issuer = issuer.ok_or("the logout token is of another issuer")?;
    let us = &provider.upstream.spec.client_id;
    let is_for_us = match claims.get("aud") {
        Some(Value::String(audience)) => audience == us,
        Some(Value::Array(audiences)) => audiences.iter().any(|audience| audience == us),
        _ => false,
    };
    if !is_for_us {
        return Err("the logout token is for somebody else");
    }
    let moment = |name: &str| {
        let seconds = claims.get(name).and_then(numeric_date)?;
        Some(UnixMillis::from_seconds(seconds))
    };
    let issued = moment("iat").ok_or("the logout token has no `iat`")?;
    let end = match claims.get("exp") {
        Some(_) => moment("exp").ok_or("the logout token has an `exp` that is no time")?,
        None => issued + MAX_AGE,
    };
    if issued > now + LEEWAY || now >= end + LEEWAY {
        return Err("the logout token has expired, or is from the future");
    }
    let tells_of_it = claims
        .get("events")
        .and_then(|events| events.get(EVENT))
        .is_some_and(Value::is_object);
    if !tells_of_it {
        return Err("the logout token tells of no logout");
    }
    // Else an ID token would do.
    if claims.contains_key("nonce") {
        return Err("the logout token has a `nonce`");
    }
    if text("jti").is_none_or(str::is_empty) {
        return Err("the logout token has no `jti`");
    }
    let owned = |name: &str| {
        text(name)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    let (subject, sid) = (owned("sub"), owned("sid"));
    if subject.is_none() && sid.is_none() {
        return Err("the logout token names neither `sub` nor `sid`");
    }
    Ok(SignedOutThere {
        issuer: issuer.to_owned(),
        subject,
        sid,
    })
}

/// Section 2.8.
fn refuse(status: StatusCode, why: &'static str) -> Response {
    let body = json!({ "error": "invalid_request", "error_description": why });
    unstored((status, Json(body)).into_response())
}

fn unstored(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
