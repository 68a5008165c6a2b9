//! An authenticator in software, and what a browser does with it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use url::Url;
use webauthn_authenticator_rs::WebauthnAuthenticator as _;
use webauthn_authenticator_rs::softpasskey::SoftPasskey;

use super::{Assay, Reply, Visitor};

/// An authenticator that holds one passkey for each account that it is added to. It claims to have
/// checked its owner whenever it is asked to.
pub struct SecurityKey {
    device: SoftPasskey,
    /// What it calls the passkey made last.
    pub credential_id: String,
    /// Whose it is, as the server has said.
    pub user_handle: String,
    /// The origin that the browser shows.
    pub origin: Option<Url>,
    /// The relying party that it signs for, if not the one that asks.
    pub rp_id: Option<String>,
    /// Whether it does without checking its owner, although it is asked to.
    pub skips_verification: bool,
}

impl SecurityKey {
    pub fn new() -> Self {
        Self {
            device: SoftPasskey::new(true),
            credential_id: String::new(),
            user_handle: String::new(),
            origin: None,
            rp_id: None,
            skips_verification: false,
        }
    }

    /// What it makes of the answer to `register/start`.
    pub fn create(&mut self, assay: &Assay, started: &Value) -> Value {
        let mut options = started.clone();
        let public_key = &mut options["publicKey"];
        public_key["user"]["id"]
            .as_str()
            .expect("a user handle")
            .clone_into(&mut self.user_handle);
        if let Some(id) = &self.rp_id {
            public_key["rp"]["id"] = json!(id);
        }
        if self.skips_verification {
            public_key["authenticatorSelection"]["userVerification"] = json!("discouraged");
        }
        let options = serde_json::from_value(options).expect("options");
        let made = self.device.do_registration(self.origin(assay), options);
        let made = json!(made.expect("a passkey"));
        made["id"]
            .as_str()
            .expect("an id")
            .clone_into(&mut self.credential_id);
        made
    }

    /// What it signs of the answer to `auth/start`, as a passkey that needs no address entered.
    pub fn sign(&mut self, assay: &Assay, started: &Value) -> Value {
        let mut signed = self.sign_without_handle(assay, started);
        signed["response"]["userHandle"] = json!(self.user_handle);
        signed
    }

    /// The same, as a passkey that is not discoverable: it does not know whose it is.
    pub fn sign_without_handle(&mut self, assay: &Assay, started: &Value) -> Value {
        let mut options = started.clone();
        let public_key = &mut options["publicKey"];
        public_key["allowCredentials"] =
            json!([{ "type": "public-key", "id": self.credential_id }]);
        if let Some(id) = &self.rp_id {
            public_key["rpId"] = json!(id);
        }
        if self.skips_verification {
            public_key["userVerification"] = json!("discouraged");
        }
        let options = serde_json::from_value(options).expect("options");
        let signed = self.device.do_authentication(self.origin(assay), options);
        json!(signed.expect("a signature"))
    }

    /// Adds a passkey to the account that is signed in at this browser.
    pub async fn register(&mut self, assay: &Assay, visitor: &mut Visitor, name: &str) -> Reply {
        let started = register_start(assay, visitor).await.expect_status(200);
        let credential = self.create(assay, &started.json());
        register_finish(assay, visitor, &credential, name).await
    }

    /// Signs in at this browser, without an address being entered.
    pub async fn sign_in(&mut self, assay: &Assay, visitor: &mut Visitor) -> Reply {
        let started = auth_start(assay, visitor, None).await.expect_status(200);
        let credential = self.sign(assay, &started.json());
        auth_finish(assay, visitor, &credential).await
    }

    fn origin(&self, assay: &Assay) -> Url {
        self.origin.clone().unwrap_or_else(|| assay.url("/"))
    }
}

pub async fn register_start(assay: &Assay, visitor: &mut Visitor) -> Reply {
    let url = assay.url("/auth/passkey/register/start");
    visitor.post_json(&url, &json!({})).await
}

pub async fn register_finish(
    assay: &Assay,
    visitor: &mut Visitor,
    credential: &Value,
    name: &str,
) -> Reply {
    let url = assay.url("/auth/passkey/register/finish");
    let body = json!({ "credential": credential, "name": name });
    visitor.post_json(&url, &body).await
}

pub async fn auth_start(assay: &Assay, visitor: &mut Visitor, email: Option<&str>) -> Reply {
    let url = assay.url("/auth/passkey/auth/start");
    let body = email.map_or_else(|| json!({}), |email| json!({ "email": email }));
    visitor.post_json(&url, &body).await
}

pub async fn auth_finish(assay: &Assay, visitor: &mut Visitor, credential: &Value) -> Reply {
    let url = assay.url("/auth/passkey/auth/finish");
    visitor
        .post_json(&url, &json!({ "credential": credential }))
        .await
}

/// The ids that the answer to `auth/start` allows, and how many bytes each has.
pub fn allowed(started: &Value) -> Vec<(String, usize)> {
    let list = started["publicKey"]["allowCredentials"].as_array();
    let ids = list.expect("a list").iter().map(|one| &one["id"]);
    ids.map(|id| {
        let id = id.as_str().expect("an id").to_owned();
        let length = URL_SAFE_NO_PAD.decode(&id).expect("base64url").len();
        (id, length)
    })
    .collect()
}
