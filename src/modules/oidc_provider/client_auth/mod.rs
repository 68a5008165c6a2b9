//! Client authentication at the token endpoint (RFC 6749 2.3, OpenID Connect Core 9).

mod assertion;
mod certificate;

use std::sync::Arc;

use assay_reconciler::{secret::SecretSource, spec::oidc_client::ClientAuthMethod};
use axum::{extract::Request, http::HeaderMap};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::error::{ErrorCode, OAuthError};
use crate::{
    crypto::foreign::unverified_claims,
    generation::Client,
    modules::{
        ClientCertificate, Context,
        authorization::{Credentials, Unclear},
        form::StrictForm,
        parameters::{self, Parameters},
    },
};

/// Longest client secret, in bytes.
const MAX_SECRET: usize = 1_024;

/// What the request shows of its client.
struct Presented {
    client_id: String,
    proof: Proof,
}

/// How it proves that it is the client's.
enum Proof {
    /// What the secret may be: some clients do not form-encode it.
    Basic(Vec<String>),
    Post(String),
    Assertion(String),
    None,
}

impl Proof {
    /// Whether it is of the method that was registered (RFC 9700 2.5, OpenID Connect Registration 2).
    fn is_by(&self, method: ClientAuthMethod) -> bool {
        match self {
            Proof::Basic(_) => method == ClientAuthMethod::ClientSecretBasic,
            Proof::Post(_) => method == ClientAuthMethod::ClientSecretPost,
            Proof::Assertion(_) => matches!(
                method,
                ClientAuthMethod::PrivateKeyJwt | ClientAuthMethod::ClientSecretJwt
            ),
            // What proves it is not in the request.
            Proof::None => matches!(
                method,
                ClientAuthMethod::None
                    | ClientAuthMethod::TlsClientAuth
                    | ClientAuthMethod::SelfSignedTlsClientAuth
            ),
        }
    }
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
    let endpoint = request.uri().path().to_owned();
    let certificate = request.extensions().get::<ClientCertificate>().cloned();
    let StrictForm(form) = StrictForm::read(request).await?;
    let client = authenticate(context, &headers, &form, &endpoint, certificate.as_ref()).await?;
    Ok((client, form))
}

