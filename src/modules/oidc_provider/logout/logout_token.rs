use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use super::{
    super::{
        signing::{self, SigningError},
        subject,
    },
    notice::Notice,
};
use crate::{
    crypto::token,
    generation::{Client, Snapshot},
    modules::{Context, jwt},
};

/// How long a logout token is good for (section 4 of OpenID Connect Back-Channel Logout 1.0 advises two
/// minutes at most).
const LIFETIME: Duration = Duration::from_mins(2);

/// The event that a logout token tells of.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// The claims (section 2.4). Without `nonce`, so that it is never taken for an ID token.
#[derive(Serialize)]
struct LogoutClaims<'a> {
    iss: &'a str,
    sub: String,
    aud: &'a str,
    iat: i64,
    exp: i64,
    jti: String,
    events: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<&'a str>,
}

/// A token that tells the client of the notice. It is made anew for each attempt, so that it is fresh
/// and signed by a key that the client can find.
pub(super) fn make(
    context: &Context,
    snapshot: &Snapshot,
    client: &Client,
    notice: &Notice,
) -> Result<String, SigningError> {
    let algorithm = client.spec.id_token_signed_response_alg;
    let now = context.clock.now();
    let claims = LogoutClaims {
        iss: &context.site.issuer,
        sub: subject::of(&context.keyring, client, &notice.user_id),
        aud: &client.name,
        iat: now.as_seconds(),
        exp: (now + LIFETIME).as_seconds(),
        jti: token::identifier()?,
        events: json!({ EVENT: {} }),
        sid: notice.sid.as_deref(),
    };
    signing::sign(snapshot, algorithm, jwt::LOGOUT_TOKEN, &claims)
}
