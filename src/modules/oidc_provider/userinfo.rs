//! `/auth/userinfo`: what a client may see of the person (OpenID Connect Core 5.3).

use axum::{
    Json,
    extract::{Request, State},
    http::{
        HeaderMap, HeaderValue, Method, StatusCode,
        header::{AUTHORIZATION, CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value};

use super::{claims, presented, scope::Scopes};
use crate::{
    modules::{Context, form::StrictForm, jwt::verify_access_token, parameters::Parameters},
    store::StoreError,
};

/// The endpoint.
pub(super) const USERINFO_PATH: &str = "/auth/userinfo";

/// Why there is no answer (RFC 6750 3.1).
#[derive(Debug, PartialEq, Eq)]
pub(super) enum BearerError {
    /// No token at all: the client is only told how to send one.
    Missing,
    /// The token was sent in two places, twice, or in the query.
    InvalidRequest(&'static str),
    /// Not, or no longer, a token that this endpoint takes.
    InvalidToken,
    /// The token does not allow this.
    InsufficientScope,
    /// The database cannot be asked now.
    Unavailable,
    /// Our fault; this is the incident's number.
    Internal(String),
}

impl From<StoreError> for BearerError {
    fn from(error: StoreError) -> Self {
        if error.is_unavailable() {
            tracing::warn!("{error}");
            return Self::Unavailable;
        }
        let document = crate::modules::Problem::internal(&error).document();
        Self::Internal(document["incident"].as_str().unwrap_or_default().to_owned())
    }
}

impl IntoResponse for BearerError {
    fn into_response(self) -> Response {
        let (status, challenge, body) = match self {
            Self::Missing => (StatusCode::UNAUTHORIZED, "Bearer".to_owned(), Value::Null),
            Self::InvalidRequest(why) => refusal(StatusCode::BAD_REQUEST, "invalid_request", why),
            Self::InvalidToken => refusal(
                StatusCode::UNAUTHORIZED,
                "invalid_token",
                "the token is not valid or no longer so",
            ),
            Self::InsufficientScope => refusal(
                StatusCode::FORBIDDEN,
                "insufficient_scope",
                "the token needs the scope openid",
            ),
            Self::Unavailable => {
                let retry = [(RETRY_AFTER, HeaderValue::from_static("1"))];
                return (StatusCode::SERVICE_UNAVAILABLE, retry).into_response();
            }
            Self::Internal(incident) => {
                let body = serde_json::json!({ "error": "server_error", "incident": incident });
                return (StatusCode::INTERNAL_SERVER_ERROR, Json(body)).into_response();
            }
        };
        let mut headers = HeaderMap::new();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Ok(challenge) = HeaderValue::try_from(challenge) {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        if body.is_null() {
            (status, headers).into_response()
        } else {
            (status, headers, Json(body)).into_response()
        }
    }
}

fn refusal(status: StatusCode, error: &str, description: &str) -> (StatusCode, String, Value) {
    let challenge = format!("Bearer error=\"{error}\", error_description=\"{description}\"");
    let body = serde_json::json!({ "error": error, "error_description": description });
    (status, challenge, body)
}

/// `GET` and `POST /auth/userinfo`
pub(super) async fn userinfo(
    State(context): State<Context>,
    request: Request,
) -> Result<Response, BearerError> {
    let token = bearer(request).await?;
    let now = context.clock.now();
    let issuer = &context.site.issuer;
    let keys = context.snapshot.signing_keys();
    let token = verify_access_token(keys, issuer, Some(issuer), &token, now)
        .map_err(|_| BearerError::InvalidToken)?;
    if !token.allows("openid") {
        return Err(BearerError::InsufficientScope);
    }
    // A token dies with its grant, its person, its session and its client.
    let grant = presented::grant_of(&context, &token, now)
        .await?
        .ok_or(BearerError::InvalidToken)?;
    let client = presented::client_of(&context, &grant).ok_or(BearerError::InvalidToken)?;
    let scopes = Scopes::parse(token.scope.as_deref().unwrap_or_default());
    let scopes = scopes.within(&client.spec.scopes);

    let mut answer = Map::new();
    answer.insert("sub".into(), grant.user_id.as_str().into());
    answer.extend(claims::by_scope(&grant, &scopes));
    let headers = [(CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((headers, Json(Value::Object(answer))).into_response())
}

/// The token of the request: in the header or in the form, not in both (RFC 6750 2).
async fn bearer(request: Request) -> Result<String, BearerError> {
    let query = request.uri().query().unwrap_or_default();
    if Parameters::parse(query.as_bytes()).is_ok_and(|query| query.get("access_token").is_some()) {
        // RFC 9700 4.3.2: a query ends up in logs and histories.
        let why = "the token belongs into the Authorization header, not into the query";
        return Err(BearerError::InvalidRequest(why));
    }
    let from_header = in_header(request.headers())?;
    let is_form = request.method() == Method::POST
        && request
            .headers()
            .get(axum::http::header::CONTENT_TYPE)
            .is_some();
    let from_form = if is_form {
        let StrictForm(form) = StrictForm::read(request)
            .await
            .map_err(|_| BearerError::InvalidRequest("the body is not a form"))?;
        form.get("access_token").map(str::to_owned)
    } else {
        None
    };
    match (from_header, from_form) {
        (Some(_), Some(_)) => Err(BearerError::InvalidRequest(
            "the token was sent in the header and in the body",
        )),
        (Some(token), None) | (None, Some(token)) => Ok(token),
        (None, None) => Err(BearerError::Missing),
    }
}

fn in_header(headers: &HeaderMap) -> Result<Option<String>, BearerError> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        let why = "more than one Authorization header";
        return Err(BearerError::InvalidRequest(why));
    }
    let text = value.to_str().map_err(|_| BearerError::InvalidToken)?;
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            Ok(Some(token.trim().to_owned()))
        }
        _ => Err(BearerError::InvalidRequest(
            "the Authorization header is not a bearer token",
        )),
    }
}
