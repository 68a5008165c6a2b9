use assay_reconciler::spec::oidc_client::ClientType;
use axum::response::{IntoResponse, Response};

use super::{
    super::{
        error::{ErrorCode, OAuthError},
        resource::Resources,
        scope::Scopes,
        supported,
    },
    TokenRequest, response,
};
use crate::generation::Client;

/// `grant_type=client_credentials` (RFC 6749 4.4): the client on its own behalf.
pub(super) async fn issue(asked: &TokenRequest<'_>) -> Result<Response, OAuthError> {
    let TokenRequest { client, form, .. } = *asked;
    // RFC 6749 4.4: anybody could be a public client.
    if client.spec.client_type == ClientType::Public {
        let what = "a public client cannot act on its own behalf";
        return Err(OAuthError::new(ErrorCode::UnauthorizedClient, what));
    }
    let scopes = scopes(client, form.get("scope"))?;
    let resources = Resources::asked_by(client, form)
        .map_err(|what| OAuthError::new(ErrorCode::InvalidTarget, what))?;
    Ok(response::of_client(asked, &scopes, resources)
        .await?
        .into_response())
}

/// What was asked for; everything the client may, if it asked for nothing. Scopes about a person say
/// nothing here.
fn scopes(client: &Client, asked: Option<&str>) -> Result<Scopes, OAuthError> {
    let is_about_people = |scope: &str| supported::SCOPES.contains(&scope);
    let Some(asked) = asked else {
        let mut scopes = Scopes::default();
        for scope in &client.spec.scopes {
            if !is_about_people(scope.as_str()) {
                scopes = scopes.union(&Scopes::parse(scope.as_str()));
            }
        }
        return Ok(scopes);
    };
    let scopes = Scopes::parse(asked);
    let beyond = scopes
        .first_beyond(&client.spec.scopes)
        .or_else(|| scopes.iter().find(|scope| is_about_people(scope)));
    match beyond {
        None => Ok(scopes),
        Some(scope) => Err(OAuthError::new(
            ErrorCode::InvalidScope,
            format!(
                "this client may not ask for the scope {} on its own behalf",
                super::super::error::ascii(scope)
            ),
        )),
    }
}
