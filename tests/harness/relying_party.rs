//! A client of the provider, at the level of HTTP: what it sends can be bent in every way.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use reqwest::{RequestBuilder, Url};
use serde_json::Value;

use super::reply::with_form;
use super::{Reply, User, Visitor};

/// How a client proves who it is at the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// `client_secret_basic`
    Basic,
    /// `client_secret_post`
    Post,
    /// `none`: a public client
    None,
}

/// What a client knows about itself.
#[derive(Clone, Debug)]
pub struct Registration {
    pub client_id: String,
    pub client_secret: Option<String>,
    pub authentication: ClientAuthentication,
    pub redirect_uri: String,
    pub scope: String,
}

/// A client that has read the discovery document.
pub struct RelyingParty {
    http: reqwest::Client,
    pub registration: Registration,
    /// The discovery document.
    pub provider: Value,
}

/// An authorization request, and what its client remembers of it until the answer.
#[derive(Clone, Debug)]
pub struct Authorization {
    endpoint: Url,
    parameters: BTreeMap<String, String>,
    pub state: String,
    pub nonce: String,
    pub code_verifier: String,
}

/// What the token endpoint gave.
#[derive(Clone, Debug)]
pub struct Tokens {
    pub access_token: String,
    pub refresh_token: Option<String>,
    pub id_token: Option<String>,
    pub scope: Option<String>,
    /// Seconds.
    pub expires_in: u64,
}

impl Registration {
    /// A confidential client that authenticates with HTTP Basic.
    pub fn confidential(client_id: &str, client_secret: &str, redirect_uri: &str) -> Self {
        Self {
            client_id: client_id.to_owned(),
            client_secret: Some(client_secret.to_owned()),
            authentication: ClientAuthentication::Basic,
            redirect_uri: redirect_uri.to_owned(),
            scope: "openid profile email".to_owned(),
        }
    }

    pub fn public(client_id: &str, redirect_uri: &str) -> Self {
        Self {
            client_secret: None,
            authentication: ClientAuthentication::None,
            ..Self::confidential(client_id, "", redirect_uri)
        }
    }

    pub fn scope(mut self, scope: &str) -> Self {
        scope.clone_into(&mut self.scope);
        self
    }

    pub fn authentication(mut self, authentication: ClientAuthentication) -> Self {
        self.authentication = authentication;
        self
    }
}

impl Authorization {
    /// Sends one parameter differently.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.parameters.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Leaves one parameter out.
    pub fn without(mut self, name: &str) -> Self {
        self.parameters.remove(name);
        self
    }

    /// What is asked for.
    pub fn parameters(&self) -> Vec<(&str, &str)> {
        self.parameters
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect()
    }

    /// Where the browser is sent with a reference to the request (RFC 9126 section 4).
    pub fn url_of(&self, request_uri: &str) -> Url {
        let mut url = self.endpoint.clone();
        url.query_pairs_mut()
            .append_pair("client_id", &self.parameters["client_id"])
            .append_pair("request_uri", request_uri);
        url
    }

    /// Where the browser is sent.
    pub fn url(&self) -> Url {
        let mut url = self.endpoint.clone();
        url.query_pairs_mut().extend_pairs(&self.parameters);
        url
    }
}

impl RelyingParty {
    pub(super) async fn discover(
        http: reqwest::Client,
        issuer: &str,
        registration: Registration,
    ) -> Self {
        let url = format!("{issuer}/.well-known/openid-configuration");
        let provider = Reply::to(http.get(url)).await.expect_status(200).json();
        // OpenID Connect Discovery 1.0 section 4.3: it must be what the document was asked for under.
        assert_eq!(provider["issuer"], issuer, "{provider:#}");
        Self {
            http,
            registration,
            provider,
        }
    }

    /// The same client, registered with changed data.
    pub fn registered(&self, change: impl FnOnce(Registration) -> Registration) -> Self {
        Self {
            http: self.http.clone(),
            registration: change(self.registration.clone()),
            provider: self.provider.clone(),
        }
    }

