//! `/auth/login/second-factor/passkey/{start,finish}`: a passkey as the second factor.

use axum::{
    Json,
    extract::State,
    http::header::SET_COOKIE,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use serde_json::json;
use webauthn_rs_core::proto::PublicKeyCredential;

use super::{claimant::Claimant, factors::Factors, remembered};
use crate::{
    modules::{
        Context, Problem,
        audit::{self, AuditEvent},
        passkey::{self, Known, NotShown, Sent},
        session::Visitor,
        sign_in::{Arrival, LOGIN_PATH},
    },
    store::StoreError,
};

/// Who is to show one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Start {
    /// Where somebody is going who is signed in already.
    #[serde(default)]
    return_to: String,
}

/// What the authenticator signed.
#[derive(Deserialize)]
pub(super) struct Finish {
    credential: PublicKeyCredential,
    #[serde(default)]
    return_to: String,
    /// Whether this browser is not to be asked again.
    #[serde(default)]
    remember: bool,
}

/// `POST /auth/login/second-factor/passkey/start`
pub(super) async fn start(
    State(context): State<Context>,
    visitor: Visitor,
    arrival: Arrival,
    Sent(Start { return_to }): Sent<Start>,
) -> Result<Response, Problem> {
    let claimant = match Claimant::of(&context, &arrival, visitor, Some(&return_to)).await? {
        Ok(claimant) => claimant,
        Err(answer) => return Ok(told(answer)),
    };
    // Of two things that people have, the second proves no more than the first.
    if Factors::of_claimant(&context, &claimant).await?.passkeys == 0 {
        return Ok(told(claimant.ask_again()));
    }
    let errand = claimant.errand();
    let known = known(&claimant, &errand);
    let challenge = passkey::challenge(&context, &arrival, known).await?;
    Ok(Json(challenge).into_response())
}

/// `POST /auth/login/second-factor/passkey/finish`: answers with where to go (`location`).
pub(super) async fn finish(
    State(context): State<Context>,
    visitor: Visitor,
    arrival: Arrival,
    Sent(sent): Sent<Finish>,
) -> Result<Response, Problem> {
    let claimant = match Claimant::of(&context, &arrival, visitor, Some(&sent.return_to)).await? {
        Ok(claimant) => claimant,
        Err(answer) => return Ok(told(answer)),
    };
    let errand = claimant.errand();
    let known = known(&claimant, &errand);
    let amr = match passkey::shown(&context, &arrival, known, &sent.credential).await {
        Ok(amr) => amr,
        Err(NotShown { problem, reason }) => {
            record_failure(&context, &arrival, &claimant, reason).await?;
            return Err(problem);
        }
    };
    let mut tx = context.store.begin().await?;
    if !claimant.stop_waiting(&mut tx, &context).await? {
        tx.rollback().await?;
        return Ok(told(Redirect::to(LOGIN_PATH).into_response()));
    }
    let user_id = &claimant.user.id;
    let cookie =
        remembered::if_wished(&mut tx, &context, &arrival.headers, user_id, sent.remember).await?;
    tx.commit().await?;
    let mut response = claimant.go_on(&context, &arrival, amr).await?;
    if let Some(cookie) = cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(told(response))
}

fn known<'a>(claimant: &'a Claimant, errand: &'a str) -> Known<'a> {
    Known {
        user_id: &claimant.user.id,
        errand,
    }
}

fn told(response: Response) -> Response {
    passkey::followed_by_script(&response).unwrap_or(response)
}

async fn record_failure(
    context: &Context,
    arrival: &Arrival,
    claimant: &Claimant,
    reason: Option<&'static str>,
) -> Result<(), StoreError> {
    let Some(reason) = reason else {
        return Ok(());
    };
    let mut tx = context.store.begin().await?;
    let event = AuditEvent {
        actor: "anonymous",
        action: "second_factor.failed",
        subject: Some(&format!("user:{}", claimant.user.id)),
        detail: json!({ "method": "passkey", "reason": reason }),
        ip: arrival.address.text(),
    };
    audit::record(&mut tx, event, context.clock.now()).await?;
    tx.commit().await
}
