//! Tables stay bounded: what people and clients leave behind goes, while others sign in.
//!
//! `ASSAY_SOAK_SECONDS` makes the run as long as you like.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use reqwest::Method;

use super::{
    Bench, SECRET,
    device::{device, poll},
    dpop::Holder,
};
use crate::harness::{LogoutReceiver, RelyingParty, Reply, TestDb, Visitor, free_port, with_form};

both_databases!(tables_stay_bounded);

/// How long people come, unless the environment says otherwise.
const SECONDS: u64 = 24;
/// How long what fills a table at each sign-in may stay: six seconds at most by its lifetime, one until
/// the next look, and what a busy machine takes.
const STAYS: Duration = Duration::from_secs(12);
/// How long somebody stays signed in: far shorter than a session lives here.
const FRESH: Duration = Duration::from_secs(5);
/// How long it may take until the last row has gone.
const PATIENCE: Duration = Duration::from_mins(2);

/// Wrong codes that are typed: an address has a hundred.
const GUESSES: usize = 50;

/// Tables that grow without end on purpose, or with the servers and not with what they do.
const UNCOUNTED: [&str; 3] = ["audit", "instance", "replicas"];

/// Time is made to pass, ten weeks of it, for what is remembered longer than a test can wait.
const TIME_PASSES: [&str; 7] = [
    "UPDATE attempts SET expires_at = expires_at - 6048000000",
    "UPDATE oidc_authorization_codes SET expires_at = expires_at - 6048000000",
    "UPDATE oidc_device_codes SET expires_at = expires_at - 6048000000",
    "UPDATE oidc_logout_notices SET expires_at = expires_at - 6048000000",
    "UPDATE oidc_pushed_requests SET expires_at = expires_at - 6048000000",
    "UPDATE oidc_seen_ids SET expires_at = expires_at - 6048000000",
    "UPDATE sessions SET expires_at = expires_at - 6048000000",
];

