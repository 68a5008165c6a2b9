//! An authorization request (RFC 6749 4.1.1, OpenID Connect Core 3.1.2.1), checked against this
//! generation.

mod details;

use std::sync::Arc;

use assay_reconciler::spec::{Span, oidc_client::ResponseType};

pub(in crate::modules::oidc_provider) use self::details::Prompt;
use self::details::{details, known_response_type, limit};
use super::{
    super::{
        claims_request::ClaimsRequest, consent::Consented, error::ErrorCode, pkce::CodeChallenge,
        redirect_uri::is_registered, resource::Resources, scope::Scopes,
    },
    answer::Recipient,
    asked::Asked,
    response_mode::ResponseMode,
    step_up::WantedAcr,
};
use crate::{
    generation::{Client, Snapshot},
    modules::parameters::{Parameters, ParametersError},
};

/// Longest query or form: it travels on inside a URL while the person signs in, and sealing makes it
/// longer by a third.
pub(super) const MAX_REQUEST: usize = 8 * 1024;

/// A request that may be granted.
#[derive(Clone, Debug)]
pub(in crate::modules::oidc_provider) struct AuthorizationRequest {
    pub(in crate::modules::oidc_provider) client: Arc<Client>,
    /// Where the answer goes.
    pub(in crate::modules::oidc_provider) recipient: Recipient,
    /// What the token request must repeat; empty if the request left it out.
    pub(in crate::modules::oidc_provider) redirect_uri_sent: String,
    pub(in crate::modules::oidc_provider) response_type: ResponseType,
    pub(in crate::modules::oidc_provider) scopes: Scopes,
    /// The resource servers that the tokens are to be for (RFC 8707).
    pub(in crate::modules::oidc_provider) resources: Resources,
    pub(in crate::modules::oidc_provider) nonce: Option<String>,
    pub(in crate::modules::oidc_provider) claims: ClaimsRequest,
    pub(in crate::modules::oidc_provider) acr: WantedAcr,
    pub(in crate::modules::oidc_provider) code_challenge: Option<CodeChallenge>,
    pub(in crate::modules::oidc_provider) prompt: Prompt,
    /// Seconds.
    pub(in crate::modules::oidc_provider) max_age: Option<u32>,
    pub(in crate::modules::oidc_provider) login_hint: Option<String>,
    /// The key that the tokens shall be bound to (RFC 9449 10).
    pub(in crate::modules::oidc_provider) dpop_jkt: Option<String>,
    pub(in crate::modules::oidc_provider) id_token_hint: Option<String>,
}

impl AuthorizationRequest {
    /// What the person must have consented to. Nobody is asked whether a token may be for `issuer`.
    pub(in crate::modules::oidc_provider) fn needed(&self, issuer: &str) -> Consented {
        Consented {
            scopes: self.scopes.clone(),
            claims: self.claims.beyond(&self.scopes, &self.client.spec.scopes),
            resources: self.resources.beyond(issuer),
        }
    }
}

/// Why a request is not granted, and where that is said.
#[derive(Debug)]
pub(in crate::modules::oidc_provider) enum Refusal {
    /// To the person, on a page: there is no verified place to send them back to (RFC 6749 4.1.2.1).
    Here(Untrusted),
    /// To the client, at its redirect URI.
    There(Recipient, ErrorCode, String),
}

/// Why the browser is not sent back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::modules::oidc_provider) enum Untrusted {
    #[error("the request has no client_id")]
    NoClient,
    #[error("there is no client with this client_id, or it is disabled")]
    UnknownClient,
    #[error("the request has no redirect_uri")]
    NoRedirectUri,
    #[error("the redirect_uri is not one that this client has registered, character for character")]
    UnknownRedirectUri,
    #[error("the request is longer than {MAX_REQUEST} bytes")]
    TooLong,
    #[error(
        "the request_uri is not one that this client was given, was used before, or has expired"
    )]
    NotPushed {
        /// Where the person can ask the client to begin anew.
        start_again: Option<String>,
    },
    /// The code is for a client that asks by itself, without a browser.
    #[error("{1}")]
    Unanswerable(ErrorCode, String),
    #[error(transparent)]
    Parameters(#[from] ParametersError),
}

