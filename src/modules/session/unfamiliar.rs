//! The letter about a sign-in from a browser that the account has not signed in at before.

use std::time::Duration;

use axum::http::HeaderMap;

use super::{
    Authentication, ClientAddress, Device, familiar::familiar_browser, place, sign_in::user_agent,
};
use crate::{
    clock::UnixMillis,
    modules::{
        Context,
        attempts::Limit,
        mail::{self, Letter, Recipient},
        pages::Language,
    },
    store::{StoreError, Tx, fetch_optional},
};

/// Letters to one owner. A browser that keeps no cookies is new each time, and its owner has understood
/// after a few.
const LETTERS: Limit = Limit {
    domain: "session.new_device",
    tries: 5,
    window: Duration::from_hours(1),
};

/// A browser that the account does not know, whose owner is told of it unless it is the first of all.
pub(super) struct Unfamiliar<'a> {
    user_id: &'a str,
    to: Recipient<'a>,
    device: String,
    place: String,
}

impl<'a> Unfamiliar<'a> {
    /// Looks at a sign-in before its transaction, for which nobody should wait while a place is read from a
    /// file. An address that was not verified may be somebody else's, who has no business to know.
    pub(super) async fn of(
        context: &Context,
        headers: &HeaderMap,
        address: &ClientAddress,
        authentication: &Authentication<'a>,
    ) -> Option<Self> {
        let user = authentication.user;
        let is_wanted = context.snapshot.account_settings().notices.new_device;
        if !is_wanted
            || !user.email_verified
            || familiar_browser(context, headers, &user.id).is_some()
        {
            return None;
        }
        let to = Recipient::of(user, authentication.language);
        Some(Self {
            user_id: &user.id,
            device: name(headers, to.language),
            place: place(context, address, to.language).await,
            to,
        })
    }

    /// Tells the owner, in the transaction in which the session begins and before it is recorded there. Not
    /// of the first sign-in there ever was: every browser is new then.
    pub(super) async fn tell_owner(
        &self,
        tx: &mut Tx,
        context: &Context,
        now: UnixMillis,
    ) -> Result<(), StoreError> {
        let (keyring, id) = (&context.keyring, self.user_id);
        if !has_signed_in_before(tx, id).await?
            || LETTERS.count(tx, keyring, id, now).await?.is_none()
        {
            return Ok(());
        }
        let letter = Letter::NewDevice {
            device: &self.device,
            place: &self.place,
        };
        mail::queue(tx, context, &self.to, letter, now).await
    }
}

async fn has_signed_in_before(tx: &mut Tx, user_id: &str) -> Result<bool, StoreError> {
    let row = fetch_optional!(
        tx,
        (String,),
        "SELECT id FROM audit WHERE subject = $1 AND action = 'session.sign_in' LIMIT 1",
        format!("user:{user_id}"),
    )?;
    Ok(row.is_some())
}

/// "Berlin, Germany, 203.0.113.7", as far as it is known.
async fn place(context: &Context, address: &ClientAddress, language: &'static Language) -> String {
    let address = address.text().unwrap_or_default();
    let known = place::of(context, vec![Some(address.to_owned())], language).await;
    match known.into_iter().next().flatten() {
        Some(name) => format!("{name}, {address}"),
        None => address.to_owned(),
    }
}

/// What the browser is called. Whoever signs in may be a stranger, whose own words have no place in a letter
/// from us.
fn name(headers: &HeaderMap, language: &'static Language) -> String {
    let device = user_agent(headers).map(Device::of);
    match device.filter(Device::is_recognised) {
        Some(device) => device.named(language).to_string(),
        None => language.account.unknown_browser.to_owned(),
    }
}
