//! An identity provider that assay signs people in with, and that misbehaves as it is told to.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use assay::crypto::{SigningAlgorithm, SigningKey};
use axum::Router;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};
use url::Url;

use super::Reply;

/// What assay is called there, and its secret.
pub const UPSTREAM_CLIENT: &str = "assay";
pub const UPSTREAM_SECRET: &str = "upstream-secret-0123456789-0123456789";

/// How the discovery document or the keys are answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Document {
    #[default]
    AsItShould,
    /// Sends the caller elsewhere.
    Redirect(String),
    /// Bytes without end.
    Endless,
    /// Never answers.
    Silent,
}

type Change<T> = Box<dyn Fn(&mut T) + Send>;
/// Makes an ID token of claims.
pub type Signer = Box<dyn Fn(&Value) -> String + Send>;

/// What the provider does, and what it has seen.
pub struct Behaviour {
    /// Who is signed in there: the claims of ID tokens beside those that every one has.
    pub claims: Value,
    /// What userinfo answers; nothing is told there unless it is set.
    pub userinfo: Option<Value>,
    /// What the list of addresses answers.
    pub emails: Value,
    /// Takes the last hand to an ID token's claims.
    pub id_token: Option<Change<Map<String, Value>>>,
    /// Makes the JWT itself, in the place of a signature with the key in the JWKS.
    pub sign: Option<Signer>,
    /// Takes the last hand to the answer's parameters.
    pub answer: Option<Change<Vec<(String, String)>>>,
    /// Takes the last hand to the discovery document.
    pub discovery: Option<Change<Value>>,
    /// What the token endpoint answers beside the tokens.
    pub tokens: Value,
    /// Whether it gives no tokens for refresh tokens any more.
    pub refuses_refresh: bool,
    pub discovery_is: Document,
    pub jwks_is: Document,
    /// How often the documents were asked for.
    pub discovery_asked: usize,
    pub jwks_asked: usize,
    /// Every authorization request that arrived.
    pub requests: Vec<HashMap<String, String>>,
    /// Every token request that arrived: its form, and its `Authorization` header.
    pub redemptions: Vec<(HashMap<String, String>, Option<String>)>,
    /// Codes that can be redeemed, each with its request.
    codes: HashMap<String, HashMap<String, String>>,
}

/// The provider.
pub struct Upstream {
    address: SocketAddr,
    key: Arc<SigningKey>,
    behaviour: Arc<Mutex<Behaviour>>,
}

#[derive(Clone)]
struct Served {
    issuer: String,
    key: Arc<SigningKey>,
    behaviour: Arc<Mutex<Behaviour>>,
}

impl Upstream {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (key, _) = SigningKey::generate(SigningAlgorithm::Es256).expect("a key");
        let key = Arc::new(key);
        let behaviour = Arc::new(Mutex::new(Behaviour {
            claims: json!({ "sub": "ada-there", "email": "ada@example.com", "email_verified": true, "name": "Ada" }),
            userinfo: None,
            emails: json!([]),
            id_token: None,
            sign: None,
            answer: None,
            discovery: None,
            tokens: json!({}),
            refuses_refresh: false,
            discovery_is: Document::default(),
            jwks_is: Document::default(),
            discovery_asked: 0,
            jwks_asked: 0,
            requests: Vec::new(),
            redemptions: Vec::new(),
            codes: HashMap::new(),
        }));
        let served = Served {
            issuer: format!("http://{address}"),
            key: Arc::clone(&key),
            behaviour: Arc::clone(&behaviour),
        };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/jwks", get(jwks))
            .route("/token", post(token))
            .route("/userinfo", get(userinfo))
            .route("/emails", get(emails))
            .with_state(served);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            address,
            key,
            behaviour,
        }
    }

    pub fn issuer(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its manifest; `more` are further lines of `spec`, each after two blanks.
    pub fn manifest(&self, name: &str, more: &str) -> String {
        format!(
            "---
apiVersion: assay/v1
kind: UpstreamProvider
metadata: {{ name: {name} }}
spec:
  displayName: {name} there
  issuer: {}
  clientId: {UPSTREAM_CLIENT}
  clientSecret: {{ fromEnv: UPSTREAM_SECRET }}
{more}",
            self.issuer()
        )
    }

    /// Makes it behave otherwise from now on.
    pub fn behave(&self, change: impl FnOnce(&mut Behaviour)) {
        change(&mut self.behaviour.lock().unwrap());
    }

    /// What it does and has seen.
    pub fn see<T>(&self, look: impl FnOnce(&Behaviour) -> T) -> T {
        look(&self.behaviour.lock().unwrap())
    }

    /// Somebody arrives at its authorization endpoint, is signed in there, and is sent back.
    pub fn answer(&self, request: &Url) -> Url {
        assert_eq!(request.path(), "/authorize", "{request}");
        let asked: HashMap<String, String> = request.query_pairs().into_owned().collect();
        assert_eq!(asked["client_id"], UPSTREAM_CLIENT);
        assert_eq!(asked["response_type"], "code");
        assert_eq!(asked["code_challenge_method"], "S256");
        let mut behaviour = self.behaviour.lock().unwrap();
        let code = format!("code-{}", behaviour.requests.len());
        let mut parameters = vec![
            ("code".to_owned(), code.clone()),
            ("state".to_owned(), asked["state"].clone()),
            ("iss".to_owned(), self.issuer()),
        ];
        let mut back: Url = asked["redirect_uri"].parse().expect("a redirect URI");
        behaviour.requests.push(asked.clone());
        behaviour.codes.insert(code, asked);
        if let Some(change) = &behaviour.answer {
            change(&mut parameters);
        }
        back.query_pairs_mut().extend_pairs(&parameters);
        back
    }

    /// A JWT with these claims, of this `typ`, signed by its key.
    pub fn sign(&self, typ: &str, claims: &Value) -> String {
        self.key.sign_jwt(typ, claims).expect("a JWT")
    }

    /// Its public key.
    pub fn public_key(&self) -> Value {
        serde_json::to_value(self.key.public_jwk()).expect("a JWK")
    }
}

