//! Clients known by a certificate, and tokens bound to one (RFC 8705). The connection is ended by a
//! proxy, which tells of the certificate.

use std::fs;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
};
use reqwest::Method;
use serde_json::{Value, json};

use super::{CALLBACK, SECRET};
use crate::harness::{Assay, Manifests, Registration, Reply, TestDb, User, claims_of, with_form};

both_databases!(
    a_client_is_known_by_its_certificate,
    a_certificate_nobody_vouches_for_is_none,
    a_bound_token_needs_its_certificate,
    only_a_trusted_proxy_is_believed,
);

/// Certificates, and a folder with that of the authority.
struct Certificates {
    folder: tempfile::TempDir,
    /// Signed by the authority.
    billing: Certificate,
    /// With the same name, signed by itself.
    impostor: Certificate,
    /// The one that `robot` has made itself.
    robot: Certificate,
    /// Of nobody known.
    stranger: Certificate,
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::OrganizationName, "Acme");
    params.distinguished_name.push(DnType::CommonName, name);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params
}

fn own(name: &str) -> Certificate {
    named(name)
        .self_signed(&KeyPair::generate().unwrap())
        .unwrap()
}

impl Certificates {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = KeyPair::generate().unwrap();
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = authority.self_signed(&key).unwrap();
        fs::write(folder.path().join("ca.pem"), root.pem()).unwrap();
        let issuer = Issuer::new(authority, key);
        let billing_key = KeyPair::generate().unwrap();
        Self {
            folder,
            billing: named("billing").signed_by(&billing_key, &issuer).unwrap(),
            impostor: own("billing"),
            robot: own("robot"),
            stranger: own("stranger"),
        }
    }

    fn manifests(&self) -> String {
        let robot = STANDARD.encode(self.robot.der());
        // Any key will do: what counts is the certificate that comes with it.
        let jwk = json!({
            "kty": "OKP", "crv": "Ed25519", "use": "sig", "x5c": [robot],
            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        });
        format!(
            "apiVersion: assay/v1
kind: OidcClient
metadata: {{ name: billing }}
spec:
  tokenEndpointAuthMethod: tls_client_auth
  tlsClientAuth: {{ subjectDn: 'CN=billing,O=Acme' }}
  tlsClientCertificateBoundAccessTokens: true
  grantTypes: [client_credentials]
  scopes: [openid, pay]
---
apiVersion: assay/v1
kind: OidcClient
metadata: {{ name: robot }}
spec:
  tokenEndpointAuthMethod: self_signed_tls_client_auth
  jwks: {{ keys: [{jwk}] }}
  grantTypes: [client_credentials]
  scopes: [pay]
---
apiVersion: assay/v1
kind: OidcClient
metadata: {{ name: app }}
spec:
  clientType: public
  tlsClientCertificateBoundAccessTokens: true
  redirectUris: [{CALLBACK}]
  grantTypes: [authorization_code, refresh_token]
  scopes: [openid, email]
  consent: implicit
"
        )
    }

    async fn serve(&self, db: TestDb, server: &str) -> (Assay, Manifests) {
        let manifests = Manifests::new().file("clients.yaml", &self.manifests());
        let assay = Assay::with(db)
            .env("WIKI_SECRET", SECRET)
            .server_toml(server)
            .manifests(&manifests)
            .start()
            .await;
        (assay, manifests)
    }

    async fn behind_a_proxy(&self, db: TestDb) -> (Assay, Manifests) {
        let ca = self.folder.path().join("ca.pem");
        let server = format!(
            "trusted_proxies = [\"127.0.0.0/8\", \"::1\"]
client_certificate_authorities = {:?}",
            ca.to_str().unwrap()
        );
        self.serve(db, &server).await
    }
}

async fn token(assay: &Assay, certificate: Option<&Certificate>, form: &[(&str, &str)]) -> Reply {
    let mut request = assay.request(Method::POST, "/auth/token");
    if let Some(certificate) = certificate {
        let text = format!(":{}:", STANDARD.encode(certificate.der()));
        request = request.header("client-cert", text);
    }
    Reply::to(with_form(request, form)).await
}

async fn own_token(assay: &Assay, client: &str, certificate: Option<&Certificate>) -> Reply {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", client),
        ("scope", "pay"),
    ];
    token(assay, certificate, &form).await
}

fn thumbprint(certificate: &Certificate) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, certificate.der()))
}

fn claims(reply: &Reply) -> Value {
    claims_of(reply.json()["access_token"].as_str().unwrap())
}

async fn a_client_is_known_by_its_certificate(db: TestDb) {
    let certificates = Certificates::new();
    let (assay, _manifests) = certificates.behind_a_proxy(db).await;
    let reply = own_token(&assay, "billing", Some(&certificates.billing)).await;
    let claims_of_billing = claims(&reply.expect_status(200));
    assert_eq!(
        claims_of_billing["cnf"],
        json!({ "x5t#S256": thumbprint(&certificates.billing) })
    );
    let reply = own_token(&assay, "robot", Some(&certificates.robot)).await;
    // Nothing asks for its tokens to be bound.
    assert!(claims(&reply.expect_status(200)).get("cnf").is_none());

    let discovery = assay.get("/.well-known/openid-configuration").await.json();
    let methods = discovery["token_endpoint_auth_methods_supported"].to_string();
    assert!(methods.contains("\"tls_client_auth\""), "{methods}");
    assert!(
        methods.contains("\"self_signed_tls_client_auth\""),
        "{methods}"
    );
    assert_eq!(
        discovery["tls_client_certificate_bound_access_tokens"],
        true
    );
    // The proxy is believed about addresses, too.
    assert_eq!(address_of_sign_in(&assay).await, "203.0.113.77");
}

