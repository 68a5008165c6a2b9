//! Guessing passwords: slowed by account, by address and as a whole, and no way to lock anybody out.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::{Method, StatusCode};

use crate::harness::{Assay, Manifests, Page, Reply, TestDb, User, Visitor, with_form};

both_databases!(
    guesses_have_to_wait_and_the_wait_ends,
    an_account_that_does_not_exist_is_guarded_like_one_that_does,
    a_stranger_locks_nobody_out_of_their_own_browser,
    the_browser_of_one_account_is_a_stranger_to_another,
    many_guesses_at_once_count_as_many,
    many_accounts_are_not_guessed_from_one_address,
    many_addresses_do_not_guess_at_once,
    what_one_server_has_counted_another_knows,
    right_passwords_are_no_guesses,
);

const WRONG: &str = "not the password at all";
/// What no test reaches.
const FAR: &str = "{ tries: 1000, window: 1h, longestWait: 1h }";

fn limits(account: &str, address: &str, whole: &str) -> Manifests {
    Manifests::new().file(
        "password.yaml",
        &format!(
            "apiVersion: assay/v1
kind: Module
metadata: {{ name: password }}
spec:
  settings:
    signInLimits:
      account: {account}
      address: {address}
      whole: {whole}
"
        ),
    )
}

async fn start(db: TestDb, manifests: &Manifests) -> Assay {
    Assay::with(db)
        .server_toml("trusted_proxies = [\"127.0.0.1\"]")
        .manifests(manifests)
        .start()
        .await
}

/// Enters a password on the sign-in page.
async fn enter(assay: &Assay, visitor: &mut Visitor, email: &str, password: &str) -> Page {
    let page = visitor.open(&assay.url("/auth/login")).await.page();
    let form = page
        .form_with("password")
        .fill("email", email)
        .fill("password", password);
    visitor.submit(&form).await.page()
}

/// Enters wrong passwords, and tells what each is answered with.
async fn guess(assay: &Assay, visitor: &mut Visitor, email: &str, times: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..times {
        let page = enter(assay, visitor, email, WRONG).await;
        statuses.push(page.reply.status.as_u16());
    }
    statuses
}

fn is_account(page: &Page) -> bool {
    page.reply.status == StatusCode::OK && page.url.path() == "/auth/account"
}

fn wait_of(page: &Page) -> u64 {
    assert_eq!(
        page.reply.status,
        StatusCode::TOO_MANY_REQUESTS,
        "{page:#?}"
    );
    let wait = page.reply.header("retry-after").expect("a time to wait");
    wait.parse().expect("seconds")
}

/// Closes the browser: what it keeps for longer than that stays.
fn close(visitor: &mut Visitor) {
    visitor.cookies.remove("assay_session");
    visitor.cookies.remove("assay_browser");
}

async fn audit(assay: &Assay, action: &str) -> Vec<serde_json::Value> {
    let path = format!("/auth/admin/auth/audit?action={action}");
    let reply = Reply::to(assay.admin(Method::GET, &path)).await;
    let events = reply.expect_status(200).json()["events"].take();
    events.as_array().expect("events").clone()
}

async fn guesses_have_to_wait_and_the_wait_ends(db: TestDb) {
    let account = "{ tries: 3, window: 1h, longestWait: 4s }";
    let assay = start(db, &limits(account, FAR, FAR)).await;
    let ada = assay.user("ada");
    let mut thief = assay.visitor();
    assert_eq!(guess(&assay, &mut thief, &ada.email, 3).await, [401; 3]);

    // Nothing is looked at, so the right one is no better.
    let page = enter(&assay, &mut assay.visitor(), &ada.email, &ada.password).await;
    assert!((1..=2).contains(&wait_of(&page)), "{page:#?}");
    assert!(page.reply.body.contains("Too many wrong passwords"));
    let german = &mut assay.visitor().reading("de");
    let page = enter(&assay, german, &ada.email, WRONG).await;
    assert!(page.reply.body.contains("zu oft ein falsches Passwort"));

    // Each wrong one makes the next wait longer.
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(guess(&assay, &mut thief, &ada.email, 1).await, [401]);
    let page = enter(&assay, &mut thief, &ada.email, WRONG).await;
    assert!((2..=3).contains(&wait_of(&page)), "{page:#?}");

    tokio::time::sleep(Duration::from_secs(3)).await;
    let page = enter(&assay, &mut assay.visitor(), &ada.email, &ada.password).await;
    assert!(is_account(&page), "{page:#?}");
    // The owner was here: it begins anew.
    assert_eq!(guess(&assay, &mut thief, &ada.email, 3).await, [401; 3]);

    assert_eq!(audit(&assay, "session.sign_in_failed").await.len(), 7);
    let slowed = audit(&assay, "session.sign_in_slowed").await;
    assert_eq!(slowed.len(), 2, "{slowed:#?}");
    assert_eq!(slowed[0]["detail"]["by"], "account", "{slowed:#?}");
    assert_eq!(slowed[0]["subject"], ada.email, "{slowed:#?}");
}

