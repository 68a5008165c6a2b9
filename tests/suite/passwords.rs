//! What a password must be, hashes that come from elsewhere, peppers, and many sign-ins at once.

use std::path::Path;
use std::time::Duration;

use assay::crypto::token;
use futures_util::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Assay, Manifests, Page, Reply, TestDb, User, with_form};

both_databases!(
    a_password_that_is_chosen_is_a_good_one,
    a_list_that_is_not_there_is_told_before_it_is_relied_on,
    a_hash_from_elsewhere_lasts_until_its_owner_signs_in,
    a_pepper_can_be_changed,
    many_at_once_are_hashed_a_few_at_a_time,
);

const USERS: &str = "/auth/admin/auth/users";

fn settings(settings: &str) -> Manifests {
    Manifests::new().file(
        "password.yaml",
        &format!(
            "apiVersion: assay/v1
kind: Module
metadata: {{ name: password }}
spec:
  settings: {settings}
"
        ),
    )
}

async fn sign_in(assay: &Assay, email: &str, password: &str) -> Page {
    let mut visitor = assay.visitor();
    let page = visitor.open(&assay.url("/auth/login")).await.page();
    let form = page
        .form_with("password")
        .fill("email", email)
        .fill("password", password);
    visitor.submit(&form).await.page()
}

fn is_account(page: &Page) -> bool {
    page.reply.status == StatusCode::OK && page.url.path() == "/auth/account"
}

async fn create(assay: &Assay, person: Value) -> Reply {
    Reply::to(assay.admin(Method::POST, USERS).json(&person)).await
}

fn refusal(reply: &Reply) -> String {
    assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{reply:#?}");
    reply.json()["detail"].as_str().expect("words").to_owned()
}

async fn a_password_that_is_chosen_is_a_good_one(db: TestDb) {
    let folder = tempfile::tempdir().expect("a folder");
    let list = folder.path().join("pwned.txt");
    // SHA-1 of "apparently a good password".
    let lines = "0000000CAEF405439D57847A8657218C618160B2:15\r\n\
                 7A92BE32CFF5C45561D7A9C87F0EC5BB3E7D1F50:2\r\n\
                 @\r\n\
                 FFFFFFFEE791CBAC0F6305CAF0CEE06BBE131160:1\r\n";
    let stolen = "apparently a good password";
    let digest = aws_lc_rs::digest::digest(
        &aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY,
        stolen.as_bytes(),
    );
    let mut lines: Vec<String> = lines
        .replace(
            '@',
            &format!("{}:77", data_encoding::HEXUPPER.encode(digest.as_ref())),
        )
        .lines()
        .map(|line| format!("{line}\r\n"))
        .collect();
    lines.sort();
    std::fs::write(&list, lines.concat()).expect("a list");
    let policy = format!(
        "{{ minLength: 10, policy: {{ minScore: 3, breachedPasswords: {} }} }}",
        list.display()
    );
    let assay = Assay::with(db).manifests(&settings(&policy)).start().await;

    for (password, words) in [
        ("shorter", "10 characters or more"),
        ("1234567890", "easy to guess"),
        ("ada.lovelace", "too much like"),
        ("Ada King Noel", "too much like"),
        (stolen, "stolen passwords"),
    ] {
        let person = json!({
            "email": "ada.lovelace@example.com",
            "password": password,
            "attributes": { "name": "Ada King-Noel" },
        });
        let reply = create(&assay, person).await;
        assert!(refusal(&reply).contains(words), "{password}: {reply:#?}");
        assert!(!reply.body.contains(password), "{reply:#?}");
    }
    let refused = assay
        .command([
            "user",
            "create",
            "--email",
            "ada@example.com",
            "--password-stdin",
        ])
        .input("1234567890")
        .run();
    assert_ne!(refused.code, 0, "{}", refused.stderr);

    let good = json!({
        "email": "ada.lovelace@example.com",
        "password": "apparently a better passphrase",
        "attributes": { "name": "Ada King-Noel" },
    });
    let ada = create(&assay, good).await.json();
    let path = format!("{USERS}/{}/password", ada["id"].as_str().expect("an id"));
    let set = |password: &'static str| {
        Reply::to(
            assay
                .admin(Method::PUT, &path)
                .json(&json!({ "password": password })),
        )
    };
    assert!(refusal(&set("ada king noel").await).contains("too much like"));
    assert!(refusal(&set("apparently a good password").await).contains("stolen"));
    set("the best passphrase of all").await.expect_status(204);
    let page = sign_in(
        &assay,
        "ada.lovelace@example.com",
        "the best passphrase of all",
    )
    .await;
    assert!(is_account(&page), "{page:#?}");

    // Without the list nothing is chosen; who has a password signs in.
    std::fs::remove_file(&list).expect("gone");
    set("one that nobody looked up").await.expect_status(503);
    let page = sign_in(
        &assay,
        "ada.lovelace@example.com",
        "the best passphrase of all",
    )
    .await;
    assert!(is_account(&page), "{page:#?}");
}

