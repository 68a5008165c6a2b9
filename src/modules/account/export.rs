//! `/auth/account/export`: everything that is known about a person, for themselves.

use askama::Template;
use assay_reconciler::spec::ModuleName;
use axum::{
    extract::State,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
    },
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::{Value, json};

use super::owner::{recent_owner, recent_sender, sign_in_first};
use crate::{
    clock::UnixMillis,
    modules::{
        Context, Problem,
        audit::{self, AuditEvent},
        form::StrictForm,
        oidc_provider,
        pages::{self, Look, Policy, Reader, languages},
        session::{
            self, ClientAddress, SignedIn, Visitor,
            csrf::{self, Bound},
        },
    },
    store::{Store, StoreError, fetch_all, fetch_optional},
};

/// The page.
pub(super) const EXPORT_PATH: &str = "/auth/account/export";
/// Records of what happened, the newest first: more than anybody reads.
const MAX_EVENTS: i64 = 10_000;

#[derive(Template)]
#[template(path = "account/templates/export.html")]
struct ExportPage<'a> {
    look: &'a Look,
    texts: &'static languages::SelfService,
    csrf: &'a str,
}

/// `GET /auth/account/export`
pub(super) async fn open(
    State(context): State<Context>,
    reader: Reader,
    visitor: Visitor,
) -> Result<Response, Problem> {
    let person = match recent_owner(&context, visitor, EXPORT_PATH) {
        Ok(person) => person,
        Err(elsewhere) => return Ok(*elsewhere),
    };
    let look = reader.look(None, Some(&person));
    let page = ExportPage {
        look: &look,
        texts: &look.language.self_service,
        csrf: &csrf::token(&context.keyring, Bound::Session(&person)),
    };
    Ok(pages::page(StatusCode::OK, &page, &look, &Policy::strict()))
}

/// `POST /auth/account/export`: the file. Whoever found a browser that somebody left signed in does not
/// get it.
pub(super) async fn download(
    State(context): State<Context>,
    address: ClientAddress,
    headers: HeaderMap,
    reader: Reader,
    visitor: Visitor,
    StrictForm(form): StrictForm,
) -> Result<Response, Problem> {
    let person = recent_sender(&context, &headers, &reader, visitor, &form, EXPORT_PATH);
    let person = match person {
        Ok(person) => person,
        Err(answer) => return Ok(*answer),
    };
    let Some(known) = collect(&context, &person).await? else {
        return Ok(sign_in_first(EXPORT_PATH));
    };
    let now = context.clock.now();
    let actor = format!("user:{}", person.user_id);
    let event = AuditEvent {
        actor: &actor,
        action: "user.export",
        subject: Some(&actor),
        detail: json!({}),
        ip: address.text(),
    };
    let mut tx = context.store.begin().await?;
    audit::record(&mut tx, event, now).await?;
    tx.commit().await?;
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (CONTENT_DISPOSITION, "attachment; filename=\"account.json\""),
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    let headers = headers.map(|(name, value)| (name, HeaderValue::from_static(value)));
    Ok((headers, format!("{known:#}\n")).into_response())
}

#[derive(Serialize, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
struct AccountRow {
    id: String,
    email: String,
    email_verified: bool,
    state: String,
    is_admin: bool,
    user_name: Option<String>,
    external_id: Option<String>,
    #[serde(skip)]
    attributes: String,
    /// What a directory said by SCIM.
    #[serde(skip)]
    directory: Option<String>,
    password_changed_at: Option<UnixMillis>,
    created_at: UnixMillis,
    updated_at: UnixMillis,
}

#[derive(sqlx::FromRow)]
struct EventRow {
    occurred_at: UnixMillis,
    actor: String,
    action: String,
    subject: Option<String>,
    detail: String,
    ip: Option<String>,
}

async fn collect(context: &Context, person: &SignedIn) -> Result<Option<Value>, StoreError> {
    let (store, id) = (&context.store, &person.user_id);
    let now = context.clock.now();
    let account = fetch_optional!(
        store,
        AccountRow,
        "SELECT id, email, email_verified, state, is_admin, user_name, external_id, attributes,
                directory, password_changed_at, created_at, updated_at
           FROM users WHERE id = $1",
        id,
    )?;
    let Some(account) = account else {
        return Ok(None);
    };
    let attributes: Value = serde_json::from_str(&account.attributes).unwrap_or_default();
    let directory = account.directory.as_deref();
    let directory: Option<Value> = directory.and_then(|text| serde_json::from_str(text).ok());
    let access = if context.snapshot.is_on(ModuleName::OidcProvider) {
        let (snapshot, issuer) = (&context.snapshot, &context.site.issuer);
        oidc_provider::access_of(store, snapshot, issuer, id, now).await?
    } else {
        Vec::new()
    };
    Ok(Some(json!({
        "exportedAt": now,
        "account": account,
        "attributes": attributes,
        "directory": directory,
        "sessions": session::sessions_of(store, id, now).await?,
        "applications": access,
        "events": events(store, person).await?,
    })))
}

/// What they did, and what was done to them: by their id, and by their address where somebody tried to
/// sign in with it.
async fn events(store: &Store, person: &SignedIn) -> Result<Vec<Value>, StoreError> {
    let rows = fetch_all!(
        store,
        EventRow,
        "SELECT occurred_at, actor, action, subject, detail, ip
           FROM audit
          WHERE subject = $1 OR subject = $2 OR actor = $1
          ORDER BY occurred_at DESC, id DESC
          LIMIT $3",
        format!("user:{}", person.user_id),
        &person.email,
        MAX_EVENTS,
    )?;
    let event = |row: EventRow| {
        let detail: Value = serde_json::from_str(&row.detail).unwrap_or_default();
        json!({
            "occurredAt": row.occurred_at, "actor": row.actor, "action": row.action,
            "subject": row.subject, "detail": detail, "ip": row.ip,
        })
    };
    Ok(rows.into_iter().map(event).collect())
}
