//! How a request is signed (Standard Webhooks 1.0: `webhook-id`, `webhook-timestamp`,
//! `webhook-signature`).

use assay_reconciler::{object::WEBHOOK_SECRET_PURPOSE, secret::SecretSource, spec::WebhookSpec};
use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{
    clock::UnixMillis,
    crypto::{CryptoError, Keyring, Secret},
};

const ENCODED: &str = "whsec_";

/// The headers of a request with this body. The id stays when the same is sent again, so that the
/// service can tell.
pub(super) fn headers(
    keyring: &Keyring,
    webhook: &WebhookSpec,
    id: &str,
    now: UnixMillis,
    body: &str,
) -> Result<[(&'static str, String); 3], CryptoError> {
    let secret = match &webhook.secret {
        SecretSource::Sealed(sealed) => keyring.open(WEBHOOK_SECRET_PURPOSE, sealed)?,
        _ => return Err(CryptoError::Library("reading the secret of a webhook")),
    };
    let timestamp = now.as_seconds().to_string();
    let signature = sign(&secret, &format!("{id}.{timestamp}.{body}"));
    Ok([
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", timestamp),
        ("webhook-signature", signature),
    ])
}

fn sign(secret: &Secret<String>, content: &str) -> String {
    let text = secret.expose();
    let encoded = text.strip_prefix(ENCODED);
    let bytes = encoded.and_then(|encoded| STANDARD.decode(encoded).ok());
    let key = bytes.as_deref().unwrap_or(text.as_bytes());
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    format!(
        "v1,{}",
        STANDARD.encode(hmac::sign(&key, content.as_bytes()))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_specification_has_its_signature() {
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
        let content = "msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{\"test\": 2432232314}";
        assert_eq!(
            sign(&secret, content),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }
}
