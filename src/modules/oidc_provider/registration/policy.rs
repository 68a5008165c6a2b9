//! What a registered client becomes: what it says of itself, within what the operator allows.

use std::collections::BTreeSet;

use assay_reconciler::{
    from_documents,
    kind::{API_VERSION, Kind},
    object::{Object, Spec},
    spec::{OidcClientSpec, oidc_client::ClientRegistration},
};
use serde_json::{Map, Value, json};
use url::Url;

use super::{error::RegistrationError, metadata, metadata::ClientMetadata};

/// The object that the client becomes under the name `client_id`. `secret` is its secret, where it has
/// one, and `annotations` say where it comes from.
pub(super) fn object(
    policy: &ClientRegistration,
    client_id: &str,
    said: &ClientMetadata,
    secret: Option<Value>,
    annotations: &Map<String, Value>,
) -> Result<Object, RegistrationError> {
    let mut spec = said.to_spec()?;
    let is_public = said.text("token_endpoint_auth_method") == Some("none");
    let set = |spec: &mut Map<String, Value>, field: &str, value: Value| {
        spec.insert(field.to_owned(), value);
    };
    if is_public {
        set(&mut spec, "clientType", json!("public"));
        let origins = browser_origins(spec.get("redirectUris"));
        set(&mut spec, "allowedOrigins", json!(origins));
    }
    if let Some(secret) = secret {
        set(&mut spec, "clientSecret", secret);
    }
    let scopes = permitted_scopes(policy, spec.get("scopes"))?;
    set(&mut spec, "scopes", scopes);
    set(&mut spec, "resources", json!(policy.resources));
    set(&mut spec, "requirePkce", json!(policy.require_pkce));
    set(&mut spec, "consent", json!("explicit"));
    let manifest = json!({
        "apiVersion": API_VERSION,
        "kind": Kind::OidcClient,
        "metadata": { "name": client_id, "annotations": annotations },
        "spec": spec,
    });
    let object = validated(&manifest)?;
    if let Spec::OidcClient(client) = &object.spec {
        permit(policy, client)?;
    }
    Ok(object)
}

/// The scopes it asked for that it may have; all that it may have if it named none (RFC 7591 2).
fn permitted_scopes(
    policy: &ClientRegistration,
    asked: Option<&Value>,
) -> Result<Value, RegistrationError> {
    let Some(asked) = asked else {
        return Ok(json!(policy.scopes));
    };
    let asked = asked.as_array().into_iter().flatten();
    let permitted: BTreeSet<&str> = asked
        .filter_map(Value::as_str)
        .filter(|scope| policy.scopes.contains(*scope))
        .collect();
    if permitted.is_empty() {
        let what = "scope: a registered client may have none of these";
        return Err(RegistrationError::Metadata(what.to_owned()));
    }
    Ok(json!(permitted))
}

/// The origins of an app that runs in a browser: where it is sent back to is where it runs, and from
/// there it calls the token endpoint.
fn browser_origins(redirect_uris: Option<&Value>) -> BTreeSet<String> {
    let uris = redirect_uris
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    uris.filter_map(|uri| Url::parse(uri.as_str()?).ok())
        .filter(|uri| matches!(uri.scheme(), "https" | "http"))
        .map(|uri| uri.origin().ascii_serialization())
        .collect()
}

/// Checked by the rules for manifests, and told in the words of the registries.
fn validated(manifest: &Value) -> Result<Object, RegistrationError> {
    let problems = match from_documents(std::slice::from_ref(manifest)) {
        Ok(mut loaded) => match loaded.manifests.pop() {
            Some(manifest) => return Ok(manifest.object),
            None => return Err(RegistrationError::Metadata(String::new())),
        },
        Err(problems) => problems,
    };
    let mut is_redirect = false;
    let told: BTreeSet<String> = problems
        .iter()
        .map(|problem| match metadata::name_of(&problem.at.pointer) {
            Some(name) => {
                is_redirect |= name == "redirect_uris";
                format!("{name}: {}", problem.message)
            }
            None => problem.message.clone(),
        })
        .collect();
    let told = told.into_iter().collect::<Vec<_>>().join("; ");
    Err(if is_redirect {
        RegistrationError::RedirectUri(told)
    } else {
        RegistrationError::Metadata(told)
    })
}

/// What only the operator can allow.
fn permit(policy: &ClientRegistration, client: &OidcClientSpec) -> Result<(), RegistrationError> {
    for grant in &client.grant_types {
        if !policy.grant_types.contains(grant) {
            let what = format!("grant_types: {} is not open to registration", grant.name());
            return Err(RegistrationError::Metadata(what));
        }
    }
    for uri in &client.redirect_uris {
        let host = Url::parse(uri.as_str())
            .ok()
            .and_then(|uri| uri.host_str().map(str::to_ascii_lowercase))
            .unwrap_or_default();
        if !policy.permits_host(&host) {
            return Err(RegistrationError::RedirectUri(format!(
                "redirect_uris: {uri} leads to a host that is not open to registration"
            )));
        }
    }
    Ok(())
}
