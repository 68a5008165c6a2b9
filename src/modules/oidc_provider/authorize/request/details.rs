//! What an authorization request asks for, parameter by parameter.

use assay_reconciler::spec::oidc_client::{GrantType, ResponseType};

use super::{
    super::{
        super::{
            claims,
            claims_request::ClaimsRequest,
            error::{ErrorCode, ascii},
            pkce::CodeChallenge,
            resource::Resources,
            scope::Scopes,
            supported::{RESPONSE_TYPES, prompts},
        },
        asked::Asked,
        response_mode::ResponseMode,
    },
    MAX_REQUEST, Untrusted,
};
use crate::{
    generation::{Client, Snapshot},
    modules::parameters::Parameters,
};

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

/// What the client wants the person to be asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)] // What may be asked for together.
pub(in crate::modules::oidc_provider) struct Prompt {
    /// Nothing at all.
    pub(in crate::modules::oidc_provider) none: bool,
    /// To create an account (Initiating User Registration via OpenID Connect 1.0).
    pub(in crate::modules::oidc_provider) create: bool,
    /// To sign in again.
    pub(in crate::modules::oidc_provider) login: bool,
    /// To say which account it is to be.
    pub(in crate::modules::oidc_provider) select_account: bool,
    /// To consent again.
    pub(in crate::modules::oidc_provider) consent: bool,
}

/// All of it.
pub(super) struct Details {
    pub(super) response_type: ResponseType,
    pub(super) scopes: Scopes,
    pub(super) claims: ClaimsRequest,
    pub(super) resources: Resources,
    pub(super) code_challenge: Option<CodeChallenge>,
    pub(super) prompt: Prompt,
    pub(super) max_age: Option<u32>,
    pub(super) dpop_jkt: Option<String>,
}

pub(super) type Refused = (ErrorCode, String);

fn invalid(description: impl Into<String>) -> Refused {
    (ErrorCode::InvalidRequest, description.into())
}

/// Reads what is asked; what the client may not ask for is refused.
pub(super) fn details(
    snapshot: &Snapshot,
    client: &Client,
    asked: &Asked,
) -> Result<Details, Refused> {
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
        prompt: prompt(snapshot, parameters)?,
        max_age: max_age(parameters)?,
        dpop_jkt: dpop_jkt(parameters)?,
        claims: claims(snapshot, parameters)?,
        scopes,
    })
}

/// The longest value of this parameter, in bytes.
pub(super) fn limit(name: &str) -> usize {
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
            let name = ascii(name);
            return Err(invalid(format!("{name} may have {limit} bytes at most")));
        }
    }
    Ok(())
}

/// The response type of this name, whatever the order of its words.
pub(super) fn known_response_type(parameters: &Parameters) -> Option<ResponseType> {
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
        let scope = ascii(scope);
        let description = format!("this client may not ask for the scope {scope}");
        return Err((ErrorCode::InvalidScope, description));
    }
    // OpenID Connect Core 11: it means a refresh token, which this client cannot have, or not this way.
    if !client.spec.grant_types.contains(&GrantType::RefreshToken) || !response_type.gives_code() {
        scopes.remove("offline_access");
    }
    Ok(scopes)
}

fn claims(snapshot: &Snapshot, parameters: &Parameters) -> Result<ClaimsRequest, Refused> {
    match parameters.get("claims") {
        None => Ok(ClaimsRequest::default()),
        Some(text) => {
            let asked = ClaimsRequest::parse(text).map_err(invalid)?;
            Ok(asked.with_declared(|name| claims::declared_scope_of(snapshot, name)))
        }
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

fn prompt(snapshot: &Snapshot, parameters: &Parameters) -> Result<Prompt, Refused> {
    let values: Vec<&str> = parameters
        .get("prompt")
        .unwrap_or_default()
        .split(' ')
        .filter(|value| !value.is_empty())
        .collect();
    // Initiating User Registration via OpenID Connect 1.0, 4.1.1: the description names the value.
    let supported = prompts(snapshot);
    if let Some(unknown) = values.iter().find(|value| !supported.contains(value)) {
        let unknown = ascii(unknown);
        return Err(invalid(format!("prompt={unknown} is not supported")));
    }
    let has = |value| values.contains(&value);
    if has("none") && values.len() > 1 {
        return Err(invalid("prompt=none cannot be combined with another value"));
    }
    Ok(Prompt {
        none: has("none"),
        create: has("create"),
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
