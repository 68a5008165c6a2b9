//! Whether a second factor is needed.

use assay_reconciler::spec::module::{SecondFactorPolicy, SecondFactorSettings};
use axum::{
    http::header::SET_COOKIE,
    response::{IntoResponse, Redirect, Response},
};

use super::{
    PROMPT_PATH,
    factors::{self, Factors},
    pending, remembered,
};
use crate::{
    clock::UnixMillis,
    modules::{
        Context, Problem,
        session::{Acr, ReturnTo},
        sign_in::Arrival,
        user::User,
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
pub async fn standing(context: &Context, user_id: &str) -> Result<Standing, StoreError> {
    if !is_on(context) {
        return Ok(Standing::Nothing);
    }
    let factors = factors::of(&context.store, user_id, context.clock.now()).await?;
    Ok(if factors.are_set_up() {
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
    let factors = factors::of(&context.store, &user.id, context.clock.now()).await?;
    let is_needed = if factors.are_set_up() {
        !remembered::is_remembered(context, &arrival.headers, &user.id).await?
    } else {
        is_demanded(&settings(context), user)
    };
    if !is_needed {
        return Ok(None);
    }
    let cookie = pending::begin(context, &user.id, amr, place).await?;
    let mut response = Redirect::to(PROMPT_PATH).into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(Some(response))
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
    let Some(grace) = grace.filter(|_| !factors.are_set_up()) else {
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
