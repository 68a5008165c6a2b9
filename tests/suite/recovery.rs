//! The way back for somebody who has forgotten their password.

use reqwest::Method;
use serde_json::json;
use url::Url;

use crate::harness::{
    Arrival, Assay, Authenticator, Form, Mailbox, Manifests, Page, Reply, SecurityKey, Setup,
    TestDb, User, Visitor,
};

both_databases!(
    a_link_sets_another_password_once_and_ends_every_session,
    a_scanner_that_fetches_the_link_uses_nothing_up,
    a_code_sets_another_password_where_it_was_asked_for,
    a_code_can_be_guessed_a_few_times_only,
    asking_tells_nothing_about_who_is_known,
    a_link_is_void_once_the_account_has_changed,
    a_link_is_void_after_half_an_hour,
    a_bad_password_uses_nothing_up,
    a_form_from_elsewhere_changes_nothing,
    letters_are_limited_by_mailbox_and_by_address,
    a_closed_account_is_not_opened_by_a_letter,
    where_nobody_could_get_in_afterwards_there_is_no_way_back,
    a_letter_lets_in_whoever_has_lost_their_passkey,
    a_code_does_so_as_well_and_a_wrong_one_does_not,
    the_second_factor_is_asked_for_on_the_way_back,
);

const NEW: &str = "another horse battery staple";

async fn start(db: TestDb) -> (Assay, Mailbox, Manifests) {
    start_with(db, "", |setup| setup).await
}

async fn start_with(
    db: TestDb,
    more: &str,
    with: impl Fn(Setup) -> Setup,
) -> (Assay, Mailbox, Manifests) {
    let mailbox = Mailbox::new();
    let manifests = Manifests::new().file("a.yaml", &(mailbox.manifest() + more));
    let assay = with(Assay::with(db)).manifests(&manifests).start().await;
    (assay, mailbox, manifests)
}

/// Asks for a letter; gives the page that is shown then.
async fn ask(assay: &Assay, visitor: &mut Visitor, email: &str) -> Page {
    let form = ask_form(assay, visitor).await.fill("email", email);
    visitor.submit(&form).await.page()
}

async fn ask_form(assay: &Assay, visitor: &mut Visitor) -> Form {
    let url = assay.url("/auth/recover?return_to=%2Fauth%2Faccount%3Fx%3D1");
    let page = visitor.open(&url).await.page();
    page.form_with("email")
}

async fn set(visitor: &mut Visitor, link: &Url, password: &str) -> Page {
    let page = visitor.open(link).await.page();
    let form = page.form_with("password").fill("password", password);
    visitor.submit(&form).await.page()
}

/// What a sign-in is answered with.
async fn sign_in(assay: &Assay, user: &User) -> u16 {
    let mut visitor = assay.visitor();
    let page = visitor.open(&assay.url("/auth/login")).await.page();
    let form = page
        .form_with("password")
        .fill("email", &user.email)
        .fill("password", &user.password);
    let page = visitor.submit(&form).await.page();
    page.reply.status.as_u16()
}

fn with(user: &User, password: &str) -> User {
    User {
        email: user.email.clone(),
        password: password.to_owned(),
    }
}

async fn a_link_sets_another_password_once_and_ends_every_session(db: TestDb) {
    let (assay, mailbox, _manifests) = start(db).await;
    let ada = assay.user("ada");
    let mut thief = assay.visitor();
    let account = assay.url("/auth/account");
    let login = thief.open(&account).await.page();
    let form = login
        .form_with("password")
        .fill("email", &ada.email)
        .fill("password", &ada.password);
    thief.submit(&form).await.page();

    let page = ask(&assay, &mut assay.visitor(), &ada.email).await;
    assert_eq!(page.reply.status, 200);
    let letter = mailbox.wait_for(&ada.email, 1).await;
    // In another browser, on another day as it were.
    let mut phone = assay.visitor();
    let page = set(&mut phone, &letter.link(), NEW).await;

    assert_eq!(page.reply.status, 200, "{page:#?}");
    // On to where they were going.
    assert!(
        page.reply
            .body
            .contains("return_to=%2Fauth%2Faccount%3Fx%3D1")
    );
    let told = mailbox.wait_for(&ada.email, 2).await;
    assert_eq!(told.subject(), "Your password was changed");
    assert_eq!(sign_in(&assay, &ada).await, 401);
    assert_eq!(sign_in(&assay, &with(&ada, NEW)).await, 200);
    let page = thief.open(&account).await.page();
    assert_eq!(page.url.path(), "/auth/login");

    let page = phone.open(&letter.link()).await.page();
    assert_eq!(page.reply.status, 410);
}

