//! Somebody who has proved one thing, and is to prove a second.

use axum::{
    http::header::SET_COOKIE,
    response::{IntoResponse, Redirect, Response},
};
use data_encoding::HEXLOWER;

use super::{PROMPT_PATH, pending, step_up_address};
use crate::{
    crypto::Hashed,
    modules::{
        Context, Problem,
        parameters::Parameters,
        session::{
            self, Acr, PENDING_SIGN_IN, ReturnTo, SignedIn, Visitor,
            csrf::{self, Bound},
            with_return_to,
        },
        sign_in::{self, Arrival, LOGIN_PATH},
        user::{self, User, UserState},
    },
    store::{StoreError, Tx},
};

/// Somebody who has proved one thing.
pub(super) struct Claimant {
    pub(super) user: User,
    /// How (RFC 8176).
    amr: Vec<String>,
    /// Where they are going.
    pub(super) place: ReturnTo,
    pub(super) footing: Footing,
}

/// How they come.
pub(super) enum Footing {
    /// In the middle of a sign-in, which waits under this token.
    SigningIn(Hashed),
    /// Signed in, and asked for more.
    SignedIn(SignedIn),
}

impl Claimant {
    /// Whoever opens or sends the page: with a `return_to` somebody who is signed in, without one
    /// somebody who is signing in. Else where they go first.
    pub(super) async fn of(
        context: &Context,
        arrival: &Arrival,
        visitor: Visitor,
        return_to: Option<&str>,
    ) -> Result<Result<Self, Response>, Problem> {
        match return_to.filter(|place| !place.is_empty()) {
            None => Self::signing_in(context, arrival).await,
            Some(place) => {
                let place = ReturnTo::wished(&context.site, Some(place));
                Self::signed_in(context, visitor, place).await
            }
        }
    }

    async fn signing_in(
        context: &Context,
        arrival: &Arrival,
    ) -> Result<Result<Self, Response>, Problem> {
        let begin_again = || Ok(Err(Redirect::to(LOGIN_PATH).into_response()));
        let Some(token_hash) = pending::presented(context, &arrival.headers) else {
            return begin_again();
        };
        let Some(waiting) = pending::find(context, &token_hash).await? else {
            return begin_again();
        };
        let user = user::by_id(&context.store, &waiting.user_id).await?;
        let Some(user) = user.filter(|user| user.state == UserState::Active) else {
            return begin_again();
        };
        Ok(Ok(Self {
            user,
            amr: parse(&waiting.amr),
            place: ReturnTo::wished(&context.site, Some(&waiting.return_to)),
            footing: Footing::SigningIn(token_hash),
        }))
    }

    async fn signed_in(
        context: &Context,
        visitor: Visitor,
        place: ReturnTo,
    ) -> Result<Result<Self, Response>, Problem> {
        let sign_in = || Ok(Err(sign_in_for(&place)));
        let Some(person) = visitor.person else {
            return sign_in();
        };
        if person.has_shown_second_factor() {
            return Ok(Err(Redirect::to(place.as_str()).into_response()));
        }
        let Some(user) = user::by_id(&context.store, &person.user_id).await? else {
            return sign_in();
        };
        Ok(Ok(Self {
            user,
            amr: parse(&person.amr),
            place,
            footing: Footing::SignedIn(person),
        }))
    }

    /// How they have proved who they are by now (RFC 8176).
    pub(super) fn amr(&self) -> Vec<&str> {
        self.amr.iter().map(String::as_str).collect()
    }

    /// What waits for the proof.
    pub(super) fn errand(&self) -> String {
        match &self.footing {
            Footing::SigningIn(token_hash) => HEXLOWER.encode(token_hash.as_bytes()),
            Footing::SignedIn(person) => person.session_id.clone(),
        }
    }

    /// What the page's forms are bound to.
    pub(super) fn bound<'a>(&'a self, arrival: &'a Arrival) -> Bound<'a> {
        match &self.footing {
            Footing::SigningIn(_) => Bound::Browser(&arrival.browser),
            Footing::SignedIn(person) => Bound::Session(person),
        }
    }

    /// Whether the form was sent from the page that they were shown.
    pub(super) fn sent(&self, context: &Context, arrival: &Arrival, form: &Parameters) -> bool {
        csrf::is_ours(context, &arrival.headers, self.bound(arrival), form)
    }

    /// What the page's forms send as `return_to`.
    pub(super) fn return_to(&self) -> &str {
        match &self.footing {
            Footing::SigningIn(_) => "",
            Footing::SignedIn(_) => self.place.as_str(),
        }
    }

    /// The way to the page that asks.
    pub(super) fn ask_again(&self) -> Response {
        let page = match &self.footing {
            Footing::SigningIn(_) => PROMPT_PATH.to_owned(),
            Footing::SignedIn(_) => step_up_address(self.place.as_str()),
        };
        Redirect::to(&page).into_response()
    }

    /// Takes the sign-in out of its waiting, in the transaction that takes the proof. `false` if another
    /// request has done so: then this one has proved nothing.
    pub(super) async fn stop_waiting(
        &self,
        tx: &mut Tx,
        context: &Context,
    ) -> Result<bool, StoreError> {
        match &self.footing {
            Footing::SigningIn(token_hash) => {
                pending::end(tx, token_hash, context.clock.now()).await
            }
            Footing::SignedIn(_) => Ok(true),
        }
    }

    /// Goes on with what was proved now (`amr`) beside what was before: a session begins, or the one
    /// there is says so under another token.
    pub(super) async fn go_on(
        &self,
        context: &Context,
        arrival: &Arrival,
        amr: &[&str],
    ) -> Result<Response, Problem> {
        let proved = Acr::together(&self.amr(), amr);
        match &self.footing {
            Footing::SigningIn(_) => {
                let place = &self.place;
                let mut response =
                    sign_in::begin(context, arrival, &self.user, &proved, place).await?;
                if let Some(cookie) = PENDING_SIGN_IN.remove(&context.site) {
                    response.headers_mut().append(SET_COOKIE, cookie);
                }
                Ok(response)
            }
            Footing::SignedIn(person) => {
                let (headers, address) = (&arrival.headers, &arrival.address);
                let cookie = session::step_up(context, headers, address, person, &proved).await?;
                let Some(cookie) = cookie else {
                    return Ok(sign_in_for(&self.place));
                };
                let mut response = Redirect::to(self.place.as_str()).into_response();
                response.headers_mut().append(SET_COOKIE, cookie);
                Ok(response)
            }
        }
    }
}

fn sign_in_for(place: &ReturnTo) -> Response {
    Redirect::to(&with_return_to(LOGIN_PATH, place.as_str())).into_response()
}

fn parse(amr: &str) -> Vec<String> {
    serde_json::from_str(amr).unwrap_or_default()
}
