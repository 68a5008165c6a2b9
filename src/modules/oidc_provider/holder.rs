//! What a request proves to hold, and tokens are bound to: a key (RFC 9449), a certificate (RFC 8705).

use crate::modules::jwt::Confirmation;

/// The thumbprints of what is proved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Holder {
    /// Of the key of a DPoP proof.
    pub(super) key: Option<String>,
    /// Of the certificate of the connection.
    pub(super) certificate: Option<String>,
}

impl Holder {
    /// What a token that it gets is bound to.
    pub(super) fn confirmation(&self) -> Option<Confirmation> {
        let is_bound = self.key.is_some() || self.certificate.is_some();
        is_bound.then(|| Confirmation {
            jkt: self.key.clone(),
            x5t_s256: self.certificate.clone(),
        })
    }

    /// Whether it holds all of what something is bound to.
    pub(super) fn holds(&self, key: Option<&str>, certificate: Option<&str>) -> bool {
        let has = |bound: Option<&str>, held: &Option<String>| {
            bound.is_none() || bound == held.as_deref()
        };
        has(key, &self.key) && has(certificate, &self.certificate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_bound_to_both_needs_both() {
        let both = Holder {
            key: Some("k".into()),
            certificate: Some("c".into()),
        };
        assert!(both.holds(Some("k"), Some("c")) && both.holds(None, None));
        assert!(!both.holds(Some("x"), Some("c")) && !both.holds(Some("k"), Some("x")));
        let none = Holder::default();
        assert!(none.holds(None, None) && none.confirmation().is_none());
        assert!(!none.holds(Some("k"), None) && !none.holds(None, Some("c")));
    }
}
