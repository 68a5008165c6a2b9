//! From a code to what the provider says of the person.

use std::time::Duration;

use assay_reconciler::spec::UpstreamProviderSpec;
use futures_util::future::BoxFuture;
use openidconnect::{
    AsyncHttpClient, AuthType, AuthorizationCode, ClientId, ClientSecret, EndpointNotSet,
    EndpointSet, HttpRequest, HttpResponse, IssuerUrl, JsonWebKeySet, OAuth2TokenResponse as _,
    PkceCodeVerifier, RefreshToken, RequestTokenError, Scope, TokenResponse as _, TokenUrl,
    core::{CoreClient, CoreErrorResponseType, CoreTokenResponse},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    client_secret::Credential, error::UpstreamError, id_token, identity, provider::Provider,
    start::redirect_uri, state::Waiting, userinfo,
};
use crate::{clock::UnixMillis, modules::Context, outgoing::OutgoingError};

/// Longest answer of a token endpoint, in bytes.
const MAX_ANSWER: usize = 64 * 1_024;
/// Longest code that is passed on.
const MAX_CODE: usize = 8 * 1_024;

/// RFC 7523 2.2.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What the provider says of the person, verified.
#[derive(Debug)]
pub(super) struct Told {
    /// Who says it: a tenant's own issuer, where each has one.
    pub(super) issuer: String,
    /// The claims of the ID token, and those of userinfo where it has none of that name.
    pub(super) claims: Map<String, Value>,
    /// What the manifest may want kept.
    pub(super) tokens: UpstreamTokens,
}

/// Tokens of an upstream.
#[derive(Clone, Deserialize, Serialize)]
pub(super) struct UpstreamTokens {
    pub(super) access_token: String,
    pub(super) refresh_token: Option<String>,
    pub(super) scope: Option<String>,
    pub(super) expires_at: Option<UnixMillis>,
}

impl std::fmt::Debug for UpstreamTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UpstreamTokens(***)")
    }
}

type Client = CoreClient<
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
    EndpointNotSet,
>;

/// How the library asks the token endpoint: as all that this server asks.
struct Http<'a> {
    context: &'a Context,
    provider: &'a Provider<'a>,
}

impl<'c> AsyncHttpClient<'c> for Http<'_> {
    type Error = OutgoingError;
    type Future = BoxFuture<'c, Result<HttpResponse, OutgoingError>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        let networks = &self.provider.networks;
        let outgoing = &self.context.outgoing;
        Box::pin(outgoing.exchange(networks, request, MAX_ANSWER))
    }
}

/// We, as the provider knows us.
pub(super) fn client(provider: &Provider<'_>) -> Result<Client, UpstreamError> {
    let spec = &provider.upstream.spec;
    let unreadable = |_| UpstreamError::Discovery("has an endpoint that is no URL".into());
    let issuer = IssuerUrl::new(spec.issuer.as_str().to_owned()).map_err(unreadable)?;
    let token = TokenUrl::new(provider.token.clone()).map_err(unreadable)?;
    let id = ClientId::new(spec.client_id.clone());
    let client = CoreClient::new(id, issuer, JsonWebKeySet::default())
        .set_token_uri(token)
        .set_auth_type(AuthType::RequestBody);
    Ok(if provider.is_openid() {
        client
    } else {
        client.disable_openid_scope()
    })
}

/// What is asked for; `openid` the library adds by itself.
pub(super) fn scopes(spec: &UpstreamProviderSpec) -> Vec<Scope> {
    let scopes = spec.scopes.iter().map(|scope| scope.as_str().to_owned());
    scopes
        .filter(|scope| scope != "openid")
        .map(Scope::new)
        .collect()
}

/// Redeems the code, and reads and verifies what it was for.
pub(super) async fn redeem(
    context: &Context,
    provider: &Provider<'_>,
    code: &str,
    waiting: &Waiting,
) -> Result<Told, UpstreamError> {
    if code.len() > MAX_CODE {
        return Err(UpstreamError::Token("was given no code".into()));
    }
    let answer = exchange(context, provider, code, &waiting.verifier).await?;
    let tokens = kept(&answer, context.clock.now());
    let mut told = match answer.id_token() {
        Some(token) if provider.is_openid() => {
            let expected = id_token::Expected {
                nonce: &waiting.nonce,
                access_token: answer.access_token(),
                not_before: waiting.not_before,
                now: context.clock.now(),
            };
            let (issuer, claims) = id_token::verified(context, provider, token, expected).await?;
            Told {
                issuer,
                claims,
                tokens,
            }
        }
        None if provider.is_openid() => {
            return Err(UpstreamError::IdToken("is missing".into()));
        }
        _ => Told {
            issuer: provider.upstream.spec.issuer.as_str().to_owned(),
            claims: Map::new(),
            tokens,
        },
    };
    if identity::wants_more(&provider.upstream.spec, &told.claims) {
        userinfo::complete(context, provider, &mut told).await?;
    }
    Ok(told)
}

