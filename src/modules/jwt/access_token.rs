use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

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
    pub aud: Audience,
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
    /// How far the person had proved who they are (RFC 9068 2.2.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// The grant it came from, which can be revoked. A token of the client itself has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gid: Option<String>,
    /// Who acts for the person, and for whom that one acts in turn (RFC 8693 4.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Value>,
    /// What whoever uses it must prove to hold (RFC 7800).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
    /// Set if it was given for another token: what it rests on beside the grant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<Exchange>,
    /// What manifests put into it (kind `Scope`). Not read back: what a person's claims are is asked of
    /// what they rest on, which may have changed.
    #[serde(flatten, skip_deserializing)]
    pub mapped: Map<String, Value>,
}

/// Who is to take a token. One is written as text, several as a list (RFC 7519 4.1.3).
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(from = "Written", into = "Written")]
pub struct Audience(BTreeSet<String>);

#[derive(Deserialize, Serialize)]
#[serde(untagged)]
enum Written {
    One(String),
    Several(BTreeSet<String>),
}

impl From<Written> for Audience {
    fn from(written: Written) -> Self {
        match written {
            Written::One(one) => Self::one(one),
            Written::Several(all) => Self::all(all),
        }
    }
}

impl From<Audience> for Written {
    fn from(audience: Audience) -> Self {
        let mut all = audience.0;
        match all.pop_first() {
            Some(one) if all.is_empty() => Self::One(one),
            first => {
                all.extend(first);
                Self::Several(all)
            }
        }
    }
}

impl Audience {
    /// One alone.
    pub fn one(name: impl Into<String>) -> Self {
        Self(BTreeSet::from([name.into()]))
    }

    /// All of these.
    pub fn all(names: BTreeSet<String>) -> Self {
        Self(names)
    }

    /// Who they are, by name.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether `name` is to take it.
    pub fn contains(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// Whether any of `names` is to take it.
    pub fn contains_any(&self, names: &BTreeSet<String>) -> bool {
        !self.0.is_disjoint(names)
    }
}

/// What a token is bound to (RFC 7800).
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
pub struct Confirmation {
    /// The thumbprint of a key (RFC 7638, RFC 9449 6.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jkt: Option<String>,
    /// The thumbprint of a certificate (RFC 8705 3.1).
    #[serde(rename = "x5t#S256", default, skip_serializing_if = "Option::is_none")]
    pub x5t_s256: Option<String>,
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
