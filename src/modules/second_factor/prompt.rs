//! `/auth/login/second-factor`: somebody who has proved one thing proves a second, or sets one up.

use askama::Template;
use assay_reconciler::spec::Span;
use axum::{
    extract::{Query, State},
    http::{
        HeaderValue, StatusCode,
        header::{LOCATION, RETRY_AFTER, SET_COOKIE},
    },
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{
    claimant::{Claimant, Footing},
    enrolment::{self, CodesPage, Confirmed, Confirmer, SetUpPage},
    factors::Factors,
    policy,
    proof::{self, Shown, Verdict},
    remembered,
};
use crate::{
    clock::UnixMillis,
    modules::{
        Context, Problem,
        account::is_recent,
        form::StrictForm,
        mail::Recipient,
        oidc_provider::{self, AskingClient},
        pages::{self, Look, Policy, Reader, languages},
        parameters::Parameters,
        passkey,
        session::{Visitor, csrf, with_return_to},
        sign_in::{Arrival, LOGIN_PATH},
    },
};

/// Where an authenticator is set up in the middle of a sign-in.
const SET_UP_HERE: &str = "/auth/login/second-factor/set-up";

#[derive(Template)]
#[template(path = "second_factor/templates/prompt.html")]
struct PromptPage<'a> {
    look: &'a Look,
    texts: &'static languages::SecondFactors,
    client: Option<&'a AskingClient>,
    person: &'a str,
    notice: Option<&'static str>,
    has_authenticator: bool,
    has_recovery_codes: bool,
    /// What the button for a passkey is bound to, if there is one.
    passkeys: Option<&'static languages::Passkeys>,
    script: &'static str,
    /// For how many days the browser can be remembered, if it can.
    remember: Option<u32>,
    csrf: &'a str,
    return_to: &'a str,
    other_account: &'a str,
}

/// Where somebody is going who is signed in already.
#[derive(Deserialize)]
pub(super) struct Wish {
    #[serde(default)]
    return_to: Option<String>,
}

/// `GET /auth/login/second-factor`
pub(super) async fn show(
    State(context): State<Context>,
    reader: Reader,
    visitor: Visitor,
    arrival: Arrival,
    Query(wish): Query<Wish>,
) -> Result<Response, Problem> {
    let claimant = Claimant::of(&context, &arrival, visitor, wish.return_to.as_deref()).await?;
    let claimant = match claimant {
        Ok(claimant) => claimant,
        Err(answer) => return Ok(answer),
    };
    let desk = Desk::new(&context, &arrival, &reader, claimant).await?;
    if desk.factors.can_be_shown() {
        return Ok(desk.ask(StatusCode::OK, None));
    }
    desk.offer(StatusCode::OK, None, None).await
}