async fn a_scanner_that_fetches_the_link_uses_nothing_up(db: TestDb) {
    let (assay, mailbox, _manifests) = start(db).await;
    let ada = assay.user("ada");
    ask(&assay, &mut assay.visitor(), &ada.email).await;
    let link = mailbox.wait_for(&ada.email, 1).await.link();
    for _ in 0..3 {
        assay.visitor().open(&link).await.page();
        let head = assay.request(Method::HEAD, link.as_str());
        Reply::to(head).await.expect_status(200);
    }
    // Another browser's page is no use: its form is bound to that browser.
    let theirs = assay.visitor().open(&link).await.page();
    let form = theirs.form_with("password").fill("password", NEW);
    let page = assay.visitor().submit(&form).await.page();
    assert_eq!(page.reply.status, 403);

    let page = set(&mut assay.visitor(), &link, NEW).await;
    assert_eq!(page.reply.status, 200, "{page:#?}");
}

async fn a_code_sets_another_password_where_it_was_asked_for(db: TestDb) {
    let (assay, mailbox, _manifests) = start(db).await;
    let ada = assay.user("ada");
    let mut visitor = assay.visitor();
    let page = ask(&assay, &mut visitor, &ada.email).await;
    let letter = mailbox.wait_for(&ada.email, 1).await;
    let code = letter.code().to_lowercase().replace('-', " ");
    let form = page
        .form_with("code")
        .fill("code", &code)
        .fill("password", NEW);

    let done = visitor.submit(&form).await.page();

    assert_eq!(done.reply.status, 200, "{done:#?}");
    assert_eq!(sign_in(&assay, &with(&ada, NEW)).await, 200);
    // Once; and the link of the same letter is used up with it.
    let again = visitor.submit(&form).await.page();
    assert_eq!(again.reply.status, 400);
    let page = visitor.open(&letter.link()).await.page();
    assert_eq!(page.reply.status, 410);
}

async fn a_code_can_be_guessed_a_few_times_only(db: TestDb) {
    let (assay, mailbox, _manifests) = start(db).await;
    let ada = assay.user("ada");
    let mut visitor = assay.visitor();
    let page = ask(&assay, &mut visitor, &ada.email).await;
    let code = mailbox.wait_for(&ada.email, 1).await.code();
    let form = page.form_with("code").fill("password", NEW);
    for guess in [
        "BCDF-GHJK",
        "BCDF-GHJL",
        "BCDF-GHJM",
        "BCDF-GHJN",
        "BCDF-GHJP",
    ] {
        let page = visitor
            .submit(&form.clone().fill("code", guess))
            .await
            .page();
        assert_eq!(page.reply.status, 400);
    }
    let page = visitor.submit(&form.fill("code", &code)).await.page();
    assert_eq!(page.reply.status, 400);
    assert_eq!(sign_in(&assay, &ada).await, 200);
}

/// The page without what differs from one visit to the next.
fn anonymous(page: &Page) -> String {
    let mut body = page.reply.body.clone();
    for form in page.forms() {
        for (name, value) in form.fields {
            if ["csrf", "request"].contains(&name.as_str()) {
                body = body.replace(&value, "");
            }
        }
    }
    body
}

