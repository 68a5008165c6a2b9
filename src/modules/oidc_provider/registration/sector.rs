//! Clients that share pairwise subjects (OpenID Connect Registration 5).

use assay_reconciler::{
    object::{Object, Spec},
    spec::oidc_client::{GrantType, SubjectIdentifierType},
};

use super::error::RegistrationError;
use crate::modules::{Context, oidc_provider::client_keys::allowed_networks};

/// Longest list of redirect URIs, in bytes.
const MAX_LIST: usize = 256 * 1024;

/// Refuses a client that says it belongs to a sector which does not know its redirect URIs: it would
/// learn whom the sector's clients know.
pub(super) async fn check(context: &Context, object: &Object) -> Result<(), RegistrationError> {
    let Spec::OidcClient(client) = &object.spec else {
        return Ok(());
    };
    // A device proves no redirect URI: it would get the subjects of whatever host it names.
    if client.subject_type == SubjectIdentifierType::Pairwise
        && client.grant_types.contains(&GrantType::DeviceCode)
    {
        let what = "subject_type: a client that registers itself cannot have pairwise subjects \
                    on devices";
        return Err(RegistrationError::Metadata(what.to_owned()));
    }
    let Some(uri) = &client.sector_identifier_uri else {
        return Ok(());
    };
    let wrong =
        |what: String| RegistrationError::Metadata(format!("sector_identifier_uri: {what}"));
    let fetched = context
        .outgoing
        .get(&allowed_networks(context), uri.as_str(), MAX_LIST)
        .await
        .map_err(|error| wrong(error.to_string()))?;
    let known: Vec<String> = serde_json::from_slice(&fetched.body)
        .map_err(|_| wrong("what is there is no JSON list of redirect URIs".to_owned()))?;
    match client
        .redirect_uris
        .iter()
        .find(|uri| !known.iter().any(|known| known == uri.as_str()))
    {
        Some(missing) => Err(wrong(format!("the list there does not name {missing}"))),
        None => Ok(()),
    }
}
