use axum::{
    http::header::SET_COOKIE,
    response::{IntoResponse, Redirect, Response},
};

use super::Arrival;
use crate::modules::{
    Context, Problem,
    session::{self, Authentication, ReturnTo},
    user::User,
};

/// Goes on with somebody who has proved who they are in these ways (`amr`, RFC 8176), and whose account
/// is active: the one place where a session begins.
pub async fn finish(
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
