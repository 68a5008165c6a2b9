//! Client authentication at the token endpoint (RFC 6749 2.3, OpenID Connect Core 9).

use std::sync::Arc;

use assay_reconciler::{secret::SecretSource, spec::oidc_client::ClientAuthMethod};
use axum::{
    extract::Request,
    http::{HeaderMap, header::AUTHORIZATION},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::error::{ErrorCode, OAuthError};
use crate::{
    generation::Client,
    modules::{
        Context,
        form::StrictForm,
        parameters::{self, Parameters},
    },
};

/// Longest client secret, in bytes.
const MAX_SECRET: usize = 1_024;

/// What the request shows of its client.
struct Presented {
    client_id: String,
    secret: Option<String>,
    method: ClientAuthMethod,
}

/// The form of a request whose client has authenticated.
pub(super) async fn authenticated_form(
    context: &Context,
    request: Request,
) -> Result<(Arc<Client>, Parameters), OAuthError> {
    // RFC 6749 2.3.1 and 3.2: a query ends up in logs.
    if request.uri().query().is_some_and(|query| !query.is_empty()) {
        let what = "the parameters of this request belong into its body";
        return Err(OAuthError::new(ErrorCode::InvalidRequest, what));
    }
    let headers = request.headers().clone();
    let StrictForm(form) = StrictForm::read(request).await?;
    let client = authenticate(context, &headers, &form)?;
    Ok((client, form))
}

/// The client that sends this request, by its one registered method.
fn authenticate(
    context: &Context,
    headers: &HeaderMap,
    form: &Parameters,
) -> Result<Arc<Client>, OAuthError> {
    let presented = presented(headers, form)?;
    let client = context
        .snapshot
        .client(&presented.client_id)
        .filter(|client| client.spec.enabled);
    // The same words for an unknown client and a wrong secret.
    let Some(client) = client else {
        return Err(wrong());
    };
    let registered = client.spec.auth_method();
    if !super::supported::AUTH_METHODS.contains(&registered) {
        return Err(refused(format!(
            "this client authenticates with {}, which is not available yet",
            registered.name()
        )));
    }
    // RFC 9700 2.5 and OpenID Connect Registration 2: only the method that was registered.
    if registered != presented.method {
        return Err(refused(format!(
            "this client authenticates with {}",
            registered.name()
        )));
    }
    if let Some(secret) = &presented.secret
        && !is_secret_of(context, client, secret)
    {
        return Err(wrong());
    }
    Ok(Arc::clone(client))
}

fn refused(description: String) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidClient, description)
}

fn wrong() -> OAuthError {
    OAuthError::new(ErrorCode::InvalidClient, "unknown client or wrong secret")
}

fn presented(headers: &HeaderMap, form: &Parameters) -> Result<Presented, OAuthError> {
    let invalid = |what: &'static str| OAuthError::new(ErrorCode::InvalidRequest, what);
    if form.get("client_assertion").is_some() || form.get("client_assertion_type").is_some() {
        let what = "client assertions are not available yet";
        return Err(OAuthError::new(ErrorCode::InvalidClient, what));
    }
    let mut authorizations = headers.get_all(AUTHORIZATION).iter();
    let basic = match (authorizations.next(), authorizations.next()) {
        (None, _) => None,
        (Some(only), None) => Some(basic(only.as_bytes()).ok_or_else(|| {
            OAuthError::new(
                ErrorCode::InvalidClient,
                "the Authorization header is not HTTP Basic with a form-encoded id and secret",
            )
        })?),
        (Some(_), Some(_)) => return Err(invalid("more than one Authorization header")),
    };
    let posted_id = form.get("client_id");
    let posted_secret = form.get("client_secret");
    match (basic, posted_id, posted_secret) {
        // RFC 6749 2.3: not more than one method in each request.
        (Some(_), _, Some(_)) => Err(invalid("two ways of client authentication at once")),
        (Some((client_id, _)), Some(posted), None) if client_id != posted => {
            Err(invalid("client_id differs from the Authorization header"))
        }
        (Some((client_id, secret)), _, None) => Ok(Presented {
            client_id,
            secret: Some(secret),
            method: ClientAuthMethod::ClientSecretBasic,
        }),
        (None, Some(client_id), Some(secret)) => Ok(Presented {
            client_id: client_id.to_owned(),
            secret: Some(secret.to_owned()),
            method: ClientAuthMethod::ClientSecretPost,
        }),
        (None, Some(client_id), None) => Ok(Presented {
            client_id: client_id.to_owned(),
            secret: None,
            method: ClientAuthMethod::None,
        }),
        (None, None, _) => Err(OAuthError::new(
            ErrorCode::InvalidClient,
            "the request does not say which client sends it",
        )),
    }
}

