//! A server with clients of the OpenID Provider, and a person who is signed in.

use std::{fs, io::Write as _, process::Stdio};

use crate::{
    database::{Engine, Installation},
    http::{Connection, Response},
    process::{self, Server},
};

/// `job:0123456789abcdef0123456789abcdef`, and so on with each name.
pub const JOB: &str = "authorization: Basic am9iOjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVm";
pub const JOB_ES256: &str =
    "authorization: Basic am9iLWVzMjU2OjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVm";
pub const JOB_EDDSA: &str =
    "authorization: Basic am9iLWVkZHNhOjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVm";
pub const FORM: &str = "content-type: application/x-www-form-urlencoded";

const MANIFESTS: &str = r#"apiVersion: assay/v1
kind: Module
metadata: { name: jwt }
spec: { settings: { algorithms: [RS256, ES256, EdDSA] } }
---
apiVersion: assay/v1
kind: Module
metadata: { name: oidc_provider }
---
apiVersion: assay/v1
kind: OidcClient
metadata: { name: job }
spec:
  clientSecret: { fromEnv: BENCH_SECRET }
  grantTypes: [client_credentials]
  scopes: [reports.read]
---
apiVersion: assay/v1
kind: OidcClient
metadata: { name: job-es256 }
spec:
  clientSecret: { fromEnv: BENCH_SECRET }
  grantTypes: [client_credentials]
  scopes: [reports.read]
  idTokenSignedResponseAlg: ES256
---
apiVersion: assay/v1
kind: OidcClient
metadata: { name: job-eddsa }
spec:
  clientSecret: { fromEnv: BENCH_SECRET }
  grantTypes: [client_credentials]
  scopes: [reports.read]
  idTokenSignedResponseAlg: EdDSA
---
apiVersion: assay/v1
kind: OidcClient
metadata: { name: shop }
spec:
  clientSecret: { fromEnv: BENCH_SECRET }
  redirectUris: [https://shop.example.com/callback]
  grantTypes: [authorization_code, refresh_token, client_credentials]
  scopes: [openid, profile, email, reports.read]
  consent: implicit
---
apiVersion: assay/v1
kind: OidcClient
metadata: { name: vault }
spec:
  clientSecret: { fromEnv: BENCH_SECRET }
  redirectUris: [https://shop.example.com/callback]
  grantTypes: [authorization_code, refresh_token, client_credentials]
  scopes: [openid, profile, email, reports.read]
  consent: implicit
  accessTokenFormat: opaque
"#;

const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "correct horse battery ada";

/// A client that people sign in to.
#[derive(Clone, Copy)]
pub struct Client {
    name: &'static str,
    /// Its header of HTTP Basic.
    pub basic: &'static str,
}

/// JWT access tokens.
pub const SHOP: Client = Client {
    name: "shop",
    basic: "authorization: Basic c2hvcDowMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZg==",
};
/// Opaque access tokens.
pub const VAULT: Client = Client {
    name: "vault",
    basic: "authorization: Basic dmF1bHQ6MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
};

/// An installation with the clients above and one person.
pub fn installation(engine: Engine) -> Installation {
    installation_with(engine, "")
}

/// The same with more manifests.
pub fn installation_with(engine: Engine, more: &str) -> Installation {
    let installation = Installation::new(engine);
    let manifests = installation.path().join("manifests.yaml");
    fs::write(&manifests, format!("{MANIFESTS}---\n{more}")).unwrap();
    let applied = process::run(installation.command(&["apply", "-f", manifests.to_str().unwrap()]));
    assert_eq!(applied.exit, 0, "{}", applied.output);
    let mut creating = installation
        .command(&["user", "create", "--email", EMAIL, "--password-stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = creating.stdin.take().unwrap();
    stdin.write_all(PASSWORD.as_bytes()).unwrap();
    drop(stdin);
    assert!(creating.wait().unwrap().success());
    installation
}

/// What a client got for a code.
pub struct Tokens {
    pub access_token: String,
    pub refresh_token: String,
}

/// The person's browser.
pub struct Browser {
    connection: Connection,
    cookies: Vec<(String, String)>,
}

impl Browser {
    /// One that has been nowhere yet.
    pub fn new(server: &Server) -> Self {
        Self {
            connection: Connection::open(&server.address),
            cookies: Vec::new(),
        }
    }

    /// The person, signed in.
    pub fn signed_in(server: &Server) -> Self {
        let mut browser = Self::new(server);
        let answer = browser.log_in(PASSWORD);
        assert_eq!(answer.status, 303, "{}", answer.text());
        browser
    }

    /// Fills in the form of the login page.
    pub fn log_in(&mut self, password: &str) -> Response {
        let form = self.filled_in_with(password);
        self.send("POST", "/auth/login", &[FORM], &form)
    }

    /// The form of the login page, with the person's password.
    pub fn filled_in(&mut self) -> String {
        self.filled_in_with(PASSWORD)
    }

    fn filled_in_with(&mut self, password: &str) -> String {
        let page = self.send("GET", "/auth/login", &[], "").text();
        let (_, rest) = page.split_once("name=\"csrf\" value=\"").expect("a form");
        let csrf = rest.split('"').next().unwrap();
        format!(
            "csrf={csrf}&email={}&password={}",
            EMAIL.replace('@', "%40"),
            password.replace(' ', "+")
        )
    }

    /// Loses a cookie.
    pub fn forget(&mut self, name: &str) {
        self.cookies.retain(|(known, _)| known != name);
    }

    /// Asks for a code, which the client gets without a question. The challenge is that of RFC 7636,
    /// appendix B.
    pub fn code(&mut self, client: Client) -> String {
        let path = format!(
            "/auth/authorize?response_type=code&client_id={}&redirect_uri=https%3A%2F%2Fshop.example.com%2Fcallback\
             &scope=openid+profile+email&state=af0ifjsldkj&nonce=n-0S6_WzA2Mj\
             &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256",
            client.name
        );
        let answer = self.send("GET", &path, &[], "");
        let place = answer.header("location").unwrap_or_default();
        place
            .split(['?', '&'])
            .find_map(|pair| pair.strip_prefix("code="))
            .unwrap_or_else(|| panic!("no code: {} {place} {}", answer.status, answer.text()))
            .to_owned()
    }

    /// Signs in to the client.
    pub fn tokens(&mut self, client: Client) -> Tokens {
        let form = redemption(&self.code(client));
        let answer = self
            .connection
            .send("POST", "/auth/token", &[client.basic, FORM], &form);
        Tokens {
            access_token: answer.member("access_token"),
            refresh_token: answer.member("refresh_token"),
        }
    }

    /// Sends a request with the browser's cookies, and keeps those it is given.
    pub fn send(&mut self, method: &str, path: &str, headers: &[&str], body: &str) -> Response {
        let pairs: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let cookie = format!("cookie: {}", pairs.join("; "));
        let mut headers = headers.to_vec();
        if !pairs.is_empty() {
            headers.push(&cookie);
        }
        let answer = self.connection.send(method, path, &headers, body);
        for cookie in answer.all("set-cookie") {
            let pair = cookie.split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
        answer
    }
}

/// The form that redeems a code.
pub fn redemption(code: &str) -> String {
    format!(
        "grant_type=authorization_code&code={code}\
         &redirect_uri=https%3A%2F%2Fshop.example.com%2Fcallback\
         &code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    )
}
