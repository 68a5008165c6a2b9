//! An authorization request (RFC 6749 4.1.1, OpenID Connect Core 3.1.2.1), checked against this
//! generation.

use std::sync::Arc;

use assay_reconciler::spec::{
    Span,
    oidc_client::{GrantType, ResponseType},
};

use super::{
    super::{
        claims_request::ClaimsRequest,
        consent::Consented,
        error::ErrorCode,
        pkce::CodeChallenge,
        redirect_uri::is_registered,
        resource::Resources,
        scope::Scopes,
        supported::{PROMPTS, RESPONSE_TYPES},
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

/// Longest values, in bytes. Others may have [`MAX_VALUE`].
const LIMITS: [(&str, usize); 6] = [
    ("claims", 4_096),
    ("state", 2_048),
    ("nonce", 512),
    ("login_hint", 512),
    ("scope", 2_048),
    ("id_token_hint", 4_096),
];
const MAX_VALUE: usize = 2_048;

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

/// What the client wants the person to be asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)] // What may be asked for together.
pub(in crate::modules::oidc_provider) struct Prompt {
    /// Nothing at all.
    pub(in crate::modules::oidc_provider) none: bool,
    /// To sign in again.
    pub(in crate::modules::oidc_provider) login: bool,
    /// To say which account it is to be.
    pub(in crate::modules::oidc_provider) select_account: bool,
    /// To consent again.
    pub(in crate::modules::oidc_provider) consent: bool,
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
    match details(&client, asked) {
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

struct Details {
    response_type: ResponseType,
    scopes: Scopes,
    claims: ClaimsRequest,
    resources: Resources,
    code_challenge: Option<CodeChallenge>,
    prompt: Prompt,
    max_age: Option<u32>,
    dpop_jkt: Option<String>,
}

type Refused = (ErrorCode, String);

fn invalid(description: impl Into<String>) -> Refused {
    (ErrorCode::InvalidRequest, description.into())
}

fn details(client: &Client, asked: &Asked) -> Result<Details, Refused> {
    let parameters = &asked.parameters;
    within_limits(parameters)?;
    if client.spec.require_pushed_authorization_requests && !asked.is_pushed {
        let description = "requirePushedAuthorizationRequests: this client pushes its requests";
        return Err(invalid(description));
    }
    if client.spec.require_signed_request_object && !asked.is_signed {
        let description = "requireSignedRequestObject: this client signs its requests";
        return Err(invalid(description));
    }
    for (name, code) in [
        ("request_uri", ErrorCode::RequestUriNotSupported),
        ("registration", ErrorCode::RegistrationNotSupported),
    ] {
        if parameters.get(name).is_some() {
            return Err((code, format!("{name} is not supported")));
        }
    }
    let response_type = response_type(client, parameters)?;
    response_mode(response_type, parameters)?;
    let scopes = scopes(client, parameters, response_type)?;
    let resources = Resources::asked_by(client, parameters)
        .map_err(|description| (ErrorCode::InvalidTarget, description))?;
    front_channel(client, parameters, response_type, &scopes)?;
    Ok(Details {
        response_type,
        resources,
        code_challenge: code_challenge(client, parameters, response_type)?,
        prompt: prompt(parameters)?,
        max_age: max_age(parameters)?,
        dpop_jkt: dpop_jkt(parameters)?,
        claims: claims(parameters)?,
        scopes,
    })
}

fn limit(name: &str) -> usize {
    LIMITS
        .iter()
        .find(|(other, _)| *other == name)
        .map_or(MAX_VALUE, |(_, limit)| *limit)
}

fn within_limits(parameters: &Parameters) -> Result<(), Refused> {
    let total: usize = parameters
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if total > MAX_REQUEST {
        return Err(invalid(Untrusted::TooLong.to_string()));
    }
    for (name, value) in parameters.iter() {
        let limit = limit(name);
        if value.len() > limit {
            let name = super::super::error::ascii(name);
            return Err(invalid(format!("{name} may have {limit} bytes at most")));
        }
    }
    Ok(())
}

/// The response type of this name, whatever the order of its words.
fn known_response_type(parameters: &Parameters) -> Option<ResponseType> {
    let words = |text: &str| -> Vec<String> {
        let mut words: Vec<String> = text.split(' ').map(str::to_owned).collect();
        words.sort_unstable();
        words
    };
    let asked = words(parameters.get("response_type")?);
    RESPONSE_TYPES
        .into_iter()
        .find(|kind| words(kind.name()) == asked)
}

fn response_type(client: &Client, parameters: &Parameters) -> Result<ResponseType, Refused> {
    if parameters.get("response_type").is_none() {
        return Err(invalid("the request has no response_type"));
    }
    let Some(kind) = known_response_type(parameters) else {
        let description = "this response_type is not supported".to_owned();
        return Err((ErrorCode::UnsupportedResponseType, description));
    };
    let has = |grant| client.spec.grant_types.contains(&grant);
    let may = client.spec.response_types.contains(&kind)
        && (!kind.gives_code() || has(GrantType::AuthorizationCode))
        && (!kind.is_implicit() || has(GrantType::Implicit));
    if may {
        Ok(kind)
    } else {
        let description = format!("this client may not ask for {}", kind.name());
        Err((ErrorCode::UnauthorizedClient, description))
    }
}

fn response_mode(response_type: ResponseType, parameters: &Parameters) -> Result<(), Refused> {
    let response_type = Some(response_type);
    let Some(name) = parameters.get("response_mode") else {
        return Ok(());
    };
    match ResponseMode::named(name, response_type) {
        Some(mode) if mode.may_carry(response_type) => Ok(()),
        Some(_) => Err(invalid("this response_mode would put tokens into a query")),
        None => Err(invalid("this response_mode is not supported")),
    }
}

/// What holds where tokens leave this endpoint.
fn front_channel(
    client: &Client,
    parameters: &Parameters,
    response_type: ResponseType,
    scopes: &Scopes,
) -> Result<(), Refused> {
    if response_type.gives_id_token() {
        if !scopes.contains("openid") {
            let description = "an ID token needs the scope openid".to_owned();
            return Err((ErrorCode::InvalidScope, description));
        }
        // OpenID Connect Core 3.2.2.1 and 3.3.2.1: it ties the token to this request.
        if parameters.get("nonce").is_none() {
            return Err(invalid("nonce is required where an ID token comes back"));
        }
    }
    if response_type.gives_token() {
        let spec = &client.spec;
        if spec.dpop_bound_access_tokens || spec.tls_client_certificate_bound_access_tokens {
            let description = "tokens of this client are bound to its key, and none proves it here";
            return Err((ErrorCode::UnauthorizedClient, description.to_owned()));
        }
        if parameters.get("dpop_jkt").is_some() {
            return Err(invalid("dpop_jkt cannot bind a token that is given here"));
        }
    }
    Ok(())
}

fn scopes(
    client: &Client,
    parameters: &Parameters,
    response_type: ResponseType,
) -> Result<Scopes, Refused> {
    let mut scopes = Scopes::parse(parameters.get("scope").unwrap_or_default());
    if scopes.is_empty() {
        let description = "the request has no scope".to_owned();
        return Err((ErrorCode::InvalidScope, description));
    }
    if let Some(scope) = scopes.first_beyond(&client.spec.scopes) {
        let scope = super::super::error::ascii(scope);
        let description = format!("this client may not ask for the scope {scope}");
        return Err((ErrorCode::InvalidScope, description));
    }
    // OpenID Connect Core 11: it means a refresh token, which this client cannot have, or not this way.
    if !client.spec.grant_types.contains(&GrantType::RefreshToken) || !response_type.gives_code() {
        scopes.remove("offline_access");
    }
    Ok(scopes)
}

fn claims(parameters: &Parameters) -> Result<ClaimsRequest, Refused> {
    match parameters.get("claims") {
        None => Ok(ClaimsRequest::default()),
        Some(text) => ClaimsRequest::parse(text).map_err(invalid),
    }
}

fn code_challenge(
    client: &Client,
    parameters: &Parameters,
    response_type: ResponseType,
) -> Result<Option<CodeChallenge>, Refused> {
    let method = parameters.get("code_challenge_method");
    let Some(challenge) = parameters.get("code_challenge") else {
        if response_type.gives_code() && client.spec.needs_pkce() {
            return Err(invalid("code_challenge is required (RFC 7636)"));
        }
        return match method {
            None => Ok(None),
            Some(_) => Err(invalid("code_challenge_method without code_challenge")),
        };
    };
    // RFC 7636 4.3: left out it means `plain`, which RFC 9700 2.1.1 rules out.
    if method != Some("S256") {
        return Err(invalid("code_challenge_method must be S256"));
    }
    CodeChallenge::parse(challenge)
        .map(Some)
        .map_err(|_| invalid("code_challenge must be 43 to 128 unreserved characters"))
}

fn prompt(parameters: &Parameters) -> Result<Prompt, Refused> {
    let values: Vec<&str> = parameters
        .get("prompt")
        .unwrap_or_default()
        .split(' ')
        .filter(|value| !value.is_empty())
        .collect();
    // Initiating User Registration via OpenID Connect 1.0, 4.1.1: the description names the value.
    if let Some(unknown) = values.iter().find(|value| !PROMPTS.contains(value)) {
        let unknown = super::super::error::ascii(unknown);
        return Err(invalid(format!("prompt={unknown} is not supported")));
    }
    let has = |value| values.contains(&value);
    if has("none") && values.len() > 1 {
        return Err(invalid("prompt=none cannot be combined with another value"));
    }
    Ok(Prompt {
        none: has("none"),
        login: has("login"),
        select_account: has("select_account"),
        consent: has("consent"),
    })
}

/// A thumbprint as RFC 7638 makes it: SHA-256 in base64url.
fn dpop_jkt(parameters: &Parameters) -> Result<Option<String>, Refused> {
    let Some(thumbprint) = parameters.get("dpop_jkt") else {
        return Ok(None);
    };
    let is_one = thumbprint.len() == 43
        && thumbprint
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if is_one {
        Ok(Some(thumbprint.to_owned()))
    } else {
        Err(invalid("dpop_jkt must be a SHA-256 thumbprint"))
    }
}

fn max_age(parameters: &Parameters) -> Result<Option<u32>, Refused> {
    let Some(text) = parameters.get("max_age") else {
        return Ok(None);
    };
    let is_number = text.len() < 10 && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(seconds) if is_number => Ok(Some(seconds)),
        _ => Err(invalid("max_age must be a number of seconds")),
    }
}