async fn an_account_that_does_not_exist_is_guarded_like_one_that_does(db: TestDb) {
    let account = "{ tries: 3, window: 1h, longestWait: 1h }";
    let assay = start(db, &limits(account, FAR, FAR)).await;
    let ada = assay.user("ada");
    let mut answers = Vec::new();
    for email in [&ada.email, "eve@example.com"] {
        let mut thief = assay.visitor();
        let mut of_one = Vec::new();
        // Another spelling is the same account.
        for spelling in [email, &email.to_uppercase(), &format!(" {email} "), email] {
            let page = enter(&assay, &mut thief, spelling, WRONG).await;
            let shown = page
                .reply
                .body
                .replace(spelling.trim(), "")
                .replace(email, "");
            let csrf = page.form_with("csrf");
            let csrf = &csrf
                .fields
                .iter()
                .find(|(name, _)| name == "csrf")
                .unwrap()
                .1;
            of_one.push((page.reply.status, shown.replace(csrf.as_str(), "")));
        }
        answers.push(of_one);
    }
    assert_eq!(answers[0][3].0, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answers[0], answers[1]);
}

async fn a_stranger_locks_nobody_out_of_their_own_browser(db: TestDb) {
    let account = "{ tries: 3, window: 1h, longestWait: 1h }";
    let assay = start(db, &limits(account, account, account)).await;
    let ada = assay.user("ada");
    let mut own = assay.visitor();
    assert!(is_account(
        &enter(&assay, &mut own, &ada.email, &ada.password).await
    ));
    close(&mut own);

    let mut stranger = assay.visitor();
    guess(&assay, &mut stranger, &ada.email, 3).await;
    wait_of(&enter(&assay, &mut stranger, &ada.email, WRONG).await);
    wait_of(&enter(&assay, &mut assay.visitor(), &ada.email, &ada.password).await);

    assert_eq!(guess(&assay, &mut own, &ada.email, 2).await, [401; 2]);
    assert!(is_account(
        &enter(&assay, &mut own, &ada.email, &ada.password).await
    ));
    // Somebody who sits down there does not get more guesses than anywhere else.
    close(&mut own);
    assert_eq!(guess(&assay, &mut own, &ada.email, 3).await, [401; 3]);
    wait_of(&enter(&assay, &mut own, &ada.email, &ada.password).await);
}

async fn the_browser_of_one_account_is_a_stranger_to_another(db: TestDb) {
    let account = "{ tries: 3, window: 1h, longestWait: 1h }";
    let assay = start(db, &limits(account, FAR, FAR)).await;
    let (ada, bob) = (assay.user("ada"), assay.user("bob"));
    let mut bobs = assay.visitor();
    assert!(is_account(
        &enter(&assay, &mut bobs, &bob.email, &bob.password).await
    ));
    close(&mut bobs);
    guess(&assay, &mut assay.visitor(), &ada.email, 3).await;

    wait_of(&enter(&assay, &mut bobs, &ada.email, WRONG).await);
    // Nor is it known for what somebody wrote into the cookie.
    let forged = bobs.cookies["assay_familiar"].replace('.', ".A");
    bobs.cookies.insert("assay_familiar".to_owned(), forged);
    guess(&assay, &mut bobs, &bob.email, 3).await;
    wait_of(&enter(&assay, &mut assay.visitor(), &bob.email, &bob.password).await);

    // A browser that several use knows them all.
    let mut shared = assay.visitor();
    let (eve, dan) = (assay.user("eve"), assay.user("dan"));
    for person in [&eve, &dan] {
        assert!(is_account(
            &enter(&assay, &mut shared, &person.email, &person.password).await
        ));
        close(&mut shared);
    }
    for person in [&eve, &dan] {
        guess(&assay, &mut assay.visitor(), &person.email, 3).await;
        assert!(is_account(
            &enter(&assay, &mut shared, &person.email, &person.password).await
        ));
        close(&mut shared);
    }
}

