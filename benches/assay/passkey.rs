//! Signing in with a passkey.

use serde_json::{Value, json};
use url::Url;
use webauthn_authenticator_rs::{WebauthnAuthenticator as _, softpasskey::SoftPasskey};

use crate::{database::Engine, heading, process::Server, provider::Browser, report};

const JSON: &str = "content-type: application/json";
/// Twice this and a tenth more is less than one address may ask for in five minutes.
const SIGN_INS: u32 = 400;

pub fn run(server: &Server, engine: Engine) {
    heading(&format!("Passkey ({engine:?})"));
    let mut person = Person::with_passkey(server);
    let challenge = server.per_operation(SIGN_INS, || {
        person.start();
    });
    report("passkey: a challenge", challenge, "us", "");
    let sign_in = server.per_operation(SIGN_INS, || person.sign_in());
    report(
        "passkey: a sign-in, challenge and all",
        sign_in,
        "us",
        "aim: under 1,000",
    );
}

struct Person {
    browser: Browser,
    device: SoftPasskey,
    origin: Url,
    credential_id: Value,
    user_handle: Value,
}

impl Person {
    fn with_passkey(server: &Server) -> Self {
        let mut browser = Browser::signed_in(server);
        let mut device = SoftPasskey::new(true);
        let port = server.address.rsplit(':').next().unwrap();
        let origin: Url = format!("http://localhost:{port}").parse().unwrap();
        let options = ask(&mut browser, "register/start", &json!({}));
        let user_handle = options["publicKey"]["user"]["id"].clone();
        let options = serde_json::from_value(options).unwrap();
        let made = json!(device.do_registration(origin.clone(), options).unwrap());
        ask(
            &mut browser,
            "register/finish",
            &json!({ "credential": made }),
        );
        Self {
            browser,
            device,
            origin,
            credential_id: made["id"].clone(),
            user_handle,
        }
    }

    fn start(&mut self) -> Value {
        ask(&mut self.browser, "auth/start", &json!({}))
    }

    fn sign_in(&mut self) {
        let mut options = self.start();
        options["publicKey"]["allowCredentials"] =
            json!([{ "type": "public-key", "id": self.credential_id }]);
        let options = serde_json::from_value(options).unwrap();
        let origin = self.origin.clone();
        let mut signed = json!(self.device.do_authentication(origin, options).unwrap());
        signed["response"]["userHandle"] = self.user_handle.clone();
        ask(
            &mut self.browser,
            "auth/finish",
            &json!({ "credential": signed }),
        );
    }
}

fn ask(browser: &mut Browser, path: &str, body: &Value) -> Value {
    let path = format!("/auth/passkey/{path}");
    let answer = browser.send("POST", &path, &[JSON], &body.to_string());
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    serde_json::from_slice(&answer.body).unwrap()
}
