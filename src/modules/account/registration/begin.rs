//! `/auth/register`: somebody enters an address, and gets a letter.

use std::borrow::Cow;

use askama::Template;
use assay_reconciler::spec::module::{RegistrationMode, RegistrationSettings};
use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use serde_json::json;

use super::{
    FINISH_PATH, SENT_PATH,
    invitation::{self, Invited},
    limits, mode,
    record::{self, NewRegistration},
    stage::{NotTaken, Stage, Stop, retry_after},
};
use crate::modules::{
    Context, Problem,
    audit::{self, AuditEvent},
    form::StrictForm,
    mail::{self, Letter, Recipient},
    pages::{Look, Notice, Reader, languages},
    parameters::{self, Parameters},
    session::{
        ACCOUNT_PATH, ReturnTo, Visitor,
        csrf::{self, Bound},
        with_return_to,
    },
    sign_in::Arrival,
    user::{self, Email},
};

#[derive(Template)]
#[template(path = "account/templates/register.html")]
struct BeginPage<'a> {
    look: &'a Look,
    texts: &'static languages::Registration,
    client: Option<&'a str>,
    notice: Option<&'a Notice>,
    email: &'a str,
    /// Whether the invitation says which address it is.
    is_fixed: bool,
    invitation: Option<&'a str>,
    sign_in: &'a str,
    csrf: &'a str,
    return_to: &'a str,
}

/// Where to go afterwards, and who may.
#[derive(Deserialize)]
pub(super) struct Wish {
    #[serde(default)]
    return_to: String,
    #[serde(default)]
    invitation: Option<String>,
}

/// `GET /auth/register`
pub(super) async fn open(
    State(context): State<Context>,
    arrival: Arrival,
    reader: Reader,
    visitor: Visitor,
    Query(wish): Query<Wish>,
) -> Result<Response, Problem> {
    let place = ReturnTo::wished(&context.site, Some(&wish.return_to));
    if visitor.person.is_some() && place.as_str() == ACCOUNT_PATH && wish.invitation.is_none() {
        return Ok(Redirect::to(ACCOUNT_PATH).into_response());
    }
    let stage = Stage::new(&context, &arrival.browser, &reader, place);
    let invited = match admit(&stage, wish.invitation.as_deref()).await? {
        Ok(invited) => invited,
        Err(closed) => return Ok(*closed),
    };
    if let (Some(invited), Some(token)) = (&invited, &wish.invitation)
        && invited.is_mailed
    {
        // Who has this letter has the address.
        let address = with_return_to(FINISH_PATH, stage.place.as_str());
        let token = Cow::Borrowed(token.as_str());
        let address = parameters::append(&address, &[("invitation", token)]);
        return Ok(Redirect::to(&address).into_response());
    }
    let hint = stage
        .client
        .as_ref()
        .and_then(|client| client.login_hint.as_deref());
    let hint = hint.unwrap_or_default();
    Ok(show(
        &stage,
        StatusCode::OK,
        hint,
        wish.invitation.as_deref(),
        invited.as_ref(),
        None,
    ))
}

/// `POST /auth/register`
pub(super) async fn submit(
    State(context): State<Context>,
    arrival: Arrival,
    reader: Reader,
    StrictForm(form): StrictForm,
) -> Result<Response, Problem> {
    let place = ReturnTo::wished(&context.site, form.get("return_to"));
    let stage = Stage::new(&context, &arrival.browser, &reader, place);
    let invitation = form.get("invitation").map(str::to_owned);
    let invited = match admit(&stage, invitation.as_deref()).await? {
        Ok(invited) => invited,
        Err(closed) => return Ok(*closed),
    };
    match begin(&stage, &arrival, &form, invited.as_ref()).await {
        Ok(id) => {
            let mut query = vec![("registration", Cow::Owned(id))];
            query.extend(invitation.map(|token| ("invitation", Cow::Owned(token))));
            Ok(Redirect::to(&parameters::append(SENT_PATH, &query)).into_response())
        }
        Err(Stop::Again(not_taken)) => {
            let entered = form.get("email").unwrap_or_default();
            let notice = Some(&not_taken.notice);
            let status = not_taken.status;
            let page = show(
                &stage,
                status,
                entered,
                invitation.as_deref(),
                invited.as_ref(),
                notice,
            );
            Ok(match not_taken.retry_after {
                Some(seconds) => retry_after(page, seconds),
                None => page,
            })
        }
        Err(Stop::Elsewhere(page)) => Ok(*page),
        Err(Stop::Failed(problem)) => Err(problem),
    }
}

