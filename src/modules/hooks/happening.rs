use assay_reconciler::spec::webhook::WebhookEvent;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::clock::UnixMillis;

/// What happens, as a webhook hears of it.
#[derive(Clone, Copy, Debug)]
pub enum Happening<'a> {
    /// Somebody makes an account for themselves.
    Registration {
        /// Their id, once they have one.
        user_id: Option<&'a str>,
        /// Their address.
        email: &'a str,
        /// What they told of themselves.
        attributes: &'a Value,
        /// Where the request came from.
        ip: Option<&'a str>,
    },
    /// Somebody signs in.
    SignIn {
        /// Who.
        user_id: &'a str,
        /// Their address.
        email: &'a str,
        /// How (RFC 8176).
        amr: &'a [&'a str],
        /// Where the request came from.
        ip: Option<&'a str>,
    },
    /// A client gets tokens.
    Token {
        /// Which.
        client: &'a str,
        /// For whom; nobody, if it is for the client itself.
        user_id: Option<&'a str>,
        /// By what.
        grant_type: &'a str,
        /// What the tokens are good for, as far as it is known.
        scope: Option<&'a str>,
    },
}

impl Happening<'_> {
    /// What it is called before it happens, and after.
    pub(super) fn events(&self) -> (WebhookEvent, WebhookEvent) {
        match self {
            Happening::Registration { .. } => (
                WebhookEvent::BeforeRegistration,
                WebhookEvent::AfterRegistration,
            ),
            Happening::SignIn { .. } => (WebhookEvent::BeforeSignIn, WebhookEvent::AfterSignIn),
            Happening::Token { .. } => (WebhookEvent::BeforeToken, WebhookEvent::AfterToken),
        }
    }

    /// The body of the request.
    pub(super) fn payload(&self, event: WebhookEvent, now: UnixMillis) -> String {
        let data = match self {
            Happening::Registration {
                user_id,
                email,
                attributes,
                ip,
            } => {
                json!({ "user": { "id": user_id, "email": email, "attributes": attributes }, "ip": ip })
            }
            Happening::SignIn {
                user_id,
                email,
                amr,
                ip,
            } => json!({ "user": { "id": user_id, "email": email }, "amr": amr, "ip": ip }),
            Happening::Token {
                client,
                user_id,
                grant_type,
                scope,
            } => json!({
                "client": client,
                "user": user_id.map(|id| json!({ "id": id })),
                "grant_type": grant_type,
                "scope": scope,
            }),
        };
        let timestamp = Timestamp::from_millisecond(now.as_i64()).unwrap_or_default();
        json!({ "type": event.name(), "timestamp": timestamp.to_string(), "data": data })
            .to_string()
    }
}
