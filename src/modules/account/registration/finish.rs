//! `/auth/register/finish`: whoever has the letter chooses a password, and has an account.

use std::collections::BTreeSet;

use askama::Template;
use assay_reconciler::spec::module::{ProfileField, RegistrationMode, RegistrationSettings};
use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::Response,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    mode,
    newcomer::{self, Newcomer, Outcome, Ticket},
    record::Registration,
    stage::{NotTaken, Stage, Stop, retry_after},
};
use crate::{
    crypto::password::PasswordError as HashingError,
    modules::{
        Context, Problem,
        account::fields::{self, Input},
        form::StrictForm,
        hooks::{self, Happening},
        oidc_provider,
        pages::{Look, Notice, Reader, languages},
        parameters::Parameters,
        password::{self, MAX_PASSWORD, PasswordError, Who},
        session::{
            ReturnTo,
            csrf::{self, Bound},
        },
        sign_in::{self, Arrival},
        user::{Attributes, UserState},
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
    min_length: u32,
    max_length: usize,
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
    let ticket = ticket(shown.token.as_deref(), shown.invitation.as_deref());
    let wished = shown.return_to.as_deref();
    let desk = Desk::open(&context, &arrival, &reader, ticket, wished).await?;
    match &desk.registration {
        None => Ok(desk.stage.gone()),
        Some(registration) => {
            Ok(desk.show(StatusCode::OK, registration, &Parameters::default(), None))
        }
    }
}

/// `POST /auth/register/finish`
pub(super) async fn submit(
    State(context): State<Context>,
    arrival: Arrival,
    reader: Reader,
    StrictForm(form): StrictForm,
) -> Result<Response, Problem> {
    let ticket = ticket(form.get("token"), form.get("invitation"));
    let wished = form.get("return_to");
    let desk = Desk::open(&context, &arrival, &reader, ticket, wished).await?;
    let Some(registration) = &desk.registration else {
        return Ok(desk.stage.gone());
    };
    match desk.take(&arrival, registration, &form).await {
        Ok(page) | Err(Stop::Elsewhere(page)) => Ok(*page),
        Err(Stop::Again(not_taken)) => {
            let notice = Some(&not_taken.notice);
            let page = desk.show(not_taken.status, registration, &form, notice);
            Ok(match not_taken.retry_after {
                Some(seconds) => retry_after(page, seconds),
                None => page,
            })
        }
        Err(Stop::Failed(problem)) => Err(problem),
    }
}

fn ticket(token: Option<&str>, invitation: Option<&str>) -> Ticket {
    match (token, invitation) {
        (None, Some(invitation)) => Ticket::Invitation(invitation.to_owned()),
        (token, _) => Ticket::Letter(token.unwrap_or_default().to_owned()),
    }
}

/// Where a ticket is shown.
struct Desk<'a> {
    stage: Stage<'a>,
    settings: RegistrationSettings,
    ticket: Ticket,
    /// What the ticket is good for.
    registration: Option<Registration>,
}

impl<'a> Desk<'a> {
    async fn open(
        context: &'a Context,
        arrival: &'a Arrival,
        reader: &Reader,
        ticket: Ticket,
        wished: Option<&str>,
    ) -> Result<Self, Problem> {
        let now = context.clock.now();
        let mut registration = ticket.read(&context.store, &context.keyring, now).await?;
        if mode(&context.snapshot) == RegistrationMode::Off {
            registration = None;
        }
        let place = registration
            .as_ref()
            .map(|registration| registration.return_to.as_str())
            .filter(|place| !place.is_empty())
            .or(wished);
        let place = ReturnTo::wished(&context.site, place);
        Ok(Self {
            stage: Stage::new(context, &arrival.browser, reader, place),
            settings: context.snapshot.account_settings().registration,
            ticket,
            registration,
        })
    }

    /// What is asked for: all that has to be told, and all that may.
    fn asked(&self) -> BTreeSet<ProfileField> {
        let required = &self.settings.required_fields;
        self.settings.fields.union(required).copied().collect()
    }

