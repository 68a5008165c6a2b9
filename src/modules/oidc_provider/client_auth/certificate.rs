//! A client that shows its certificate (RFC 8705 2).

use assay_reconciler::spec::oidc_client::{ClientAuthMethod, TlsClientAuth};

use super::{
    super::{client_keys, error::OAuthError},
    refused,
};
use crate::{
    crypto::certificate::Certificate,
    generation::Client,
    modules::{ClientCertificate, Context},
};

/// Whether the certificate is the client's, by the way that its manifest names.
pub(super) async fn check(
    context: &Context,
    client: &Client,
    shown: &ClientCertificate,
) -> Result<(), OAuthError> {
    match client.spec.auth_method() {
        ClientAuthMethod::TlsClientAuth => {
            let expected = client.spec.tls_client_auth.as_ref();
            let is_named = expected.is_some_and(|expected| names(&shown.certificate, expected));
            // Whoever ended the connection may have looked at the signature or not.
            if is_named && shown.is_vouched_for(context.clock.now()) {
                Ok(())
            } else {
                Err(refused(
                    "the certificate is not this client's, or no authority that is known here signed it"
                        .to_owned(),
                ))
            }
        }
        _ => match client_keys::has_certificate(context, client, &shown.certificate).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(refused(
                "the certificate is not among the client's keys (x5c)".to_owned(),
            )),
            Err(error) => {
                tracing::info!(client = client.name, "client certificate refused: {error}");
                Err(refused("the client's keys cannot be had".to_owned()))
            }
        },
    }
}

/// Exactly one of the fields is set (RFC 8705 2.1.2); nothing is expected of a certificate that names
/// nothing.
fn names(certificate: &Certificate, expected: &TlsClientAuth) -> bool {
    let TlsClientAuth {
        subject_dn,
        san_dns,
        san_uri,
        san_ip,
        san_email,
    } = expected;
    if let Some(name) = subject_dn {
        certificate.has_subject(name)
    } else if let Some(name) = san_dns {
        certificate.has_dns(name)
    } else if let Some(uri) = san_uri {
        certificate.has_uri(uri)
    } else if let Some(address) = san_ip {
        certificate.has_ip(address)
    } else if let Some(address) = san_email {
        certificate.has_email(address)
    } else {
        false
    }
}
