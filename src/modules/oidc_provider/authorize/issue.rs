use std::borrow::Cow;

use axum::response::Response;

use super::{
    super::{
        access_token::AccessToken,
        consent::{self, Consented},
        error::{ErrorCode, OAuthError},
        grant::{self, LiveGrant, NewGrant},
        id_token::Beside,
        lifetimes::Lifetimes,
        pkce::CodeChallenge,
        token::{front_channel, hooks},
    },
    request::AuthorizationRequest,
};
use crate::{
    clock::UnixMillis,
    crypto::{CryptoError, token},
    modules::{
        Context, Problem,
        audit::{self, AuditEvent},
        hooks::Happening,
        pages::Look,
        session::SignedIn,
    },
    store::{StoreError, Tx, execute},
};

/// The parameters of a successful answer.
pub(super) struct Issued(pub(super) Vec<(&'static str, String)>);

/// Why nothing is issued.
enum NotIssued {
    /// The client is told.
    Refused(ErrorCode, Cow<'static, str>),
    Failed(Problem),
}

impl From<OAuthError> for NotIssued {
    fn from(error: OAuthError) -> Self {
        let (code, description) = error.into_parts();
        Self::Refused(code, description)
    }
}

impl From<StoreError> for NotIssued {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<CryptoError> for NotIssued {
    fn from(error: CryptoError) -> Self {
        Self::Failed(error.into())
    }
}

/// Gives the client what it asked for, and remembers the consent if it was given just now.
pub(in crate::modules::oidc_provider) async fn grant(
    context: &Context,
    look: &Look,
    request: &AuthorizationRequest,
    person: &SignedIn,
    consented: Option<&Consented>,
) -> Result<Response, Problem> {
    match issue(context, request, person, consented).await {
        Ok(issued) => Ok(request.recipient.grant(context, look, issued)),
        Err(NotIssued::Refused(code, why)) => {
            Ok(request.recipient.refuse(context, look, code, &why))
        }
        Err(NotIssued::Failed(problem)) => Err(problem),
    }
}

/// Makes the grant and what the response type says. One commit.
async fn issue(
    context: &Context,
    request: &AuthorizationRequest,
    person: &SignedIn,
    consented: Option<&Consented>,
) -> Result<Issued, NotIssued> {
    let now = context.clock.now();
    let client = &request.client;
    let kind = request.response_type;
    let lifetimes = Lifetimes::of(&context.snapshot, client);
    let claims = request.claims.to_keep();
    if kind.is_implicit() && hooks::is_asked(context) {
        let scope = request.scopes.to_string();
        let happening = Happening::Token {
            client: &client.name,
            user_id: Some(&person.user_id),
            grant_type: "implicit",
            scope: Some(&scope),
        };
        hooks::before(context, &happening).await?;
    }
    let mut tx = context.store.begin().await?;
    let made = NewGrant {
        client_uid: &client.uid,
        person,
        scopes: &request.scopes,
        resources: &request.resources,
        nonce: request.nonce.as_deref(),
        claims: claims.as_deref(),
        acr: request.acr.said(person.acr.as_deref()),
        dpop_jkt: request.dpop_jkt.as_deref(),
        expires_at: now + lifetimes.of_grant(client, kind),
    };
    let grant_id = grant::make(&mut tx, made, now).await?;
    let code = if kind.gives_code() {
        let expires_at = now + lifetimes.code;
        Some(make_code(context, &mut tx, request, &grant_id, now, expires_at).await?)
    } else {
        None
    };
    if let Some(consented) = consented {
        remember(&mut tx, request, person, consented, now).await?;
    }
    let grant = if kind.is_implicit() {
        let why = "the person has signed out";
        let gone = || NotIssued::Refused(ErrorCode::LoginRequired, why.into());
        let grant = grant::live_in(&mut tx, &grant_id, now).await?;
        Some(grant.ok_or_else(gone)?)
    } else {
        None
    };
    let access_token = match &grant {
        Some(grant) if kind.gives_token() => {
            let scopes = &request.scopes;
            Some(front_channel::access_token(&mut tx, context, client, grant, scopes).await?)
        }
        _ => None,
    };
    tx.commit().await?;
    let mut given: Vec<_> = code.iter().map(|code| ("code", code.clone())).collect();
    if let Some(grant) = grant {
        given.extend(tokens(
            context,
            request,
            &grant,
            code.as_deref(),
            access_token,
        )?);
    }
    Ok(Issued(given))
}

async fn make_code(
    context: &Context,
    tx: &mut Tx,
    request: &AuthorizationRequest,
    grant_id: &str,
    now: UnixMillis,
    expires_at: UnixMillis,
) -> Result<String, NotIssued> {
    let code = token::opaque("")?.expose().clone();
    execute!(
        tx,
        "INSERT INTO oidc_authorization_codes (code_hash, grant_id, redirect_uri, code_challenge,
                                               created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        grant::hash_code(&context.keyring, &code),
        grant_id,
        &request.redirect_uri_sent,
        request.code_challenge.as_ref().map(CodeChallenge::as_str),
        now,
        expires_at,
    )?;
    Ok(code)
}

async fn remember(
    tx: &mut Tx,
    request: &AuthorizationRequest,
    person: &SignedIn,
    consented: &Consented,
    now: UnixMillis,
) -> Result<(), StoreError> {
    let client = &request.client;
    consent::remember(tx, &person.user_id, &client.uid, consented, now).await?;
    let actor = format!("user:{}", person.user_id);
    let subject = format!("client:{}", client.name);
    let event = AuditEvent {
        actor: &actor,
        action: "oidc.consent",
        subject: Some(&subject),
        detail: consented.as_json(),
        ip: None,
    };
    audit::record(tx, event, now).await
}

/// What travels beside the code, or instead of it. All that is kept of it has been committed.
fn tokens(
    context: &Context,
    request: &AuthorizationRequest,
    grant: &LiveGrant,
    code: Option<&str>,
    access_token: Option<AccessToken>,
) -> Result<Vec<(&'static str, String)>, OAuthError> {
    let client = &request.client;
    let scopes = &request.scopes;
    let mut given = Vec::new();
    let mut shown = None;
    if let Some(access_token) = access_token {
        let access_token = access_token.finish(context, client)?;
        let lifetime = Lifetimes::of(&context.snapshot, client).access_token;
        given.push(("access_token", access_token.clone()));
        given.push(("token_type", "Bearer".to_owned()));
        given.push(("expires_in", lifetime.as_secs().to_string()));
        given.push(("scope", scopes.to_string()));
        shown = Some(access_token);
    }
    if request.response_type.gives_id_token() {
        let beside = Beside {
            access_token: shown.as_deref(),
            code,
            state: request.recipient.state.as_deref(),
        };
        let id_token = front_channel::id_token(context, client, grant, scopes, beside)?;
        given.push(("id_token", id_token));
    }
    Ok(given)
}