/// The time in seconds.
pub fn seconds() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

async fn document(document: Document, json: Value) -> Response {
    match document {
        Document::AsItShould => axum::Json(json).into_response(),
        Document::Redirect(to) => Redirect::to(&to).into_response(),
        Document::Endless => {
            let bytes = futures_util::stream::repeat_with(|| {
                Ok::<_, std::io::Error>(axum::body::Bytes::from_static(&[b' '; 8_192]))
            });
            Body::from_stream(bytes).into_response()
        }
        Document::Silent => {
            tokio::time::sleep(Duration::from_mins(5)).await;
            StatusCode::OK.into_response()
        }
    }
}

async fn discovery(State(served): State<Served>) -> Response {
    let issuer = &served.issuer;
    let mut json = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "jwks_uri": format!("{issuer}/jwks"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "authorization_response_iss_parameter_supported": true,
    });
    let is = {
        let mut behaviour = served.behaviour.lock().unwrap();
        behaviour.discovery_asked += 1;
        if let Some(change) = &behaviour.discovery {
            change(&mut json);
        }
        behaviour.discovery_is.clone()
    };
    document(is, json).await
}

async fn jwks(State(served): State<Served>) -> Response {
    let is = {
        let mut behaviour = served.behaviour.lock().unwrap();
        behaviour.jwks_asked += 1;
        behaviour.jwks_is.clone()
    };
    document(is, json!({ "keys": [served.key.public_jwk()] })).await
}

async fn token(State(served): State<Served>, headers: HeaderMap, body: String) -> Response {
    let form: HashMap<String, String> = url::form_urlencoded::parse(body.as_bytes())
        .into_owned()
        .collect();
    let credential = headers
        .get(header::AUTHORIZATION)
        .map(|value| value.to_str().unwrap().to_owned());
    let mut behaviour = served.behaviour.lock().unwrap();
    behaviour
        .redemptions
        .push((form.clone(), credential.clone()));
    let refuse = |error: &str| {
        let body = axum::Json(json!({ "error": error }));
        (StatusCode::BAD_REQUEST, body).into_response()
    };
    let basic = STANDARD.encode(format!("{UPSTREAM_CLIENT}:{UPSTREAM_SECRET}"));
    let is_basic = credential.is_some_and(|value| value == format!("Basic {basic}"));
    let is_post = form.contains_key("client_secret") || form.contains_key("client_assertion");
    if !is_basic && !is_post {
        return refuse("invalid_client");
    }
    if form["grant_type"] == "refresh_token" && behaviour.refuses_refresh {
        return refuse("invalid_grant");
    }
    let mut answer = json!({
        "access_token": format!("token-{}", behaviour.redemptions.len()),
        "token_type": "Bearer",
    });
    if form["grant_type"] == "authorization_code" {
        let Some(asked) = behaviour.codes.remove(&form["code"]) else {
            return refuse("invalid_grant");
        };
        let digest =
            aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, form["code_verifier"].as_bytes());
        let challenge = URL_SAFE_NO_PAD.encode(digest);
        if challenge != asked["code_challenge"] || form["redirect_uri"] != asked["redirect_uri"] {
            return refuse("invalid_grant");
        }
        if asked["scope"].split(' ').any(|scope| scope == "openid") {
            answer["id_token"] = id_token(&served, &behaviour, &asked).into();
        }
    }
    for (name, value) in behaviour.tokens.as_object().unwrap() {
        answer[name] = value.clone();
    }
    axum::Json(answer).into_response()
}

fn id_token(served: &Served, behaviour: &Behaviour, asked: &HashMap<String, String>) -> String {
    let now = seconds();
    let mut claims = json!({
        "iss": served.issuer,
        "aud": UPSTREAM_CLIENT,
        "iat": now,
        "exp": now + 300,
        "nonce": asked["nonce"],
    });
    let claims = claims.as_object_mut().unwrap();
    claims.extend(behaviour.claims.as_object().unwrap().clone());
    if let Some(change) = &behaviour.id_token {
        change(claims);
    }
    let claims = Value::Object(claims.clone());
    match &behaviour.sign {
        Some(sign) => sign(&claims),
        None => served.key.sign_jwt("JWT", &claims).expect("a JWT"),
    }
}

async fn userinfo(State(served): State<Served>, headers: HeaderMap) -> Response {
    let bearer = headers[header::AUTHORIZATION].to_str().unwrap();
    assert!(bearer.starts_with("Bearer token-"), "{bearer}");
    let behaviour = served.behaviour.lock().unwrap();
    let told = behaviour.userinfo.as_ref();
    axum::Json(told.unwrap_or(&behaviour.claims).clone()).into_response()
}

async fn emails(State(served): State<Served>) -> Response {
    axum::Json(served.behaviour.lock().unwrap().emails.clone()).into_response()
}

/// Follows an answer as a form that the provider's page sends: what a browser does with it, whose cookies
/// that are `SameSite=Lax` stay behind. Gives where it is sent on to.
pub async fn post_answer(http: reqwest::RequestBuilder, answer: &Url) -> Reply {
    let fields: Vec<(String, String)> = answer.query_pairs().into_owned().collect();
    let request = http
        .header("origin", "https://up.example")
        .header("sec-fetch-site", "cross-site");
    Reply::to(super::with_form(request, &fields)).await
}
