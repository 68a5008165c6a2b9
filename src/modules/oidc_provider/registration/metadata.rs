//! Client metadata as RFC 7591 2 writes it, and the spec of a client: the same under other names.

use std::fmt;

use axum::extract::Request;
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, Visitor},
};
use serde_json::{Map, Value, json};

use super::{MAX_METADATA, error::RegistrationError};
use crate::modules::body;

/// How a value is written on the other side.
#[derive(Clone, Copy)]
enum Form {
    /// Alike.
    Same,
    /// Seconds here, a length of time there.
    Seconds,
    /// Words with blanks between here, a list there.
    Words,
    /// A field of `tlsClientAuth` there (RFC 8705 2.1.2).
    Certificate,
}

/// What the registries call it, what a manifest calls it, and how the value differs.
const FIELDS: [(&str, &str, Form); 40] = [
    ("client_name", "displayName", Form::Same),
    ("redirect_uris", "redirectUris", Form::Same),
    (
        "post_logout_redirect_uris",
        "postLogoutRedirectUris",
        Form::Same,
    ),
    (
        "token_endpoint_auth_method",
        "tokenEndpointAuthMethod",
        Form::Same,
    ),
    (
        "token_endpoint_auth_signing_alg",
        "tokenEndpointAuthSigningAlg",
        Form::Same,
    ),
    ("grant_types", "grantTypes", Form::Same),
    ("response_types", "responseTypes", Form::Same),
    ("application_type", "applicationType", Form::Same),
    ("scope", "scopes", Form::Words),
    ("contacts", "contacts", Form::Same),
    ("client_uri", "clientUri", Form::Same),
    ("logo_uri", "logoUri", Form::Same),
    ("policy_uri", "policyUri", Form::Same),
    ("tos_uri", "tosUri", Form::Same),
    ("jwks", "jwks", Form::Same),
    ("jwks_uri", "jwksUri", Form::Same),
    ("subject_type", "subjectType", Form::Same),
    ("sector_identifier_uri", "sectorIdentifierUri", Form::Same),
    (
        "id_token_signed_response_alg",
        "idTokenSignedResponseAlg",
        Form::Same,
    ),
    (
        "userinfo_signed_response_alg",
        "userinfoSignedResponseAlg",
        Form::Same,
    ),
    (
        "authorization_signed_response_alg",
        "authorizationSignedResponseAlg",
        Form::Same,
    ),
    (
        "introspection_signed_response_alg",
        "introspectionSignedResponseAlg",
        Form::Same,
    ),
    (
        "request_object_signing_alg",
        "requestObjectSigningAlg",
        Form::Same,
    ),
    (
        "require_signed_request_object",
        "requireSignedRequestObject",
        Form::Same,
    ),
    (
        "require_pushed_authorization_requests",
        "requirePushedAuthorizationRequests",
        Form::Same,
    ),
    ("default_max_age", "defaultMaxAge", Form::Seconds),
    ("require_auth_time", "requireAuthTime", Form::Same),
    ("default_acr_values", "defaultAcrValues", Form::Same),
    ("initiate_login_uri", "initiateLoginUri", Form::Same),
    ("backchannel_logout_uri", "backchannelLogoutUri", Form::Same),
    (
        "backchannel_logout_session_required",
        "backchannelLogoutSessionRequired",
        Form::Same,
    ),
    (
        "frontchannel_logout_uri",
        "frontchannelLogoutUri",
        Form::Same,
    ),
    (
        "frontchannel_logout_session_required",
        "frontchannelLogoutSessionRequired",
        Form::Same,
    ),
    (
        "dpop_bound_access_tokens",
        "dpopBoundAccessTokens",
        Form::Same,
    ),
    (
        "tls_client_certificate_bound_access_tokens",
        "tlsClientCertificateBoundAccessTokens",
        Form::Same,
    ),
    ("tls_client_auth_subject_dn", "subjectDn", Form::Certificate),
    ("tls_client_auth_san_dns", "sanDns", Form::Certificate),
    ("tls_client_auth_san_uri", "sanUri", Form::Certificate),
    ("tls_client_auth_san_ip", "sanIp", Form::Certificate),
    ("tls_client_auth_san_email", "sanEmail", Form::Certificate),
];