/// The client that sends this request, by its one registered method.
async fn authenticate(
    context: &Context,
    headers: &HeaderMap,
    form: &Parameters,
    endpoint: &str,
    certificate: Option<&ClientCertificate>,
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
    if !presented.proof.is_by(registered) {
        return Err(refused(format!(
            "this client authenticates with {}",
            registered.name()
        )));
    }
    match &presented.proof {
        Proof::Basic(readings)
            if !readings
                .iter()
                .any(|secret| is_secret_of(context, client, secret)) =>
        {
            return Err(wrong());
        }
        Proof::Post(secret) if !is_secret_of(context, client, secret) => return Err(wrong()),
        Proof::Assertion(assertion) => {
            assertion::check(context, client, assertion, endpoint).await?;
        }
        Proof::None if registered != ClientAuthMethod::None => {
            let Some(certificate) = certificate else {
                return Err(refused(format!(
                    "this client authenticates with {}, and the request comes with no certificate",
                    registered.name()
                )));
            };
            certificate::check(context, client, certificate).await?;
        }
        Proof::Basic(_) | Proof::Post(_) | Proof::None => {}
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
    let twice = || invalid("two ways of client authentication at once");
    let assertion = assertion(form)?;
    let posted_id = form.get("client_id");
    let posted_secret = form.get("client_secret");
    // RFC 6749 2.3: not more than one method in each request.
    match (basic_header(headers)?, assertion, posted_secret) {
        (Some(_), Some(_), _) | (Some(_), _, Some(_)) | (_, Some(_), Some(_)) => Err(twice()),
        (Some((client_id, _)), ..) if posted_id.is_some_and(|posted| posted != client_id) => {
            Err(invalid("client_id differs from the Authorization header"))
        }
        (Some((client_id, readings)), ..) => Ok(Presented {
            client_id,
            proof: Proof::Basic(readings),
        }),
        (None, Some((subject, _)), None) if posted_id.is_some_and(|posted| posted != subject) => {
            Err(invalid(
                "client_id differs from the sub of the client assertion",
            ))
        }
        (None, Some((client_id, assertion)), None) => Ok(Presented {
            client_id,
            proof: Proof::Assertion(assertion),
        }),
        (None, None, secret) => {
            let client_id = posted_id.ok_or_else(|| {
                OAuthError::new(
                    ErrorCode::InvalidClient,
                    "the request does not say which client sends it",
                )
            })?;
            Ok(Presented {
                client_id: client_id.to_owned(),
                proof: secret.map_or(Proof::None, |secret| Proof::Post(secret.to_owned())),
            })
        }
    }
}

/// The client that an assertion says it is of, and the assertion (RFC 7521 4.2).
fn assertion(form: &Parameters) -> Result<Option<(String, String)>, OAuthError> {
    let refused = |what: &'static str| OAuthError::new(ErrorCode::InvalidClient, what);
    let assertion = match (
        form.get("client_assertion"),
        form.get("client_assertion_type"),
    ) {
        (None, None) => return Ok(None),
        (Some(assertion), Some(assertion::JWT_BEARER)) => assertion,
        (Some(_), _) => return Err(refused("client_assertion_type must be that of a JWT")),
        (None, Some(_)) => return Err(refused("client_assertion_type without client_assertion")),
    };
    let subject = unverified_claims(assertion)
        .and_then(|claims| claims.get("sub")?.as_str().map(str::to_owned))
        .ok_or_else(|| refused("the client assertion is no JWT with a sub"))?;
    Ok(Some((subject, assertion.to_owned())))
}

fn basic_header(headers: &HeaderMap) -> Result<Option<(String, Vec<String>)>, OAuthError> {
    let shown = match Credentials::of(headers) {
        Ok(None) => return Ok(None),
        Ok(Some(credentials)) if credentials.is("basic") => basic(credentials.shown),
        Ok(Some(_)) | Err(Unclear::NotText | Unclear::OneWord) => None,
        Err(Unclear::Repeated) => {
            let what = "more than one Authorization header";
            return Err(OAuthError::new(ErrorCode::InvalidRequest, what));
        }
    };
    shown.map(Some).ok_or_else(|| {
        OAuthError::new(
            ErrorCode::InvalidClient,
            "the Authorization header is not HTTP Basic with a form-encoded id and secret",
        )
    })
}

/// Id and secret of HTTP Basic, each form-encoded before (RFC 6749 2.3.1). Many clients leave that out,
/// and a secret with a plus sign or a percent sign would be another one: then it counts as it was sent.
fn basic(credentials: &str) -> Option<(String, Vec<String>)> {
    let decoded = STANDARD.decode(credentials).ok()?;
    let colon = decoded.iter().position(|byte| *byte == b':')?;
    let id = parameters::decode(&decoded[..colon])?;
    let secret = &decoded[colon + 1..];
    let as_sent = std::str::from_utf8(secret).ok().map(str::to_owned);
    let mut readings: Vec<String> = parameters::decode(secret).into_iter().collect();
    readings.extend(as_sent.filter(|as_sent| !readings.contains(as_sent)));
    (!id.is_empty() && !readings.is_empty()).then_some((id, readings))
}

fn is_secret_of(context: &Context, client: &Client, secret: &str) -> bool {
    let is = |stored: &SecretSource| is_secret(context, stored, secret);
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

/// Whether `secret` is the one that is stored as a keyed hash. Compared in constant time. Secrets are
/// random and long: a slow hash would protect nothing and cost every token.
pub(super) fn is_secret(context: &Context, stored: &SecretSource, secret: &str) -> bool {
    match stored {
        _ if secret.is_empty() || secret.len() > MAX_SECRET => false,
        SecretSource::Hash(stored) => context.keyring.verify_secret(stored, secret),
        _ => false,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use axum::http::{HeaderValue, header::AUTHORIZATION};

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
            .map(|presented| {
                let method = [
                    ClientAuthMethod::ClientSecretBasic,
                    ClientAuthMethod::ClientSecretPost,
                    ClientAuthMethod::PrivateKeyJwt,
                    ClientAuthMethod::None,
                ]
                .into_iter()
                .find(|method| presented.proof.is_by(*method));
                (presented.client_id, method.unwrap())
            })
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
        let assertion = assertion_form("app");
        assert_eq!(
            read(&nothing, &assertion).unwrap(),
            ("app".into(), ClientAuthMethod::PrivateKeyJwt)
        );
        assert_eq!(
            read(&nothing, &format!("{assertion}&client_id=other")),
            Err(ErrorCode::InvalidRequest)
        );
    }

    fn assertion_form(sub: &str) -> String {
        use base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let claims = URL_SAFE_NO_PAD.encode(format!(r#"{{"sub":"{sub}"}}"#));
        format!(
            "client_assertion=e30.{claims}.AA&client_assertion_type={}",
            assertion::JWT_BEARER
        )
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
        for form in [
            assertion_form("app"),
            format!("{}&client_secret=s", assertion_form("app")),
        ] {
            assert_eq!(
                read(&headers(&["app:s"]), &form),
                Err(ErrorCode::InvalidRequest),
                "{form}"
            );
        }
        assert_eq!(
            read(&HeaderMap::new(), "client_id=app&client_assertion=x"),
            Err(ErrorCode::InvalidClient)
        );
    }

    #[test]
    fn a_secret_counts_decoded_and_as_it_was_sent() {
        let readings = |credentials: &str| {
            let (_, readings) = basic_header(&headers(&[credentials])).unwrap().unwrap();
            readings
        };
        assert_eq!(readings("app:plain"), ["plain"]);
        assert_eq!(readings("app:a%2Bb"), ["a+b", "a%2Bb"]);
        assert_eq!(readings("app:a+b:c/d="), ["a b:c/d=", "a+b:c/d="]);
        assert_eq!(readings("app:100%"), ["100%"]);
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