/// Reads and checks what a client sent, encoded as a query or form.
pub(super) fn read(snapshot: &Snapshot, encoded: &[u8]) -> Result<Parameters, Refusal> {
    if encoded.len() > MAX_REQUEST {
        return Err(Refusal::Here(Untrusted::TooLong));
    }
    Parameters::parse(encoded).map_err(|error| {
        let parameters = Parameters::unambiguous(encoded);
        match recipient(snapshot, &parameters) {
            Ok((_, recipient)) => Refusal::There(
                recipient,
                ErrorCode::InvalidRequest,
                super::super::error::ascii(&error.to_string()),
            ),
            Err(_) => Refusal::Here(error.into()),
        }
    })
}

/// The refusal of a request that cannot be read as a whole, sent where what can be read leads.
pub(super) fn refusal(
    snapshot: &Snapshot,
    parameters: &Parameters,
    code: ErrorCode,
    description: String,
) -> Refusal {
    match recipient(snapshot, parameters) {
        Ok((_, recipient)) => Refusal::There(recipient, code, description),
        Err(_) => Refusal::Here(Untrusted::Unanswerable(code, description)),
    }
}

/// Checks what is asked against this generation.
pub(in crate::modules::oidc_provider) fn check(
    snapshot: &Snapshot,
    asked: &Asked,
) -> Result<AuthorizationRequest, Refusal> {
    let parameters = &asked.parameters;
    let (client, recipient) = recipient(snapshot, parameters).map_err(Refusal::Here)?;
    match details(snapshot, &client, asked) {
        Err((code, description)) => Err(Refusal::There(recipient, code, description)),
        Ok(details) => Ok(AuthorizationRequest {
            redirect_uri_sent: parameters
                .get("redirect_uri")
                .unwrap_or_default()
                .to_owned(),
            max_age: details
                .max_age
                .or(client.spec.default_max_age.map(Span::as_secs)),
            acr: WantedAcr::of(&client.spec, &details.claims, parameters.get("acr_values")),
            claims: details.claims,
            response_type: details.response_type,
            scopes: details.scopes,
            resources: details.resources,
            nonce: parameters.get("nonce").map(str::to_owned),
            code_challenge: details.code_challenge,
            prompt: details.prompt,
            login_hint: parameters.get("login_hint").map(str::to_owned),
            dpop_jkt: details.dpop_jkt,
            id_token_hint: parameters.get("id_token_hint").map(str::to_owned),
            client,
            recipient,
        }),
    }
}

/// Who asks, and where the answer goes. Until this is known, nothing goes anywhere.
fn recipient(
    snapshot: &Snapshot,
    parameters: &Parameters,
) -> Result<(Arc<Client>, Recipient), Untrusted> {
    let client = client(snapshot, parameters)?;
    let redirect_uri = match parameters.get("redirect_uri") {
        Some(uri) if is_registered(&client.spec, uri) => uri.to_owned(),
        Some(_) => return Err(Untrusted::UnknownRedirectUri),
        None => only_redirect_uri(&client, parameters).ok_or(Untrusted::NoRedirectUri)?,
    };
    // An oversize state is not worth repeating; the refusal says why it is missing.
    let state = parameters
        .get("state")
        .filter(|state| state.len() <= limit("state"));
    let response_type = known_response_type(parameters);
    let recipient = Recipient {
        client_id: client.name.clone(),
        redirect_uri,
        state: state.map(str::to_owned),
        // One that does not exist, or must not carry this answer, is refused by the default's way.
        mode: parameters
            .get("response_mode")
            .and_then(|mode| ResponseMode::named(mode, response_type))
            .filter(|mode| mode.may_carry(response_type))
            .unwrap_or_else(|| ResponseMode::default_of(response_type)),
        algorithm: client
            .spec
            .authorization_signed_response_alg
            .unwrap_or(client.spec.id_token_signed_response_alg),
    };
    Ok((client, recipient))
}

/// Who asks.
pub(super) fn client(
    snapshot: &Snapshot,
    parameters: &Parameters,
) -> Result<Arc<Client>, Untrusted> {
    let client_id = parameters.get("client_id").ok_or(Untrusted::NoClient)?;
    let client = snapshot
        .client(client_id)
        .filter(|client| client.spec.enabled);
    client.map(Arc::clone).ok_or(Untrusted::UnknownClient)
}

/// RFC 6749 3.1.2.3: it may be left out if there is exactly one. OpenID Connect always wants it.
fn only_redirect_uri(client: &Client, parameters: &Parameters) -> Option<String> {
    let is_openid = Scopes::parse(parameters.get("scope").unwrap_or_default()).contains("openid");
    let mut uris = client.spec.redirect_uris.iter();
    match (uris.next(), uris.next(), is_openid) {
        (Some(only), None, false) => Some(only.as_str().to_owned()),
        _ => None,
    }
}
