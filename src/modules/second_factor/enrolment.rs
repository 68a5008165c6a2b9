//! Setting up an authenticator app: its secret is shown, and counts once a code of it was typed.

use std::time::Duration;

use askama::Template;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    authenticator::{self, SharedSecret},
    recovery_codes, remembered,
};
use crate::{
    clock::UnixMillis,
    crypto::{CryptoError, Secret},
    modules::{
        Context,
        audit::{self, AuditEvent},
        mail::{self, Letter, Recipient},
        pages::{Language, Look, languages},
        parameters::Parameters,
        session::ClientAddress,
        user::User,
    },
    store::{StoreError, Tx},
};

/// What offers are sealed for.
const PURPOSE: &str = "totp.offer";

/// A secret that somebody is shown. It goes with the form, sealed, and is stored when it is confirmed.
#[derive(Serialize, Deserialize)]
struct Offer {
    user_id: String,
    secret: String,
    made_at: UnixMillis,
}

/// How long it may be confirmed.
const LIFETIME: Duration = Duration::from_hours(1);

#[derive(Template)]
#[template(path = "second_factor/templates/set_up.html")]
pub(super) struct SetUpPage<'a> {
    pub(super) look: &'a Look,
    pub(super) texts: &'static languages::SecondFactors,
    /// Where the form goes.
    pub(super) action: &'static str,
    pub(super) offer: &'a Shown,
    pub(super) notice: Option<&'static str>,
    /// Whether it is asked for on the way to somewhere else.
    pub(super) is_demanded: bool,
    /// Until when it may be put off.
    pub(super) later: Option<UnixMillis>,
    pub(super) csrf: &'a str,
    pub(super) return_to: &'a str,
}

/// The recovery codes, this once.
#[derive(Template)]
#[template(path = "second_factor/templates/recovery_codes.html")]
pub(super) struct CodesPage<'a> {
    pub(super) look: &'a Look,
    pub(super) texts: &'static languages::SecondFactors,
    pub(super) codes: Vec<&'a str>,
    /// Where the person goes on.
    pub(super) next: &'a str,
}

/// What the page shows of a secret.
pub(super) struct Shown {
    /// As SVG.
    pub(super) picture: Option<String>,
    /// As text.
    pub(super) secret: String,
    /// To come back with the form.
    pub(super) sealed: String,
}

/// A new secret for the person; or the one that comes back with a form, shown again.
pub(super) fn offer(
    context: &Context,
    user: &User,
    again: Option<&str>,
) -> Result<Shown, CryptoError> {
    let known = again.and_then(|sealed| Some((open(context, user, sealed)?, sealed.to_owned())));
    let (secret, sealed) = if let Some(known) = known {
        known
    } else {
        let secret = SharedSecret::new()?;
        let sealed = seal(context, user, &secret)?;
        (secret, sealed)
    };
    let issuer = context.theme.product_name.clone();
    let issuer = issuer.unwrap_or_else(|| host(context));
    Ok(Shown {
        picture: secret.picture(&issuer, &user.email),
        secret: secret.text(),
        sealed,
    })
}

fn host(context: &Context) -> String {
    let host = context.site.public_url.host_str();
    host.unwrap_or("assay").to_owned()
}

fn seal(context: &Context, user: &User, secret: &SharedSecret) -> Result<String, CryptoError> {
    let offer = Offer {
        user_id: user.id.clone(),
        secret: URL_SAFE_NO_PAD.encode(secret.bytes()),
        made_at: context.clock.now(),
    };
    let sealed = context.keyring.seal_json(PURPOSE, &offer)?;
    Ok(URL_SAFE_NO_PAD.encode(sealed))
}

fn open(context: &Context, user: &User, sealed: &str) -> Option<SharedSecret> {
    let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
    let offer: Offer = context.keyring.open_json(PURPOSE, &sealed).ok()?;
    let is_valid = offer.user_id == user.id && context.clock.now().since(offer.made_at) <= LIFETIME;
    let secret = URL_SAFE_NO_PAD.decode(offer.secret).ok()?;
    is_valid.then(|| SharedSecret::from_bytes(Secret::new(secret)))
}

/// What became of a confirmation.
pub(super) enum Confirmed {
    /// The authenticator counts from the commit on, and these are the recovery codes.
    Codes(Vec<Secret<String>>),
    /// The code is not one of it.
    Wrong,
    /// There is one already, and it was not to be replaced.
    Taken,
}

/// Who confirms, and how.
pub(super) struct Confirmer<'a> {
    pub(super) user: &'a User,
    /// In which they read the page.
    pub(super) language: &'static Language,
    pub(super) address: &'a ClientAddress,
    /// Whether what they have gives way to it.
    pub(super) replaces: bool,
}

/// Takes the secret that comes back with the form, if its code is right.
pub(super) async fn confirm(
    tx: &mut Tx,
    context: &Context,
    by: &Confirmer<'_>,
    form: &Parameters,
) -> Result<Confirmed, StoreError> {
    let user = by.user;
    let now = context.clock.now();
    let secret = form
        .get("offer")
        .and_then(|sealed| open(context, user, sealed));
    let Some(secret) = secret else {
        return Ok(Confirmed::Wrong);
    };
    let Some(step) = secret.step_of(form.get("code").unwrap_or_default(), now) else {
        return Ok(Confirmed::Wrong);
    };
    if by.replaces {
        authenticator::remove(tx, &user.id).await?;
        remembered::forget_all(tx, &user.id).await?;
    }
    if !authenticator::add(tx, &context.keyring, &user.id, &secret, step, now).await? {
        return Ok(Confirmed::Taken);
    }
    let codes = recovery_codes::renew(tx, &context.keyring, &user.id, now).await?;
    record(tx, &user.id, "second_factor.add", by.address, now).await?;
    let to = Recipient::of(user, by.language);
    mail::queue(tx, context, &to, Letter::SecondFactorAdded, now).await?;
    Ok(Confirmed::Codes(codes))
}

/// Records what a person did with their second factors.
pub(super) async fn record(
    tx: &mut Tx,
    user_id: &str,
    action: &'static str,
    address: &ClientAddress,
    now: UnixMillis,
) -> Result<(), StoreError> {
    let person = format!("user:{user_id}");
    let event = AuditEvent {
        actor: &person,
        action,
        subject: Some(&person),
        detail: json!({ "method": "otp" }),
        ip: address.text(),
    };
    audit::record(tx, event, now).await
}
