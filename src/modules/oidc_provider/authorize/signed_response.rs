//! An authorization response as a JWT (JWT Secured Authorization Response Mode, JARM).

use std::{borrow::Cow, time::Duration};

use serde_json::{Map, Value};

use super::{
    super::signing::{self, SigningError},
    answer::Recipient,
};
use crate::modules::{Context, jwt};

/// How long an answer is good for (JARM 2.1 advises ten minutes at most).
const LIFETIME: Duration = Duration::from_mins(10);

/// The parameters, for this client and from this issuer.
pub(super) fn make(
    context: &Context,
    recipient: &Recipient,
    parameters: &[(&str, Cow<'_, str>)],
) -> Result<String, SigningError> {
    let mut claims: Map<String, Value> = parameters
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Value::from(value.as_ref())))
        .collect();
    let expires_at = context.clock.now() + LIFETIME;
    claims.insert("iss".to_owned(), context.site.issuer.as_str().into());
    claims.insert("aud".to_owned(), recipient.client_id.as_str().into());
    claims.insert("exp".to_owned(), expires_at.as_seconds().into());
    signing::sign(
        &context.snapshot,
        recipient.algorithm,
        jwt::AUTHORIZATION_RESPONSE,
        &claims,
    )
}
