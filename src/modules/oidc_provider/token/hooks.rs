//! Webhooks are asked before a client gets tokens, and told after.

use assay_reconciler::spec::{oidc_client::GrantType, webhook::WebhookEvent};

use super::super::{
    device,
    error::{ErrorCode, OAuthError, ascii},
    grant::{self, LiveGrant},
};
use super::TokenRequest;
use crate::{
    clock::UnixMillis,
    crypto::Hashed,
    generation::Client,
    modules::{
        Context,
        hooks::{self, Happening},
        parameters::Parameters,
    },
    store::{Store, StoreError, Tx, fetch_optional},
};

/// What a client would get tokens of.
#[derive(sqlx::FromRow)]
struct Asked {
    grant_id: String,
    user_id: String,
    scope: String,
}

/// Asks about the tokens that the form would bring, and gives the grant that it was asked about. No
/// transaction is open meanwhile. Whatever is wrong with the form is said later, by its grant type.
pub(super) async fn ask(
    context: &Context,
    client: &Client,
    grant_type: GrantType,
    form: &Parameters,
) -> Result<Option<String>, OAuthError> {
    if !is_asked(context) || grant_type == GrantType::TokenExchange {
        return Ok(None);
    }
    let found = match key(context, grant_type, form) {
        Some((sql, hash)) => {
            let found = find(&context.store, sql, &hash, &client.uid).await?;
            // It brings nothing, or nothing yet.
            let Some(found) = found else { return Ok(None) };
            Some(found)
        }
        None if grant_type == GrantType::ClientCredentials => None,
        None => return Ok(None),
    };
    let happening = Happening::Token {
        client: &client.name,
        user_id: found.as_ref().map(|found| found.user_id.as_str()),
        grant_type: grant_type.name(),
        scope: match &found {
            Some(found) => Some(&found.scope),
            None => form.get("scope"),
        },
    };
    before(context, &happening).await?;
    Ok(found.map(|found| found.grant_id))
}

/// Asks about tokens of which it is known whose they are.
pub(in crate::modules::oidc_provider) async fn before(
    context: &Context,
    happening: &Happening<'_>,
) -> Result<(), OAuthError> {
    hooks::before(context, happening).await.map_err(|refused| {
        let message = refused.message.as_deref();
        let why = message.unwrap_or("the operator does not allow it");
        OAuthError::new(ErrorCode::AccessDenied, ascii(why))
    })
}

/// Whether any webhook wants to be asked.
pub(in crate::modules::oidc_provider) fn is_asked(context: &Context) -> bool {
    let asked = context.snapshot.webhooks_of(WebhookEvent::BeforeToken);
    !asked.is_empty()
}

/// Where the grant of a form is found.
fn key(
    context: &Context,
    grant_type: GrantType,
    form: &Parameters,
) -> Option<(&'static str, Hashed)> {
    macro_rules! grant_of {
        ($table:literal, $key:literal) => {
            concat!(
                "SELECT g.id AS grant_id, g.user_id, g.scope FROM ",
                $table,
                " t JOIN oidc_grants g ON g.id = t.grant_id WHERE t.",
                $key,
                " = $1 AND g.client_uid = $2"
            )
        };
    }
    let keyring = &context.keyring;
    match grant_type {
        GrantType::AuthorizationCode => Some((
            grant_of!("oidc_authorization_codes", "code_hash"),
            grant::hash_code(keyring, form.get("code")?),
        )),
        GrantType::RefreshToken => Some((
            grant_of!("oidc_refresh_tokens", "token_hash"),
            grant::hash_refresh_token(keyring, form.get("refresh_token")?),
        )),
        GrantType::DeviceCode => Some((
            grant_of!("oidc_device_codes", "device_code_hash"),
            device::hash_device_code(keyring, form.get("device_code")?),
        )),
        GrantType::ClientCredentials | GrantType::TokenExchange | GrantType::Implicit => None,
    }
}

async fn find(
    store: &Store,
    sql: &'static str,
    hash: &Hashed,
    client_uid: &str,
) -> Result<Option<Asked>, StoreError> {
    fetch_optional!(store, Asked, sql, hash, client_uid)
}

impl TokenRequest<'_> {
    /// Refuses tokens of a grant that came to be only after webhooks were asked: of a device whose
    /// person has just answered.
    pub(super) fn require_asked(&self, grant: &LiveGrant) -> Result<(), OAuthError> {
        if is_asked(self.context) && self.asked_about != Some(&grant.id) {
            return Err(OAuthError::new(
                ErrorCode::TemporarilyUnavailable,
                "the request came too early; send it again",
            ));
        }
        Ok(())
    }

    /// Writes down for the webhooks that the client gets tokens.
    pub(super) async fn tell(
        &self,
        tx: &mut Tx,
        user_id: Option<&str>,
        scope: &str,
        now: UnixMillis,
    ) -> Result<(), StoreError> {
        let happening = Happening::Token {
            client: &self.client.name,
            user_id,
            grant_type: self.form.get("grant_type").unwrap_or("implicit"),
            scope: Some(scope),
        };
        hooks::after(tx, self.context, &happening, now).await
    }

    /// Like [`Self::tell`], for tokens that are given without a transaction.
    pub(super) async fn tell_alone(&self, scope: &str) -> Result<(), StoreError> {
        let told = WebhookEvent::AfterToken;
        if self.context.snapshot.webhooks_of(told).is_empty() {
            return Ok(());
        }
        let mut tx = self.context.store.begin().await?;
        self.tell(&mut tx, None, scope, self.context.clock.now())
            .await?;
        tx.commit().await
    }
}