async fn a_list_that_is_not_there_is_told_before_it_is_relied_on(db: TestDb) {
    let assay = Assay::start(db).await;
    let manifests = settings("{ policy: { breachedPasswords: /nowhere/pwned.txt } }");
    let path = manifests.path().to_str().expect("a path");
    let refused = assay.cli(["apply", "-f", path]);
    assert_ne!(refused.code, 0, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("/nowhere/pwned.txt cannot be read"),
        "{}",
        refused.stderr
    );
    let refused = assay.remote_command(["apply", "-f", path]).run();
    assert_ne!(refused.code, 0, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("/nowhere/pwned.txt cannot be read"),
        "{}",
        refused.stderr
    );
}

async fn a_hash_from_elsewhere_lasts_until_its_owner_signs_in(db: TestDb) {
    let assay = Assay::start(db).await;
    let ada = assay.user("ada");
    let data = assay.folder().join("data");
    // Django's, of "correct horse".
    let imported = assay
        .db()
        .alter(
            &data,
            "UPDATE users SET password_hash = 'imported:pbkdf2_sha256$1000$salty1234567890$mWsEHpdo8+B1Ss69N3RzY8AwsyQKmCyNJwqtIg9QHco='",
        )
        .await;
    assert_eq!(imported, 1);
    let is_ours = async || count(&assay, &data, OURS).await == 1;

    let page = sign_in(&assay, &ada.email, &ada.password).await;
    assert_eq!(page.reply.status, StatusCode::UNAUTHORIZED, "{page:#?}");
    assert!(!is_ours().await);
    assert!(is_account(
        &sign_in(&assay, &ada.email, "correct horse").await
    ));
    assert!(is_ours().await);
    assert!(is_account(
        &sign_in(&assay, &ada.email, "correct horse").await
    ));
}

const OURS: &str = "UPDATE users SET password_hash = password_hash WHERE password_hash LIKE '$argon2id$v=19$m=19456,%'";
const PEPPERED: &str =
    "UPDATE users SET password_hash = password_hash WHERE password_hash LIKE '%,keyid=%'";

async fn count(assay: &Assay, data: &Path, statement: &'static str) -> u64 {
    assay.db().alter(data, statement).await
}

async fn a_pepper_can_be_changed(db: TestDb) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("peppers");
    let pepper = || token::opaque("").expect("randomness").expose().clone();
    let (first, second) = (format!("a {}\n", pepper()), format!("b {}\n", pepper()));
    std::fs::write(&file, "").expect("a file");
    let mut assay = Assay::with(db)
        .env(
            "ASSAY_PASSWORD_PEPPERS_FILE",
            file.to_str().expect("a path"),
        )
        .start()
        .await;
    let ada = assay.user("ada");
    let data = assay.folder().join("data");
    assert_eq!(count(&assay, &data, PEPPERED).await, 0);

    for peppers in [first.clone(), format!("{second}{first}"), second] {
        std::fs::write(&file, peppers).expect("a file");
        assay.restart().await;
        assert!(is_account(
            &sign_in(&assay, &ada.email, &ada.password).await
        ));
        assert_eq!(count(&assay, &data, PEPPERED).await, 1);
        let wrong = sign_in(&assay, &ada.email, "another one").await;
        assert_eq!(wrong.reply.status, StatusCode::UNAUTHORIZED, "{wrong:#?}");
    }
}

async fn many_at_once_are_hashed_a_few_at_a_time(db: TestDb) {
    const LIMIT: &str = "{ tries: 1000, window: 1h, longestWait: 1s }";
    let manifests = settings(&format!(
        "{{ memoryKib: 32768, signInLimits: {{ account: {LIMIT}, address: {LIMIT}, whole: {LIMIT} }} }}"
    ));
    let assay = Assay::with(db).manifests(&manifests).start().await;
    let ada = assay.user("ada");

    let replies = crowd(&assay, &ada, 200).await;

    let answered = |status: u16| replies.iter().filter(move |reply| reply.status == status);
    let (in_time, too_late) = (answered(303).count(), answered(503).count());
    assert_eq!(in_time + too_late, 200, "{replies:#?}");
    assert!(in_time >= 64, "{in_time}");
    for reply in answered(503) {
        assert!(reply.header("retry-after").is_some(), "{reply:#?}");
    }
    let peak = peak_of(assay.process_id());
    assert!(peak < 300 * 1_024, "{peak} KiB");
    // Whoever was sent away was no guesser.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(is_account(
        &sign_in(&assay, &ada.email, &ada.password).await
    ));
}

async fn crowd(assay: &Assay, of: &User, size: usize) -> Vec<Reply> {
    let mut visitor = assay.visitor();
    let page = visitor.open(&assay.url("/auth/login")).await.page();
    let cookie = format!("assay_browser={}", visitor.cookies["assay_browser"]);
    let form = page
        .form_with("password")
        .fill("email", &of.email)
        .fill("password", &of.password);
    let replies = (0..size).map(|_| {
        let request = assay
            .request(Method::POST, form.action.path())
            .header("cookie", &cookie);
        Reply::to(with_form(request, &form.fields))
    });
    join_all(replies).await
}

/// The most memory that the process ever had, in KiB.
fn peak_of(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("a process");
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .expect("a peak");
    let digits = line.chars().filter(char::is_ascii_digit);
    digits.collect::<String>().parse().expect("KiB")
}