/// The invitation of whoever may create an account; else the page that says that they may not.
async fn admit(
    stage: &Stage<'_>,
    token: Option<&str>,
) -> Result<Result<Option<Invited>, Box<Response>>, Problem> {
    let texts = stage.texts();
    let context = stage.context;
    let mode = mode(&context.snapshot);
    if mode == RegistrationMode::Off {
        let (title, message) = (texts.closed, texts.closed_message);
        let page = stage.trouble(StatusCode::NOT_FOUND, title, message);
        return Ok(Err(Box::new(page)));
    }
    if let Some(token) = token {
        let now = context.clock.now();
        let invited = invitation::find(&context.store, &context.keyring, token, now).await?;
        return Ok(match invited {
            Some(invited) => Ok(Some(invited)),
            None => Err(Box::new(stage.gone())),
        });
    }
    if mode == RegistrationMode::Invitation {
        let (title, message) = (texts.invited_only, texts.invited_only_message);
        let page = stage.trouble(StatusCode::FORBIDDEN, title, message);
        return Ok(Err(Box::new(page)));
    }
    Ok(Ok(None))
}

/// Sends the letter, and gives the id of the registration. Who has an account is sent another letter, and
/// nothing that whoever asks can see is different.
async fn begin(
    stage: &Stage<'_>,
    arrival: &Arrival,
    form: &Parameters,
    invited: Option<&Invited>,
) -> Result<String, Stop> {
    let (context, texts) = (stage.context, stage.texts());
    let bound = Bound::Browser(&arrival.browser);
    if !csrf::is_ours(context, &arrival.headers, bound, form) {
        return Err(NotTaken::new(StatusCode::FORBIDDEN, texts.stale).into());
    }
    let settings = context.snapshot.account_settings().registration;
    let email = address(&settings, form, invited, texts)?;
    let now = context.clock.now();
    let known = user::by_email(&context.store, &email).await?;
    let mut tx = context.store.begin().await?;
    if !limits::count(&mut tx, &context.keyring, &arrival.address, &email, now).await? {
        tx.rollback().await?;
        let too_many = NotTaken::new(StatusCode::TOO_MANY_REQUESTS, texts.too_many);
        return Err(too_many.after(limits::RETRY_AFTER_SECONDS).into());
    }
    let new = NewRegistration {
        email: &email,
        browser: &arrival.browser,
        invitation: invited.map(|invited| invited.id.as_str()),
        return_to: &stage.place,
        expires_at: now + settings.link_ttl.duration(),
    };
    let proof = record::insert(&mut tx, &context.keyring, new, now).await?;
    let language = stage.look.language;
    if let Some(user) = &known {
        let link = context.site.url(&stage.sign_in());
        let letter = Letter::AlreadyRegistered { link: &link };
        mail::queue(
            &mut tx,
            context,
            &Recipient::of(user, language),
            letter,
            now,
        )
        .await?;
    } else {
        let token = Cow::Borrowed(proof.token.expose().as_str());
        let link = parameters::append(FINISH_PATH, &[("token", token)]);
        let letter = Letter::Registration {
            link: &context.site.url(&link),
            code: proof.code.expose(),
            minutes: settings.link_ttl.as_secs() / 60,
        };
        let to = Recipient {
            user_id: None,
            email: email.as_str(),
            language,
        };
        mail::queue(&mut tx, context, &to, letter, now).await?;
    }
    let event = AuditEvent {
        actor: "anonymous",
        action: "user.register_asked",
        subject: Some(email.as_str()),
        detail: json!({}),
        ip: arrival.address.text(),
    };
    audit::record(&mut tx, event, now).await?;
    tx.commit().await?;
    context.mails.wake();
    Ok(proof.id)
}

/// The address that the account is to have.
fn address(
    settings: &RegistrationSettings,
    form: &Parameters,
    invited: Option<&Invited>,
    texts: &languages::Registration,
) -> Result<Email, NotTaken> {
    if let Some(email) = invited.and_then(|invited| invited.email.as_deref()) {
        return email.parse().map_err(|_| NotTaken::wrong(texts.bad_email));
    }
    let entered = form.get("email").unwrap_or_default();
    let email: Email = entered
        .parse()
        .map_err(|_| NotTaken::wrong(texts.bad_email))?;
    let domain = email.as_str().rsplit('@').next().unwrap_or_default();
    if !settings.takes_domain(domain) {
        let domains: Vec<&str> = settings.email_domains.iter().map(String::as_str).collect();
        let notice = texts.other_domain.about(&domains.join(", "));
        return Err(NotTaken::wrong(notice));
    }
    Ok(email)
}

fn show(
    stage: &Stage<'_>,
    status: StatusCode,
    entered: &str,
    invitation: Option<&str>,
    invited: Option<&Invited>,
    notice: Option<&Notice>,
) -> Response {
    let fixed = invited.and_then(|invited| invited.email.as_deref());
    let page = BeginPage {
        look: &stage.look,
        texts: stage.texts(),
        client: stage.client.as_ref().map(|client| client.name.as_str()),
        notice,
        email: fixed.unwrap_or(entered),
        is_fixed: fixed.is_some(),
        invitation,
        sign_in: &stage.sign_in(),
        csrf: &stage.csrf(),
        return_to: stage.place.as_str(),
    };
    stage.show(status, &page)
}
