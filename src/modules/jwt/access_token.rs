use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ACCESS_TOKEN;
use crate::{
    clock::UnixMillis,
    crypto::{Expected, VerifyError},
    generation::SigningKeys,
};

/// The claims of a JWT access token (RFC 9068 2.2).
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
pub struct AccessTokenClaims {
    /// Who gave it.
    pub iss: String,
    /// Whom it speaks for: a person, or the client itself.
    pub sub: String,
    /// Who is to take it.
    pub aud: String,
    /// Who got it.
    pub client_id: String,
    /// Seconds since 1970.
    pub iat: i64,
    /// Seconds since 1970.
    pub exp: i64,
    /// Its own name.
    pub jti: String,
    /// What it allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// When the person signed in (RFC 9068 2.2.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// The grant it came from, which can be revoked. A token of the client itself has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gid: Option<String>,
    /// Who acts for the person, and for whom that one acts in turn (RFC 8693 4.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Value>,
    /// The key that whoever uses it must prove to hold (RFC 9449 6.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
    /// Set if it was given for another token: what it rests on beside the grant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<Exchange>,
}

/// What a token is bound to (RFC 7800).
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
pub struct Confirmation {
    /// The thumbprint of a key (RFC 7638).
    pub jkt: String,
}

/// What a token rests on that was given for another one, beside the grant of that one.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
pub struct Exchange {
    /// The client that asked for it, by the id that survives a rename.
    pub by: String,
    /// The grants of those people who act.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actor_gids: Vec<String>,
}

impl AccessTokenClaims {
    /// Whether it allows `scope`.
    pub fn allows(&self, scope: &str) -> bool {
        self.scope
            .as_deref()
            .is_some_and(|scopes| scopes.split(' ').any(|each| each == scope))
    }
}

/// The claims of an access token that we gave, for whomever, and that has not expired. Whether its
/// client, person and grant are still there is the caller's to ask.
pub fn verify_access_token(
    keys: &SigningKeys,
    issuer: &str,
    token: &str,
    now: UnixMillis,
) -> Result<AccessTokenClaims, VerifyError> {
    let expected = Expected {
        typ: ACCESS_TOKEN,
        issuer,
        audience: None,
        now,
    };
    let claims: AccessTokenClaims = keys.verifying().verify(token, &expected)?;
    // No leeway for the end of a token of our own: it is our clock that counts.
    if claims.exp > now.as_seconds() {
        Ok(claims)
    } else {
        Err(VerifyError::Expired)
    }
}
