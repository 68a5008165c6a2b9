use std::collections::BTreeSet;

use assay_reconciler::spec::module::{ProfileField, RegistrationMode, RegistrationSettings};
use axum::{http::StatusCode, response::Response};
use serde_json::{Value, json};

use super::{
    mode,
    newcomer::{self, Entry, Newcomer, Outcome, Ticket},
    record::Registration,
    stage::Stage,
};
use crate::modules::{
    Context, Problem,
    account::fields::{self, FieldRefused},
    hooks::{self, Happening},
    oidc_provider,
    pages::{Notice, Reader, languages},
    parameters::Parameters,
    session::ReturnTo,
    sign_in::{self, Arrival},
    user::{AttributeRules, Attributes, Email, UserState},
};

/// Where a ticket is shown.
pub(super) struct Desk<'a> {
    pub(super) stage: Stage<'a>,
    pub(super) settings: RegistrationSettings,
    pub(super) ticket: Ticket,
    /// What the ticket is good for.
    pub(super) registration: Option<Registration>,
}

/// What somebody has told about themselves.
pub(super) struct Details {
    email: Email,
    attributes: Attributes,
    told: Value,
}

/// Why it cannot be taken.
pub(super) enum DetailsRefused {
    /// Because of a field.
    Field(FieldRefused),
    /// Together it is too much.
    Attributes,
    /// What the ticket is for is no address any more.
    Email,
}

/// Why there is no account after all.
pub(super) enum Unmade {
    /// The ticket was used in the meantime, or has expired.
    Gone,
    /// The address has an account in the meantime.
    Exists,
    /// A webhook does not let them in, and may say why.
    Refused(Option<String>),
    /// It went wrong.
    Failed(Problem),
}

impl Details {
    /// The name, if there is one.
    pub(super) fn name(&self) -> Option<&str> {
        self.told["name"].as_str()
    }
}

impl DetailsRefused {
    /// For a page.
    pub(super) fn notice(&self, texts: &languages::Registration) -> Notice {
        match self {
            Self::Field(refused) => refused.words(texts).into(),
            Self::Attributes => texts.bad_field.about("").into(),
            Self::Email => texts.bad_email.into(),
        }
    }

    /// As plain text.
    pub(super) fn plain(&self, texts: &languages::Registration) -> String {
        match self {
            Self::Field(refused) => refused.plain(texts),
            Self::Attributes => texts.bad_field.plain(""),
            Self::Email => texts.bad_email.to_owned(),
        }
    }
}

impl Unmade {
    /// The page that says so.
    pub(super) fn page(self, stage: &Stage<'_>) -> Result<Response, Problem> {
        let texts = stage.texts();
        Ok(match self {
            Self::Gone => stage.gone(),
            Self::Exists => stage.trouble(StatusCode::CONFLICT, texts.exists, texts.exists_message),
            Self::Refused(message) => {
                let message = message.as_deref().unwrap_or(texts.closed_message);
                stage.trouble(StatusCode::FORBIDDEN, texts.closed, message)
            }
            Self::Failed(problem) => return Err(problem),
        })
    }

    /// The document that says so to a script.
    pub(super) fn problem(self, texts: &languages::Registration) -> Problem {
        let (status, title, detail) = match self {
            Self::Gone => (
                StatusCode::GONE,
                "Registration is gone",
                texts.gone_message.to_owned(),
            ),
            Self::Exists => (
                StatusCode::CONFLICT,
                "Account exists",
                texts.exists_message.to_owned(),
            ),
            Self::Refused(message) => (
                StatusCode::FORBIDDEN,
                "Registration refused",
                message.unwrap_or_else(|| texts.closed_message.to_owned()),
            ),
            Self::Failed(problem) => return problem,
        };
        Problem::new(status, "registration-refused", title).detail(detail)
    }
}

impl<'a> Desk<'a> {
    pub(super) async fn open(
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
    pub(super) fn asked(&self) -> BTreeSet<ProfileField> {
        let required = &self.settings.required_fields;
        self.settings.fields.union(required).copied().collect()
    }

    /// Whether the account cannot be made without it.
    pub(super) fn is_required(&self, field: ProfileField) -> bool {
        self.settings.required_fields.contains(&field)
    }

    /// Takes what was told.
    pub(super) fn details(
        &self,
        registration: &Registration,
        form: &Parameters,
    ) -> Result<Details, DetailsRefused> {
        let rules = AttributeRules::of(&self.stage.context.snapshot);
        let labels = &self.stage.look.language.profile_fields;
        let is_required = |field| self.is_required(field);
        let change = fields::change(labels, self.asked(), is_required, None, &rules, form)
            .map_err(DetailsRefused::Field)?;
        let attributes =
            Attributes::of_new(&change, &rules).map_err(|_| DetailsRefused::Attributes)?;
        let email = registration
            .email
            .parse()
            .map_err(|_| DetailsRefused::Email)?;
        Ok(Details {
            told: json!(attributes),
            attributes,
            email,
        })
    }

    /// Makes the account that is got into by `entry`, and signs its owner in.
    pub(super) async fn make(
        &self,
        arrival: &Arrival,
        registration: &Registration,
        details: Details,
        entry: Entry,
    ) -> Result<Response, Unmade> {
        let context = self.stage.context;
        self.ask_webhooks(arrival, registration, &details.told)
            .await?;
        let amr = entry.amr();
        let newcomer = Newcomer {
            ticket: &self.ticket,
            registration,
            email: details.email,
            entry,
            attributes: details.attributes,
            state: if self.settings.approval {
                UserState::Pending
            } else {
                UserState::Active
            },
            language: self.stage.look.language,
        };
        let made = newcomer::make(context, newcomer, &arrival.address).await;
        let user = match made.map_err(Unmade::Failed)? {
            Outcome::Gone => return Err(Unmade::Gone),
            Outcome::Exists => return Err(Unmade::Exists),
            Outcome::Made(user) => user,
        };
        let place = self.place(arrival);
        let page = sign_in::finish(context, arrival, &user, amr, &place).await;
        page.map_err(Unmade::Failed)
    }

    /// Asks the operator's services whether there may be such an account.
    async fn ask_webhooks(
        &self,
        arrival: &Arrival,
        registration: &Registration,
        attributes: &Value,
    ) -> Result<(), Unmade> {
        let happening = Happening::Registration {
            user_id: None,
            email: &registration.email,
            attributes,
            ip: arrival.address.text(),
        };
        let asked = hooks::before(self.stage.context, &happening).await;
        asked.map_err(|refused| Unmade::Refused(refused.message))
    }

    /// Where the way goes on: what was asked for in another browser, or long ago, goes on in this one.
    fn place(&self, arrival: &Arrival) -> ReturnTo {
        let place = &self.stage.place;
        oidc_provider::going_on_here(self.stage.context, &arrival.browser, place)
            .unwrap_or_else(|| place.clone())
    }
}
