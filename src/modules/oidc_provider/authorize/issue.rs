use super::{
    super::grant::{self, NewGrant},
    request::AuthorizationRequest,
};
use crate::{
    crypto::token,
    modules::{
        Context, Problem,
        audit::{self, AuditEvent},
        oidc_provider::{
            consent::{self, Consented},
            lifetimes::Lifetimes,
        },
        session::SignedIn,
    },
    store::execute,
};

/// Makes the grant and its code, and remembers the consent if it was given just now. One commit.
pub(in crate::modules::oidc_provider) async fn issue_code(
    context: &Context,
    request: &AuthorizationRequest,
    person: &SignedIn,
    consented: Option<&Consented>,
) -> Result<String, Problem> {
    let now = context.clock.now();
    let lifetimes = Lifetimes::of(&context.snapshot, &request.client);
    let code = token::opaque("")?.expose().clone();
    let code_expires_at = now + lifetimes.code;
    let challenge = request
        .code_challenge
        .as_ref()
        .map(super::super::pkce::CodeChallenge::as_str);

    let claims = request.claims.to_keep();
    let mut tx = context.store.begin().await?;
    let made = NewGrant {
        client_uid: &request.client.uid,
        person,
        scopes: &request.scopes,
        resources: &request.resources,
        nonce: request.nonce.as_deref(),
        claims: claims.as_deref(),
        acr: request.acr.said(person.acr.as_deref()),
        dpop_jkt: request.dpop_jkt.as_deref(),
        expires_at: code_expires_at + lifetimes.refresh_token + lifetimes.access_token,
    };
    let grant_id = grant::make(&mut tx, made, now).await?;
    execute!(
        &mut tx,
        "INSERT INTO oidc_authorization_codes (code_hash, grant_id, redirect_uri, code_challenge,
                                               created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        grant::hash_code(&context.keyring, &code),
        &grant_id,
        &request.redirect_uri_sent,
        challenge,
        now,
        code_expires_at,
    )?;
    if let Some(consented) = consented {
        consent::remember(
            &mut tx,
            &person.user_id,
            &request.client.uid,
            consented,
            now,
        )
        .await?;
        let actor = format!("user:{}", person.user_id);
        let subject = format!("client:{}", request.client.name);
        let event = AuditEvent {
            actor: &actor,
            action: "oidc.consent",
            subject: Some(&subject),
            detail: consented.as_json(),
            ip: None,
        };
        audit::record(&mut tx, event, now).await?;
    }
    tx.commit().await?;
    Ok(code)
}
