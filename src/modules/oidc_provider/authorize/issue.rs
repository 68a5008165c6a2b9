use super::{
    super::grant, super::scope::Scopes, super::session_registry, request::AuthorizationRequest,
};
use crate::{
    crypto::token,
    modules::{
        Context, Problem,
        audit::{self, AuditEvent},
        oidc_provider::{consent, lifetimes::Lifetimes},
        session::SignedIn,
    },
    store::execute,
};

/// Makes the grant and its code, and remembers the consent if it was given just now. One commit.
pub(in crate::modules::oidc_provider) async fn issue_code(
    context: &Context,
    request: &AuthorizationRequest,
    person: &SignedIn,
    consented: Option<&Scopes>,
) -> Result<String, Problem> {
    let now = context.clock.now();
    let lifetimes = Lifetimes::of(&context.snapshot, &request.client);
    let code = token::opaque("")?.expose().clone();
    let grant_id = token::uuid_v7(now)?.to_string();
    let code_expires_at = now + lifetimes.code;
    let challenge = request
        .code_challenge
        .as_ref()
        .map(super::super::pkce::CodeChallenge::as_str);

    let mut tx = context.store.begin().await?;
    let client_uid = &request.client.uid;
    let sid = session_registry::register(&mut tx, &person.session_id, client_uid, now).await?;
    execute!(
        &mut tx,
        "INSERT INTO oidc_grants (id, client_uid, user_id, session_id, scope, nonce,
                                  authenticated_at, amr, acr, created_at, expires_at, sid)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        &grant_id,
        client_uid,
        &person.user_id,
        &person.session_id,
        request.scopes.to_string(),
        &request.nonce,
        person.authenticated_at,
        &person.amr,
        &person.acr,
        now,
        code_expires_at + lifetimes.refresh_token + lifetimes.access_token,
        &sid,
    )?;
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
    if let Some(scopes) = consented {
        consent::remember(&mut tx, &person.user_id, client_uid, scopes, now).await?;
        let actor = format!("user:{}", person.user_id);
        let subject = format!("client:{}", request.client.name);
        let event = AuditEvent {
            actor: &actor,
            action: "oidc.consent",
            subject: Some(&subject),
            detail: serde_json::json!({ "scope": scopes.to_string() }),
            ip: None,
        };
        audit::record(&mut tx, event, now).await?;
    }
    tx.commit().await?;
    Ok(code)
}
