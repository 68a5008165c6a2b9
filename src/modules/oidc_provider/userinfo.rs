//! `/auth/userinfo`: what a client may see of the person (OpenID Connect Core 5.3).

use axum::{
    Json,
    extract::{Request, State},
    http::{
        HeaderMap, HeaderValue, Method, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
        request::Parts,
    },
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value};

use super::{
    access_token::{self, Living},
    claims,
    claims_request::Place,
    dpop::{self, ProofError},
    holder::Holder,
    presented,
    scope::Scopes,
    signing::{self, SigningError},
};
use crate::{
    modules::{
        ClientCertificate, Context, Problem,
        authorization::{Credentials, Unclear},
        form::StrictForm,
        jwt,
        parameters::Parameters,
        zanzibar::RelatedError,
    },
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
    /// The DPoP proof is none, or of another request (RFC 9449 7.1).
    InvalidProof(String),
    /// The DPoP proof lacks the server's nonce (RFC 9449 9).
    UseNonce,
    /// The token does not allow this.
    InsufficientScope,
    /// The database cannot be asked now.
    Unavailable,
    /// Our fault; this is the incident's number.
    Internal(String),
}

impl BearerError {
    fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        let document = Problem::internal(error).document();
        Self::Internal(document["incident"].as_str().unwrap_or_default().to_owned())
    }
}

impl From<StoreError> for BearerError {
    fn from(error: StoreError) -> Self {
        if error.is_unavailable() {
            tracing::warn!("{error}");
            return Self::Unavailable;
        }
        Self::internal(&error)
    }
}

impl From<SigningError> for BearerError {
    fn from(error: SigningError) -> Self {
        Self::internal(&error)
    }
}

impl From<RelatedError> for BearerError {
    fn from(error: RelatedError) -> Self {
        match error {
            RelatedError::Loading => Self::Unavailable,
            RelatedError::Check(_) => Self::internal(&error),
        }
    }
}

