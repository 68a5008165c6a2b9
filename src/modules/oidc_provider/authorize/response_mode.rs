//! `response_mode`: how the parameters of an answer travel (OAuth 2.0 Multiple Response Type Encoding
//! Practices, Form Post Response Mode, JARM).

use assay_reconciler::spec::oidc_client::ResponseType;

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
    /// What the answer to this response type travels in unless the request says otherwise (OAuth 2.0
    /// Multiple Response Type Encoding Practices 5).
    pub(super) fn default_of(response_type: Option<ResponseType>) -> Self {
        let carrier = if response_type.is_some_and(ResponseType::is_implicit) {
            Carrier::Fragment
        } else {
            Carrier::Query
        };
        Self {
            carrier,
            is_signed: false,
        }
    }

    /// The mode of this name; `None` if there is none.
    pub(super) fn named(name: &str, response_type: Option<ResponseType>) -> Option<Self> {
        let (carrier, is_signed) = match name.strip_suffix(".jwt") {
            Some(carrier) => (carrier, true),
            // JARM 2.3.4: the default of the response type, signed.
            None if name == "jwt" => {
                let default = Self::default_of(response_type);
                return Some(Self {
                    is_signed: true,
                    ..default
                });
            }
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

    /// Whether the answer may travel like this: a token in a query ends up in logs and histories (OAuth 2.0
    /// Multiple Response Type Encoding Practices 3 and 5, JARM 2.3.1).
    pub(super) fn may_carry(self, response_type: Option<ResponseType>) -> bool {
        self.carrier != Carrier::Query || !response_type.is_some_and(ResponseType::is_implicit)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::super::supported::RESPONSE_MODES, *};

    #[test]
    fn every_mode_in_discovery_is_one_and_nothing_else_is() {
        let code = Some(ResponseType::Code);
        let named = |name| ResponseMode::named(name, code);
        for name in RESPONSE_MODES {
            assert!(named(name).is_some(), "{name}");
        }
        for name in ["", "jwt.jwt", ".jwt", "Query", "web_message", "query.JWT"] {
            assert_eq!(named(name), None, "{name}");
        }
        assert_eq!(named("query"), Some(ResponseMode::default_of(code)));
        assert_eq!(named("jwt"), named("query.jwt"));
    }

    #[test]
    fn tokens_do_not_travel_in_a_query() {
        let kind = Some(ResponseType::CodeIdToken);
        let named = |name| ResponseMode::named(name, kind);
        assert_eq!(named("jwt"), named("fragment.jwt"));
        for name in RESPONSE_MODES {
            let may = named(name).is_some_and(|mode| mode.may_carry(kind));
            assert_eq!(may, !name.starts_with("query"), "{name}");
        }
        assert!(ResponseMode::default_of(kind).may_carry(kind));
    }
}