/// What a client that asks for it must not be registered without.
const REFUSED: [&str; 7] = [
    "id_token_encrypted_response_alg",
    "id_token_encrypted_response_enc",
    "userinfo_encrypted_response_alg",
    "userinfo_encrypted_response_enc",
    "request_object_encryption_alg",
    "authorization_encrypted_response_alg",
    "introspection_encrypted_response_alg",
];

/// What a client says of itself.
#[derive(Debug)]
pub(super) struct ClientMetadata(Map<String, Value>);

impl<'de> Deserialize<'de> for ClientMetadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members).map(Self)
    }
}

/// Reads an object whose members differ: of two with one name, nobody knows which is meant.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut map = Map::new();
        while let Some((name, value)) = members.next_entry::<String, Value>()? {
            if map.contains_key(&name) {
                return Err(A::Error::custom(format_args!("{name} stands twice")));
            }
            map.insert(name, value);
        }
        Ok(map)
    }
}

impl ClientMetadata {
    /// Reads the body of a request.
    pub(super) async fn read(request: Request) -> Result<Self, RegistrationError> {
        let body = body::read(request, "application/json", MAX_METADATA).await?;
        let metadata: Self =
            serde_json::from_slice(&body).map_err(RegistrationError::NotMetadata)?;
        // RFC 7591 2: null means that it is left out.
        let members = metadata.0.into_iter().filter(|(_, value)| !value.is_null());
        Ok(Self(members.collect()))
    }

    /// The text of a member.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// Whether the client says anything of it.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The spec, as a manifest would write it. What is not known is left out, as RFC 7591 2 wants.
    pub(super) fn to_spec(&self) -> Result<Map<String, Value>, RegistrationError> {
        if let Some(name) = REFUSED.iter().find(|name| self.has(name)) {
            let what = format!("{name}: this provider does not have it");
            return Err(RegistrationError::Metadata(what));
        }
        let mut spec = Map::new();
        for (name, field, form) in FIELDS {
            let Some(value) = self.0.get(name) else {
                continue;
            };
            let wrong = |what| RegistrationError::Metadata(format!("{name}: {what}"));
            match form {
                Form::Same => {
                    spec.insert(field.into(), value.clone());
                }
                Form::Seconds => {
                    let seconds = value.as_u64().ok_or_else(|| wrong("a number of seconds"))?;
                    spec.insert(field.into(), format!("{seconds}s").into());
                }
                Form::Words => {
                    let words = value.as_str().ok_or_else(|| wrong("a text"))?;
                    let words: Vec<&str> = words.split_ascii_whitespace().collect();
                    spec.insert(field.into(), words.into());
                }
                Form::Certificate => {
                    spec.entry("tlsClientAuth").or_insert_with(|| json!({}))[field] = value.clone();
                }
            }
        }
        Ok(spec)
    }
}

/// The spec of a client as metadata: what holds, defaults too.
pub(super) fn of_spec(spec: &Value) -> Map<String, Value> {
    let mut metadata = Map::new();
    for (name, field, form) in FIELDS {
        let value = match form {
            Form::Certificate => &spec["tlsClientAuth"][field],
            _ => &spec[field],
        };
        let written = match form {
            Form::Same | Form::Certificate => value.clone(),
            Form::Seconds => value
                .as_str()
                .and_then(|text| text.parse::<assay_reconciler::spec::Span>().ok())
                .map_or(Value::Null, |span| span.as_secs().into()),
            Form::Words => {
                let words = value.as_array().into_iter().flatten();
                let words: Vec<&str> = words.filter_map(Value::as_str).collect();
                words.join(" ").into()
            }
        };
        if !written.is_null() {
            metadata.insert(name.into(), written);
        }
    }
    metadata
}

/// What the registries call the field of a spec that `pointer` leads into.
pub(super) fn name_of(pointer: &str) -> Option<&'static str> {
    let mut steps = pointer
        .split('/')
        .skip_while(|step| *step != "spec")
        .skip(1);
    let (first, second) = (steps.next()?, steps.next());
    FIELDS
        .iter()
        .find(|(_, field, form)| match form {
            Form::Certificate => first == "tlsClientAuth" && second == Some(field),
            _ => *field == first,
        })
        .map(|(name, ..)| *name)
}
