//! Which accounts have signed in at a browser before, as the browser keeps it for a long time.
//!
//! It opens nothing. Whoever guesses at a browser that an account does not know shares the tries of all
//! strangers; the owner at their own browser has tries of their own, so that no stranger locks them out.

use axum::http::{HeaderMap, HeaderValue};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::cookie::FAMILIAR;
use crate::{
    crypto::{CryptoError, Keyring, token},
    modules::Context,
};

const PURPOSE: &str = "familiar";
/// How long a browser is known after the last sign-in: as long as browsers keep a cookie.
const MAX_AGE: u32 = 400 * 24 * 60 * 60;
/// How many accounts one browser is known to.
const MAX_ACCOUNTS: usize = 8;
/// Characters of the browser's name for itself: 256 bits in base64url.
const ID_LENGTH: usize = 43;
/// Between the parts of the value.
const SEPARATOR: char = '.';

/// What a browser brought: a name of its own, and a proof for each account that has signed in at it. Two
/// browsers of one account have different names, and none tells whose account it is.
struct Familiar<'a> {
    id: &'a str,
    proofs: Vec<&'a str>,
}

impl<'a> Familiar<'a> {
    fn read(context: &Context, headers: &'a HeaderMap) -> Option<Self> {
        let mut parts = FAMILIAR.read(&context.site, headers)?.split(SEPARATOR);
        let id = parts.next().filter(|id| id.len() == ID_LENGTH)?;
        let proofs = parts.take(MAX_ACCOUNTS).collect();
        Some(Self { id, proofs })
    }
}

/// The browser's name for itself, if the account has signed in at it before.
pub fn familiar_browser<'a>(
    context: &Context,
    headers: &'a HeaderMap,
    user_id: &str,
) -> Option<&'a str> {
    let familiar = Familiar::read(context, headers)?;
    let content = content(familiar.id, user_id);
    let is_ours = |proof: &&str| {
        let decoded = URL_SAFE_NO_PAD.decode(proof).unwrap_or_default();
        context
            .keyring
            .verify_cookie_tag(PURPOSE, content.as_bytes(), &decoded)
    };
    familiar.proofs.iter().any(is_ours).then_some(familiar.id)
}

/// The header that makes the browser one at which the account has signed in before.
pub fn make_familiar(
    context: &Context,
    headers: &HeaderMap,
    user_id: &str,
) -> Result<Option<HeaderValue>, CryptoError> {
    let familiar = Familiar::read(context, headers);
    let (id, before) = match familiar {
        Some(familiar) => (familiar.id.to_owned(), familiar.proofs),
        None => (token::opaque("")?.expose().clone(), Vec::new()),
    };
    let proof = proof(&context.keyring, &id, user_id);
    let mut value = format!("{id}{SEPARATOR}{proof}");
    let others = before.into_iter().filter(|other| *other != proof);
    for other in others.take(MAX_ACCOUNTS - 1) {
        value.push(SEPARATOR);
        value.push_str(other);
    }
    Ok(FAMILIAR.set(&context.site, &value, Some(MAX_AGE)))
}

fn proof(keyring: &Keyring, id: &str, user_id: &str) -> String {
    URL_SAFE_NO_PAD.encode(keyring.cookie_tag(PURPOSE, content(id, user_id).as_bytes()))
}

/// The first part has a fixed length, so that no two pairs are one.
fn content(id: &str, user_id: &str) -> String {
    format!("{id}{user_id}")
}