impl From<ProofError> for BearerError {
    fn from(error: ProofError) -> Self {
        match error {
            ProofError::Invalid(_) => Self::InvalidProof(error.to_string()),
            ProofError::Nonce => Self::UseNonce,
            ProofError::Store(error) => error.into(),
        }
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
            Self::InvalidProof(why) => {
                let (status, _, body) =
                    refusal(StatusCode::UNAUTHORIZED, "invalid_dpop_proof", &why);
                (status, "DPoP error=\"invalid_dpop_proof\"".to_owned(), body)
            }
            Self::UseNonce => {
                let why = "the DPoP proof needs the nonce of the DPoP-Nonce header";
                let (status, _, body) = refusal(StatusCode::UNAUTHORIZED, "use_dpop_nonce", why);
                (status, "DPoP error=\"use_dpop_nonce\"".to_owned(), body)
            }
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
pub(super) async fn userinfo(State(context): State<Context>, request: Request) -> Response {
    let headers = request.headers().clone();
    let method = request.method().clone();
    let response = answer(&context, &headers, &method, request)
        .await
        .unwrap_or_else(IntoResponse::into_response);
    dpop::with_nonce(&context, &headers, response)
}

async fn answer(
    context: &Context,
    headers: &HeaderMap,
    method: &Method,
    request: Request,
) -> Result<Response, BearerError> {
    let certificate = request.extensions().get::<ClientCertificate>();
    let certificate = certificate.map(|shown| shown.certificate.thumbprint());
    let shown = shown(request).await?;
    let issuer = &context.site.issuer;
    let living = living_shown(context, headers, method, USERINFO_PATH, &shown, certificate).await?;
    let Living {
        claims: token,
        client: asking,
        grant,
    } = living;
    if !token.allows("openid") {
        return Err(BearerError::InsufficientScope);
    }
    let grant = grant.ok_or(BearerError::InvalidToken)?;
    let client = presented::client_of(context, &grant).ok_or(BearerError::InvalidToken)?;
    let scopes = Scopes::parse(token.scope.as_deref().unwrap_or_default());
    let scopes = scopes.within(&client.spec.scopes);

    let mut answer = Map::new();
    answer.insert("sub".into(), token.sub.into());
    answer.extend(claims::of_person(
        context,
        client,
        &grant,
        &scopes,
        Place::Userinfo,
    )?);
    let no_store = (CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let Some(algorithm) = asking.spec.userinfo_signed_response_alg else {
        return Ok(([no_store], Json(Value::Object(answer))).into_response());
    };
    // OpenID Connect Core 5.3.2. It has no end, so that it is never taken for an ID token of ours.
    answer.insert("iss".into(), issuer.as_str().into());
    answer.insert("aud".into(), asking.name.as_str().into());
    let signed = signing::sign(&context.snapshot, algorithm, jwt::USERINFO, &answer)?;
    let content_type = (CONTENT_TYPE, HeaderValue::from_static("application/jwt"));
    Ok(([no_store, content_type], signed).into_response())
}

/// The living token in the header of a request to `path`, with what it is bound to.
pub(super) async fn proven(
    context: &Context,
    parts: &Parts,
    path: &str,
) -> Result<Living, BearerError> {
    let certificate = parts.extensions.get::<ClientCertificate>();
    let certificate = certificate.map(|shown| shown.certificate.thumbprint());
    let shown = in_header(&parts.headers)?.ok_or(BearerError::Missing)?;
    living_shown(
        context,
        &parts.headers,
        &parts.method,
        path,
        &shown,
        certificate,
    )
    .await
}

/// The token, if it is for this provider, everything lives that it rests on, and the request proves to hold
/// what it is bound to.
async fn living_shown(
    context: &Context,
    headers: &HeaderMap,
    method: &Method,
    path: &str,
    shown: &Shown,
    certificate: Option<String>,
) -> Result<Living, BearerError> {
    let key = dpop::proven(context, headers, method, path, Some(&shown.token)).await?;
    let holder = Holder { key, certificate };
    let now = context.clock.now();
    let issuer = &context.site.issuer;
    // A token dies with its grant, its person, its session and its client.
    let living = access_token::living(context, &shown.token, now).await?;
    let living = living.filter(|living| living.claims.aud.contains(issuer));
    let living = living.ok_or(BearerError::InvalidToken)?;
    // RFC 9449 7.1: a bound token is of no use to whoever merely has it, nor under the name of another.
    let bound = living.claims.cnf.as_ref();
    let bound_key = bound.and_then(|bound| bound.jkt.as_deref());
    let bound_certificate = bound.and_then(|bound| bound.x5t_s256.as_deref());
    let is_named = (shown.scheme == Scheme::Dpop) == bound_key.is_some();
    if !is_named || !holder.holds(bound_key, bound_certificate) {
        return Err(BearerError::InvalidToken);
    }
    Ok(living)
}

/// A token, and how the request says it may be used.
struct Shown {
    token: String,
    scheme: Scheme,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    /// By whoever has it (RFC 6750).
    Bearer,
    /// By whoever holds its key (RFC 9449 7.1).
    Dpop,
}

/// The token of the request: in the header or in the form, not in both (RFC 6750 2).
async fn shown(request: Request) -> Result<Shown, BearerError> {
    let query = request.uri().query().unwrap_or_default();
    if Parameters::parse(query.as_bytes()).is_ok_and(|query| query.get("access_token").is_some()) {
        // RFC 9700 4.3.2: a query ends up in logs and histories.
        let why = "the token belongs into the Authorization header, not into the query";
        return Err(BearerError::InvalidRequest(why));
    }
    let from_header = in_header(request.headers())?;
    let is_form = request.method() == Method::POST && request.headers().get(CONTENT_TYPE).is_some();
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
        (Some(shown), None) => Ok(shown),
        (None, Some(token)) => Ok(Shown {
            token,
            scheme: Scheme::Bearer,
        }),
        (None, None) => Err(BearerError::Missing),
    }
}

fn in_header(headers: &HeaderMap) -> Result<Option<Shown>, BearerError> {
    let not_bearer = "the Authorization header is not a bearer token";
    let credentials = match Credentials::of(headers) {
        Ok(None) => return Ok(None),
        Ok(Some(credentials)) => credentials,
        Err(Unclear::Repeated) => {
            let why = "more than one Authorization header";
            return Err(BearerError::InvalidRequest(why));
        }
        Err(Unclear::NotText) => return Err(BearerError::InvalidToken),
        Err(Unclear::OneWord) => return Err(BearerError::InvalidRequest(not_bearer)),
    };
    let scheme = if credentials.is("bearer") {
        Scheme::Bearer
    } else if credentials.is("dpop") {
        Scheme::Dpop
    } else {
        return Err(BearerError::InvalidRequest(not_bearer));
    };
    Ok(Some(Shown {
        token: credentials.shown.to_owned(),
        scheme,
    }))
}
