//! `/auth/oauth2/introspect`: what a token is, asked by the client it was given to or is for (RFC 7662).

use assay_reconciler::spec::oidc_client::ClientType;
use axum::{
    Json,
    extract::{Request, State},
    http::{
        HeaderMap, HeaderValue,
        header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{
    access_token::{self, Living},
    claims, client_auth,
    error::{ErrorCode, OAuthError},
    presented,
    revocation::required_token,
    scope::Scopes,
    signing, subject,
};
use crate::{
    clock::UnixMillis,
    generation::Client,
    modules::{Context, jwt, zanzibar::RelatedError},
};

/// The endpoint.
pub(super) const INTROSPECTION_PATH: &str = "/auth/oauth2/introspect";

/// The media type of a signed answer (RFC 9701 4).
const SIGNED: &str = "application/token-introspection+jwt";

/// `POST /auth/oauth2/introspect`. A token of another client is as unknown as one that never was.
pub(super) async fn introspect(
    State(context): State<Context>,
    request: Request,
) -> Result<Response, OAuthError> {
    let accepts_jwt = accepts_jwt(request.headers());
    let (client, form) = client_auth::authenticated_form(&context, request).await?;
    // RFC 7662 2.1: whoever could be anybody could try tokens out.
    if client.spec.client_type == ClientType::Public {
        let what = "introspection needs a client that can authenticate";
        return Err(OAuthError::new(ErrorCode::InvalidClient, what));
    }
    let token = required_token(&form)?;
    let answer = describe(&context, &client, token, context.clock.now())
        .await?
        .unwrap_or_else(|| json!({ "active": false }));
    let no_store = (CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if !accepts_jwt && client.spec.introspection_signed_response_alg.is_none() {
        return Ok(([no_store], Json(answer)).into_response());
    }
    let signed = signed(&context, &client, &answer)?;
    let content_type = (CONTENT_TYPE, HeaderValue::from_static(SIGNED));
    Ok(([no_store, content_type], signed).into_response())
}

/// Whether the request asks for a signed answer (RFC 9701 4).
fn accepts_jwt(headers: &HeaderMap) -> bool {
    let lists = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let names_it = parts
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case(SIGNED));
        // RFC 9110 12.4.2: a weight of 0 means "not acceptable".
        names_it
            && parts
                .filter_map(|parameter| parameter.split_once('='))
                .filter(|(name, _)| name.eq_ignore_ascii_case("q"))
                .all(|(_, weight)| weight.parse().is_ok_and(|weight: f32| weight > 0.0))
    })
}

/// RFC 9701 5: what is said of the token stands apart, so that the answer is never taken for a token.
fn signed(context: &Context, client: &Client, answer: &Value) -> Result<String, OAuthError> {
    let spec = &client.spec;
    let algorithm = spec
        .introspection_signed_response_alg
        .unwrap_or(spec.id_token_signed_response_alg);
    let claims = json!({
        "iss": context.site.issuer,
        "aud": client.name,
        "iat": context.clock.now().as_seconds(),
        "token_introspection": answer,
    });
    let typ = jwt::TOKEN_INTROSPECTION;
    signing::sign(&context.snapshot, algorithm, typ, &claims)
        .map_err(|error| OAuthError::internal(&error))
}

async fn describe(
    context: &Context,
    client: &Client,
    token: &str,
    now: UnixMillis,
) -> Result<Option<Value>, OAuthError> {
    if let Some(living) = access_token::living(context, token, now).await? {
        return Ok(may_see(client, &living)
            .then(|| of_access_token(context, living))
            .transpose()?);
    }
    let Some(row) = presented::refresh_token(context, client, token, now).await? else {
        return Ok(None);
    };
    // One that was replaced gets nobody anything.
    if row.rotated_at.is_some() {
        return Ok(None);
    }
    let grant = presented::live_grant(context, client, &row.grant_id, now).await?;
    Ok(grant.map(|grant| {
        json!({
            "active": true,
            "iss": context.site.issuer,
            "sub": subject::of(&context.keyring, client, &grant.user_id),
            "client_id": client.name,
            "iat": row.created_at.as_seconds(),
            "exp": row.expires_at.as_seconds(),
            "scope": row.scope,
        })
    }))
}

/// Whether the client may know of the token: it is its own, or it is for the client, as what it is called
/// or as the server of a resource. To everybody else it is as unknown as one that never was.
fn may_see(client: &Client, token: &Living) -> bool {
    let aud = &token.claims.aud;
    token.client.uid == client.uid
        || aud.contains(&client.name)
        || aud.contains_any(&client.spec.serves_resources)
}

/// The same for a JWT and for an opaque token.
fn of_access_token(context: &Context, living: Living) -> Result<Value, RelatedError> {
    let token = living.claims;
    let scopes = Scopes::parse(token.scope.as_deref().unwrap_or_default());
    let is_bound_to_key = token.cnf.as_ref().is_some_and(|bound| bound.jkt.is_some());
    let mut answer = json!({
        "active": true,
        "token_type": if is_bound_to_key { "DPoP" } else { "Bearer" },
        "iss": token.iss,
        "sub": token.sub,
        "aud": token.aud,
        "client_id": token.client_id,
        "iat": token.iat,
        "exp": token.exp,
        "jti": token.jti,
        "scope": token.scope.unwrap_or_default(),
    });
    // RFC 9470 6.2: what a resource server decides by whether the person has to sign in again.
    if let Some(auth_time) = token.auth_time {
        answer["auth_time"] = auth_time.into();
    }
    if let Some(acr) = token.acr {
        answer["acr"] = acr.into();
    }
    if let Some(bound) = token.cnf {
        answer["cnf"] = json!(bound);
    }
    if let Some(actor) = token.act {
        answer["act"] = actor;
    }
    if let Some(grant) = &living.grant {
        let scopes = scopes.within(&living.client.spec.scopes);
        for (name, value) in claims::in_access_token(context, grant, &scopes)? {
            answer[name] = value;
        }
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signed_answer_is_for_those_who_ask_for_it() {
        let accepts = |value| accepts_jwt(&HeaderMap::from_iter([(ACCEPT, value)]));
        for asking in [
            "application/token-introspection+jwt",
            "Application/Token-Introspection+JWT; q=0.5",
            "application/json;q=0.1, application/token-introspection+jwt",
        ] {
            assert!(accepts(HeaderValue::from_static(asking)), "{asking}");
        }
        for other in [
            "*/*",
            "application/*",
            "application/json",
            "application/jwt",
            "application/token-introspection+jwt;q=0",
            "application/token-introspection+jwt; q=0.000",
        ] {
            assert!(!accepts(HeaderValue::from_static(other)), "{other}");
        }
        assert!(!accepts_jwt(&HeaderMap::new()));
    }
}
