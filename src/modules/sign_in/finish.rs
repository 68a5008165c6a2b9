use axum::{
    http::{StatusCode, header::SET_COOKIE},
    response::{IntoResponse, Redirect, Response},
};
use serde_json::json;

use super::{Arrival, LOGIN_PATH};
use crate::modules::{
    Context, Problem, account,
    audit::{self, AuditEvent},
    hooks::{self, Refused},
    pages::{Link, Trouble},
    second_factor,
    session::{self, Authentication, ReturnTo},
    user::{User, UserState},
};

/// Goes on with somebody who has proved who they are in these ways (`amr`, RFC 8176): to the second factor,
/// if one is needed, or to where they were going. Whose account cannot be used is told why, which nobody
/// else gets to know.
pub async fn finish(
    context: &Context,
    arrival: &Arrival,
    user: &User,
    amr: &[&str],
    place: &ReturnTo,
) -> Result<Response, Problem> {
    if user.state != UserState::Active {
        return Ok(closed(arrival, user.state));
    }
    if context.snapshot.account_settings().verification.required && !user.email_verified {
        return account::verify_first(context, arrival, user, place).await;
    }
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
        user,
        amr,
        language: arrival.reader.look(None, None).language,
    };
    let happening = authentication.happening(&arrival.address);
    if let Err(refused) = hooks::before(context, &happening).await {
        return refuse(context, arrival, user, &refused).await;
    }
    let cookie =
        session::sign_in(context, &arrival.headers, &arrival.address, authentication).await?;
    let familiar = session::make_familiar(context, &arrival.headers, &user.id)?;
    let mut response = Redirect::to(place.as_str()).into_response();
    for cookie in [cookie, familiar].into_iter().flatten() {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// A webhook does not let them in.
async fn refuse(
    context: &Context,
    arrival: &Arrival,
    user: &User,
    refused: &Refused,
) -> Result<Response, Problem> {
    let person = format!("user:{}", user.id);
    let event = AuditEvent {
        actor: &person,
        action: "session.sign_in_refused",
        subject: Some(&person),
        detail: json!({ "webhook": refused.webhook }),
        ip: arrival.address.text(),
    };
    let mut tx = context.store.begin().await?;
    audit::record(&mut tx, event, context.clock.now()).await?;
    tx.commit().await?;
    let look = arrival.reader.look(None, None);
    let texts = &look.language.login;
    let trouble = Trouble {
        look: &look,
        title: texts.refused,
        message: refused.message.as_deref().unwrap_or(texts.refused_message),
        detail: None,
        link: Some(Link {
            href: LOGIN_PATH,
            text: look.language.common.other_account,
        }),
    };
    Ok(trouble.show(StatusCode::FORBIDDEN))
}

fn closed(arrival: &Arrival, state: UserState) -> Response {
    let look = arrival.reader.look(None, None);
    let texts = &look.language.registration;
    let (title, message) = if state == UserState::Pending {
        (texts.waiting, texts.waiting_message)
    } else {
        (texts.disabled, texts.disabled_message)
    };
    let link = Link {
        href: LOGIN_PATH,
        text: look.language.login.title,
    };
    Trouble {
        look: &look,
        title,
        message,
        detail: None,
        link: Some(link),
    }
    .show(StatusCode::FORBIDDEN)
}
