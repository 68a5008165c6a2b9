//! A person, as an access token of ours speaks for them at an endpoint of another module.

use axum::{
    http::{HeaderValue, StatusCode, header::WWW_AUTHENTICATE, request::Parts},
    response::IntoResponse as _,
};

use super::userinfo::{self, BearerError};
use crate::modules::{Context, Problem};

/// Whom a token speaks for, and who has it.
#[derive(Clone, Debug)]
pub struct Bearer {
    /// The person.
    pub user_id: String,
    /// The client that shows the token.
    pub client: String,
}

/// The person whose living access token comes with the request to `path`; the token must be for this
/// provider and allow `scope`.
pub async fn bearer(
    context: &Context,
    parts: &Parts,
    path: &'static str,
    scope: &'static str,
) -> Result<Bearer, Problem> {
    let living = userinfo::proven(context, parts, path)
        .await
        .map_err(problem)?;
    let refused = || problem(BearerError::InvalidToken);
    let grant = living.grant.ok_or_else(refused)?;
    if !living.claims.allows(scope) {
        return Err(Problem::forbidden(format!(
            "the token needs the scope {scope}"
        )));
    }
    Ok(Bearer {
        user_id: grant.user_id,
        client: living.client.name.clone(),
    })
}

fn problem(error: BearerError) -> Problem {
    let response = error.into_response();
    let challenge = response.headers().get(WWW_AUTHENTICATE).cloned();
    let challenge = challenge.unwrap_or(HeaderValue::from_static("Bearer"));
    match response.status() {
        StatusCode::SERVICE_UNAVAILABLE => {
            Problem::unavailable("the database is busy or cut off", 1)
        }
        StatusCode::INTERNAL_SERVER_ERROR => Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Internal error",
        ),
        _ => Problem::unauthenticated("an admin key or a living access token is needed")
            .header(WWW_AUTHENTICATE, challenge),
    }
}
