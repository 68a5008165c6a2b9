//! `/auth/account/second-factors`: where people look after their second factors.

use askama::Template;
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header::SET_COOKIE},
    response::{IntoResponse, Redirect, Response},
};

use super::{
    MANAGE_PATH, SET_UP_PATH, authenticator,
    enrolment::{self, CodesPage, Confirmed, Confirmer, SetUpPage, record},
    factors::Factors,
    policy, recovery_codes,
    remembered::{self, Device},
    step_up_address,
};
use crate::modules::{
    Context, Problem,
    account::{recent_owner, recent_sender, sign_in_first},
    form::StrictForm,
    mail::{self, Letter, Recipient},
    pages::{self, Look, Policy, Reader, languages},
    parameters::Parameters,
    session::{
        self, ACCOUNT_PATH, Acr, ClientAddress, SignedIn, Visitor,
        csrf::{self, Bound},
    },
    user::{self, User},
};
use crate::{
    crypto::Secret,
    store::{StoreError, Tx},
};

#[derive(Template)]
#[template(path = "second_factor/templates/manage.html")]
struct ManagePage<'a> {
    look: &'a Look,
    texts: &'static languages::SecondFactors,
    factors: &'a Factors,
    devices: &'a [Device],
    csrf: &'a str,
}

impl ManagePage<'_> {
    fn browser<'a>(&'a self, device: &'a Device) -> &'a str {
        let unknown = self.look.language.account.unknown_browser;
        device.user_agent.as_deref().unwrap_or(unknown)
    }
}

/// The owner of a page here, and what they have.
struct Owner {
    person: SignedIn,
    user: User,
    factors: Factors,
}

impl Owner {
    /// Tells them by mail what was done, perhaps by somebody else.
    async fn tell(
        &self,
        tx: &mut Tx,
        context: &Context,
        reader: &Reader,
        letter: Letter<'_>,
    ) -> Result<(), StoreError> {
        let language = reader.look(None, Some(&self.person)).language;
        let to = Recipient::of(&self.user, language);
        mail::queue(tx, context, &to, letter, context.clock.now()).await
    }
}

/// Lets nobody in who has not proved all that the account asks for: else the first factor alone would
/// do away with the second.
async fn admit(
    context: &Context,
    person: Result<SignedIn, Box<Response>>,
    path: &str,
) -> Result<Result<Owner, Response>, Problem> {
    if !policy::is_on(context) {
        return Ok(Err(Redirect::to(ACCOUNT_PATH).into_response()));
    }
    let person = match person {
        Ok(person) => person,
        Err(answer) => return Ok(Err(*answer)),
    };
    if policy::owes(context, &person).await? {
        return Ok(Err(Redirect::to(&step_up_address(path)).into_response()));
    }
    let Some(user) = user::by_id(&context.store, &person.user_id).await? else {
        return Ok(Err(sign_in_first(path)));
    };
    Ok(Ok(Owner {
        factors: Factors::usable(context, &user.id).await?,
        person,
        user,
    }))
}

/// Somebody who sends a form of these pages.
struct Sender<'a> {
    context: &'a Context,
    headers: &'a HeaderMap,
    reader: &'a Reader,
    form: &'a Parameters,
}

impl Sender<'_> {
    async fn admit(&self, visitor: Visitor) -> Result<Result<Owner, Response>, Problem> {
        let Self {
            context,
            headers,
            reader,
            form,
        } = *self;
        let person = recent_sender(context, headers, reader, visitor, form, MANAGE_PATH);
        admit(context, person, MANAGE_PATH).await
    }
}

/// `GET /auth/account/second-factors`
pub(super) async fn show(
    State(context): State<Context>,
    reader: Reader,
    visitor: Visitor,
) -> Result<Response, Problem> {
    let person = recent_owner(&context, visitor, MANAGE_PATH);
    let owner = match admit(&context, person, MANAGE_PATH).await? {
        Ok(owner) => owner,
        Err(answer) => return Ok(answer),
    };
    let now = context.clock.now();
    let devices = remembered::of(&context.store, &owner.user.id, now).await?;
    let look = reader.look(None, Some(&owner.person));
    let page = ManagePage {
        look: &look,
        texts: &look.language.second_factors,
        factors: &owner.factors,
        devices: &devices,
        csrf: &csrf::token(&context.keyring, Bound::Session(&owner.person)),
    };
    Ok(pages::page(StatusCode::OK, &page, &look, &Policy::strict()))
}

/// `GET /auth/account/second-factors/set-up`
pub(super) async fn ask(
    State(context): State<Context>,
    reader: Reader,
    visitor: Visitor,
) -> Result<Response, Problem> {
    let person = recent_owner(&context, visitor, SET_UP_PATH);
    let owner = match admit(&context, person, SET_UP_PATH).await? {
        Ok(owner) => owner,
        Err(answer) => return Ok(answer),
    };
    offer(&context, &reader, &owner, StatusCode::OK, None, None)
}

fn offer(
    context: &Context,
    reader: &Reader,
    owner: &Owner,
    status: StatusCode,
    again: Option<&str>,
    notice: Option<fn(&languages::SecondFactors) -> &'static str>,
) -> Result<Response, Problem> {
    let look = reader.look(None, Some(&owner.person));
    let texts = &look.language.second_factors;
    let page = SetUpPage {
        look: &look,
        texts,
        action: SET_UP_PATH,
        offer: &enrolment::offer(context, &owner.user, again)?,
        notice: notice.map(|of| of(texts)),
        is_demanded: false,
        later: None,
        csrf: &csrf::token(&context.keyring, Bound::Session(&owner.person)),
        return_to: "",
    };
    Ok(pages::page(status, &page, &look, &Policy::strict()))
}

