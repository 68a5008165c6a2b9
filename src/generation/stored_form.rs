//! The last look at an object before it is written.

use assay_reconciler::{
    object::{
        CLIENT_SECRET_PURPOSE, MAIL_SECRET_PURPOSE, Object, Spec, UPSTREAM_SECRET_PURPOSE,
        WEBHOOK_SECRET_PURPOSE,
    },
    secret::SecretSource,
    spec::{ModuleSettings, ModuleSpec},
};

use super::errors::ApplyError;
use crate::crypto::Keyring;

/// Refuses what must not reach the database: a secret in the clear, a sealed secret that this
/// installation cannot open, a name that breaks lines.
pub(super) fn check(object: &Object, keyring: &Keyring) -> Result<(), ApplyError> {
    if object.name().chars().any(char::is_control) {
        return Err(ApplyError::BadName(object.name().to_owned()));
    }
    if secrets(&object.spec).any(|secret| !secret.is_stored_form()) {
        return Err(ApplyError::Unsealed(object.key()));
    }
    let purpose = match &object.spec {
        Spec::UpstreamProvider(_) => UPSTREAM_SECRET_PURPOSE,
        Spec::Webhook(_) => WEBHOOK_SECRET_PURPOSE,
        Spec::Module(_) => MAIL_SECRET_PURPOSE,
        _ => CLIENT_SECRET_PURPOSE,
    };
    for secret in secrets(&object.spec) {
        if let SecretSource::Sealed(text) = secret
            && keyring.open(purpose, text).is_err()
        {
            return Err(ApplyError::ForeignSecret(object.key()));
        }
    }
    Ok(())
}

fn secrets(spec: &Spec) -> impl Iterator<Item = &SecretSource> {
    let (current, previous) = match spec {
        Spec::OidcClient(client) => (
            client.client_secret.as_ref(),
            client.previous_client_secret.as_ref().map(|p| &p.secret),
        ),
        Spec::UpstreamProvider(upstream) => {
            let signed = upstream.signed_client_secret.as_ref();
            let key = signed.map(|signed| &signed.key);
            (upstream.client_secret.as_ref(), key)
        }
        Spec::Webhook(webhook) => (Some(&webhook.secret), None),
        Spec::Module(ModuleSpec {
            settings: ModuleSettings::Mail(mail),
            ..
        }) => {
            let smtp = mail.smtp.as_ref();
            (smtp.and_then(|smtp| smtp.password.as_ref()), None)
        }
        Spec::Module(_)
        | Spec::ZanzibarNamespace(_)
        | Spec::AdminKey(_)
        | Spec::Theme(_)
        | Spec::Scope(_)
        | Spec::MailTemplate(_) => (None, None),
    };
    current.into_iter().chain(previous)
}