/// `POST /auth/login/second-factor`: a code of the authenticator, or a recovery code.
pub(super) async fn submit(
    State(context): State<Context>,
    reader: Reader,
    visitor: Visitor,
    arrival: Arrival,
    StrictForm(form): StrictForm,
) -> Result<Response, Problem> {
    let desk = match Desk::for_form(&context, &arrival, &reader, visitor, &form).await? {
        Ok(desk) => desk,
        Err(answer) => return Ok(answer),
    };
    let claimant = &desk.claimant;
    if !claimant.sent(&context, &arrival, &form) {
        return Ok(desk.ask(StatusCode::FORBIDDEN, Some(desk.texts.stale)));
    }
    let Some(shown) = Shown::in_form(&form) else {
        return Ok(desk.ask(StatusCode::BAD_REQUEST, Some(desk.texts.wrong)));
    };
    let mut tx = context.store.begin().await?;
    let to = Recipient::of(&claimant.user, desk.look.language);
    let (user_id, address) = (&claimant.user.id, &arrival.address);
    match proof::take(&mut tx, &context, &to, user_id, shown, address).await? {
        Verdict::Right => {}
        Verdict::Wrong => {
            tx.commit().await?;
            return Ok(desk.ask(StatusCode::UNAUTHORIZED, Some(desk.texts.wrong)));
        }
        Verdict::TooMany => {
            tx.rollback().await?;
            let notice = Some(desk.texts.too_many);
            let mut page = desk.ask(StatusCode::TOO_MANY_REQUESTS, notice);
            let seconds = HeaderValue::from(proof::COME_AGAIN.as_secs());
            page.headers_mut().insert(RETRY_AFTER, seconds);
            return Ok(page);
        }
    }
    if !claimant.stop_waiting(&mut tx, &context).await? {
        tx.rollback().await?;
        return Ok(Redirect::to(LOGIN_PATH).into_response());
    }
    let (headers, wished) = (&arrival.headers, form.get("remember").is_some());
    let remembered = remembered::if_wished(&mut tx, &context, headers, user_id, wished).await?;
    tx.commit().await?;
    context.mails.wake();
    let mut response = claimant.go_on(&context, &arrival, &["otp"]).await?;
    if let Some(cookie) = remembered {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// `POST /auth/login/second-factor/set-up`: the first code of a new authenticator.
pub(super) async fn set_up(
    State(context): State<Context>,
    reader: Reader,
    visitor: Visitor,
    arrival: Arrival,
    StrictForm(form): StrictForm,
) -> Result<Response, Problem> {
    let desk = match Desk::for_form(&context, &arrival, &reader, visitor, &form).await? {
        Ok(desk) => desk,
        Err(answer) => return Ok(answer),
    };
    let (claimant, again) = (&desk.claimant, form.get("offer"));
    // Who has one shows it: another one would be a way around it.
    if desk.factors.can_be_shown() {
        return Ok(claimant.ask_again());
    }
    if !claimant.sent(&context, &arrival, &form) {
        let notice = Some(desk.texts.stale);
        return desk.offer(StatusCode::FORBIDDEN, again, notice).await;
    }
    if let Some(detour) = desk.needs_sign_in() {
        return Ok(detour);
    }
    let mut tx = context.store.begin().await?;
    let (user, address) = (&claimant.user, &arrival.address);
    let by = Confirmer {
        user,
        language: desk.look.language,
        address,
        replaces: false,
    };
    let codes = match enrolment::confirm(&mut tx, &context, &by, &form).await? {
        Confirmed::Codes(codes) => codes,
        Confirmed::Wrong => {
            tx.rollback().await?;
            let notice = Some(desk.texts.wrong);
            return desk.offer(StatusCode::BAD_REQUEST, again, notice).await;
        }
        Confirmed::Taken => {
            tx.rollback().await?;
            return Ok(claimant.ask_again());
        }
    };
    if !claimant.stop_waiting(&mut tx, &context).await? {
        tx.rollback().await?;
        return Ok(Redirect::to(LOGIN_PATH).into_response());
    }
    tx.commit().await?;
    context.mails.wake();
    let gone_on = claimant.go_on(&context, &arrival, &["otp"]).await?;
    let page = CodesPage {
        look: &desk.look,
        texts: desk.texts,
        codes: codes.iter().map(|code| code.expose().as_str()).collect(),
        next: gone_on
            .headers()
            .get(LOCATION)
            .and_then(|place| place.to_str().ok())
            .unwrap_or(LOGIN_PATH),
    };
    let mut page = pages::page(StatusCode::OK, &page, &desk.look, &Policy::strict());
    for cookie in gone_on.headers().get_all(SET_COOKIE) {
        page.headers_mut().append(SET_COOKIE, cookie.clone());
    }
    Ok(page)
}

/// `POST /auth/login/second-factor/later`: not now.
pub(super) async fn later(
    State(context): State<Context>,
    reader: Reader,
    visitor: Visitor,
    arrival: Arrival,
    StrictForm(form): StrictForm,
) -> Result<Response, Problem> {
    let desk = match Desk::for_form(&context, &arrival, &reader, visitor, &form).await? {
        Ok(desk) => desk,
        Err(answer) => return Ok(answer),
    };
    let claimant = &desk.claimant;
    if desk.factors.can_be_shown() || !claimant.sent(&context, &arrival, &form) {
        return Ok(claimant.ask_again());
    }
    let mut tx = context.store.begin().await?;
    let (user, factors) = (&claimant.user, &desk.factors);
    let may_wait = policy::may_wait_until(&mut tx, &context, user, factors).await?;
    if may_wait.is_none() || !claimant.stop_waiting(&mut tx, &context).await? {
        tx.rollback().await?;
        return Ok(claimant.ask_again());
    }
    tx.commit().await?;
    claimant.go_on(&context, &arrival, &[]).await
}

/// The page for one claimant.
struct Desk<'a> {
    context: &'a Context,
    arrival: &'a Arrival,
    claimant: Claimant,
    client: Option<AskingClient>,
    factors: Factors,
    look: Look,
    texts: &'static languages::SecondFactors,
}

impl<'a> Desk<'a> {
    async fn new(
        context: &'a Context,
        arrival: &'a Arrival,
        reader: &Reader,
        claimant: Claimant,
    ) -> Result<Self, Problem> {
        let client = oidc_provider::asking_client(context, &claimant.place);
        let asked = client
            .as_ref()
            .and_then(|client| client.ui_locales.as_deref());
        let person = match &claimant.footing {
            Footing::SignedIn(person) => Some(person),
            Footing::SigningIn(_) => None,
        };
        let look = reader.look(asked, person);
        Ok(Self {
            factors: Factors::of_claimant(context, &claimant).await?,
            texts: &look.language.second_factors,
            context,
            arrival,
            claimant,
            client,
            look,
        })
    }

    async fn for_form(
        context: &'a Context,
        arrival: &'a Arrival,
        reader: &Reader,
        visitor: Visitor,
        form: &Parameters,
    ) -> Result<Result<Self, Response>, Problem> {
        match Claimant::of(context, arrival, visitor, form.get("return_to")).await? {
            Ok(claimant) => Self::new(context, arrival, reader, claimant).await.map(Ok),
            Err(answer) => Ok(Err(answer)),
        }
    }

    fn csrf(&self) -> String {
        csrf::token(&self.context.keyring, self.claimant.bound(self.arrival))
    }

    fn policy(&self) -> Policy {
        match &self.client {
            None => Policy::strict(),
            Some(client) => Policy::strict()
                .leading_to(&client.redirect_uri)
                .showing(client.logo.as_deref()),
        }
    }

    /// Asks for a code.
    fn ask(&self, status: StatusCode, notice: Option<&'static str>) -> Response {
        let remember = policy::settings(self.context).remember_for;
        let has_passkeys = self.factors.passkeys > 0;
        let page = PromptPage {
            look: &self.look,
            texts: self.texts,
            client: self.client.as_ref(),
            person: &self.claimant.user.email,
            notice,
            has_authenticator: self.factors.has_authenticator(),
            passkeys: has_passkeys.then_some(&self.look.language.passkeys),
            script: passkey::SCRIPT,
            has_recovery_codes: self.factors.recovery_codes > 0,
            remember: remember.map(days),
            csrf: &self.csrf(),
            return_to: self.claimant.return_to(),
            other_account: &with_return_to(LOGIN_PATH, self.claimant.place.as_str()),
        };
        let mut policy = self.policy();
        if has_passkeys {
            policy = policy.running(passkey::SCRIPT).asking_us();
        }
        let page = pages::page(status, &page, &self.look, &policy);
        self.arrival.browser.kept_with(self.context, page)
    }

    /// Where somebody goes before who may not set one up: they have not proved who they are for long,
    /// or there are no second factors any more.
    fn needs_sign_in(&self) -> Option<Response> {
        let is_due = match &self.claimant.footing {
            Footing::SigningIn(_) => false,
            Footing::SignedIn(person) => !is_recent(self.context, person),
        };
        let here = super::step_up_address(self.claimant.place.as_str());
        (is_due || !policy::is_on(self.context))
            .then(|| Redirect::to(&with_return_to(LOGIN_PATH, &here)).into_response())
    }

    /// Offers to set one up.
    async fn offer(
        &self,
        status: StatusCode,
        again: Option<&str>,
        notice: Option<&'static str>,
    ) -> Result<Response, Problem> {
        if let Some(detour) = self.needs_sign_in() {
            return Ok(detour);
        }
        let user = &self.claimant.user;
        let page = SetUpPage {
            look: &self.look,
            texts: self.texts,
            action: SET_UP_HERE,
            offer: &enrolment::offer(self.context, user, again)?,
            notice,
            is_demanded: true,
            later: self.later().await?,
            csrf: &self.csrf(),
            return_to: self.claimant.return_to(),
        };
        let page = pages::page(status, &page, &self.look, &self.policy());
        Ok(self.arrival.browser.kept_with(self.context, page))
    }

    /// Until when it may be put off. Somebody who is signed in is here because a client asks.
    async fn later(&self) -> Result<Option<UnixMillis>, Problem> {
        if matches!(self.claimant.footing, Footing::SignedIn(_)) {
            return Ok(None);
        }
        let mut tx = self.context.store.begin().await?;
        let (user, factors) = (&self.claimant.user, &self.factors);
        let until = policy::may_wait_until(&mut tx, self.context, user, factors).await?;
        tx.commit().await?;
        Ok(until)
    }
}

/// Whole days, and one at least.
fn days(span: Span) -> u32 {
    span.as_secs().div_ceil(86_400)
}