async fn asking_tells_nothing_about_who_is_known(db: TestDb) {
    let (assay, mailbox, _manifests) = start(db).await;
    let ada = assay.user("ada");
    let before = assay.db().rows(&assay.folder().join("data")).await;
    let known = ask(&assay, &mut assay.visitor(), &ada.email).await;
    let between = assay.db().rows(&assay.folder().join("data")).await;
    let unknown = ask(&assay, &mut assay.visitor(), "nobody@example.com").await;
    let after = assay.db().rows(&assay.folder().join("data")).await;

    assert_eq!(known.reply.status, unknown.reply.status);
    assert_eq!(anonymous(&known), anonymous(&unknown));
    assert_eq!(known.url.path(), unknown.url.path());
    // The same work: as many rows, in the same tables.
    for (table, rows) in &after {
        let (first, second) = (between[table] - before[table], rows - between[table]);
        // The address of the network is counted from the first on.
        let tolerated = i64::from(table == "attempts");
        assert!(
            (first - second).abs() <= tolerated,
            "{table}: {first}, {second}"
        );
    }
    // A code that nobody was sent is wrong like any other.
    let form = |page: &Page| {
        page.form_with("code")
            .fill("code", "BCDF-GHJK")
            .fill("password", NEW)
    };
    let known = assay.visitor().submit(&form(&known)).await.page();
    let unknown = assay.visitor().submit(&form(&unknown)).await.page();
    assert_eq!(known.reply.status, unknown.reply.status);
    mailbox.wait_for(&ada.email, 1).await;
    let listed = assay.admin(Method::GET, "/auth/admin/auth/mails");
    let listed = Reply::to(listed).await.expect_status(200).json();
    assert_eq!(
        listed["mails"].as_array().map(Vec::len),
        Some(1),
        "{listed}"
    );
    assert_eq!(mailbox.mails().len(), 1);
}

async fn a_link_is_void_once_the_account_has_changed(db: TestDb) {
    let (assay, mailbox, _manifests) = start(db).await;
    let ada = assay.user("ada");
    ask(&assay, &mut assay.visitor(), &ada.email).await;
    ask(&assay, &mut assay.visitor(), &ada.email).await;
    mailbox.wait_for(&ada.email, 2).await;
    let letters = mailbox.mails();
    set(&mut assay.visitor(), &letters[1].link(), NEW).await;

    let page = assay.visitor().open(&letters[0].link()).await.page();
    assert_eq!(page.reply.status, 410);

    // By an operator, as by anybody.
    ask(&assay, &mut assay.visitor(), &ada.email).await;
    let link = mailbox.wait_for(&ada.email, 4).await.link();
    let mut visitor = assay.visitor();
    let form = visitor.open(&link).await.page().form_with("password");
    let users = assay.admin(Method::GET, "/auth/admin/auth/users");
    let users = Reply::to(users).await.json();
    let id = users["users"][0]["id"].as_str().expect("an id");
    let path = format!("/auth/admin/auth/users/{id}/password");
    let changed = assay
        .admin(Method::PUT, &path)
        .json(&json!({ "password": "set by an operator 1" }));
    Reply::to(changed).await.expect_status(204);
    let page = visitor.submit(&form.fill("password", NEW)).await.page();
    assert_eq!(page.reply.status, 410);
}

async fn a_link_is_void_after_half_an_hour(db: TestDb) {
    let (assay, mailbox, _manifests) = start(db).await;
    let ada = assay.user("ada");
    ask(&assay, &mut assay.visitor(), &ada.email).await;
    let link = mailbox.wait_for(&ada.email, 1).await.link();
    let later = "UPDATE confirmations SET expires_at = expires_at - 1800000";
    assay.db().alter(&assay.folder().join("data"), later).await;
    let page = assay.visitor().open(&link).await.page();
    assert_eq!(page.reply.status, 410);
}

async fn a_bad_password_uses_nothing_up(db: TestDb) {
    let (assay, mailbox, _manifests) = start(db).await;
    let ada = assay.user("ada");
    let mut visitor = assay.visitor();
    let page = ask(&assay, &mut visitor, &ada.email).await;
    let letter = mailbox.wait_for(&ada.email, 1).await;
    let form = page.form_with("code").fill("code", &letter.code());
    for _ in 0..6 {
        let short = form.clone().fill("password", "short");
        let page = visitor.submit(&short).await.page();
        assert_eq!(page.reply.status, 400);
    }
    let page = set(&mut visitor, &letter.link(), "short").await;
    assert_eq!(page.reply.status, 400);
    let page = set(&mut visitor, &letter.link(), NEW).await;
    assert_eq!(page.reply.status, 200);
}

async fn a_form_from_elsewhere_changes_nothing(db: TestDb) {
    let (assay, mailbox, _manifests) = start(db).await;
    let ada = assay.user("ada");
    let form = ask_form(&assay, &mut assay.visitor()).await;
    // Another browser sends it.
    let form = form.fill("email", &ada.email);
    let page = assay.visitor().submit(&form).await.page();
    assert_eq!(page.reply.status, 403);
    let mut visitor = assay.visitor();
    let page = visitor
        .submit(
            &ask_form(&assay, &mut assay.visitor())
                .await
                .fill("email", "nonsense"),
        )
        .await
        .page();
    assert_eq!(page.reply.status, 403);
    assert!(mailbox.mails().is_empty());
}

