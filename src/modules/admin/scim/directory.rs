//! Who asks, and what was sent.

use axum::{
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, StatusCode, header::IF_MATCH, request::Parts},
};
use serde_json::{Map, Value};

use super::{
    answer::MEDIA_TYPE,
    error::{ScimError, ScimType},
    limits::{MAX_BODY, MAX_VERSIONS},
};
use crate::modules::{
    Context,
    admin::{
        Administration,
        credential::{Permitted, Scim},
    },
    body,
};

/// A directory with a key that has the permission `scim`. A handler that takes it cannot forget the check.
pub(super) struct Directory {
    /// In the name of the key.
    pub(super) administration: Administration,
    pub(super) context: Context,
}

impl FromRequestParts<Context> for Directory {
    type Rejection = ScimError;

    async fn from_request_parts(parts: &mut Parts, context: &Context) -> Result<Self, ScimError> {
        let permitted = Permitted::<Scim>::from_request_parts(parts, context).await?;
        Ok(Self {
            administration: permitted.administration,
            context: context.clone(),
        })
    }
}

/// A JSON object that was sent.
pub(super) struct Sent(pub(super) Map<String, Value>);

impl<S: Send + Sync> FromRequest<S> for Sent {
    type Rejection = ScimError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ScimError> {
        let media_type = if body::is_of_type(request.headers(), "application/json") {
            "application/json"
        } else {
            MEDIA_TYPE
        };
        let bytes = body::read(request, media_type, MAX_BODY)
            .await
            .map_err(|error| ScimError::plain(error.status(), error.to_string()))?;
        let object = serde_json::from_slice(&bytes).map_err(|error| {
            // Where it is, and not what: there may be a password in it.
            let words = format!(
                "the body is not a JSON object; look at line {}, column {}",
                error.line(),
                error.column()
            );
            ScimError::new(ScimType::InvalidSyntax, words)
        })?;
        Ok(Self(object))
    }
}

/// Which versions a change may be made to (`If-Match`, RFC 7644 3.14).
pub(super) struct Versions(Option<Vec<i64>>);

impl Versions {
    /// What to compare the version with, one after the other; `None` is any.
    pub(super) fn tries(&self) -> Vec<Option<i64>> {
        match &self.0 {
            None => vec![None],
            Some(versions) => versions.iter().copied().map(Some).collect(),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Versions {
    type Rejection = ScimError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ScimError> {
        versions(&parts.headers)
    }
}

fn versions(headers: &HeaderMap) -> Result<Versions, ScimError> {
    let mut versions = Vec::new();
    let mut is_any = true;
    for header in headers.get_all(IF_MATCH) {
        is_any = false;
        let tags = header.to_str().unwrap_or_default();
        for tag in tags.split(',').map(str::trim) {
            if tag == "*" {
                return Ok(Versions(None));
            }
            let number = tag.strip_prefix("W/").unwrap_or(tag);
            let number = number
                .strip_prefix('"')
                .and_then(|tag| tag.strip_suffix('"'));
            versions.extend(number.and_then(|number| number.parse::<i64>().ok()));
        }
    }
    if is_any {
        return Ok(Versions(None));
    }
    if versions.is_empty() || versions.len() > MAX_VERSIONS {
        return Err(changed_since());
    }
    Ok(Versions(Some(versions)))
}

/// 412: it is not what it was any more.
pub(super) fn changed_since() -> ScimError {
    ScimError::plain(
        StatusCode::PRECONDITION_FAILED,
        "the resource does not have a version of `If-Match`; read it again",
    )
}

/// The version of what was changed last then, as an entity tag.
pub(super) fn version(updated_at: crate::clock::UnixMillis) -> String {
    format!("W/\"{}\"", updated_at.as_i64())
}
