//! Clients that sign for themselves: `private_key_jwt` and `client_secret_jwt` (RFC 7523).

use std::net::SocketAddr;

use std::time::{SystemTime, UNIX_EPOCH};

use assay::crypto::{SigningAlgorithm, SigningKey};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use super::SECRET;
use crate::harness::{Assay, Manifests, Reply, TestDb, TlsFront, with_form};

both_databases!(
    a_client_shows_a_jwt_that_its_key_signed,
    an_assertion_that_is_not_the_clients_is_refused,
    a_client_can_key_an_assertion_with_its_secret,
    keys_are_fetched_from_where_the_client_publishes_them,
    keys_may_lie_behind_an_authority_of_ones_own,
    one_of_many_uses_of_an_assertion_at_once_succeeds,
);

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A server that knows the client `signer`, and its key.
struct Room {
    assay: Assay,
    key: SigningKey,
}

impl Room {
    async fn new(db: TestDb) -> Self {
        let (key, _) = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
        let jwks = json!({ "keys": [key.public_jwk()] });
        Self::with(db, key, &format!("jwks: {jwks}")).await
    }

    async fn with(db: TestDb, key: SigningKey, keys: &str) -> Self {
        Self::trusting(db, key, keys, "").await
    }

    /// With a bundle of further authorities.
    async fn trusting(db: TestDb, key: SigningKey, keys: &str, bundle: &str) -> Self {
        let manifests = Manifests::new().file(
            "clients.yaml",
            &format!(
                r"apiVersion: assay/v1
kind: OidcClient
metadata: {{ name: signer }}
spec:
  tokenEndpointAuthMethod: private_key_jwt
  {keys}
  grantTypes: [client_credentials]
---
apiVersion: assay/v1
kind: OidcClient
metadata: {{ name: sharer }}
spec:
  tokenEndpointAuthMethod: client_secret_jwt
  clientSecret: {{ fromEnv: WIKI_SECRET }}
  grantTypes: [client_credentials]
"
            ),
        );
        let assay = Assay::with(db)
            .env("WIKI_SECRET", SECRET)
            .env("SSL_CERT_FILE", bundle)
            .manifests(&manifests)
            .start()
            .await;
        Self { assay, key }
    }

    /// The claims of a good assertion, with an id of its own.
    fn claims(&self, client_id: &str, id: &str) -> Value {
        json!({
            "iss": client_id, "sub": client_id, "aud": self.assay.issuer(),
            "iat": now(), "exp": now() + 60, "jti": id,
        })
    }

    async fn show(&self, assertion: &str, more: &[(&str, &str)]) -> Reply {
        let mut form = vec![
            ("grant_type", "client_credentials"),
            ("client_assertion_type", TYPE),
            ("client_assertion", assertion),
        ];
        form.extend(more);
        let request = self.assay.request(reqwest::Method::POST, "/auth/token");
        Reply::to(with_form(request, &form)).await
    }

    async fn sign(&self, change: impl FnOnce(&mut Value)) -> Reply {
        let mut claims = self.claims("signer", "changed");
        change(&mut claims);
        self.show(&self.key.sign_jwt("JWT", &claims).unwrap(), &[])
            .await
    }
}

pub(super) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

async fn a_client_shows_a_jwt_that_its_key_signed(db: TestDb) {
    let room = Room::new(db).await;
    for (id, audience) in [
        ("1", room.assay.issuer()),
        ("2", room.assay.url("/auth/token").to_string()),
    ] {
        let mut claims = room.claims("signer", id);
        claims["aud"] = audience.into();
        let assertion = room.key.sign_jwt("JWT", &claims).unwrap();
        let reply = room.show(&assertion, &[("client_id", "signer")]).await;
        reply.expect_status(200);
        // Whoever copies it has nothing.
        room.show(&assertion, &[])
            .await
            .expect_error("invalid_client");
    }
    let discovery = room
        .assay
        .get("/.well-known/openid-configuration")
        .await
        .json();
    let methods = discovery["token_endpoint_auth_methods_supported"].to_string();
    assert!(methods.contains("private_key_jwt"), "{methods}");
    let algorithms = discovery["token_endpoint_auth_signing_alg_values_supported"].to_string();
    assert!(algorithms.contains("PS256") && !algorithms.contains("none"));
}