/// Id and secret of HTTP Basic, each form-encoded before (RFC 6749 2.3.1).
fn basic(header: &[u8]) -> Option<(String, String)> {
    let text = std::str::from_utf8(header).ok()?;
    let (scheme, credentials) = text.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = STANDARD.decode(credentials.trim()).ok()?;
    let colon = decoded.iter().position(|byte| *byte == b':')?;
    let id = parameters::decode(&decoded[..colon])?;
    let secret = parameters::decode(&decoded[colon + 1..])?;
    (!id.is_empty()).then_some((id, secret))
}

/// Compares keyed hashes in constant time. Secrets are random and long: a slow hash would protect
/// nothing and cost every token.
fn is_secret_of(context: &Context, client: &Client, secret: &str) -> bool {
    if secret.is_empty() || secret.len() > MAX_SECRET {
        return false;
    }
    let is = |stored: &SecretSource| match stored {
        SecretSource::Hash(stored) => context.keyring.verify_secret(stored, secret),
        _ => false,
    };
    let now = context.clock.now().as_i64();
    client.spec.client_secret.as_ref().is_some_and(is)
        || client
            .spec
            .previous_client_secret
            .as_ref()
            .is_some_and(|previous| {
                previous.expires_at.as_millisecond() > now && is(&previous.secret)
            })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(credentials: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for credentials in credentials {
            let value = format!("Basic {}", STANDARD.encode(credentials));
            headers.append(AUTHORIZATION, HeaderValue::try_from(value).unwrap());
        }
        headers
    }

    fn read(headers: &HeaderMap, form: &str) -> Result<(String, ClientAuthMethod), ErrorCode> {
        let form = Parameters::parse(form.as_bytes()).unwrap();
        presented(headers, &form)
            .map(|presented| (presented.client_id, presented.method))
            .map_err(|error| error.code())
    }

    #[test]
    fn each_method_is_told_from_the_others() {
        use ClientAuthMethod::{ClientSecretBasic, ClientSecretPost, None};
        let nothing = HeaderMap::new();
        assert_eq!(
            read(&headers(&["a%2Bb:s"]), "").unwrap(),
            ("a+b".into(), ClientSecretBasic)
        );
        assert_eq!(
            read(&headers(&["app:s"]), "client_id=app").unwrap().1,
            ClientSecretBasic
        );
        assert_eq!(
            read(&nothing, "client_id=app&client_secret=s").unwrap().1,
            ClientSecretPost
        );
        assert_eq!(read(&nothing, "client_id=app").unwrap().1, None);
    }

    #[test]
    fn two_methods_at_once_are_refused() {
        for (credentials, form) in [
            (&["app:s"][..], "client_id=app&client_secret=s"),
            (&["app:s"][..], "client_secret=s"),
            (&["app:s"][..], "client_id=other"),
            (&["app:s", "app:s"][..], ""),
        ] {
            assert_eq!(
                read(&headers(credentials), form),
                Err(ErrorCode::InvalidRequest),
                "{credentials:?} {form}"
            );
        }
        assert_eq!(
            read(&headers(&["app:s"]), "client_assertion=x"),
            Err(ErrorCode::InvalidClient)
        );
    }

    #[test]
    fn a_broken_header_is_no_client() {
        for value in [
            "Basic",
            "Basic !!!",
            "Basic YXBw",
            "Bearer YXBwOnM=",
            "Basic OnM=",
        ] {
            let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static(value))]);
            assert_eq!(
                read(&headers, "client_id=app"),
                Err(ErrorCode::InvalidClient),
                "{value}"
            );
        }
    }
}