    /// The URL that discovery gives under this name.
    #[track_caller]
    pub fn endpoint(&self, name: &str) -> Url {
        self.provider[name]
            .as_str()
            .unwrap_or_else(|| panic!("no {name} in {:#}", self.provider))
            .parse()
            .expect("a URL")
    }

    /// A new authorization request with PKCE, state and nonce.
    pub fn authorization(&self) -> Authorization {
        let (state, nonce, code_verifier) = (random(), random(), random());
        let challenge = code_challenge(&code_verifier);
        let parameters = [
            ("response_type", "code"),
            ("client_id", &self.registration.client_id),
            ("redirect_uri", &self.registration.redirect_uri),
            ("scope", &self.registration.scope),
            ("state", &state),
            ("nonce", &nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        Authorization {
            endpoint: self.endpoint("authorization_endpoint"),
            parameters: parameters.into(),
            state,
            nonce,
            code_verifier,
        }
    }

    /// Checks the answer that came back with the browser, and takes the code out of it.
    #[track_caller]
    pub fn code_in(&self, callback: &Url, authorization: &Authorization) -> String {
        let answer = self.answer_in(callback, authorization);
        answer
            .get("code")
            .unwrap_or_else(|| panic!("no code in {callback}"))
            .clone()
    }

    /// Checks the refusal that came back with the browser, and takes the error code out of it.
    #[track_caller]
    pub fn error_in(&self, callback: &Url, authorization: &Authorization) -> String {
        let answer = self.answer_in(callback, authorization);
        assert!(!answer.contains_key("code"), "code and error: {callback}");
        answer
            .get("error")
            .unwrap_or_else(|| panic!("no error in {callback}"))
            .clone()
    }

    #[track_caller]
    fn answer_in(&self, callback: &Url, authorization: &Authorization) -> BTreeMap<String, String> {
        let mut place = callback.clone();
        place.set_query(None);
        assert_eq!(place.as_str(), self.registration.redirect_uri, "{callback}");
        let answer: BTreeMap<String, String> = callback.query_pairs().into_owned().collect();
        assert_eq!(
            answer.get("state"),
            Some(&authorization.state),
            "{callback}"
        );
        // RFC 9207: a client of several providers must know which one answered.
        let issuer = self.provider["issuer"].as_str();
        assert_eq!(answer.get("iss").map(String::as_str), issuer, "{callback}");
        answer
    }

    /// Exchanges the code.
    pub async fn redeem(&self, code: &str, authorization: &Authorization) -> Reply {
        self.token(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.registration.redirect_uri),
            ("code_verifier", &authorization.code_verifier),
        ])
        .await
    }