async fn an_assertion_that_is_not_the_clients_is_refused(db: TestDb) {
    let room = Room::new(db).await;
    let refused = "invalid_client";
    room.sign(|c| c["aud"] = "https://other.example.com".into())
        .await
        .expect_error(refused);
    room.sign(|c| c["iss"] = "other".into())
        .await
        .expect_error(refused);
    room.sign(|c| c["exp"] = (now() - 120).into())
        .await
        .expect_error(refused);
    room.sign(|c| c["nbf"] = (now() + 600).into())
        .await
        .expect_error(refused);
    room.sign(|c| drop(c.as_object_mut().unwrap().remove("jti")))
        .await
        .expect_error(refused);

    let claims = room.claims("signer", "forged");
    let (stranger, _) = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
    let forged = stranger.sign_jwt("JWT", &claims).unwrap();
    room.show(&forged, &[]).await.expect_error(refused);
    // RFC 8725 2.1: the public key is no secret, however it is written.
    let public = serde_json::to_string(room.key.public_jwk()).unwrap();
    for secret in [public.as_str(), ""] {
        let key = EncodingKey::from_secret(secret.as_bytes());
        let mac = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).unwrap();
        room.show(&mac, &[]).await.expect_error(refused);
    }
    let good = room.key.sign_jwt("JWT", &claims).unwrap();
    let (_, rest) = good.split_once('.').unwrap();
    // {"alg":"none"}
    let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", rest.split_once('.').unwrap().0);
    room.show(&unsigned, &[]).await.expect_error(refused);

    // The client's own method, once, and as itself.
    room.show(&good, &[("client_secret", "x")])
        .await
        .expect_error("invalid_request");
    room.show(&good, &[("client_id", "sharer")])
        .await
        .expect_error("invalid_request");
    let bare = room.assay.request(reqwest::Method::POST, "/auth/token");
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "signer"),
    ];
    Reply::to(with_form(bare, &form))
        .await
        .expect_error(refused);
    // None of this used it up.
    room.show(&good, &[]).await.expect_status(200);
}

async fn a_client_can_key_an_assertion_with_its_secret(db: TestDb) {
    let room = Room::new(db).await;
    let claims = room.claims("sharer", "1");
    let keyed = |secret: &str| {
        let key = EncodingKey::from_secret(secret.as_bytes());
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).unwrap()
    };
    room.show(&keyed("another-secret-of-somebody-else"), &[])
        .await
        .expect_error("invalid_client");
    room.show(&keyed(SECRET), &[]).await.expect_status(200);
    room.show(&keyed(SECRET), &[])
        .await
        .expect_error("invalid_client");
    // Its secret is in the database, but not to be read there.
    let exported = room.assay.cli(["export"]);
    assert!(!exported.stdout.contains(SECRET));
    assert!(exported.stdout.contains("sealed:"), "{}", exported.stdout);
}

async fn keys_are_fetched_from_where_the_client_publishes_them(db: TestDb) {
    let (key, _) = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
    let address = publish(&key).await;
    let keys = format!("jwksUri: http://{address}/jwks");
    let room = Room::with(db, key, &keys).await;
    // Without leave, nobody makes this server ask its own machine.
    room.sign(|_| {}).await.expect_error("invalid_client");
    allow_this_machine(&room);
    room.sign(|_| {}).await.expect_status(200);
}

fn allow_this_machine(room: &Room) {
    let allowing = Manifests::new().file(
        "module.yaml",
        r"apiVersion: assay/v1
kind: Module
metadata: { name: oidc_provider }
spec: { settings: { allowedPrivateNetworks: [127.0.0.0/8, '::1/128'] } }
",
    );
    let path = allowing.path().to_str().unwrap();
    room.assay
        .remote_command(["apply", "--take-over", "-f", path])
        .run()
        .expect_code(0);
}

/// Serves the key's set on this machine.
async fn publish(key: &SigningKey) -> SocketAddr {
    let body = json!({ "keys": [key.public_jwk()] }).to_string();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4_096];
            let _ = stream.read(&mut request).await;
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
            let _ = stream.write_all((head + &body).as_bytes()).await;
        }
    });
    address
}

async fn keys_may_lie_behind_an_authority_of_ones_own(db: TestDb) {
    let (key, _) = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
    let front = TlsFront::before(publish(&key).await.port()).await;
    let folder = Manifests::new().file("authority.pem", front.authority());
    let bundle = folder.path().join("authority.pem");
    let keys = format!("jwksUri: {}/jwks", front.url());
    let room = Room::trusting(db, key, &keys, bundle.to_str().unwrap()).await;
    allow_this_machine(&room);
    room.sign(|_| {}).await.expect_status(200);
    // One authority that is trusted says nothing about another.
    let other = SigningKey::generate(SigningAlgorithm::Es256).unwrap().0;
    let front = TlsFront::before(publish(&other).await.port()).await;
    let keys = format!("jwksUri: {}/jwks", front.url());
    let room = Room::trusting(TestDb::sqlite(), other, &keys, bundle.to_str().unwrap()).await;
    allow_this_machine(&room);
    room.sign(|_| {}).await.expect_error("invalid_client");
}

async fn one_of_many_uses_of_an_assertion_at_once_succeeds(db: TestDb) {
    let room = Room::new(db).await;
    let assertion = room
        .key
        .sign_jwt("JWT", &room.claims("signer", "1"))
        .unwrap();
    let uses = (0..30).map(|_| room.show(&assertion, &[]));
    let replies = futures_util::future::join_all(uses).await;
    let successes = replies.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(successes, 1);
}
