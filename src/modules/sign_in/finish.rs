use axum::{
    http::header::SET_COOKIE,
    response::{IntoResponse, Redirect, Response},
};

use super::Arrival;
use crate::modules::{
    Context, Problem, second_factor,
    session::{self, Authentication, ReturnTo},
    user::User,
};

/// Goes on with somebody who has proved who they are in these ways (`amr`, RFC 8176), and whose account
/// is active: to the second factor, if one is needed, or to where they were going.
pub async fn finish(
    context: &Context,
    arrival: &Arrival,
    user: &User,
    amr: &[&str],
    place: &ReturnTo,
) -> Result<Response, Problem> {
    match second_factor::interrupt(context, arrival, user, amr, place).await? {
        Some(detour) => Ok(detour),
        None => begin(context, arrival, user, amr, place).await,
    }
}

/// Signs in somebody who has proved all that is needed: the one place where a session begins.
pub(in crate::modules) async fn begin(
    context: &Context,
    arrival: &Arrival,
    user: &User,
    amr: &[&str],
    place: &ReturnTo,
) -> Result<Response, Problem> {
    let authentication = Authentication {
        user_id: &user.id,
        amr,
    };
    let cookie =
        session::sign_in(context, &arrival.headers, &arrival.address, authentication).await?;
    let mut response = Redirect::to(place.as_str()).into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}
