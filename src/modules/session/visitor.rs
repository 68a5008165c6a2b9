use std::time::Duration;

use axum::{extract::FromRequestParts, http::request::Parts};

use super::{
    Acr,
    cookie::SESSION,
    record::{self, SessionRow},
};
use crate::{
    clock::UnixMillis,
    modules::{Context, Problem},
    store::StoreError,
};

/// How exact `seen_at` is: at most one write per session in this time.
const SEEN_EVERY: Duration = Duration::from_mins(5);
/// Longest session token worth looking up.
const MAX_TOKEN: usize = 128;

/// Whoever asks: somebody who is signed in, or nobody known.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// The person, if one is signed in.
    pub person: Option<SignedIn>,
}

/// Somebody who is signed in, and since when.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The session.
    pub session_id: String,
    /// Who it is.
    pub user_id: String,
    /// Their address.
    pub email: String,
    /// Whether it was shown to be theirs.
    pub email_verified: bool,
    /// Their name, if they have told it.
    pub name: Option<String>,
    /// The language they read, if they have told it (BCP 47).
    pub locale: Option<String>,
    /// Whether they may use the admin API and the console.
    pub is_admin: bool,
    /// When they last proved who they are.
    pub authenticated_at: UnixMillis,
    /// How (RFC 8176): a JSON array.
    pub amr: String,
    /// The authentication context, if one was reached.
    pub acr: Option<String>,
    pub(super) csrf_secret: String,
}

impl Visitor {
    /// Who the request's cookie belongs to. One indexed read; a write every few minutes.
    pub async fn of(context: &Context, parts: &Parts) -> Result<Self, StoreError> {
        let nobody = Self { person: None };
        let Some(token) = SESSION.read(&context.site, &parts.headers) else {
            return Ok(nobody);
        };
        if token.len() > MAX_TOKEN {
            return Ok(nobody);
        }
        let hash = record::hash(&context.keyring, token);
        let now = context.clock.now();
        let Some(row) = record::find(&context.store, &hash, now).await? else {
            return Ok(nobody);
        };
        if now.since(row.seen_at) > SEEN_EVERY {
            record::touch(&context.store, &row.id, now).await?;
        }
        Ok(Self {
            person: Some(row.into()),
        })
    }
}

impl From<SessionRow> for SignedIn {
    fn from(row: SessionRow) -> Self {
        let attributes: serde_json::Value =
            serde_json::from_str(&row.attributes).unwrap_or_default();
        let told = |attribute: &str| Some(attributes.get(attribute)?.as_str()?.to_owned());
        Self {
            session_id: row.id,
            user_id: row.user_id,
            email: row.email,
            email_verified: row.email_verified,
            name: told("name"),
            locale: told("locale"),
            is_admin: row.is_admin,
            authenticated_at: row.authenticated_at,
            amr: row.amr,
            acr: row.acr,
            csrf_secret: row.csrf_secret,
        }
    }
}

impl SignedIn {
    /// Whether a code (`otp`) would add to what they have proved: not a second of them, nor one where it is
    /// of the same kind as all before.
    pub fn is_helped_by_a_code(&self) -> bool {
        let proved: Vec<&str> = serde_json::from_str(&self.amr).unwrap_or_default();
        let together = Acr::together(&proved, &["otp"]);
        Acr::reached(&together) > self.acr.as_deref().and_then(Acr::named)
    }

    /// Whether they have proved themselves with two factors, or with a code at all: there is nothing else
    /// to ask for where second factors are looked after.
    pub fn has_shown_second_factor(&self) -> bool {
        self.acr.as_deref() == Some(Acr::MultiFactor.name()) || self.methods().contains(&"otp")
    }

    /// How they have proved who they are (RFC 8176).
    pub fn methods(&self) -> Vec<&str> {
        serde_json::from_str(&self.amr).unwrap_or_default()
    }
}

#[cfg(test)]
impl SignedIn {
    /// Somebody who signed in with a password.
    pub(in crate::modules) fn for_test(user_id: &str, authenticated_at: UnixMillis) -> Self {
        Self {
            session_id: "s".to_owned(),
            user_id: user_id.to_owned(),
            email: "ada@example.com".to_owned(),
            email_verified: true,
            name: None,
            locale: None,
            is_admin: false,
            authenticated_at,
            amr: r#"["pwd"]"#.to_owned(),
            acr: Some(super::Acr::SingleFactor.name().to_owned()),
            csrf_secret: String::new(),
        }
    }
}

impl FromRequestParts<Context> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, context: &Context) -> Result<Self, Problem> {
        Self::of(context, parts).await.map_err(Problem::from)
    }
}