    fn show(
        &self,
        status: StatusCode,
        registration: &Registration,
        entered: &Parameters,
        notice: Option<&Notice>,
    ) -> Response {
        let stage = &self.stage;
        let is_required = |field| self.settings.required_fields.contains(&field);
        let inputs = fields::inputs(
            &stage.look.language.profile_fields,
            self.asked(),
            is_required,
            |name| entered.get(name).unwrap_or_default().to_owned(),
        );
        let page = FinishPage {
            look: &stage.look,
            texts: stage.texts(),
            client: stage.client.as_ref().map(|client| client.name.as_str()),
            notice,
            email: &registration.email,
            inputs: &inputs,
            min_length: stage.context.snapshot.password_settings().min_length,
            max_length: MAX_PASSWORD,
            ticket: &self.ticket,
            return_to: stage.place.as_str(),
            csrf: &stage.csrf(),
        };
        stage.show(status, &page)
    }

    async fn take(
        &self,
        arrival: &Arrival,
        registration: &Registration,
        form: &Parameters,
    ) -> Result<Box<Response>, Stop> {
        let (context, texts) = (self.stage.context, self.stage.texts());
        let bound = Bound::Browser(&arrival.browser);
        if !csrf::is_ours(context, &arrival.headers, bound, form) {
            return Err(NotTaken::new(StatusCode::FORBIDDEN, texts.stale).into());
        }
        let none = Attributes::default();
        let is_required = |field| self.settings.required_fields.contains(&field);
        let labels = &self.stage.look.language.profile_fields;
        let change = fields::change(labels, self.asked(), is_required, &none, form)
            .map_err(|refused| NotTaken::wrong(refused.words(texts)))?;
        let attributes = none
            .patched(&change)
            .map_err(|_| NotTaken::wrong(texts.bad_field.about("")))?;
        let told = json!(attributes);
        let email = registration
            .email
            .parse()
            .map_err(|_| NotTaken::wrong(texts.bad_email))?;
        let entered = form.get("password").unwrap_or_default();
        let who = Who {
            email: Some(&registration.email),
            name: told["name"].as_str(),
        };
        let password_hash = self.hash(entered, who).await?;
        let newcomer = Newcomer {
            ticket: &self.ticket,
            registration,
            email,
            password_hash,
            attributes,
            state: if self.settings.approval {
                UserState::Pending
            } else {
                UserState::Active
            },
        };
        self.ask_webhooks(arrival, registration, &told).await?;
        let place = self.place(arrival);
        let user = match newcomer::make(context, newcomer, &arrival.address).await? {
            Outcome::Gone => return Err(Stop::Elsewhere(Box::new(self.stage.gone()))),
            Outcome::Exists => {
                let (title, message) = (texts.exists, texts.exists_message);
                let page = self.stage.trouble(StatusCode::CONFLICT, title, message);
                return Err(Stop::Elsewhere(Box::new(page)));
            }
            Outcome::Made(user) => user,
        };
        let page = sign_in::finish(context, arrival, &user, &["pwd"], &place).await?;
        Ok(Box::new(page))
    }

    /// Asks the operator's services whether there may be such an account.
    async fn ask_webhooks(
        &self,
        arrival: &Arrival,
        registration: &Registration,
        attributes: &Value,
    ) -> Result<(), Stop> {
        let happening = Happening::Registration {
            user_id: None,
            email: &registration.email,
            attributes,
            ip: arrival.address.text(),
        };
        let asked = hooks::before(self.stage.context, &happening).await;
        asked.map_err(|refused| {
            let texts = self.stage.texts();
            let message = refused.message.as_deref().unwrap_or(texts.closed_message);
            let page = self
                .stage
                .trouble(StatusCode::FORBIDDEN, texts.closed, message);
            Stop::Elsewhere(Box::new(page))
        })
    }

    /// Where the way goes on: what was asked for in another browser, or long ago, goes on in this one.
    fn place(&self, arrival: &Arrival) -> ReturnTo {
        let place = &self.stage.place;
        oidc_provider::going_on_here(self.stage.context, &arrival.browser, place)
            .unwrap_or_else(|| place.clone())
    }

    async fn hash(&self, entered: &str, who: Who<'_>) -> Result<String, Stop> {
        match password::choose(self.stage.context, entered, who).await {
            Ok(hash) => Ok(hash),
            Err(PasswordError::Refused(refused)) => {
                Err(NotTaken::wrong(refused.told(self.stage.look.language)).into())
            }
            Err(PasswordError::Hashing(HashingError::Busy(_))) => {
                let busy = self.stage.look.language.login.busy;
                let busy = NotTaken::new(StatusCode::SERVICE_UNAVAILABLE, busy);
                Err(busy.after(BUSY_FOR).into())
            }
            Err(error) => Err(Problem::internal(&error).into()),
        }
    }
}
