//! Whether a second factor is needed.

use assay_reconciler::spec::module::{SecondFactorPolicy, SecondFactorSettings};
use axum::{
    http::header::SET_COOKIE,
    response::{IntoResponse, Redirect, Response},
};

use super::{PROMPT_PATH, factors::Factors, pending, remembered};
use crate::{
    clock::UnixMillis,
    modules::{
        Context, Problem,
        session::{Acr, ReturnTo, SignedIn},
        sign_in::Arrival,
        user::{self, User},
    },
    store::{StoreError, Tx, execute, fetch_one},
};

/// What a person can do about a second factor that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing: there are none here.
    Nothing,
    /// They can set one up.
    CanSetUp,
    /// They have one.
    HasOne,
}

/// What the person can do.
pub async fn standing(context: &Context, person: &SignedIn) -> Result<Standing, StoreError> {
    if !is_on(context) {
        return Ok(Standing::Nothing);
    }
    let factors = Factors::beside(context, &person.user_id, &person.methods()).await?;
    Ok(if factors.can_be_shown() {
        Standing::HasOne
    } else {
        Standing::CanSetUp
    })
}

/// Holds up a sign-in that needs a second factor, and gives the way to it; `None` if it can go on.
pub async fn interrupt(
    context: &Context,
    arrival: &Arrival,
    user: &User,
    amr: &[&str],
    place: &ReturnTo,
) -> Result<Option<Response>, Problem> {
    let is_enough = Acr::reached(amr) == Some(Acr::MultiFactor);
    if is_enough || !is_on(context) {
        return Ok(None);
    }
    let factors = Factors::beside(context, &user.id, amr).await?;
    // A passkey is a way in of its own, and asks for nothing; where two factors are demanded it is one.
    if !factors.has_authenticator() && !is_demanded(&settings(context), user) {
        return Ok(None);
    }
    if factors.can_be_shown()
        && remembered::is_remembered(context, &arrival.headers, &user.id).await?
    {
        return Ok(None);
    }
    let cookie = pending::begin(context, &user.id, amr, place).await?;
    let mut response = Redirect::to(PROMPT_PATH).into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(Some(response))
}

/// Whether somebody who is signed in has a second factor that counts here, and has not shown it: until then
/// the first one must not do away with the second, nor put another beside it.
pub async fn owes(context: &Context, person: &SignedIn) -> Result<bool, StoreError> {
    if !is_on(context) || person.has_shown_second_factor() {
        return Ok(false);
    }
    let factors = Factors::beside(context, &person.user_id, &person.methods()).await?;
    if factors.has_authenticator() || !factors.can_be_shown() {
        return Ok(factors.has_authenticator());
    }
    let clients = context.snapshot.clients();
    if clients
        .iter()
        .any(|client| client.spec.require_second_factor)
    {
        return Ok(true);
    }
    let user = user::by_id(&context.store, &person.user_id).await?;
    Ok(user.is_some_and(|user| is_demanded(&settings(context), &user)))
}

/// Until when somebody who has no second factor may put it off; `None` if they may not. Their time begins
/// with the first call.
pub(super) async fn may_wait_until(
    tx: &mut Tx,
    context: &Context,
    user: &User,
    factors: &Factors,
) -> Result<Option<UnixMillis>, StoreError> {
    let settings = settings(context);
    let is_for_all = settings.policy == SecondFactorPolicy::Required;
    let is_for_admin = settings.required_for_admins && user.is_admin;
    let grace = settings.grace.filter(|_| is_for_all && !is_for_admin);
    let Some(grace) = grace.filter(|_| !factors.can_be_shown()) else {
        return Ok(None);
    };
    let now = context.clock.now();
    execute!(
        tx,
        "INSERT INTO second_factor_requests (user_id, asked_at) VALUES ($1, $2)
         ON CONFLICT (user_id) DO NOTHING",
        &user.id,
        now,
    )?;
    let (asked_at,) = fetch_one!(
        tx,
        (UnixMillis,),
        "SELECT asked_at FROM second_factor_requests WHERE user_id = $1",
        &user.id,
    )?;
    let end = asked_at + grace.duration();
    Ok((now < end).then_some(end))
}

/// Whether there are second factors in this generation.
pub fn is_on(context: &Context) -> bool {
    settings(context).policy != SecondFactorPolicy::Off
}

pub(super) fn settings(context: &Context) -> SecondFactorSettings {
    context.snapshot.account_settings().second_factor
}

fn is_demanded(settings: &SecondFactorSettings, user: &User) -> bool {
    settings.policy == SecondFactorPolicy::Required
        || (settings.required_for_admins && user.is_admin)
}