async fn letters_are_limited_by_mailbox_and_by_address(db: TestDb) {
    let (assay, mailbox, _manifests) = start_with(db, "", |setup| {
        setup.server_toml("trusted_proxies = [\"127.0.0.1/32\"]")
    })
    .await;
    let ada = assay.user("ada");
    let bob = assay.user("bob");
    for turn in 0..7 {
        let mut visitor = assay.visitor().forwarded_for(&format!("192.0.2.{turn}"));
        let page = ask(&assay, &mut visitor, &ada.email).await;
        assert_eq!(page.reply.status, 200);
    }
    // One after the last that could be of ada's.
    ask(&assay, &mut assay.visitor(), &bob.email).await;
    mailbox.wait_for(&bob.email, 1).await;
    let to_ada = mailbox.mails();
    assert_eq!(to_ada.len() - 1, 5);

    let mut refused = None;
    for turn in 0..25 {
        // What one party has for itself counts as one (RFC 6177).
        let host = format!("2001:db8:1:2::{turn:x}");
        let mut visitor = assay.visitor().forwarded_for(&host);
        let page = ask(&assay, &mut visitor, &format!("nobody-{turn}@example.com")).await;
        if page.reply.status == 429 {
            refused = Some((turn, page));
            break;
        }
    }
    let (turn, page) = refused.expect("a limit");
    assert_eq!(turn, 20);
    assert!(page.reply.header("retry-after").is_some());
    let mut elsewhere = assay.visitor().forwarded_for("2001:db8:1:3::1");
    let page = ask(&assay, &mut elsewhere, "nobody@example.com").await;
    assert_eq!(page.reply.status, 200);
}

async fn a_closed_account_is_not_opened_by_a_letter(db: TestDb) {
    let (assay, mailbox, _manifests) = start(db).await;
    let ada = assay.user("ada");
    ask(&assay, &mut assay.visitor(), &ada.email).await;
    let link = mailbox.wait_for(&ada.email, 1).await.link();
    let users = assay.admin(Method::GET, "/auth/admin/auth/users");
    let users = Reply::to(users).await.json();
    let id = users["users"][0]["id"].as_str().expect("an id");
    let path = format!("/auth/admin/auth/users/{id}");
    let closed = assay
        .admin(Method::PATCH, &path)
        .json(&json!({ "state": "disabled" }));
    Reply::to(closed).await.expect_status(200);

    let page = assay.visitor().open(&link).await.page();
    assert_eq!(page.reply.status, 410);
    let page = ask(&assay, &mut assay.visitor(), &ada.email).await;
    assert_eq!(page.reply.status, 200);
    let bob = assay.user("bob");
    ask(&assay, &mut assay.visitor(), &bob.email).await;
    mailbox.wait_for(&bob.email, 1).await;
    assert_eq!(mailbox.mails().len(), 2);
}

async fn where_nobody_could_get_in_afterwards_there_is_no_way_back(db: TestDb) {
    let off = ["password", "passkey"].map(|name| {
        format!("---\napiVersion: assay/v1\nkind: Module\nmetadata: {{ name: {name} }}\nspec: {{ enabled: false }}\n")
    });
    let (assay, _mailbox, _manifests) = start_with(db, &off.concat(), |setup| setup).await;
    for path in [
        "/auth/recover",
        "/auth/recover/code",
        "/auth/recover/password",
    ] {
        let problem = assay.get(path).await.expect_status(404).json();
        assert_eq!(problem["module"], "password");
    }
    let page: Arrival = assay.visitor().open(&assay.url("/auth/recover")).await;
    assert_eq!(page.page().reply.status, 404);
}

const NO_PASSWORDS: &str = "---\napiVersion: assay/v1\nkind: Module\nmetadata: { name: password }\nspec: { enabled: false }\n";

/// Ada, who has a passkey, and signed in with it; passwords are no longer used.
async fn without_passwords(db: TestDb) -> (Assay, Mailbox, User, SecurityKey, Visitor) {
    let (assay, mailbox, manifests) = start(db).await;
    let ada = assay.user("ada");
    let mut visitor = assay.visitor();
    visitor.sign_in_here(&assay.url("/auth/login"), &ada).await;
    let mut phone = SecurityKey::new();
    let added = phone.register(&assay, &mut visitor, "Phone").await;
    added.expect_status(200);
    manifests.write("a.yaml", &(mailbox.manifest() + NO_PASSWORDS));
    assay.apply(&manifests);
    let mut owner = assay.visitor();
    phone.sign_in(&assay, &mut owner).await.expect_status(200);
    (assay, mailbox, ada, phone, owner)
}

