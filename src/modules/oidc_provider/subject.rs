//! What a client calls a person (OpenID Connect Core 8): what every client calls them, or a name that only
//! the clients of its sector know, by which others cannot find the person again.

use assay_reconciler::spec::oidc_client::SubjectIdentifierType;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{crypto::Keyring, generation::Client};

/// The `sub` of the person at this client. Of a sector it is a keyed hash under the master key, so it
/// stays the same on every replica and when signing keys change.
pub(super) fn of(keyring: &Keyring, client: &Client, user_id: &str) -> String {
    match client.spec.subject_type {
        SubjectIdentifierType::Public => user_id.to_owned(),
        SubjectIdentifierType::Pairwise => {
            // A client without a sector has one to itself.
            let sector = match client.spec.sector() {
                Some(host) => format!("host:{host}"),
                None => format!("client:{}", client.uid),
            };
            let hash = keyring.token_hash("oidc.subject", &format!("{sector}\0{user_id}"));
            URL_SAFE_NO_PAD.encode(hash.as_bytes())
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::crypto::keyring;

    fn client(uid: &str, redirect_uri: &str) -> Client {
        Client {
            registered_itself: false,
            uid: uid.to_owned(),
            name: "app".to_owned(),
            spec: serde_json::from_value(json!({
                "subjectType": "pairwise", "redirectUris": [redirect_uri],
            }))
            .unwrap(),
        }
    }

    #[test]
    fn a_subject_never_changes_from_one_release_to_the_next() {
        let client = client("1", "https://app.example.com/cb");
        insta::assert_snapshot!(of(&keyring(7), &client, "ada"), @"KMZdzFd1x61v23pNf5WIO6E5jCxTbusbKdq__iQZn8A");
    }

    #[test]
    fn a_client_without_a_sector_shares_its_subjects_with_nobody() {
        let of = |uid, redirect_uri| of(&keyring(1), &client(uid, redirect_uri), "ada");
        let (first, second) = ("https://a.example/1", "https://a.example/2");
        assert_eq!(of("1", first), of("2", second));
        for uri in ["http://127.0.0.1/cb", "com.example.app:/cb"] {
            assert_ne!(of("1", uri), of("2", uri), "{uri}");
        }
    }
}
