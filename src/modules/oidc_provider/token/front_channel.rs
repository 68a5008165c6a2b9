//! Tokens that leave the authorization endpoint with the browser (OpenID Connect Core 3.2 and 3.3).

use super::{
    super::{
        access_token::AccessToken,
        error::OAuthError,
        grant::LiveGrant,
        holder::Holder,
        id_token::{self, Beside},
        scope::Scopes,
    },
    TokenRequest, response,
};
use crate::{
    generation::Client,
    modules::{Context, parameters::Parameters},
    store::Tx,
};

/// An access token for whoever has it: nothing at this endpoint proves a key.
pub(in crate::modules::oidc_provider) async fn access_token(
    tx: &mut Tx,
    context: &Context,
    client: &Client,
    grant: &LiveGrant,
    scopes: &Scopes,
) -> Result<AccessToken, OAuthError> {
    let asked = TokenRequest {
        context,
        client,
        form: &Parameters::default(),
        holder: &Holder::default(),
        // The authorization endpoint has asked.
        asked_about: Some(&grant.id),
    };
    response::access_token(&asked, tx, grant, scopes).await
}

/// An ID token that vouches for what travels with it. What scopes say of the person is in it only if
/// there will be no other place to read it (OpenID Connect Core 5.4): a browser keeps addresses.
pub(in crate::modules::oidc_provider) fn id_token(
    context: &Context,
    client: &Client,
    grant: &LiveGrant,
    scopes: &Scopes,
    beside: Beside<'_>,
) -> Result<String, OAuthError> {
    let is_alone = beside.access_token.is_none() && beside.code.is_none();
    let nothing = Scopes::default();
    let shown = if is_alone { scopes } else { &nothing };
    Ok(id_token::make(context, client, grant, shown, beside)?)
}