/// The newest letter that brings a way back.
async fn way_back(mailbox: &Mailbox, ada: &User) -> crate::harness::Mail {
    for number in 1.. {
        let mail = mailbox.wait_for(&ada.email, number).await;
        if mail.subject() == "Get back into your account" {
            return mail;
        }
    }
    unreachable!()
}

async fn a_letter_lets_in_whoever_has_lost_their_passkey(db: TestDb) {
    let (assay, mailbox, ada, _lost, mut thief) = without_passwords(db).await;
    let login = assay.visitor().open(&assay.url("/auth/login")).await.page();
    assert!(
        login.reply.body.contains("Lost your passkey?"),
        "{login:#?}"
    );
    ask(&assay, &mut assay.visitor(), &ada.email).await;
    let link = way_back(&mailbox, &ada).await.link();
    // Another browser, as it were a telephone; looking at it uses nothing up.
    let mut phone = assay.visitor();
    let page = phone.open(&link).await.page();
    assert!(!page.forms()[0].has_field("password"), "{page:#?}");
    assert!(page.reply.body.contains(&ada.email));
    let form = page.form_with("token");
    let forged = form.clone().fill("csrf", "x");
    let refused = phone.submit(&forged).await.page();
    assert_eq!(refused.reply.status, 403);

    let page = phone.submit(&form).await.page();

    assert_eq!(page.url.path(), "/auth/account/passkeys", "{page:#?}");
    let page = thief.open(&assay.url("/auth/account")).await.page();
    assert_eq!(page.url.path(), "/auth/login");
    let mut new = SecurityKey::new();
    let added = new.register(&assay, &mut phone, "New").await;
    added.expect_status(200);
    let mut elsewhere = assay.visitor();
    new.sign_in(&assay, &mut elsewhere).await.expect_status(200);
    // Once is enough.
    let page = assay.visitor().open(&link).await.page();
    assert_eq!(page.reply.status, 410);
    let again = phone.submit(&form).await.page();
    assert_eq!(again.reply.status, 410);
}

async fn a_code_does_so_as_well_and_a_wrong_one_does_not(db: TestDb) {
    let (assay, mailbox, ada, ..) = without_passwords(db).await;
    let mut visitor = assay.visitor();
    let page = ask(&assay, &mut visitor, &ada.email).await;
    assert!(!page.forms()[0].has_field("password"), "{page:#?}");
    let wrong = page.form_with("code").fill("code", "BBBB-BBBB");
    let refused = visitor.submit(&wrong).await.page();
    assert_eq!(refused.reply.status, 400);
    let code = way_back(&mailbox, &ada).await.code();
    let form = page.form_with("code").fill("code", &code);
    let page = visitor.submit(&form).await.page();
    assert_eq!(page.url.path(), "/auth/account/passkeys", "{page:#?}");
}

async fn the_second_factor_is_asked_for_on_the_way_back(db: TestDb) {
    let (assay, mailbox, ada, _phone, mut owner) = without_passwords(db).await;
    let set_up = assay.url("/auth/account/second-factors/set-up");
    let page = owner.open(&set_up).await.page();
    let mut authenticator = Authenticator::set_up_with(&page);
    let code = authenticator.code().await;
    let form = page.form_with("offer").fill("code", &code);
    owner.submit(&form).await.page();
    ask(&assay, &mut assay.visitor(), &ada.email).await;
    let link = way_back(&mailbox, &ada).await.link();
    let mut visitor = assay.visitor();
    let page = visitor.open(&link).await.page();
    let page = visitor.submit(&page.form_with("token")).await.page();
    assert_eq!(page.url.path(), "/auth/login/second-factor", "{page:#?}");
    let account = visitor.open(&assay.url("/auth/account")).await.page();
    assert_eq!(account.url.path(), "/auth/login");
    let code = authenticator.code().await;
    let form = page.form_with("code").fill("code", &code);
    let page = visitor.submit(&form).await.page();
    assert_eq!(page.url.path(), "/auth/account/passkeys", "{page:#?}");
}