fn manifests(listening: &LogoutReceiver) -> String {
    let shop = |name: &str, more: &str| {
        format!(
            "---
apiVersion: assay/v1
kind: OidcClient
metadata: {{ name: {name} }}
spec:
  clientSecret: {{ fromEnv: WIKI_SECRET }}
  redirectUris: [https://wiki.example.com/callback]
  scopes: [openid, offline_access]
  consent: implicit
{more}"
        )
    };
    let device = "urn:ietf:params:oauth:grant-type:device_code";
    [
        String::from(
            "apiVersion: assay/v1
kind: Module
metadata: { name: oidc_provider }
spec:
  settings:
    accessTokenTtl: 1s
    idTokenTtl: 1s
    refreshTokenTtl: 2s
    authorizationCodeTtl: 3s
    allowedPrivateNetworks: [127.0.0.0/8]
---
apiVersion: assay/v1
kind: Module
metadata: { name: session }
spec: { settings: { ttl: 20s } }
",
        ),
        shop(
            "shop",
            &format!(
                "  grantTypes: [authorization_code, refresh_token]
  accessTokenFormat: opaque
  backchannelLogoutUri: {}
",
                listening.uri()
            ),
        ),
        shop(
            "deaf",
            &format!(
                "  backchannelLogoutUri: http://127.0.0.1:{}/\n",
                free_port()
            ),
        ),
        // Its refresh tokens would live long, if anybody came for them.
        shop(
            "patient",
            &format!(
                "  grantTypes: [authorization_code, refresh_token, \"{device}\"]
  refreshTokenTtl: 30d
"
            ),
        ),
        // It gets no refresh tokens, however long they would live.
        shop("brief", "  refreshTokenTtl: 30d\n"),
    ]
    .concat()
}

struct Crowd {
    bench: Bench,
    visitor: Visitor,
    shop: RelyingParty,
    deaf: RelyingParty,
    patient: RelyingParty,
    brief: RelyingParty,
    holder: Holder,
    signed_in: Instant,
    rounds: Vec<Instant>,
}

impl Crowd {
    async fn code(&mut self, client: &str) -> (String, crate::harness::Authorization) {
        let client = match client {
            "patient" => &self.patient,
            "brief" => &self.brief,
            _ => &self.shop,
        };
        let request = client.authorization();
        let callback = self.visitor.sign_in(&request.url(), &self.bench.ada).await;
        (client.code_in(&callback, &request), request)
    }

    /// One of everything that people and clients do, and leave undone.
    async fn round(&mut self) {
        self.rounds.push(Instant::now());
        // Nobody's session is to end between a code and its tokens.
        if self.signed_in.elapsed() > FRESH {
            self.visitor = self.bench.assay.visitor();
            self.signed_in = Instant::now();
        }
        // Begun, and left at the login page; pushed, and never sent to the browser.
        let begun = self.shop.authorization();
        let mut stranger = self.bench.assay.visitor();
        stranger.open(&begun.url()).await.page();
        let endpoint = "pushed_authorization_request_endpoint";
        let pushed = self.shop.post(endpoint, &begun.parameters()).await;
        pushed.expect_status(201);
        // Left with the code.
        self.code("patient").await;
        // Completed, and refreshed; the code comes again.
        let (code, request) = self.code("shop").await;
        let mut tokens = self.shop.redeem(&code, &request).await.tokens();
        for _ in 0..2 {
            let refresh_token = tokens.refresh_token.unwrap();
            tokens = self.shop.refresh(&refresh_token).await.tokens();
        }
        let again = self.shop.redeem(&code, &request).await;
        again.expect_error("invalid_grant");
        let (code, request) = self.code("brief").await;
        self.brief.redeem(&code, &request).await.tokens();
        // Devices: one that nobody answers for, one that never comes for its tokens; and a wrong code.
        device(&self.patient, "openid").await;
        let forgotten = device(&self.patient, "openid").await;
        poll(&self.patient, &forgotten)
            .await
            .expect_error("authorization_pending");
        self.bench
            .answer(&mut self.visitor, &forgotten, "allow")
            .await;
        if self.rounds.len() < GUESSES {
            let form = stranger.open(&forgotten.page).await.page();
            let form = form.form_with("user_code").fill("user_code", "BBBB-BBBB");
            stranger.submit(&form).await.page();
        }
        // A proof counts once.
        self.proof().await;
        // Every now and then somebody signs in with a password, and out again.
        if self.rounds.len().is_multiple_of(5) {
            let mut visitor = self.bench.assay.visitor();
            let tokens = self.shop.sign_in(&mut visitor, &self.bench.ada).await;
            self.deaf.sign_in(&mut visitor, &self.bench.ada).await;
            let mut url = self.shop.endpoint("end_session_endpoint");
            url.query_pairs_mut()
                .append_pair("id_token_hint", &tokens.id_token.unwrap());
            visitor.open(&url).await.page().reply.expect_status(200);
        }
    }

    async fn proof(&self) {
        let url = self.bench.assay.url("/auth/token");
        let request = self
            .bench
            .assay
            .request(Method::POST, "/auth/token")
            .header("dpop", self.holder.proof("POST", url.as_str(), |_| {}));
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", "reporter"),
            ("client_secret", SECRET),
        ];
        Reply::to(with_form(request, &form))
            .await
            .expect_status(200);
    }

    async fn rows(&self) -> BTreeMap<String, i64> {
        let folder = self.bench.assay.folder().join("data");
        self.bench.assay.db().rows(&folder).await
    }

    /// Rounds that began at most [`STAYS`] ago.
    fn recent(&self) -> i64 {
        let recent = self.rounds.iter().filter(|begun| begun.elapsed() < STAYS);
        i64::try_from(recent.count()).unwrap()
    }

    /// Grants whose code or device nobody has come for: one of each kind a round, kept for a while.
    fn forgotten(&self) -> i64 {
        2 * i64::try_from(self.rounds.len()).unwrap()
    }

    /// Looks whether what lives for seconds has gone after seconds.
    async fn check(&self) {
        let rows = self.rows().await;
        let recent = self.recent();
        let bounds = [
            ("oidc_grants", 4 * recent + self.forgotten()),
            ("oidc_refresh_tokens", 4 * recent),
            ("oidc_access_tokens", 4 * recent),
        ];
        for (table, bound) in bounds {
            let (found, made) = (rows[table], self.rounds.len());
            assert!(
                found <= bound,
                "{found} rows in {table} after {made} rounds, {recent} of them recent"
            );
        }
    }

    /// Waits until the tables have these rows and no more.
    async fn expect(&self, expected: &BTreeMap<&str, i64>) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let rows = self.rows().await;
            let found = expected
                .keys()
                .map(|table| (*table, rows[*table]))
                .collect();
            if *expected == found {
                return;
            }
            assert!(
                Instant::now() < deadline,
                "{expected:#?} expected, found {rows:#?}"
            );
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

async fn tables_stay_bounded(db: TestDb) {
    let seconds = std::env::var("ASSAY_SOAK_SECONDS").ok();
    let seconds = seconds.map_or(SECONDS, |text| text.parse().expect("seconds"));
    let listening = LogoutReceiver::start().await;
    let bench = Bench::with_more(db, &manifests(&listening)).await;
    // Two that clean up at once do not get into each other's way.
    let replica = bench.assay.replica().await;
    let mut crowd = Crowd {
        visitor: bench.assay.visitor(),
        shop: bench.client("shop", "openid").await,
        deaf: bench.client("deaf", "openid").await,
        patient: bench.client("patient", "openid").await,
        brief: bench.client("brief", "openid").await,
        holder: Holder::new(),
        signed_in: Instant::now(),
        rounds: Vec::new(),
        bench,
    };
    let before = crowd.rows().await;

    let end = Instant::now() + Duration::from_secs(seconds);
    while Instant::now() < end || crowd.rounds.len() < 5 {
        crowd.round().await;
        crowd.check().await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let made = crowd.rounds.len();
    eprintln!("{made} rounds of sign-ins left {:?}", crowd.rows().await);

    // By themselves: all but what somebody could still come for.
    let forgotten = crowd.forgotten();
    let expiring = [
        ("oidc_grants", forgotten),
        ("oidc_refresh_tokens", 0),
        ("oidc_access_tokens", 0),
    ];
    crowd.expect(&expiring.into()).await;

    let folder = crowd.bench.assay.folder().join("data");
    for statement in TIME_PASSES {
        let passed = crowd.bench.assay.db().alter(&folder, statement).await;
        assert!(passed > 0, "nothing was there to age: {statement}");
    }
    let mut expected: BTreeMap<&str, i64> = before
        .iter()
        .filter(|(table, _)| !UNCOUNTED.contains(&table.as_str()))
        .map(|(table, rows)| (table.as_str(), *rows))
        .collect();
    // What a person allowed a device to have is remembered.
    expected.insert("oidc_consents", 1);
    crowd.expect(&expected).await;
    for server in [&crowd.bench.assay, &replica] {
        let logs = server.logs();
        assert!(!logs.contains("were not removed"), "{logs}");
    }
}