async fn exchange(
    context: &Context,
    provider: &Provider<'_>,
    code: &str,
    verifier: &str,
) -> Result<CoreTokenResponse, UpstreamError> {
    let (client, assertion) = authenticated(context, provider)?;
    let mut request = client
        .exchange_code(AuthorizationCode::new(code.to_owned()))
        .set_pkce_verifier(PkceCodeVerifier::new(verifier.to_owned()))
        .set_redirect_uri(std::borrow::Cow::Owned(redirect_uri(
            context,
            provider.upstream,
        )?));
    if let Some(assertion) = assertion {
        request = request
            .add_extra_param("client_assertion_type", ASSERTION_TYPE)
            .add_extra_param("client_assertion", assertion);
    }
    let http = Http { context, provider };
    request.request_async(&http).await.map_err(refused)
}

/// Others in the place of tokens that have expired (RFC 6749 6). What the answer leaves out stays as it was.
pub(super) async fn refresh(
    context: &Context,
    provider: &Provider<'_>,
    tokens: &UpstreamTokens,
) -> Result<UpstreamTokens, UpstreamError> {
    let token = tokens
        .refresh_token
        .clone()
        .ok_or_else(|| UpstreamError::Token("gave no refresh token".into()))?;
    let token = RefreshToken::new(token);
    let (client, assertion) = authenticated(context, provider)?;
    let mut request = client.exchange_refresh_token(&token);
    if let Some(assertion) = assertion {
        request = request
            .add_extra_param("client_assertion_type", ASSERTION_TYPE)
            .add_extra_param("client_assertion", assertion);
    }
    let http = Http { context, provider };
    let answer = request.request_async(&http).await.map_err(refused)?;
    let fresh = kept(&answer, context.clock.now());
    Ok(UpstreamTokens {
        refresh_token: fresh.refresh_token.or_else(|| tokens.refresh_token.clone()),
        scope: fresh.scope.or_else(|| tokens.scope.clone()),
        ..fresh
    })
}

fn authenticated(
    context: &Context,
    provider: &Provider<'_>,
) -> Result<(Client, Option<String>), UpstreamError> {
    let client = client(provider)?;
    let now = context.clock.now();
    let spec = &provider.upstream.spec;
    let credential = Credential::of(spec, &provider.token, &context.keyring, now)?;
    let secret =
        |secret: &crate::crypto::Secret<String>| ClientSecret::new(secret.expose().clone());
    Ok(match credential {
        Credential::Nothing => (client, None),
        Credential::Post(it) => (client.set_client_secret(secret(&it)), None),
        Credential::Basic(it) => (
            client
                .set_client_secret(secret(&it))
                .set_auth_type(AuthType::BasicAuth),
            None,
        ),
        Credential::Assertion(it) => (client, Some(it.expose().clone())),
    })
}

/// Says nothing of what was answered but its error: it may hold tokens.
fn refused(
    error: RequestTokenError<
        OutgoingError,
        openidconnect::StandardErrorResponse<CoreErrorResponseType>,
    >,
) -> UpstreamError {
    match error {
        RequestTokenError::Request(error) => UpstreamError::Outgoing(error),
        RequestTokenError::ServerResponse(response) => {
            let code: String = response.error().to_string().chars().take(64).collect();
            UpstreamError::Token(format!("answered with the error `{code}`"))
        }
        RequestTokenError::Parse(error, body) => {
            // The ID token is read with the rest, and its faults have no path.
            let has_id_token = serde_json::from_slice(&body)
                .is_ok_and(|answer: Map<String, Value>| answer.contains_key("id_token"));
            if has_id_token {
                UpstreamError::IdToken("cannot be read, or lacks a claim".into())
            } else {
                let place = error.path().to_string();
                UpstreamError::Token(format!("gave an answer that cannot be read at `{place}`"))
            }
        }
        RequestTokenError::Other(_) => UpstreamError::Token("gave no answer of JSON".into()),
    }
}

/// What is kept of an answer.
fn kept(answer: &CoreTokenResponse, now: UnixMillis) -> UpstreamTokens {
    let scopes = answer.scopes().map(|scopes| {
        let scopes: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
        scopes.join(" ")
    });
    UpstreamTokens {
        access_token: answer.access_token().secret().clone(),
        refresh_token: answer.refresh_token().map(|token| token.secret().clone()),
        scope: scopes,
        expires_at: answer.expires_in().map(|life: Duration| now + life),
    }
}