    pub async fn refresh(&self, refresh_token: &str) -> Reply {
        self.token(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token),
        ])
        .await
    }

    pub async fn client_credentials(&self, scope: &str) -> Reply {
        self.token(&[("grant_type", "client_credentials"), ("scope", scope)])
            .await
    }

    /// A request to the token endpoint with these parameters and the client's authentication.
    pub async fn token(&self, parameters: &[(&str, &str)]) -> Reply {
        self.post("token_endpoint", parameters).await
    }

    /// Posts a form to the endpoint that discovery gives under this name, authenticated as the client.
    pub async fn post(&self, endpoint: &str, parameters: &[(&str, &str)]) -> Reply {
        let request = self.http.post(self.endpoint(endpoint));
        Reply::to(self.authenticate(request, parameters)).await
    }

    fn authenticate(&self, request: RequestBuilder, parameters: &[(&str, &str)]) -> RequestBuilder {
        let id = self.registration.client_id.as_str();
        let secret = self.registration.client_secret.as_deref();
        let mut form = parameters.to_vec();
        match self.registration.authentication {
            ClientAuthentication::Basic => {
                // RFC 6749 section 2.3.1: both are form-encoded before they are put together.
                let encoded = |text| -> String {
                    url::form_urlencoded::byte_serialize(str::as_bytes(text)).collect()
                };
                let request = request.basic_auth(encoded(id), secret.map(encoded));
                return with_form(request, &form);
            }
            ClientAuthentication::Post => {
                form.push(("client_id", id));
                form.extend(secret.map(|secret| ("client_secret", secret)));
            }
            ClientAuthentication::None => form.push(("client_id", id)),
        }
        with_form(request, &form)
    }

    pub async fn userinfo(&self, access_token: &str) -> Reply {
        let request = self.http.get(self.endpoint("userinfo_endpoint"));
        Reply::to(request.bearer_auth(access_token)).await
    }

    /// Goes the whole way: the person signs in and allows, the code is exchanged, the ID token checked.
    pub async fn sign_in(&self, visitor: &mut Visitor, user: &User) -> Tokens {
        let authorization = self.authorization();
        let callback = visitor.sign_in(&authorization.url(), user).await;
        let code = self.code_in(&callback, &authorization);
        let tokens = self.redeem(&code, &authorization).await.tokens();
        let id_token = tokens.id_token.as_deref().expect("an ID token");
        let claims = self.id_token_claims(id_token).await;
        assert_eq!(claims["nonce"], authorization.nonce, "{claims:#}");
        tokens
    }

    /// Verifies signature, issuer, audience and times of an ID token (OpenID Connect Core 1.0, 3.1.3.7).
    pub async fn id_token_claims(&self, id_token: &str) -> Value {
        self.signed_claims(id_token, &["iss", "sub", "aud", "exp", "iat"])
            .await
    }

    /// Verifies signature, issuer, audience and times of a JWT for this client, which must have the
    /// claims that are named.
    pub async fn signed_claims(&self, token: &str, required: &[&str]) -> Value {
        let header = decode_header(token).expect("a JWT");
        let reply = Reply::to(self.http.get(self.endpoint("jwks_uri"))).await;
        let keys: JwkSet = serde_json::from_str(&reply.expect_status(200).body).expect("a JWK set");
        let kid = header.kid.as_deref().expect("a kid");
        let key = keys
            .find(kid)
            .unwrap_or_else(|| panic!("no key {kid} in {keys:?}"));
        let mut validation = Validation::new(header.alg);
        validation.set_issuer(&[self.provider["issuer"].as_str().expect("an issuer")]);
        validation.set_audience(&[&self.registration.client_id]);
        validation.set_required_spec_claims(required);
        let key = DecodingKey::from_jwk(key).expect("a usable key");
        decode::<Value>(token, &key, &validation)
            .unwrap_or_else(|error| panic!("{error}: {token}"))
            .claims
    }
}

impl Reply {
    /// The tokens of a successful answer of the token endpoint (RFC 6749 section 5.1).
    #[track_caller]
    pub fn tokens(self) -> Tokens {
        let reply = self.expect_status(200);
        let no_store = reply.header("cache-control").unwrap_or_default();
        assert!(no_store.contains("no-store"), "{reply:#?}");
        let body = reply.json();
        assert_eq!(body["token_type"], "Bearer", "{reply:#?}");
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        Tokens {
            access_token: text("access_token").expect("an access token"),
            refresh_token: text("refresh_token"),
            id_token: text("id_token"),
            scope: text("scope"),
            expires_in: body["expires_in"].as_u64().expect("a lifetime"),
        }
    }
}

/// The S256 challenge of a verifier (RFC 7636 section 4.2).
fn code_challenge(code_verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, code_verifier.as_bytes()))
}

/// 256 random bits in base64url: 43 characters, the shortest verifier that RFC 7636 allows.
fn random() -> String {
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes).expect("random bytes");
    URL_SAFE_NO_PAD.encode(bytes)
}

#[test]
fn the_challenge_is_that_of_the_standard() {
    // RFC 7636 appendix B.
    assert_eq!(
        code_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    );
    assert_eq!(random().len(), 43);
    assert_ne!(random(), random());
}
