//! `/auth/account/profile`: what people tell about themselves.

use askama::Template;
use axum::{
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    fields::{self, Input},
    owner::{owner, sender, sign_in_first},
};
use crate::modules::{
    Context, Problem,
    audit::{self, AuditEvent},
    form::StrictForm,
    pages::{self, Look, Notice, Policy, Reader, languages},
    session::{
        ClientAddress, SignedIn, Visitor,
        csrf::{self, Bound},
    },
    user::{self, AttributeRules, Attributes, ChangeAttributesError},
};

/// The page.
pub(super) const PROFILE_PATH: &str = "/auth/account/profile";

#[derive(Template)]
#[template(path = "account/templates/profile.html")]
struct ProfilePage<'a> {
    look: &'a Look,
    texts: &'static languages::SelfService,
    is_saved: bool,
    notice: Option<&'a Notice>,
    inputs: &'a [Input],
    csrf: &'a str,
}

/// Whether it was done.
#[derive(Deserialize)]
pub(super) struct Done {
    #[serde(default)]
    saved: Option<String>,
}

/// `GET /auth/account/profile`
pub(super) async fn open(
    State(context): State<Context>,
    reader: Reader,
    visitor: Visitor,
    Query(done): Query<Done>,
) -> Result<Response, Problem> {
    let person = match owner(visitor, PROFILE_PATH) {
        Ok(person) => person,
        Err(elsewhere) => return Ok(*elsewhere),
    };
    let look = reader.look(None, Some(&person));
    let Some(user) = user::by_id(&context.store, &person.user_id).await? else {
        return Ok(sign_in_first(PROFILE_PATH));
    };
    let known: Value = serde_json::from_str(&user.attributes).unwrap_or_default();
    let value = |name: &str| fields::known(&known, name);
    let page = Page {
        context: &context,
        look: &look,
        person: &person,
        is_saved: done.saved.is_some(),
    };
    Ok(page.show(StatusCode::OK, value, None))
}

/// `POST /auth/account/profile`
pub(super) async fn submit(
    State(context): State<Context>,
    address: ClientAddress,
    headers: HeaderMap,
    reader: Reader,
    visitor: Visitor,
    StrictForm(form): StrictForm,
) -> Result<Response, Problem> {
    let person = match sender(&context, &headers, &reader, visitor, &form, PROFILE_PATH) {
        Ok(person) => person,
        Err(answer) => return Ok(*answer),
    };
    let look = reader.look(None, Some(&person));
    let Some(user) = user::by_id(&context.store, &person.user_id).await? else {
        return Ok(sign_in_first(PROFILE_PATH));
    };
    let known = Attributes::try_from(user.attributes).unwrap_or_default();
    let rules = AttributeRules::of(&context.snapshot);
    let editable = context.snapshot.account_settings().profile.fields;
    let labels = &look.language.profile_fields;
    let texts = &look.language.registration;
    let again = |notice: Notice| {
        let value = |name: &str| form.get(name).unwrap_or_default().to_owned();
        let page = Page {
            context: &context,
            look: &look,
            person: &person,
            is_saved: false,
        };
        page.show(StatusCode::BAD_REQUEST, value, Some(&notice))
    };
    let change = match fields::change(labels, editable, |_| false, Some(&known), &rules, &form) {
        Ok(change) => change,
        Err(refused) => return Ok(again(refused.words(texts).into())),
    };
    match save(&context, &person, &address, &change, &rules).await {
        Ok(()) => Ok(Redirect::to(&format!("{PROFILE_PATH}?saved=1")).into_response()),
        Err(ChangeAttributesError::Refused(_)) => Ok(again(texts.bad_field.about("").into())),
        Err(ChangeAttributesError::Unknown) => Ok(sign_in_first(PROFILE_PATH)),
        Err(ChangeAttributesError::Store(error)) => Err(error.into()),
    }
}

async fn save(
    context: &Context,
    person: &SignedIn,
    address: &ClientAddress,
    change: &Value,
    rules: &AttributeRules,
) -> Result<(), ChangeAttributesError> {
    let now = context.clock.now();
    let mut tx = context.store.begin().await?;
    user::change_attributes(&mut tx, &person.user_id, change, rules, now).await?;
    let actor = format!("user:{}", person.user_id);
    // Which, never to what.
    let names: Vec<&String> = change
        .as_object()
        .into_iter()
        .flat_map(|all| all.keys())
        .collect();
    let event = AuditEvent {
        actor: &actor,
        action: "user.update",
        subject: Some(&actor),
        detail: json!({ "attributes": names }),
        ip: address.text(),
    };
    audit::record(&mut tx, event, now).await?;
    Ok(tx.commit().await?)
}

struct Page<'a> {
    context: &'a Context,
    look: &'a Look,
    person: &'a SignedIn,
    is_saved: bool,
}

impl Page<'_> {
    fn show(
        &self,
        status: StatusCode,
        value: impl Fn(&str) -> String,
        notice: Option<&Notice>,
    ) -> Response {
        let look = self.look;
        let editable = self.context.snapshot.account_settings().profile.fields;
        let labels = &look.language.profile_fields;
        let page = ProfilePage {
            look,
            texts: &look.language.self_service,
            is_saved: self.is_saved,
            notice,
            inputs: &fields::inputs(labels, editable, |_| false, value),
            csrf: &csrf::token(&self.context.keyring, Bound::Session(self.person)),
        };
        pages::page(status, &page, look, &Policy::strict())
    }
}
