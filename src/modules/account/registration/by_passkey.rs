//! `/auth/register/finish/passkey/{start,finish}`: an account without a password, got into by a passkey.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use webauthn_rs_core::proto::RegisterPublicKeyCredential;

use assay_reconciler::spec::ModuleName;

use super::{
    desk::{Desk, Details, Unmade},
    newcomer::{Entry, Ticket},
    record::Registration,
};
use crate::modules::{
    Context, Problem,
    pages::Reader,
    parameters::Parameters,
    passkey::{self, Sent},
    session::csrf::{self, Bound},
    sign_in::Arrival,
};

/// The fields of the form.
type Fields = BTreeMap<String, String>;

/// What the authenticator made, with the form once more.
#[derive(Deserialize)]
pub(super) struct Finish {
    credential: RegisterPublicKeyCredential,
    form: Fields,
}

/// `POST /auth/register/finish/passkey/start`: takes the form as it is, so that no passkey is made for an
/// account that there will not be.
pub(super) async fn start(
    State(context): State<Context>,
    arrival: Arrival,
    reader: Reader,
    Sent(fields): Sent<Fields>,
) -> Result<Response, Problem> {
    let form = parameters(fields);
    let desk = open(&context, &arrival, &reader, &form).await?;
    let (registration, _) = admit(&desk, &arrival, &form)?;
    let errand = desk.ticket.errand(&context.keyring);
    let email = &registration.email;
    let challenge = passkey::challenge_newcomer(&context, &arrival, &errand, email).await?;
    let response = Json(challenge).into_response();
    Ok(arrival.browser.kept_with(&context, response))
}

/// `POST /auth/register/finish/passkey/finish`: answers with where to go (`location`).
pub(super) async fn finish(
    State(context): State<Context>,
    arrival: Arrival,
    reader: Reader,
    Sent(Finish { credential, form }): Sent<Finish>,
) -> Result<Response, Problem> {
    let form = parameters(form);
    let desk = open(&context, &arrival, &reader, &form).await?;
    let (registration, details) = admit(&desk, &arrival, &form)?;
    let errand = desk.ticket.errand(&context.keyring);
    let made = passkey::made_by_newcomer(&context, &arrival, &errand, &credential).await?;
    let entry = Entry::Passkey(Box::new(made));
    let made = desk.make(&arrival, registration, details, entry).await;
    let response = made.map_err(|unmade| unmade.problem(desk.stage.texts()))?;
    Ok(passkey::followed_by_script(&response).unwrap_or(response))
}

fn parameters(fields: Fields) -> Parameters {
    let filled = fields.into_iter().filter(|(_, value)| !value.is_empty());
    Parameters::from_pairs(filled.collect())
}

async fn open<'a>(
    context: &'a Context,
    arrival: &'a Arrival,
    reader: &Reader,
    form: &Parameters,
) -> Result<Desk<'a>, Problem> {
    if !context.snapshot.is_on(ModuleName::Passkey) {
        return Err(Problem::module_disabled(ModuleName::Passkey));
    }
    let ticket = Ticket::of(form.get("token"), form.get("invitation"));
    Desk::open(context, arrival, reader, ticket, form.get("return_to")).await
}

fn admit<'a>(
    desk: &'a Desk<'_>,
    arrival: &Arrival,
    form: &Parameters,
) -> Result<(&'a Registration, Details), Problem> {
    let texts = desk.stage.texts();
    let refused = |status, detail: String| {
        Problem::new(status, "registration-refused", "Registration refused").detail(detail)
    };
    let bound = Bound::Browser(&arrival.browser);
    if !csrf::is_ours(desk.stage.context, &arrival.headers, bound, form) {
        return Err(refused(StatusCode::FORBIDDEN, texts.stale.to_owned()));
    }
    let registration = desk.registration.as_ref();
    let registration = registration.ok_or_else(|| Unmade::Gone.problem(texts))?;
    let details = desk.details(registration, form);
    let details = details.map_err(|wrong| refused(StatusCode::BAD_REQUEST, wrong.plain(texts)))?;
    Ok((registration, details))
}
