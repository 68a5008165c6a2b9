//! `/auth/upstream/{name}/callback`: takes the provider's answer.

use axum::{
    extract::{Path, RawQuery, State},
    response::{IntoResponse, Redirect, Response},
};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::{
    error::UpstreamError,
    exchange,
    identity::Identity,
    joining::{Joining, Outcome, Refusal},
    linked::LINKED_PATH,
    named,
    offered::offered_path,
    provider::Provider,
    shown_name,
    state::{self, Waiting},
    trouble::Refused,
};
use crate::{
    generation::Upstream,
    modules::{
        Context, Problem,
        form::StrictForm,
        pages::{Look, Reader},
        parameters::Parameters,
        session::{ACCOUNT_PATH, ReturnTo, SignedIn, Visitor, with_return_to},
        sign_in::{self, Arrival, LOGIN_PATH},
    },
};

/// Longest value that is passed on from a form.
const MAX_VALUE: usize = 8 * 1_024;

/// `GET /auth/upstream/{name}/callback`
pub(super) async fn take(
    State(context): State<Context>,
    Path(name): Path<String>,
    reader: Reader,
    arrival: Arrival,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let upstream = named(&context, &name).ok_or_else(Problem::not_found)?;
    let look = reader.look(None, visitor.person.as_ref());
    let answer = Parameters::parse(query.as_deref().unwrap_or_default().as_bytes())
        .map_err(|error| Problem::bad_request(error.to_string()))?;
    let waiting = match answer.get("state") {
        Some(state) => state::take(&context, upstream, &arrival.browser, state)
            .await
            .map_err(|error| Problem::internal(&error))?,
        None => None,
    };
    let refused = Refused {
        context: &context,
        upstream,
        look: &look,
        return_to: waiting
            .as_ref()
            .map_or(ACCOUNT_PATH, |waiting| waiting.return_to.as_str()),
    };
    let Some(waiting) = &waiting else {
        return refused.stale(&arrival.address).await;
    };
    let answered = Answered {
        context: &context,
        upstream,
        arrival: &arrival,
        person: visitor.person.as_ref(),
        look: &look,
        waiting,
    };
    match answered.follow(&answer).await {
        Ok(response) => Ok(response),
        Err(Failed::Told(error)) => refused.by(&error, &arrival.address).await,
        Err(Failed::Problem(problem)) => Err(problem),
    }
}

/// `POST /auth/upstream/{name}/callback`: the same as a form (OAuth 2.0 Form Post Response Mode).
///
/// The provider's page sends it, so the browser leaves out cookies that are `SameSite=Lax`, and neither
/// whose sign-in it is can be told here, nor may a cookie be set in the place of the one that stayed
/// behind. The browser is sent on to the same place with the same answer, and brings them then.
pub(super) async fn take_form(
    State(context): State<Context>,
    Path(name): Path<String>,
    StrictForm(form): StrictForm,
) -> Result<Response, Problem> {
    let upstream = named(&context, &name).ok_or_else(Problem::not_found)?;
    let passed_on = ["state", "code", "iss", "error", "user"];
    let answer: String = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(
            form.iter()
                .filter(|(name, value)| passed_on.contains(name) && value.len() <= MAX_VALUE),
        )
        .finish();
    let path = format!("{}/{}/callback?{answer}", super::PATH, upstream.name);
    Ok(Redirect::to(&path).into_response())
}

enum Failed {
    Told(UpstreamError),
    Problem(Problem),
}

impl<E: Into<UpstreamError>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self::Told(error.into())
    }
}

/// An answer to a sign-in that waited for it.
struct Answered<'a> {
    context: &'a Context,
    upstream: &'a Upstream,
    arrival: &'a Arrival,
    person: Option<&'a SignedIn>,
    look: &'a Look,
    waiting: &'a Waiting,
}