/// Where the server thinks that somebody signed in who says to be somewhere else.
async fn address_of_sign_in(assay: &Assay) -> String {
    let ada = assay.user("ada");
    let mut visitor = assay.visitor().forwarded_for("203.0.113.77");
    let app = Registration::public("app", CALLBACK).scope("openid");
    let app = assay.relying_party(app).await;
    visitor.sign_in(&app.authorization().url(), &ada).await;
    let audit = "/auth/admin/auth/audit?action=session.sign_in";
    let audit = Reply::to(assay.admin(Method::GET, audit)).await.json();
    audit["events"][0]["ip"].as_str().unwrap().to_owned()
}

async fn a_certificate_nobody_vouches_for_is_none(db: TestDb) {
    let certificates = Certificates::new();
    let (assay, _manifests) = certificates.behind_a_proxy(db).await;
    for (client, certificate) in [
        ("billing", None),
        // The right name, which anybody can write.
        ("billing", Some(&certificates.impostor)),
        ("billing", Some(&certificates.robot)),
        ("robot", None),
        ("robot", Some(&certificates.billing)),
        ("robot", Some(&certificates.stranger)),
        ("nobody", Some(&certificates.billing)),
    ] {
        let reply = own_token(&assay, client, certificate)
            .await
            .expect_status(401);
        reply.expect_error("invalid_client");
    }
    // A secret is no certificate.
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "billing"),
        ("client_secret", SECRET),
    ];
    let reply = token(&assay, Some(&certificates.billing), &form).await;
    reply.expect_status(401).expect_error("invalid_client");
    // Two certificates are none.
    let text = format!(":{}:", STANDARD.encode(certificates.billing.der()));
    let request = assay
        .request(Method::POST, "/auth/token")
        .header("client-cert", &text)
        .header("client-cert", &text);
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "billing"),
    ];
    Reply::to(with_form(request, &form))
        .await
        .expect_status(401);
}

async fn a_bound_token_needs_its_certificate(db: TestDb) {
    let certificates = Certificates::new();
    let (assay, _manifests) = certificates.behind_a_proxy(db).await;
    let ada: User = assay.user("ada");
    let app = Registration::public("app", CALLBACK).scope("openid email");
    let app = assay.relying_party(app).await;
    let request = app.authorization();
    let callback = assay.visitor().sign_in(&request.url(), &ada).await;
    let code = app.code_in(&callback, &request);
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", "app"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", &request.code_verifier),
    ];
    // Without one there is no token at all, and the code is not used up.
    token(&assay, None, &form)
        .await
        .expect_status(400)
        .expect_error("invalid_request");
    let reply = token(&assay, Some(&certificates.stranger), &form)
        .await
        .expect_status(200);
    let tokens = reply.json();
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(
        claims(&reply)["cnf"]["x5t#S256"],
        thumbprint(&certificates.stranger)
    );

    let userinfo = async |certificate: Option<&Certificate>| {
        let mut request = assay
            .request(Method::GET, "/auth/userinfo")
            .bearer_auth(tokens["access_token"].as_str().unwrap());
        if let Some(certificate) = certificate {
            let text = format!(":{}:", STANDARD.encode(certificate.der()));
            request = request.header("client-cert", text);
        }
        Reply::to(request).await
    };
    userinfo(Some(&certificates.stranger))
        .await
        .expect_status(200);
    userinfo(None).await.expect_status(401);
    userinfo(Some(&certificates.robot)).await.expect_status(401);

    // RFC 8705 4: the refresh token of a client without a secret is bound, too.
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", "app"),
        ("refresh_token", refresh),
    ];
    let reply = token(&assay, Some(&certificates.robot), &form).await;
    reply.expect_status(400).expect_error("invalid_grant");
    token(&assay, Some(&certificates.stranger), &form)
        .await
        .expect_status(200);
}

async fn only_a_trusted_proxy_is_believed(db: TestDb) {
    let certificates = Certificates::new();
    let server = "trusted_proxies = [\"192.0.2.1\"]";
    let (assay, _manifests) = certificates.serve(db, server).await;
    let robot = Some(&certificates.robot);
    own_token(&assay, "robot", robot).await.expect_status(401);
    assert_eq!(address_of_sign_in(&assay).await, "127.0.0.1");
    let discovery = assay.get("/.well-known/openid-configuration").await.json();
    let methods = discovery["token_endpoint_auth_methods_supported"].to_string();
    // Without authorities, nobody can vouch.
    assert!(!methods.contains("\"tls_client_auth\""), "{methods}");
}
