use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::{
    super::{
        error::{ErrorCode, OAuthError},
        grant::{self, LiveGrant},
        pkce,
        scope::Scopes,
    },
    TokenRequest, refresh_token, response,
};
use crate::{
    clock::UnixMillis,
    crypto::Hashed,
    generation::Client,
    modules::{
        audit::{self, AuditEvent},
        parameters::Parameters,
    },
    store::{StoreError, Tx, fetch_optional},
};

/// `grant_type=authorization_code` (RFC 6749 4.1.3). One commit.
pub(super) async fn redeem(asked: &TokenRequest<'_>) -> Result<Response, OAuthError> {
    let TokenRequest {
        context,
        client,
        form,
        holder,
        ..
    } = *asked;
    let Some(code) = form.get("code") else {
        let what = "the request has no code";
        return Err(OAuthError::new(ErrorCode::InvalidRequest, what));
    };
    let now = context.clock.now();
    let hash = grant::hash_code(&context.keyring, code);
    let mut tx = context.store.begin().await?;
    let Some(redeemed) = take(&mut tx, &hash, &client.uid, now).await? else {
        punish_reuse(tx, &hash, client, now).await?;
        return Err(OAuthError::invalid_grant(
            "the code is unknown, expired or used",
        ));
    };
    let grant = match check(&mut tx, &redeemed, client, form, now).await {
        Ok(grant) => grant,
        Err(error) => {
            // A code that met the wrong verifier or address has been stolen or injected: it stays used.
            tx.commit().await?;
            return Err(error);
        }
    };
    if !grant.is_held_by(holder) {
        tx.commit().await?;
        return Err(OAuthError::invalid_grant(
            "the request does not prove the key that dpop_jkt announced",
        ));
    }
    let scopes = Scopes::parse(&grant.scope).within(&client.spec.scopes);
    let refresh_token = refresh_token::first(asked, &mut tx, &grant, now).await?;
    let access_token = response::access_token(asked, &mut tx, &grant, &scopes).await?;
    tx.commit().await?;
    let tokens = response::of_grant(asked, &grant, &scopes, access_token, refresh_token)?;
    Ok(tokens.into_response())
}

#[derive(sqlx::FromRow)]
struct Redeemed {
    grant_id: String,
    redirect_uri: String,
    code_challenge: Option<String>,
}

/// Takes the code out of circulation, if it is this client's, unused and fresh. Of two at once, one
/// gets it.
async fn take(
    tx: &mut Tx,
    hash: &Hashed,
    client_uid: &str,
    now: UnixMillis,
) -> Result<Option<Redeemed>, StoreError> {
    fetch_optional!(
        tx,
        Redeemed,
        "UPDATE oidc_authorization_codes
            SET used_at = $3
          WHERE code_hash = $1 AND used_at IS NULL AND expires_at > $3
            AND EXISTS (SELECT 1 FROM oidc_grants g
                         WHERE g.id = oidc_authorization_codes.grant_id AND g.client_uid = $2)
      RETURNING grant_id, redirect_uri, code_challenge",
        hash,
        client_uid,
        now,
    )
}

/// RFC 6749 4.1.2: a code that its client uses twice has been stolen, so everything that came from it
/// is revoked.
async fn punish_reuse(
    mut tx: Tx,
    hash: &Hashed,
    client: &Client,
    now: UnixMillis,
) -> Result<(), StoreError> {
    let used = fetch_optional!(
        &mut tx,
        (String, String),
        "SELECT g.id, g.user_id
           FROM oidc_authorization_codes c
           JOIN oidc_grants g ON g.id = c.grant_id
          WHERE c.code_hash = $1 AND c.used_at IS NOT NULL AND g.client_uid = $2",
        hash,
        &client.uid,
    )?;
    let Some((grant_id, user_id)) = used else {
        return tx.rollback().await;
    };
    if !grant::revoke(&mut tx, &grant_id, now).await? {
        return tx.rollback().await;
    }
    let actor = format!("client:{}", client.name);
    let subject = format!("user:{user_id}");
    let event = AuditEvent {
        actor: &actor,
        action: "oidc.code_reuse",
        subject: Some(&subject),
        detail: json!({ "grant": grant_id }),
        ip: None,
    };
    audit::record(&mut tx, event, now).await?;
    tracing::warn!(client = client.name, "an authorization code was used twice");
    tx.commit().await
}

async fn check(
    tx: &mut Tx,
    redeemed: &Redeemed,
    client: &Client,
    form: &Parameters,
    now: UnixMillis,
) -> Result<LiveGrant, OAuthError> {
    // RFC 6749 4.1.3: what was sent then is sent now, character for character.
    if form.get("redirect_uri").unwrap_or_default() != redeemed.redirect_uri {
        return Err(OAuthError::invalid_grant(
            "redirect_uri differs from the authorization request",
        ));
    }
    match (&redeemed.code_challenge, form.get("code_verifier")) {
        (Some(challenge), Some(verifier)) if pkce::verifies(challenge, verifier) => {}
        (Some(_), Some(_)) => return Err(OAuthError::invalid_grant("code_verifier does not fit")),
        (Some(_), None) => return Err(OAuthError::invalid_grant("code_verifier is missing")),
        // RFC 9700 4.8.2: somebody took the challenge out of the request.
        (None, Some(_)) => {
            return Err(OAuthError::invalid_grant(
                "code_verifier without code_challenge",
            ));
        }
        // The client may have come to need PKCE since.
        (None, None) if client.spec.needs_pkce() => {
            return Err(OAuthError::invalid_grant("code_verifier is missing"));
        }
        (None, None) => {}
    }
    grant::live_in(tx, &redeemed.grant_id, now)
        .await?
        .ok_or_else(|| OAuthError::invalid_grant("the grant was revoked or its session has ended"))
}