impl Answered<'_> {
    async fn follow(&self, answer: &Parameters) -> Result<Response, Failed> {
        let context = self.context;
        let provider = Provider::of(context, self.upstream).await?;
        // RFC 9207 2.4: before anything in the answer is believed, an error as well.
        provider.check_issuer(answer.get("iss"))?;
        match answer.get("error") {
            // The person has thought better of it.
            Some("access_denied" | "user_cancelled_authorize") => {
                let back = with_return_to(LOGIN_PATH, &self.waiting.return_to);
                return Ok(Redirect::to(&back).into_response());
            }
            Some(error) => {
                let error: String = error.chars().take(64).collect();
                return Err(UpstreamError::Answer(error).into());
            }
            None => {}
        }
        let code = answer
            .get("code")
            .ok_or_else(|| UpstreamError::Answer("no code".into()))?;
        let mut told = exchange::redeem(context, &provider, code, self.waiting).await?;
        if let Some(name) = answer.get("user").and_then(name_told_once) {
            let claim = self.upstream.spec.claims.name.clone();
            told.claims.entry(claim).or_insert(name);
        }
        let identity = Identity::of(&self.upstream.spec, &told)?;
        self.identified(&identity, &told.tokens).await
    }

    async fn identified(
        &self,
        identity: &Identity,
        tokens: &exchange::UpstreamTokens,
    ) -> Result<Response, Failed> {
        let texts = &self.look.language.upstream;
        let name = shown_name(self.upstream);
        if let Err(reason) = identity.check(&self.upstream.spec) {
            let message = texts.not_allowed.plain(name);
            return self.refuse(reason.reason(), &message).await;
        }
        let joining = Joining {
            context: self.context,
            upstream: self.upstream,
            identity,
            tokens,
            arrival: self.arrival,
            person: self.person,
            return_to: &self.waiting.return_to,
            language: self.look.language,
        };
        if let Some(user_id) = &self.waiting.link_to {
            // Whoever has begun it is still the one who is signed in.
            let person = self.person.filter(|person| person.user_id == *user_id);
            let Some(person) = person else {
                return self.refuse("state", texts.stale).await;
            };
            return match joining.link_to(person).await? {
                None => Ok(Redirect::to(LINKED_PATH).into_response()),
                Some(refusal) => self.refuse_for(refusal).await,
            };
        }
        match joining.sign_in().await? {
            Outcome::SignIn(user) => {
                let place = ReturnTo::wished(&self.context.site, Some(&self.waiting.return_to));
                sign_in::finish(self.context, self.arrival, &user, identity.amr(), &place)
                    .await
                    .map_err(Failed::Problem)
            }
            Outcome::Ask => {
                let path = offered_path(self.upstream);
                let response = Redirect::to(&with_return_to(LOGIN_PATH, &path)).into_response();
                Ok(if self.person.is_some() {
                    Redirect::to(&path).into_response()
                } else {
                    response
                })
            }
            Outcome::Refuse(refusal) => self.refuse_for(refusal).await,
            Outcome::NotWanted(refused) => {
                let closed = self.look.language.registration.closed_message;
                let message = refused.message.as_deref().unwrap_or(closed);
                self.refuse("webhook", message).await
            }
        }
    }

    async fn refuse_for(&self, refusal: Refusal) -> Result<Response, Failed> {
        let texts = &self.look.language.upstream;
        let name = shown_name(self.upstream);
        let message = match refusal {
            Refusal::Exists => texts.exists.to_owned(),
            Refusal::NoAccount => texts.no_account.plain(name),
            Refusal::NoEmail => texts.no_email.plain(name),
            Refusal::Closed => texts.closed.to_owned(),
            Refusal::LinkedElsewhere => texts.linked_elsewhere.plain(name),
        };
        self.refuse(refusal.reason(), &message).await
    }

    async fn refuse(&self, reason: &'static str, message: &str) -> Result<Response, Failed> {
        let refused = Refused {
            context: self.context,
            upstream: self.upstream,
            look: self.look,
            return_to: &self.waiting.return_to,
        };
        refused
            .because(reason, message, &self.arrival.address)
            .await
            .map_err(Failed::Problem)
    }
}

/// The name that Apple tells beside the ID token, once, as JSON that the browser carries: nothing to know
/// somebody by, but a name that they may have.
fn name_told_once(user: &str) -> Option<Value> {
    let user: Value = serde_json::from_str(user).ok()?;
    let part = |part: &str| user["name"][part].as_str();
    let parts: Vec<&str> = [part("firstName"), part("lastName")]
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect();
    (!parts.is_empty()).then(|| json!(parts.join(" ")))
}
