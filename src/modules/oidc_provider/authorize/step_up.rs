//! `acr_values` and the claim `acr` (OpenID Connect Core 3.1.2.1 and 5.5.1.1): how far a person must have
//! proved who they are.

use assay_reconciler::spec::OidcClientSpec;
use serde_json::Value;

use super::super::claims_request::ClaimsRequest;
use crate::modules::session::Acr;

/// The authentication contexts that a request asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::modules::oidc_provider) struct WantedAcr {
    /// Those that exist here, the preferred first.
    values: Vec<Acr>,
    /// Whether it is one of them or nothing.
    is_essential: bool,
    /// What the client takes at least, whatever a request asks for.
    floor: Option<Acr>,
}

/// What follows for a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is good enough.
    Enough,
    /// Signing in again can make it so.
    TooLow,
    /// Nothing can.
    Unreachable,
}

impl WantedAcr {
    /// What the request asks for: claim by claim, by parameter, or as its client always does.
    pub(super) fn of(
        client: &OidcClientSpec,
        claims: &ClaimsRequest,
        acr_values: Option<&str>,
    ) -> Self {
        let floor = client.require_second_factor.then_some(Acr::MultiFactor);
        let known = |names: &mut dyn Iterator<Item = &str>| names.filter_map(Acr::named).collect();
        if let Some(wish) = claims.acr().filter(|wish| !wish.values().is_empty()) {
            return Self {
                values: known(&mut wish.values().iter().filter_map(Value::as_str)),
                is_essential: wish.is_essential(),
                floor,
            };
        }
        let values = match acr_values {
            Some(names) => known(&mut names.split(' ')),
            None => known(&mut client.default_acr_values.iter().map(String::as_str)),
        };
        Self {
            values,
            is_essential: false,
            floor,
        }
    }

    /// Whether a session that has reached this will do, where this much can be reached.
    pub(super) fn verdict(&self, reached: Option<Acr>, reachable: Option<Acr>) -> Verdict {
        if self.floor > reachable {
            return Verdict::Unreachable;
        }
        let possible = self.values.iter().copied().map(Some);
        match possible.filter(|acr| *acr <= reachable).min() {
            None if self.is_essential => Verdict::Unreachable,
            _ if self.floor > reached => Verdict::TooLow,
            Some(lowest) if lowest > reached => Verdict::TooLow,
            _ => Verdict::Enough,
        }
    }

    pub(super) fn is_essential(&self) -> bool {
        self.is_essential || self.floor.is_some()
    }

    /// What the tokens say that was reached: the preferred one of those asked for, if one of them was.
    pub(super) fn said<'a>(&self, reached: Option<&'a str>) -> Option<&'a str> {
        let highest = reached.and_then(Acr::named);
        let asked = self.values.iter().copied();
        let fitting = asked.filter(|acr| Some(*acr) <= highest).map(Acr::name);
        fitting.into_iter().next().or(reached)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    const ONE: Option<Acr> = Some(Acr::SingleFactor);
    const TWO: Option<Acr> = Some(Acr::MultiFactor);

    fn wanted(values: &[Acr], is_essential: bool) -> WantedAcr {
        WantedAcr {
            values: values.to_vec(),
            is_essential,
            floor: None,
        }
    }

    #[test]
    fn a_session_is_held_against_the_lowest_that_will_do() {
        let two = wanted(&[Acr::MultiFactor], true);
        assert_eq!(two.verdict(ONE, TWO), Verdict::TooLow);
        assert_eq!(two.verdict(TWO, TWO), Verdict::Enough);
        assert_eq!(two.verdict(ONE, ONE), Verdict::Unreachable);
        let either = wanted(&[Acr::MultiFactor, Acr::SingleFactor], true);
        assert_eq!(either.verdict(ONE, TWO), Verdict::Enough);
        // A session from before contexts were kept.
        assert_eq!(either.verdict(None, ONE), Verdict::TooLow);
        assert_eq!(wanted(&[], false).verdict(None, None), Verdict::Enough);
    }

    #[test]
    fn what_is_only_wished_for_keeps_nobody_out() {
        let two = wanted(&[Acr::MultiFactor], false);
        assert_eq!(two.verdict(ONE, ONE), Verdict::Enough);
        assert_eq!(two.verdict(ONE, TWO), Verdict::TooLow);
    }

    #[test]
    fn a_client_that_takes_two_factors_only_gets_them_whatever_it_asks_for() {
        let client = json!({ "requireSecondFactor": true });
        let client: OidcClientSpec = serde_json::from_value(client).unwrap();
        let of = |acr_values| WantedAcr::of(&client, &ClaimsRequest::default(), acr_values);
        for wanted in [of(None), of(Some(Acr::SingleFactor.name()))] {
            assert!(wanted.is_essential());
            assert_eq!(wanted.verdict(ONE, TWO), Verdict::TooLow);
            assert_eq!(wanted.verdict(TWO, TWO), Verdict::Enough);
            assert_eq!(wanted.verdict(ONE, ONE), Verdict::Unreachable);
        }
    }

    #[test]
    fn what_is_said_is_what_was_asked_for() {
        let (one, two) = (Acr::SingleFactor.name(), Acr::MultiFactor.name());
        let asked = wanted(&[Acr::SingleFactor], true);
        assert_eq!(asked.said(Some(two)), Some(one));
        assert_eq!(asked.said(None), None);
        assert_eq!(wanted(&[], false).said(Some(two)), Some(two));
        let preferring = wanted(&[Acr::MultiFactor, Acr::SingleFactor], false);
        assert_eq!(preferring.said(Some(two)), Some(two));
        assert_eq!(preferring.said(Some(one)), Some(one));
    }

    #[test]
    fn the_claim_counts_before_the_parameter_and_that_before_the_default() {
        let client = json!({ "defaultAcrValues": [Acr::MultiFactor.name()] });
        let client: OidcClientSpec = serde_json::from_value(client).unwrap();
        let claims = |text: &str| ClaimsRequest::parse(text).unwrap();
        let none = ClaimsRequest::default();
        let default = WantedAcr::of(&client, &none, None);
        assert_eq!(default, wanted(&[Acr::MultiFactor], false));
        let one = "urn:x urn:assay:acr:single-factor";
        let parameter = WantedAcr::of(&client, &none, Some(one));
        assert_eq!(parameter, wanted(&[Acr::SingleFactor], false));
        let text = r#"{"id_token":{"acr":{"essential":true,"values":["urn:x"]}}}"#;
        let claim = WantedAcr::of(&client, &claims(text), Some(one));
        assert_eq!(claim, wanted(&[], true));
        assert_eq!(claim.verdict(TWO, TWO), Verdict::Unreachable);
        // Whichever it is, the ID token says it.
        let text = r#"{"id_token":{"acr":{"essential":true}}}"#;
        let any = WantedAcr::of(&client, &claims(text), Some(one));
        assert_eq!(any, parameter);
    }
}
