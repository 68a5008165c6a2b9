//! How letters reach people: over a mail server, or into a folder.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::Value;
use tempfile::NamedTempFile;

use crate::harness::{
    Assay, CREDENTIALS, MailServer, Manifests, Mood, Reply, Security, TestDb, mails_in,
};

both_databases!(
    a_letter_is_handed_to_a_mail_server_over_tls,
    nothing_is_said_in_the_clear_before_starttls,
    a_server_without_starttls_is_told_nothing,
    a_server_with_a_certificate_of_nobody_known_is_told_nothing,
    a_letter_that_is_put_off_is_tried_again_also_after_a_crash,
    a_letter_that_is_refused_is_given_up_and_can_be_sent_again,
    a_password_of_a_mail_server_is_shown_to_nobody,
    without_settings_letters_wait_where_an_operator_finds_them,
);

fn manifest(server: &MailServer, security: &str, more: &str) -> String {
    format!(
        "apiVersion: assay/v1
kind: Module
metadata: {{ name: mail }}
spec:
  settings:
    from: Acme Identity <no-reply@acme.example>
    replyTo: help@acme.example
    smtp: {{ host: localhost, port: {}, security: {security} {more} }}
",
        server.port()
    )
}

const LOGGED_IN: &str = ", username: assay, password: { fromEnv: SMTP_PASSWORD }";

async fn start(db: TestDb, manifest: &str, authority: Option<&str>) -> (Assay, Manifests) {
    let manifests = Manifests::new().file("mail.yaml", manifest);
    let mut setup = Assay::with(db)
        .env("SMTP_PASSWORD", CREDENTIALS.1)
        .manifests(&manifests);
    if let Some(authority) = authority {
        let file = NamedTempFile::new().expect("a file");
        std::fs::write(&file, authority).expect("a written file");
        let (_, path) = file.keep().expect("a kept file");
        setup = setup.env("SSL_CERT_FILE", path.to_str().expect("UTF-8"));
    }
    (setup.start().await, manifests)
}

/// Has a letter sent to somebody.
async fn recover(assay: &Assay, email: &str) {
    let mut visitor = assay.visitor();
    let page = visitor.open(&assay.url("/auth/recover")).await.page();
    let form = page.form_with("email").fill("email", email);
    let page = visitor.submit(&form).await.page();
    assert_eq!(page.reply.status, 200);
}

async fn mails(assay: &Assay) -> Value {
    let listed = assay.admin(Method::GET, "/auth/admin/auth/mails");
    Reply::to(listed).await.expect_status(200).json()
}

