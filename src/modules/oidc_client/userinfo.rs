//! What an upstream says beside its ID token: userinfo, and GitHub's list of addresses.

use openidconnect::http::{
    Request,
    header::{ACCEPT, AUTHORIZATION},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::{error::UpstreamError, exchange::Told, provider::Provider};
use crate::modules::Context;

/// Longest answer, in bytes.
const MAX_ANSWER: usize = 256 * 1_024;

/// An address of a list as GitHub's.
#[derive(Deserialize)]
struct Address {
    email: String,
    #[serde(default)]
    primary: bool,
    #[serde(default)]
    verified: bool,
}

/// Adds what is told beside the ID token.
pub(super) async fn complete(
    context: &Context,
    provider: &Provider<'_>,
    told: &mut Told,
) -> Result<(), UpstreamError> {
    if let Some(url) = &provider.userinfo {
        let more: Map<String, Value> = ask(context, provider, url, told).await?;
        // Core 5.3.2: else somebody's token would bring somebody else's claims.
        if provider.is_openid() && more.get("sub") != told.claims.get("sub") {
            return Err(UpstreamError::UserInfo("is of another person (`sub`)"));
        }
        for (name, value) in more {
            told.claims.entry(name).or_insert(value);
        }
    }
    if let Some(url) = &provider.emails {
        let addresses: Vec<Address> = ask(context, provider, url, told).await?;
        let best = addresses
            .into_iter()
            .max_by_key(|address| (address.verified, address.primary));
        if let Some(best) = best {
            let mapping = &provider.upstream.spec.claims;
            let claims = &mut told.claims;
            claims.insert(mapping.email.clone(), best.email.into());
            claims.insert(mapping.email_verified.clone(), best.verified.into());
        }
    }
    Ok(())
}

async fn ask<T: DeserializeOwned>(
    context: &Context,
    provider: &Provider<'_>,
    url: &str,
    told: &Told,
) -> Result<T, UpstreamError> {
    let request = Request::get(url)
        .header(ACCEPT, "application/json")
        .header(
            AUTHORIZATION,
            format!("Bearer {}", told.tokens.access_token),
        )
        .body(Vec::new())
        .map_err(|_| UpstreamError::UserInfo("cannot be asked"))?;
    let answer = context
        .outgoing
        .exchange(&provider.networks, request, MAX_ANSWER)
        .await?;
    if !answer.status().is_success() {
        return Err(UpstreamError::UserInfo("was refused"));
    }
    serde_json::from_slice(answer.body())
        .map_err(|_| UpstreamError::UserInfo("is not the JSON that it should be"))
}
