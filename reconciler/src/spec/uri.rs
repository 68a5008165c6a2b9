//! URIs in manifests.

use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use url::{Host, Url};

/// Longest URI taken anywhere.
pub const MAX_URI_LENGTH: usize = 2_048;

/// Schemes that run or reveal something when a browser follows them.
const DANGEROUS_SCHEMES: [&str; 9] = [
    "javascript",
    "data",
    "vbscript",
    "file",
    "blob",
    "about",
    "view-source",
    "filesystem",
    "ws",
];

/// Why a text cannot be a URI here.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum UriError {
    /// No scheme, or not a URI at all.
    #[error(
        "`{0}` is not an absolute URI; write it in full, as in `https://app.example.com/callback`"
    )]
    NotAbsolute(String),
    /// RFC 6749 3.1.2: no fragment.
    #[error("`{0}` has a fragment (`#…`), which a redirect URI must not have (RFC 6749 3.1.2)")]
    Fragment(String),
    /// Redirect URIs are compared exactly.
    #[error(
        "`{0}` has a wildcard; redirect URIs are compared exactly, so list each one (RFC 9700 4.1)"
    )]
    Wildcard(String),
    /// A scheme that runs code or reads files.
    #[error("`{0}` uses the scheme `{1}`, which a browser would run or open")]
    DangerousScheme(String, String),
    /// `https://good@evil`.
    #[error("`{0}` has a user name before the host, which misleads whoever reads it")]
    UserInfo(String),
    /// `..`, `\`, blanks or control characters: not what a browser would send.
    #[error("`{0}` is not in the form a browser would send; write `{1}`")]
    NotNormal(String, String),
    /// Over [`MAX_URI_LENGTH`].
    #[error("a URI may have {MAX_URI_LENGTH} characters at most")]
    TooLong,
    /// Neither `https` nor `http`.
    #[error("`{0}` must begin with `https://`")]
    NotWeb(String),
}

fn parse(text: &str) -> Result<Url, UriError> {
    if text.len() > MAX_URI_LENGTH {
        return Err(UriError::TooLong);
    }
    let url = Url::parse(text).map_err(|_| UriError::NotAbsolute(text.to_owned()))?;
    if DANGEROUS_SCHEMES.contains(&url.scheme()) {
        return Err(UriError::DangerousScheme(
            text.to_owned(),
            url.scheme().to_owned(),
        ));
    }
    if url.has_authority() && (!url.username().is_empty() || url.password().is_some()) {
        return Err(UriError::UserInfo(text.to_owned()));
    }
    Ok(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// A URI the browser may be sent back to with a code or after a logout. Kept and compared as the
/// exact text (RFC 9700 4.1).
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RedirectUri(String);

impl RedirectUri {
    /// The exact text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn url(&self) -> Option<Url> {
        Url::parse(&self.0).ok()
    }

    /// `http` to a host that is not this machine: the code could be read on the way.
    pub fn is_insecure(&self) -> bool {
        // The scheme is in lower case already: the text is what a browser would send.
        self.0.starts_with("http:") && self.url().is_some_and(|url| !is_loopback(&url))
    }

    /// `http` to an IP literal of this machine, where RFC 8252 7.3 lets the port vary.
    pub fn is_loopback_ip(&self) -> bool {
        self.url().is_some_and(|url| {
            url.scheme() == "http"
                && is_loopback(&url)
                && matches!(url.host(), Some(Host::Ipv4(_) | Host::Ipv6(_)))
        })
    }

    /// The host, unless it is this machine, which says nothing about whose URI it is.
    pub fn site(&self) -> Option<String> {
        let url = self
            .url()
            .filter(|url| !self.is_private_use() && !is_loopback(url))?;
        url.host_str().map(str::to_owned)
    }

    /// A private-use scheme such as `com.example.app:/callback` (RFC 8252 7.1).
    pub fn is_private_use(&self) -> bool {
        !self.0.starts_with("https:") && !self.0.starts_with("http:")
    }
}

impl FromStr for RedirectUri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        if text.contains('*') {
            return Err(UriError::Wildcard(text.to_owned()));
        }
        let url = parse(text)?;
        if url.fragment().is_some() {
            return Err(UriError::Fragment(text.to_owned()));
        }
        // The bare origin is the one spelling that a browser changes and people expect to work.
        let normal = url.as_str();
        if normal != text && normal.strip_suffix('/') != Some(text) {
            return Err(UriError::NotNormal(text.to_owned(), normal.to_owned()));
        }
        if matches!(url.scheme(), "http" | "https") && url.host().is_none() {
            return Err(UriError::NotAbsolute(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

/// A page or endpoint on the web: `https`, or `http` on this machine unless the object says so.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct WebUri(String);

impl WebUri {
    /// The exact text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `http` to a host that is not this machine.
    pub fn is_insecure(&self) -> bool {
        Url::parse(&self.0).is_ok_and(|url| url.scheme() == "http" && !is_loopback(&url))
    }
}

impl WebUri {
    /// The host.
    pub fn host(&self) -> Option<String> {
        Url::parse(&self.0).ok()?.host_str().map(str::to_owned)
    }
}

impl FromStr for WebUri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        let url = parse(text)?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(UriError::NotWeb(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

macro_rules! text_type {
    ($name:ident, $schema:expr) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Cow::<str>::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    };
}

text_type!(
    RedirectUri,
    json_schema!({
        "type": "string",
        "minLength": 3,
        "maxLength": MAX_URI_LENGTH,
        "pattern": "^[A-Za-z][A-Za-z0-9+.-]*:[^*#\\s]+$",
        "description": "An absolute URI without fragment or wildcard, compared exactly.",
        "examples": ["https://app.example.com/callback"]
    })
);
text_type!(
    WebUri,
    json_schema!({
        "type": "string",
        "maxLength": MAX_URI_LENGTH,
        "pattern": "^https?://[^\\s]+$",
        "description": "An `https` URI; `http` only on this machine.",
        "examples": ["https://example.com/logo.svg"]
    })
);

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn redirect_uris_that_apps_use_are_taken() {
        for text in [
            "https://app.example.com/callback",
            "https://app.example.com",
            "https://app.example.com/cb?tenant=1",
            "http://127.0.0.1/callback",
            "http://[::1]:8080/callback",
            "com.example.app:/oauth2redirect",
            "app.immich:///oauth-callback",
        ] {
            assert_eq!(text.parse::<RedirectUri>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn redirect_uris_that_open_a_door_are_refused() {
        for text in [
            "/callback",
            "app.example.com/callback",
            "https://app.example.com/cb#x",
            "https://*.example.com/cb",
            "https://good.example@evil.example/cb",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://app.example.com/a/../b",
            "https://APP.example.com/cb",
            "https:\\\\app.example.com",
            " https://app.example.com/cb",
            "https://",
        ] {
            assert!(text.parse::<RedirectUri>().is_err(), "{text}");
        }
    }
}