/// `POST /auth/account/second-factors/set-up`: the first code of a new authenticator.
pub(super) async fn set_up(
    State(context): State<Context>,
    reader: Reader,
    visitor: Visitor,
    address: ClientAddress,
    headers: HeaderMap,
    StrictForm(form): StrictForm,
) -> Result<Response, Problem> {
    let sender = Sender {
        context: &context,
        headers: &headers,
        reader: &reader,
        form: &form,
    };
    let owner = match sender.admit(visitor).await? {
        Ok(owner) => owner,
        Err(answer) => return Ok(answer),
    };
    let mut tx = context.store.begin().await?;
    let replaces = owner.factors.has_authenticator();
    let by = Confirmer {
        user: &owner.user,
        language: reader.look(None, Some(&owner.person)).language,
        address: &address,
        replaces,
    };
    let codes = match enrolment::confirm(&mut tx, &context, &by, &form).await? {
        Confirmed::Codes(codes) => codes,
        Confirmed::Wrong | Confirmed::Taken => {
            tx.rollback().await?;
            let (status, again) = (StatusCode::BAD_REQUEST, form.get("offer"));
            return offer(
                &context,
                &reader,
                &owner,
                status,
                again,
                Some(|texts| texts.wrong),
            );
        }
    };
    tx.commit().await?;
    context.mails.wake();
    // What was typed just now is a proof as well.
    let proved = Acr::together(&owner.person.methods(), &["otp"]);
    let cookie = session::step_up(&context, &headers, &address, &owner.person, &proved).await?;
    let mut page = show_codes(&reader, &owner, &codes);
    if let Some(cookie) = cookie {
        page.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(page)
}

fn show_codes(reader: &Reader, owner: &Owner, codes: &[Secret<String>]) -> Response {
    let look = reader.look(None, Some(&owner.person));
    let page = CodesPage {
        look: &look,
        texts: &look.language.second_factors,
        codes: codes.iter().map(|code| code.expose().as_str()).collect(),
        next: MANAGE_PATH,
    };
    pages::page(StatusCode::OK, &page, &look, &Policy::strict())
}

/// `POST /auth/account/second-factors/remove`: the authenticator, and all that stands in for it.
pub(super) async fn remove(
    State(context): State<Context>,
    reader: Reader,
    visitor: Visitor,
    address: ClientAddress,
    headers: HeaderMap,
    StrictForm(form): StrictForm,
) -> Result<Response, Problem> {
    let sender = Sender {
        context: &context,
        headers: &headers,
        reader: &reader,
        form: &form,
    };
    let owner = match sender.admit(visitor).await? {
        Ok(owner) => owner,
        Err(answer) => return Ok(answer),
    };
    let (user_id, now) = (&owner.user.id, context.clock.now());
    let mut tx = context.store.begin().await?;
    authenticator::remove(&mut tx, user_id).await?;
    recovery_codes::remove(&mut tx, user_id).await?;
    remembered::forget_all(&mut tx, user_id).await?;
    record(&mut tx, user_id, "second_factor.remove", &address, now).await?;
    owner
        .tell(&mut tx, &context, &reader, Letter::SecondFactorRemoved)
        .await?;
    tx.commit().await?;
    context.mails.wake();
    Ok(Redirect::to(MANAGE_PATH).into_response())
}

/// `POST /auth/account/second-factors/recovery-codes`: new ones; the old ones are void.
pub(super) async fn renew_recovery_codes(
    State(context): State<Context>,
    reader: Reader,
    visitor: Visitor,
    address: ClientAddress,
    headers: HeaderMap,
    StrictForm(form): StrictForm,
) -> Result<Response, Problem> {
    let sender = Sender {
        context: &context,
        headers: &headers,
        reader: &reader,
        form: &form,
    };
    let owner = match sender.admit(visitor).await? {
        Ok(owner) => owner,
        Err(answer) => return Ok(answer),
    };
    if !owner.factors.can_be_shown() {
        return Ok(Redirect::to(MANAGE_PATH).into_response());
    }
    let (user_id, now) = (&owner.user.id, context.clock.now());
    let mut tx = context.store.begin().await?;
    let codes = recovery_codes::renew(&mut tx, &context.keyring, user_id, now).await?;
    let action = "second_factor.recovery_codes_renewed";
    record(&mut tx, user_id, action, &address, now).await?;
    owner
        .tell(&mut tx, &context, &reader, Letter::RecoveryCodesMade)
        .await?;
    tx.commit().await?;
    context.mails.wake();
    Ok(show_codes(&reader, &owner, &codes))
}

/// `POST /auth/account/second-factors/forget`: one browser (`device`), or every one.
pub(super) async fn forget(
    State(context): State<Context>,
    reader: Reader,
    visitor: Visitor,
    address: ClientAddress,
    headers: HeaderMap,
    StrictForm(form): StrictForm,
) -> Result<Response, Problem> {
    let sender = Sender {
        context: &context,
        headers: &headers,
        reader: &reader,
        form: &form,
    };
    let owner = match sender.admit(visitor).await? {
        Ok(owner) => owner,
        Err(answer) => return Ok(answer),
    };
    let (user_id, now) = (&owner.user.id, context.clock.now());
    let mut tx = context.store.begin().await?;
    match form.get("device") {
        Some(id) => remembered::forget(&mut tx, user_id, id).await?,
        None => remembered::forget_all(&mut tx, user_id).await?,
    }
    record(
        &mut tx,
        user_id,
        "second_factor.forget_device",
        &address,
        now,
    )
    .await?;
    tx.commit().await?;
    Ok(Redirect::to(MANAGE_PATH).into_response())
}