/// Enters passwords at the same moment at the same browser.
async fn at_once(assay: &Assay, of: &[&User], password: impl Fn(&User) -> String) -> Vec<Reply> {
    let mut visitor = assay.visitor();
    let page = visitor.open(&assay.url("/auth/login")).await.page();
    let cookie = format!("assay_browser={}", visitor.cookies["assay_browser"]);
    let replies = of.iter().map(|user| {
        let form = page
            .form_with("password")
            .fill("email", &user.email)
            .fill("password", &password(user));
        let request = assay
            .request(Method::POST, form.action.path())
            .header("cookie", &cookie);
        Reply::to(with_form(request, &form.fields))
    });
    join_all(replies).await
}

fn count(replies: &[Reply], status: u16) -> usize {
    replies
        .iter()
        .filter(|reply| reply.status.as_u16() == status)
        .count()
}

async fn many_guesses_at_once_count_as_many(db: TestDb) {
    let account = "{ tries: 3, window: 1h, longestWait: 1h }";
    let assay = start(db, &limits(account, FAR, FAR)).await;
    let ada = assay.user("ada");

    let replies = at_once(&assay, &[&ada; 30], |_| WRONG.to_owned()).await;

    assert_eq!(count(&replies, 401), 3, "{replies:#?}");
    assert_eq!(count(&replies, 429), 27, "{replies:#?}");
}

async fn many_accounts_are_not_guessed_from_one_address(db: TestDb) {
    let address = "{ tries: 3, window: 1h, longestWait: 1h }";
    let assay = start(db, &limits(FAR, address, FAR)).await;
    let ada = assay.user("ada");
    let mut own = assay.visitor().forwarded_for("2001:db8:1:2::7");
    assert!(is_account(
        &enter(&assay, &mut own, &ada.email, &ada.password).await
    ));
    close(&mut own);

    for (host, name) in ["one", "two", "three"].iter().enumerate() {
        let mut thief = assay
            .visitor()
            .forwarded_for(&format!("2001:db8:1:2::{host}"));
        let email = format!("{name}@example.com");
        assert_eq!(guess(&assay, &mut thief, &email, 1).await, [401]);
    }

    let mut neighbour = assay.visitor().forwarded_for("2001:db8:1:2:3::4");
    wait_of(&enter(&assay, &mut neighbour, &ada.email, &ada.password).await);
    let mut elsewhere = assay.visitor().forwarded_for("2001:db8:1:3::1");
    assert!(is_account(
        &enter(&assay, &mut elsewhere, &ada.email, &ada.password).await
    ));
    assert!(is_account(
        &enter(&assay, &mut own, &ada.email, &ada.password).await
    ));
    let slowed = audit(&assay, "session.sign_in_slowed").await;
    assert_eq!(slowed[0]["detail"]["by"], "address", "{slowed:#?}");
}

async fn many_addresses_do_not_guess_at_once(db: TestDb) {
    let whole = "{ tries: 3, window: 1h, longestWait: 1s }";
    let assay = start(db, &limits(FAR, FAR, whole)).await;
    let ada = assay.user("ada");
    for host in 1..=3 {
        let mut thief = assay.visitor().forwarded_for(&format!("192.0.2.{host}"));
        let email = format!("{host}@example.com");
        assert_eq!(guess(&assay, &mut thief, &email, 1).await, [401]);
    }

    let mut anybody = assay.visitor().forwarded_for("198.51.100.1");
    assert_eq!(
        wait_of(&enter(&assay, &mut anybody, &ada.email, &ada.password).await),
        1
    );
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(is_account(
        &enter(&assay, &mut anybody, &ada.email, &ada.password).await
    ));
}

async fn what_one_server_has_counted_another_knows(db: TestDb) {
    let account = "{ tries: 4, window: 1h, longestWait: 1h }";
    let manifests = limits(account, FAR, FAR);
    let first = start(db, &manifests).await;
    let ada = first.user("ada");
    let second = first.replica().await;
    let third = first.replica().await;

    let crowd = [&ada; 10];
    let (a, b) = tokio::join!(
        at_once(&first, &crowd, |_| WRONG.to_owned()),
        at_once(&second, &crowd, |_| WRONG.to_owned()),
    );

    assert_eq!(count(&a, 401) + count(&b, 401), 4, "{a:#?}{b:#?}");
    for server in [&first, &second, &third] {
        wait_of(&enter(server, &mut server.visitor(), &ada.email, &ada.password).await);
    }
}

async fn right_passwords_are_no_guesses(db: TestDb) {
    let few = "{ tries: 3, window: 1h, longestWait: 1h }";
    let assay = start(db, &limits(few, few, few)).await;
    let ada = assay.user("ada");
    for _ in 0..6 {
        let mut visitor = assay.visitor();
        assert!(is_account(
            &enter(&assay, &mut visitor, &ada.email, &ada.password).await
        ));
    }
}
