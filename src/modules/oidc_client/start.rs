//! `/auth/upstream/{name}/start`: sends the browser to the provider.

use assay_reconciler::spec::upstream_provider::UpstreamResponseMode;
use axum::{
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use openidconnect::{
    AuthUrl, CsrfToken, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    core::CoreAuthenticationFlow,
};
use serde::Deserialize;
use url::Url;

use super::{
    error::UpstreamError,
    exchange, named,
    provider::Provider,
    state::{self, Waiting},
    trouble::Refused,
};
use crate::{
    crypto::token,
    generation::Upstream,
    modules::{
        Context, Problem,
        pages::Reader,
        session::{ReturnTo, Visitor},
        sign_in::Arrival,
    },
};

/// Where to go afterwards.
#[derive(Deserialize)]
pub(super) struct Wish {
    #[serde(default)]
    return_to: String,
}

/// `GET /auth/upstream/{name}/start`
pub(super) async fn begin(
    State(context): State<Context>,
    Path(name): Path<String>,
    reader: Reader,
    arrival: Arrival,
    visitor: Visitor,
    Query(wish): Query<Wish>,
) -> Result<Response, Problem> {
    let upstream = named(&context, &name).ok_or_else(Problem::not_found)?;
    let place = ReturnTo::wished(&context.site, Some(&wish.return_to));
    // Whoever is signed in already is here to prove it again.
    let not_before = visitor.person.is_some().then(|| context.clock.now());
    let errand = Errand {
        return_to: place.as_str(),
        link_to: None,
        not_before,
    };
    match send(&context, upstream, &arrival, errand).await {
        Ok(response) => Ok(response),
        Err(error) => {
            let refused = Refused {
                context: &context,
                upstream,
                look: &reader.look(None, visitor.person.as_ref()),
                return_to: place.as_str(),
            };
            refused.by(&error, &arrival.address).await
        }
    }
}

/// What somebody is sent to the provider for.
pub(super) struct Errand<'a> {
    pub(super) return_to: &'a str,
    pub(super) link_to: Option<String>,
    pub(super) not_before: Option<crate::clock::UnixMillis>,
}

/// The way to the provider.
pub(super) async fn send(
    context: &Context,
    upstream: &Upstream,
    arrival: &Arrival,
    errand: Errand<'_>,
) -> Result<Response, UpstreamError> {
    let provider = Provider::of(context, upstream).await?;
    let is_again = errand.not_before.is_some();
    let waiting = Waiting {
        nonce: token::opaque("")?.expose().clone(),
        verifier: token::opaque("")?.expose().clone(),
        return_to: errand.return_to.to_owned(),
        link_to: errand.link_to,
        not_before: errand.not_before,
    };
    let state = state::keep(context, upstream, &arrival.browser, &waiting).await?;
    let url = address(context, &provider, state, &waiting, is_again)?;
    let response = Redirect::to(url.as_str()).into_response();
    Ok(arrival.browser.kept_with(context, response))
}

fn address(
    context: &Context,
    provider: &Provider<'_>,
    state: String,
    waiting: &Waiting,
    is_again: bool,
) -> Result<Url, UpstreamError> {
    let spec = &provider.upstream.spec;
    let unreadable = |_| UpstreamError::Discovery("has an endpoint that is no URL".into());
    let authorization = AuthUrl::new(provider.authorization.clone()).map_err(unreadable)?;
    let client = exchange::client(provider)?
        .set_auth_uri(authorization)
        .set_redirect_uri(redirect_uri(context, provider.upstream)?);
    let verifier = PkceCodeVerifier::new(waiting.verifier.clone());
    let nonce = waiting.nonce.clone();
    let mut request = client
        .authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            || CsrfToken::new(state),
            || Nonce::new(nonce),
        )
        .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
        .add_scopes(exchange::scopes(spec));
    if spec.response_mode == UpstreamResponseMode::FormPost {
        request = request.add_extra_param("response_mode", "form_post");
    }
    if is_again && provider.is_openid() && !spec.authorization_parameters.contains_key("max_age") {
        request = request.add_extra_param("max_age", "0");
    }
    for (name, value) in &spec.authorization_parameters {
        request = request.add_extra_param(name.as_str(), value.as_str());
    }
    Ok(request.url().0)
}

/// Where the provider sends people back to. Each has its own, so that the answer of one is never taken
/// for that of another (RFC 9700 4.4.2).
pub(super) fn redirect_uri(
    context: &Context,
    upstream: &Upstream,
) -> Result<RedirectUrl, UpstreamError> {
    let path = format!("{}/{}/callback", super::PATH, upstream.name);
    RedirectUrl::new(context.site.url(&path))
        .map_err(|_| UpstreamError::Credential("the public URL is no URL"))
}
