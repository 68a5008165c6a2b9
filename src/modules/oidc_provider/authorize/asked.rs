//! What a client asks for, whichever way it says so: in the parameters themselves, in a signed object
//! (RFC 9101), or by reference to what it pushed before (RFC 9126).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{
    super::{error::ErrorCode, pushed},
    request::{self, Refusal},
    request_object::{self, NotOpened},
};
use crate::{
    generation::Client,
    modules::{
        Context, Problem,
        parameters::{Parameters, append},
    },
    store::StoreError,
};

/// The parameters of a request, and how they came here.
#[derive(Clone, Deserialize, Serialize)]
#[serde(from = "Kept", into = "Kept")]
pub(in crate::modules::oidc_provider) struct Asked {
    pub(in crate::modules::oidc_provider) parameters: Parameters,
    pub(in crate::modules::oidc_provider) is_pushed: bool,
    pub(in crate::modules::oidc_provider) is_signed: bool,
}

impl Asked {
    /// The languages that the client asks for (OpenID Connect Core 3.1.2.1).
    pub(in crate::modules::oidc_provider) fn ui_locales(&self) -> Option<&str> {
        self.parameters.get("ui_locales")
    }
}

/// The form in which it is sealed.
#[derive(Deserialize, Serialize)]
struct Kept {
    p: Vec<(String, String)>,
    #[serde(default)]
    pushed: bool,
    #[serde(default)]
    signed: bool,
}

impl From<Kept> for Asked {
    fn from(kept: Kept) -> Self {
        Self {
            parameters: Parameters::from_pairs(kept.p),
            is_pushed: kept.pushed,
            is_signed: kept.signed,
        }
    }
}

impl From<Asked> for Kept {
    fn from(asked: Asked) -> Self {
        Self {
            p: asked.parameters.into_pairs(),
            pushed: asked.is_pushed,
            signed: asked.is_signed,
        }
    }
}

/// Why a request does not begin.
pub(in crate::modules::oidc_provider) enum NotTaken {
    /// It is at fault.
    Refused(Refusal),
    /// We are.
    Failed(Problem),
}

impl From<Refusal> for NotTaken {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for NotTaken {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// Takes a request from the query or form that a browser brought. One that was pushed is used up.
pub(super) async fn take(context: &Context, encoded: &[u8]) -> Result<Asked, NotTaken> {
    let parameters = request::read(&context.snapshot, encoded)?;
    // RFC 9126 4, RFC 9101 5: what else the browser brings does not count.
    if let Some(request_uri) = parameters
        .get("request_uri")
        .filter(|request_uri| pushed::is_reference(request_uri))
    {
        let client = request::client(&context.snapshot, &parameters).map_err(Refusal::Here)?;
        let taken = pushed::take(context, &client, request_uri).await?;
        return taken.ok_or_else(|| {
            let start_again = start_again(context, &client);
            Refusal::Here(request::Untrusted::NotPushed { start_again }).into()
        });
    }
    opened(context, parameters, false).await
}

/// Where the client begins a sign-in (OpenID Connect Core 4), or at least its home page.
fn start_again(context: &Context, client: &Client) -> Option<String> {
    let issuer = Cow::Borrowed(context.site.issuer.as_str());
    let begins = client.spec.initiate_login_uri.as_ref();
    let begins = begins.map(|uri| append(uri.as_str(), &[("iss", issuer)]));
    begins.or_else(|| client.spec.client_uri.as_ref().map(ToString::to_string))
}

/// Opens the signed object, if the parameters are in one.
pub(in crate::modules::oidc_provider) async fn opened(
    context: &Context,
    parameters: Parameters,
    is_pushed: bool,
) -> Result<Asked, NotTaken> {
    let Some(object) = parameters.get("request") else {
        return Ok(Asked {
            parameters,
            is_pushed,
            is_signed: false,
        });
    };
    let refused = |code, description: String| {
        let refusal = request::refusal(&context.snapshot, &parameters, code, description);
        Err(NotTaken::Refused(refusal))
    };
    if parameters.get("request_uri").is_some() {
        let description = "request and request_uri exclude each other (RFC 9101)";
        return refused(ErrorCode::InvalidRequest, description.to_owned());
    }
    let client = request::client(&context.snapshot, &parameters).map_err(Refusal::Here)?;
    match request_object::open(context, &client, object).await {
        Err(NotOpened::Refused(code, description)) => refused(code, description),
        Err(NotOpened::Failed(error)) => Err(error.into()),
        Ok(parameters) => Ok(Asked {
            parameters,
            is_pushed,
            is_signed: true,
        }),
    }
}
