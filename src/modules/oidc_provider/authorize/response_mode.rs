//! `response_mode`: how the parameters of an answer travel (OAuth 2.0 Multiple Response Type Encoding
//! Practices, Form Post Response Mode, JARM).

/// One value of `response_mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::modules::oidc_provider) struct ResponseMode {
    pub(in crate::modules::oidc_provider) carrier: Carrier,
    /// As one signed JWT (JWT Secured Authorization Response Mode).
    pub(in crate::modules::oidc_provider) is_signed: bool,
}

/// What the browser brings to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::modules::oidc_provider) enum Carrier {
    /// The query of the redirect URI.
    Query,
    /// Its fragment, which the client's server never sees.
    Fragment,
    /// A form that the browser posts.
    FormPost,
}

impl ResponseMode {
    /// What an answer to `response_type=code` travels in unless the request says otherwise.
    pub(in crate::modules::oidc_provider) const DEFAULT: Self = Self {
        carrier: Carrier::Query,
        is_signed: false,
    };

    /// The mode of this name; `None` if there is none.
    pub(super) fn named(name: &str) -> Option<Self> {
        let (carrier, is_signed) = match name.strip_suffix(".jwt") {
            Some(carrier) => (carrier, true),
            // JARM 2.3.4: the default of the response type, signed.
            None if name == "jwt" => ("query", true),
            None => (name, false),
        };
        let carrier = match carrier {
            "query" => Carrier::Query,
            "fragment" => Carrier::Fragment,
            "form_post" => Carrier::FormPost,
            _ => return None,
        };
        Some(Self { carrier, is_signed })
    }
}

#[cfg(test)]
mod tests {
    use super::{super::super::supported::RESPONSE_MODES, *};

    #[test]
    fn every_mode_in_discovery_is_one_and_nothing_else_is() {
        for name in RESPONSE_MODES {
            assert!(ResponseMode::named(name).is_some(), "{name}");
        }
        for name in ["", "jwt.jwt", ".jwt", "Query", "web_message", "query.JWT"] {
            assert_eq!(ResponseMode::named(name), None, "{name}");
        }
        assert_eq!(ResponseMode::named("query"), Some(ResponseMode::DEFAULT));
        assert_eq!(ResponseMode::named("jwt"), ResponseMode::named("query.jwt"));
    }
}
