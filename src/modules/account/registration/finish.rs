//! `/auth/register/finish`: whoever has the letter chooses a password or makes a passkey, and has an
//! account.

use askama::Template;
use assay_reconciler::spec::ModuleName;
use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::Response,
};
use serde::Deserialize;

use super::{
    desk::Desk,
    newcomer::{Entry, Ticket},
    record::Registration,
    stage::{NotTaken, Stage, Stop, retry_after},
};
use crate::{
    crypto::password::PasswordError as HashingError,
    modules::{
        Context, Problem,
        account::fields::{self, Input},
        form::StrictForm,
        pages::{Look, Notice, Reader, languages},
        parameters::Parameters,
        passkey,
        password::{self, MAX_PASSWORD, PasswordError, Who},
        session::csrf::{self, Bound},
        sign_in::Arrival,
    },
};

/// After how many seconds a busy server is asked again.
const BUSY_FOR: u32 = 2;

#[derive(Template)]
#[template(path = "account/templates/register_finish.html")]
struct FinishPage<'a> {
    look: &'a Look,
    texts: &'static languages::Registration,
    client: Option<&'a str>,
    notice: Option<&'a Notice>,
    email: &'a str,
    inputs: &'a [Input],
    /// Whether a password can be chosen.
    with_password: bool,
    min_length: u32,
    max_length: usize,
    /// What is said of passkeys, if one can be made instead.
    passkeys: Option<&'static languages::Passkeys>,
    script: &'static str,
    ticket: &'a Ticket,
    return_to: &'a str,
    csrf: &'a str,
}

impl FinishPage<'_> {
    fn token(&self) -> (&'static str, &str) {
        match self.ticket {
            Ticket::Letter(token) => ("token", token),
            Ticket::Invitation(token) => ("invitation", token),
        }
    }
}

/// What shows that the address is theirs.
#[derive(Deserialize)]
pub(super) struct Shown {
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    invitation: Option<String>,
    #[serde(default)]
    return_to: Option<String>,
}

/// `GET /auth/register/finish`. Mail scanners open it, too: it uses nothing up.
pub(super) async fn open(
    State(context): State<Context>,
    arrival: Arrival,
    reader: Reader,
    Query(shown): Query<Shown>,
) -> Result<Response, Problem> {
    let ticket = Ticket::of(shown.token.as_deref(), shown.invitation.as_deref());
    let wished = shown.return_to.as_deref();
    let desk = Desk::open(&context, &arrival, &reader, ticket, wished).await?;
    match &desk.registration {
        None => Ok(desk.stage.gone()),
        Some(registration) => Ok(show(
            &desk,
            StatusCode::OK,
            registration,
            &Parameters::default(),
            None,
        )),
    }
}

/// `POST /auth/register/finish`
pub(super) async fn submit(
    State(context): State<Context>,
    arrival: Arrival,
    reader: Reader,
    StrictForm(form): StrictForm,
) -> Result<Response, Problem> {
    let ticket = Ticket::of(form.get("token"), form.get("invitation"));
    let wished = form.get("return_to");
    let desk = Desk::open(&context, &arrival, &reader, ticket, wished).await?;
    let Some(registration) = &desk.registration else {
        return Ok(desk.stage.gone());
    };
    match take(&desk, &arrival, registration, &form).await {
        Ok(page) | Err(Stop::Elsewhere(page)) => Ok(*page),
        Err(Stop::Again(not_taken)) => {
            let notice = Some(&not_taken.notice);
            let page = show(&desk, not_taken.status, registration, &form, notice);
            Ok(match not_taken.retry_after {
                Some(seconds) => retry_after(page, seconds),
                None => page,
            })
        }
        Err(Stop::Failed(problem)) => Err(problem),
    }
}

fn show(
    desk: &Desk<'_>,
    status: StatusCode,
    registration: &Registration,
    entered: &Parameters,
    notice: Option<&Notice>,
) -> Response {
    let stage = &desk.stage;
    let context = stage.context;
    let inputs = fields::inputs(
        &stage.look.language.profile_fields,
        desk.asked(),
        |field| desk.is_required(field),
        |name| entered.get(name).unwrap_or_default().to_owned(),
    );
    let with_passkey = passkey::can_be_used(context);
    let page = FinishPage {
        look: &stage.look,
        texts: stage.texts(),
        client: stage.client.as_ref().map(|client| client.name.as_str()),
        notice,
        email: &registration.email,
        inputs: &inputs,
        with_password: context.snapshot.is_on(ModuleName::Password),
        min_length: context.snapshot.password_settings().min_length,
        max_length: MAX_PASSWORD,
        passkeys: with_passkey.then_some(&stage.look.language.passkeys),
        script: passkey::SCRIPT,
        ticket: &desk.ticket,
        return_to: stage.place.as_str(),
        csrf: &stage.csrf(),
    };
    if with_passkey {
        stage.show_running(status, &page, passkey::SCRIPT)
    } else {
        stage.show(status, &page)
    }
}

async fn take(
    desk: &Desk<'_>,
    arrival: &Arrival,
    registration: &Registration,
    form: &Parameters,
) -> Result<Box<Response>, Stop> {
    let (context, texts) = (desk.stage.context, desk.stage.texts());
    let bound = Bound::Browser(&arrival.browser);
    if !csrf::is_ours(context, &arrival.headers, bound, form) {
        return Err(NotTaken::new(StatusCode::FORBIDDEN, texts.stale).into());
    }
    if !context.snapshot.is_on(ModuleName::Password) {
        return Err(Problem::module_disabled(ModuleName::Password).into());
    }
    let details = desk
        .details(registration, form)
        .map_err(|refused| NotTaken::wrong(refused.notice(texts)))?;
    let entered = form.get("password").unwrap_or_default();
    let who = Who {
        email: Some(&registration.email),
        name: details.name(),
    };
    let entry = Entry::Password(hash(&desk.stage, entered, who).await?);
    match desk.make(arrival, registration, details, entry).await {
        Ok(page) => Ok(Box::new(page)),
        Err(unmade) => Err(Stop::Elsewhere(Box::new(unmade.page(&desk.stage)?))),
    }
}

async fn hash(stage: &Stage<'_>, entered: &str, who: Who<'_>) -> Result<String, Stop> {
    match password::choose(stage.context, entered, who).await {
        Ok(hash) => Ok(hash),
        Err(PasswordError::Refused(refused)) => {
            Err(NotTaken::wrong(refused.told(stage.look.language)).into())
        }
        Err(PasswordError::Hashing(HashingError::Busy(_))) => {
            let busy = stage.look.language.login.busy;
            let busy = NotTaken::new(StatusCode::SERVICE_UNAVAILABLE, busy);
            Err(busy.after(BUSY_FOR).into())
        }
        Err(error) => Err(Problem::internal(&error).into()),
    }
}
