use assay_reconciler::spec::webhook::WebhookEvent;
use axum::http::{HeaderMap, HeaderValue, header::USER_AGENT};
use serde_json::json;

use super::{
    Acr, ClientAddress, SignedIn,
    cookie::{BROWSER, SESSION},
    end,
    record::{self, NewSession},
    unfamiliar::Unfamiliar,
};
use crate::{
    crypto::token,
    modules::{
        Context, Problem,
        audit::{self, AuditEvent},
        hooks::{self, Happening},
        oidc_client,
        pages::Language,
        user::User,
    },
};

/// Most bytes of a browser's name for itself that are kept.
const MAX_USER_AGENT: usize = 256;

/// What was just proved.
#[derive(Clone, Debug)]
pub struct Authentication<'a> {
    /// By whom.
    pub user: &'a User,
    /// How (RFC 8176).
    pub amr: &'a [&'a str],
    /// What their browser reads.
    pub language: &'static Language,
}

impl Authentication<'_> {
    /// What webhooks hear of it.
    pub(in crate::modules) fn happening<'a>(&'a self, address: &'a ClientAddress) -> Happening<'a> {
        Happening::SignIn {
            user_id: &self.user.id,
            email: &self.user.email,
            amr: self.amr,
            ip: address.text(),
        }
    }
}

/// Signs the person in at this browser and gives the `Set-Cookie` header to answer with.
///
/// The token is new every time, whatever cookie the browser brought (session fixation). A session of
/// the same person at this browser goes on under the new token, so that what was granted in it lives;
/// one of somebody else ends.
pub async fn sign_in(
    context: &Context,
    headers: &HeaderMap,
    address: &ClientAddress,
    authentication: Authentication<'_>,
) -> Result<Option<HeaderValue>, Problem> {
    let now = context.clock.now();
    let user_id = authentication.user.id.as_str();
    let ttl = context.snapshot.session_settings().ttl;
    let token = token::opaque("")?;
    let csrf_secret = token::opaque("")?;
    let token_hash = record::hash(&context.keyring, token.expose());
    let new_id = token::uuid_v7(now)?.to_string();
    let new = NewSession {
        id: &new_id,
        token_hash: &token_hash,
        user_id,
        csrf_secret: csrf_secret.expose(),
        amr: &json!(authentication.amr).to_string(),
        acr: Acr::reached(authentication.amr).map(Acr::name),
        ip: address.text(),
        user_agent: user_agent(headers),
        now,
        expires_at: now + ttl.duration(),
    };
    let old = SESSION
        .read(&context.site, headers)
        .map(|token| record::hash(&context.keyring, token));

    let unfamiliar = Unfamiliar::of(context, headers, address, &authentication).await;
    let mut tx = context.store.begin().await?;
    let renewed = match &old {
        Some(old) => record::renew(&mut tx, old, &new).await?,
        None => None,
    };
    if renewed.is_none() {
        if let Some(old) = &old {
            end::end_by_token(&mut tx, old, now).await?;
        }
        record::insert(&mut tx, new).await?;
    }
    if authentication.amr.contains(&oidc_client::FEDERATED)
        && let Some(browser) = BROWSER.read(&context.site, headers)
    {
        let keyring = &context.keyring;
        let session_id = renewed.as_ref().unwrap_or(&new_id);
        oidc_client::session_began(&mut tx, keyring, browser, user_id, session_id, now).await?;
    }
    if let Some(unfamiliar) = unfamiliar {
        unfamiliar.tell_owner(&mut tx, context, now).await?;
    }
    let person = format!("user:{user_id}");
    let event = AuditEvent {
        actor: &person,
        action: "session.sign_in",
        subject: Some(&person),
        detail: json!({ "amr": authentication.amr }),
        ip: address.text(),
    };
    audit::record(&mut tx, event, now).await?;
    let happening = authentication.happening(address);
    hooks::after(&mut tx, context, &happening, now).await?;
    tx.commit().await?;
    hooks::committed(context, WebhookEvent::AfterSignIn);
    context.logout_notices.wake();
    context.mails.wake();
    Ok(SESSION.set(&context.site, token.expose(), Some(ttl.as_secs())))
}

/// What was proved in the person's session by now (`amr`), beside what was before. Gives the
/// `Set-Cookie` header to answer with: the token is another one from here on (session fixation). `None`
/// if the session has ended in the meantime.
pub async fn step_up(
    context: &Context,
    headers: &HeaderMap,
    address: &ClientAddress,
    person: &SignedIn,
    amr: &[&str],
) -> Result<Option<HeaderValue>, Problem> {
    let now = context.clock.now();
    let Some(old) = SESSION.read(&context.site, headers) else {
        return Ok(None);
    };
    let token = token::opaque("")?;
    let csrf_secret = token::opaque("")?;
    let ttl = context.snapshot.session_settings().ttl;
    let new = NewSession {
        id: &person.session_id,
        token_hash: &record::hash(&context.keyring, token.expose()),
        user_id: &person.user_id,
        csrf_secret: csrf_secret.expose(),
        amr: &json!(amr).to_string(),
        acr: Acr::reached(amr).map(Acr::name),
        ip: address.text(),
        user_agent: user_agent(headers),
        now,
        expires_at: now + ttl.duration(),
    };
    let old = record::hash(&context.keyring, old);
    let mut tx = context.store.begin().await?;
    if !record::strengthen(&mut tx, &person.session_id, &old, &new).await? {
        tx.rollback().await?;
        return Ok(None);
    }
    let actor = format!("user:{}", person.user_id);
    let event = AuditEvent {
        actor: &actor,
        action: "session.step_up",
        subject: Some(&actor),
        detail: json!({ "amr": amr }),
        ip: address.text(),
    };
    audit::record(&mut tx, event, now).await?;
    tx.commit().await?;
    Ok(SESSION.set(&context.site, token.expose(), Some(ttl.as_secs())))
}

/// What the browser calls itself.
pub fn user_agent(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(USER_AGENT)?.to_str().ok()?;
    Some(&text[..text.len().min(MAX_USER_AGENT)])
}
