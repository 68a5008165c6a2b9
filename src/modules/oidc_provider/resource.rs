//! Whom an access token is for (RFC 8707). A token for nobody in particular is for this provider.

use std::collections::BTreeSet;

use url::Url;

use super::error::{ErrorCode, OAuthError, ascii};
use crate::{
    generation::Client,
    modules::{jwt::Audience, parameters::Parameters},
};

/// The parameter.
pub(super) const RESOURCE: &str = "resource";

/// Resource servers, each by its URI.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Resources(BTreeSet<String>);

impl Resources {
    /// What the request names; what is wrong with it is for the client's developer.
    pub(super) fn named_in(parameters: &Parameters) -> Result<Self, String> {
        let mut named = BTreeSet::new();
        for resource in parameters.all(RESOURCE) {
            // RFC 8707 2: an absolute URI without a fragment.
            if Url::parse(resource).is_err() || resource.contains('#') {
                let resource = ascii(resource);
                return Err(format!(
                    "the resource {resource} is not an absolute URI without a fragment"
                ));
            }
            named.insert(resource.to_owned());
        }
        Ok(Self(named))
    }

    /// What a client asks for that it may ask for.
    pub(super) fn asked_by(client: &Client, parameters: &Parameters) -> Result<Self, String> {
        let asked = Self::named_in(parameters)?;
        match asked.0.difference(&client.spec.resources).next() {
            None => Ok(asked),
            Some(beyond) => Err(format!(
                "this client may not ask for tokens for the resource {}",
                ascii(beyond)
            )),
        }
    }

    /// Reads the column.
    pub(super) fn stored(text: Option<&str>) -> Self {
        let all = text.unwrap_or_default().split(' ');
        Self(
            all.filter(|one| !one.is_empty())
                .map(str::to_owned)
                .collect(),
        )
    }

    /// The column: no URI has a blank in it.
    pub(super) fn column(&self) -> Option<String> {
        let all: Vec<&str> = self.0.iter().map(String::as_str).collect();
        (!all.is_empty()).then(|| all.join(" "))
    }

    /// All of them, to be sent to `issuer` if there are none.
    pub(super) fn audience(self, issuer: &str) -> Audience {
        if self.0.is_empty() {
            Audience::one(issuer)
        } else {
            Audience::all(self.0)
        }
    }

    /// Those that are not this provider itself.
    pub(super) fn beyond(&self, issuer: &str) -> Self {
        let beyond = self.0.iter().filter(|one| *one != issuer);
        Self(beyond.cloned().collect())
    }

    pub(super) fn is_within(&self, given: &Self) -> bool {
        self.0.is_subset(&given.0)
    }

    pub(super) fn union(&self, other: &Self) -> Self {
        Self(&self.0 | &other.0)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    pub(super) fn into_set(self) -> BTreeSet<String> {
        self.0
    }
}

/// Whom the next token of a grant is for: everybody that was granted and that the client may still ask
/// for, or those of them that the request names (RFC 8707 2.2).
pub(super) fn narrowed(
    client: &Client,
    granted: Option<&str>,
    parameters: &Parameters,
    issuer: &str,
) -> Result<Audience, OAuthError> {
    let invalid = |what: String| OAuthError::new(ErrorCode::InvalidTarget, what);
    let granted = Resources::stored(granted).0;
    let allowed = if granted.is_empty() {
        BTreeSet::from([issuer.to_owned()])
    } else {
        &granted & &client.spec.resources
    };
    if allowed.is_empty() {
        let what = "the client may no longer have tokens for any of the granted resources";
        return Err(invalid(what.to_owned()));
    }
    let asked = Resources::named_in(parameters).map_err(invalid)?.0;
    if let Some(beyond) = asked.difference(&allowed).next() {
        let beyond = ascii(beyond);
        return Err(invalid(format!(
            "the resource {beyond} is not among those that were granted"
        )));
    }
    Ok(Audience::all(if asked.is_empty() {
        allowed
    } else {
        asked
    }))
}