/// Waits until the newest letter is as is wanted; gives it.
async fn wait(assay: &Assay, is_wanted: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        let listed = mails(assay).await;
        let newest = listed["mails"][0].clone();
        if is_wanted(&newest) {
            return newest;
        }
        assert!(Instant::now() < deadline, "{listed:#}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn a_letter_is_handed_to_a_mail_server_over_tls(db: TestDb) {
    let server = MailServer::start(Security::Tls, true).await;
    let manifest = manifest(&server, "tls", LOGGED_IN);
    let (assay, _manifests) = start(db, &manifest, Some(server.authority())).await;
    let ada = assay.user("ada");

    recover(&assay, &ada.email).await;

    let letter = server.wait_for(&ada.email, 1).await;
    assert_eq!(
        letter.header("from"),
        "\"Acme Identity\" <no-reply@acme.example>"
    );
    assert_eq!(letter.header("reply-to"), "help@acme.example");
    assert_eq!(letter.header("auto-submitted"), "auto-generated");
    assert!(letter.html.contains(&letter.code()));
    let listed = wait(&assay, |mail| mail["state"] == "delivered").await;
    assert_eq!(listed["recipient"], ada.email.as_str());
    assert_eq!(listed["kind"], "recovery");
    // What it says is told to nobody.
    let told = mails(&assay).await.to_string();
    assert!(!told.contains(&letter.code()) && !told.contains("token="));
    let metrics = assay.get("/metrics").await.body;
    assert!(metrics.contains("assay_mails_total{outcome=\"delivered\"} 1\n"));
}

async fn nothing_is_said_in_the_clear_before_starttls(db: TestDb) {
    let server = MailServer::start(Security::Starttls, true).await;
    let manifest = manifest(&server, "starttls", LOGGED_IN);
    let (assay, _manifests) = start(db, &manifest, Some(server.authority())).await;
    let ada = assay.user("ada");

    recover(&assay, &ada.email).await;

    server.wait_for(&ada.email, 1).await;
    let clear = server.in_the_clear();
    let commands: Vec<&str> = clear
        .lines()
        .map(|line| line.split(' ').next().unwrap_or_default())
        .collect();
    assert_eq!(commands, ["EHLO", "STARTTLS"]);
}

async fn a_server_without_starttls_is_told_nothing(db: TestDb) {
    let server = MailServer::start(Security::None, false).await;
    let manifest = manifest(&server, "starttls", "");
    let (assay, _manifests) = start(db, &manifest, None).await;
    let ada = assay.user("ada");

    recover(&assay, &ada.email).await;

    let mail = wait(&assay, |mail| mail["lastError"].is_string()).await;
    assert_eq!(mail["state"], "pending");
    let error = mail["lastError"].as_str().unwrap_or_default();
    assert!(error.contains("STARTTLS"), "{error}");
    assert!(server.mails().is_empty());
    assert!(!server.in_the_clear().contains("example.com"));
}

async fn a_server_with_a_certificate_of_nobody_known_is_told_nothing(db: TestDb) {
    let server = MailServer::start(Security::Tls, true).await;
    let manifest = manifest(&server, "tls", LOGGED_IN);
    let (assay, _manifests) = start(db, &manifest, None).await;
    let ada = assay.user("ada");

    recover(&assay, &ada.email).await;

    let mail = wait(&assay, |mail| mail["lastError"].is_string()).await;
    assert_eq!(mail["state"], "pending");
    assert!(server.sessions() > 0);
    assert!(server.mails().is_empty());
}

async fn a_letter_that_is_put_off_is_tried_again_also_after_a_crash(db: TestDb) {
    let server = MailServer::start(Security::None, false).await;
    server.is(Mood::Defers);
    let manifest = manifest(&server, "none", "");
    let (mut assay, _manifests) = start(db, &manifest, None).await;
    let ada = assay.user("ada");
    recover(&assay, &ada.email).await;
    let mail = wait(&assay, |mail| mail["lastError"].is_string()).await;
    assert_eq!(mail["state"], "pending");
    assay.kill();
    server.is(Mood::Takes);
    assay.run().await;

    server.wait_for(&ada.email, 1).await;

    wait(&assay, |mail| mail["state"] == "delivered").await;
    assert_eq!(server.mails().len(), 1);
}

async fn a_letter_that_is_refused_is_given_up_and_can_be_sent_again(db: TestDb) {
    let server = MailServer::start(Security::None, false).await;
    server.is(Mood::Refuses);
    let manifest = manifest(&server, "none", "");
    let (assay, _manifests) = start(db, &manifest, None).await;
    let ada = assay.user("ada");
    recover(&assay, &ada.email).await;
    let mail = wait(&assay, |mail| mail["state"] == "failed").await;
    assert_eq!(mail["attempts"], 1);
    server.is(Mood::Takes);

    let id = mail["id"].as_str().expect("an id");
    let path = format!("/auth/admin/auth/mails/{id}/resend");
    Reply::to(assay.admin(Method::POST, &path))
        .await
        .expect_status(204);

    server.wait_for(&ada.email, 1).await;
    let none = assay.admin(Method::POST, "/auth/admin/auth/mails/none/resend");
    Reply::to(none).await.expect_status(404);
    let nobody = assay.request(Method::POST, &path);
    Reply::to(nobody).await.expect_status(401);
}

async fn a_password_of_a_mail_server_is_shown_to_nobody(db: TestDb) {
    let server = MailServer::start(Security::None, false).await;
    let manifest = manifest(&server, "none", LOGGED_IN);
    let (assay, manifests) = start(db, &manifest, None).await;
    let exported = assay.cli(["export", "-o", "yaml"]).expect_code(0);
    assert!(exported.stdout.contains("sealed"), "{}", exported.stdout);
    assert!(!exported.stdout.contains(CREDENTIALS.1));
    // As it is, and as it is exported, it is the same.
    let path = manifests.path().to_str().expect("UTF-8");
    assay
        .command(["diff", "-f", path])
        .env("SMTP_PASSWORD", CREDENTIALS.1)
        .run()
        .expect_code(0);
    let changed = assay
        .command(["diff", "-f", path])
        .env("SMTP_PASSWORD", "another-secret")
        .run()
        .expect_code(1);
    assert!(!changed.stdout.contains("another-secret"));
    assert!(!changed.stdout.contains("v1:"), "{}", changed.stdout);
}

async fn without_settings_letters_wait_where_an_operator_finds_them(db: TestDb) {
    let is_sqlite = db.url().is_none();
    let assay = Assay::start(db).await;
    let ada = assay.user("ada");
    recover(&assay, &ada.email).await;
    if is_sqlite {
        wait(&assay, |mail| mail["state"] == "delivered").await;
        let found = mails_in(&assay.folder().join("data/mails"));
        assert_eq!(found.len(), 1);
        assert!(
            assay.logs().contains("mails are put into"),
            "{}",
            assay.logs()
        );
    } else {
        let mail = wait(&assay, |mail| mail["lastError"].is_string()).await;
        assert_eq!(mail["state"], "pending");
        assert!(assay.logs().contains("mails wait in the database"));
    }
}
