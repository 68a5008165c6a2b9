//! The letter about a sign-in from a browser that the account has not signed in at before.

use reqwest::Method;

use crate::harness::{
    Assay, Authenticator, Mailbox, Manifests, Page, Reply, SecurityKey, TestDb, UPSTREAM_SECRET,
    Upstream, User, Visitor,
};

both_databases!(
    a_new_browser_is_told_of_and_a_known_one_is_not,
    the_first_sign_in_of_all_is_not_told_of,
    an_address_that_nobody_verified_is_told_nothing,
    nobody_is_told_where_the_settings_say_so,
    a_browser_without_cookies_is_told_of_a_few_times_an_hour,
    a_stranger_puts_no_words_of_theirs_into_the_letter,
    a_sign_in_with_a_passkey_is_told_of,
    a_sign_in_with_an_upstream_is_told_of,
    a_sign_in_with_two_factors_is_told_of_once_both_are_shown,
);

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";

/// A server, and ada, whose address is verified and who has signed in at a browser of hers.
struct Bench {
    assay: Assay,
    ada: User,
    here: Visitor,
    mailbox: Mailbox,
}

impl Bench {
    async fn on(db: TestDb) -> Self {
        Self::with(db, "{}").await
    }

    /// With these settings of `notices`.
    async fn with(db: TestDb, notices: &str) -> Self {
        let mailbox = Mailbox::new();
        let account = format!(
            "apiVersion: assay/v1\nkind: Module\nmetadata: {{ name: account }}\nspec: {{ settings: {{ notices: {notices} }} }}\n"
        );
        let manifests = Manifests::new()
            .file("mail.yaml", &mailbox.manifest())
            .file("account.yaml", &account);
        let assay = Assay::with(db).manifests(&manifests).start().await;
        let ada = assay.user("ada");
        let mut bench = Self {
            here: assay.visitor(),
            assay,
            ada,
            mailbox,
        };
        bench.verify().await;
        let mut here = bench.assay.visitor();
        bench.sign_in(&mut here).await;
        bench.here = here;
        bench
    }

    async fn verify(&self) {
        let data = self.assay.folder().join("data");
        let sql = "UPDATE users SET email_verified = TRUE";
        self.assay.db().alter(&data, sql).await;
    }

    async fn sign_in(&self, visitor: &mut Visitor) -> Page {
        let login = self.assay.url("/auth/login");
        visitor.sign_in_here(&login, &self.ada).await
    }

    /// How many letters there are about a new browser: they are written before the sign-in is answered.
    async fn told(&self) -> usize {
        told(&self.assay).await
    }
}

async fn told(assay: &Assay) -> usize {
    let listed = assay.admin(Method::GET, "/auth/admin/auth/mails");
    let listed = Reply::to(listed).await.expect_status(200).json();
    let mails = listed["mails"].as_array().expect("letters").iter();
    mails.filter(|mail| mail["kind"] == "newDevice").count()
}

/// Leaves everything at the browser but the session.
fn forget_session(visitor: &mut Visitor) {
    visitor.cookies.remove("assay_session").expect("a session");
}

async fn a_new_browser_is_told_of_and_a_known_one_is_not(db: TestDb) {
    let bench = Bench::on(db).await;
    let mut elsewhere = bench.assay.visitor().reading("de").calling_itself(FIREFOX);

    bench.sign_in(&mut elsewhere).await;

    let letter = bench.mailbox.wait_for(&bench.ada.email, 1).await;
    assert!(
        letter.text.contains("Firefox unter Linux, 127.0.0.1 ("),
        "{}",
        letter.text
    );
    let account = bench.assay.url("/auth/account");
    assert!(letter.text.contains(account.as_str()), "{}", letter.text);

    for visitor in [&mut elsewhere, &mut { bench.here }] {
        forget_session(visitor);
        let login = bench.assay.url("/auth/login");
        visitor.sign_in_here(&login, &bench.ada).await;
    }
    assert_eq!(told(&bench.assay).await, 1);

    // Where somebody else has signed in, ada has not.
    let bob = bench.assay.user("bob");
    let mut bobs = bench.assay.visitor();
    let login = bench.assay.url("/auth/login");
    bobs.sign_in_here(&login, &bob).await;
    forget_session(&mut bobs);
    bobs.sign_in_here(&login, &bench.ada).await;
    assert_eq!(told(&bench.assay).await, 2);
}

async fn the_first_sign_in_of_all_is_not_told_of(db: TestDb) {
    let bench = Bench::on(db).await;
    assert_eq!(bench.told().await, 0);
    bench.sign_in(&mut bench.assay.visitor()).await;
    assert_eq!(bench.told().await, 1);
}

async fn an_address_that_nobody_verified_is_told_nothing(db: TestDb) {
    let bench = Bench::on(db).await;
    let bob = bench.assay.user("bob");
    let login = bench.assay.url("/auth/login");
    for _ in 0..2 {
        bench.assay.visitor().sign_in_here(&login, &bob).await;
    }
    assert_eq!(bench.told().await, 0);
    bench.verify().await;
    bench.assay.visitor().sign_in_here(&login, &bob).await;
    assert_eq!(bench.told().await, 1);
}

async fn nobody_is_told_where_the_settings_say_so(db: TestDb) {
    let bench = Bench::with(db, "{ newDevice: false }").await;
    bench.sign_in(&mut bench.assay.visitor()).await;
    assert_eq!(bench.told().await, 0);
}

async fn a_browser_without_cookies_is_told_of_a_few_times_an_hour(db: TestDb) {
    let bench = Bench::on(db).await;
    for _ in 0..7 {
        let page = bench.sign_in(&mut bench.assay.visitor()).await;
        assert_eq!(page.url.path(), "/auth/account");
    }
    assert_eq!(bench.told().await, 5);
}

async fn a_stranger_puts_no_words_of_theirs_into_the_letter(db: TestDb) {
    let bench = Bench::on(db).await;
    let mut stranger = bench
        .assay
        .visitor()
        .calling_itself("your account is closed, write to https://evil.example");
    bench.sign_in(&mut stranger).await;

    let letter = bench.mailbox.wait_for(&bench.ada.email, 1).await;
    assert!(!letter.text.contains("evil"), "{}", letter.text);
    assert!(
        letter
            .text
            .contains("A browser that did not say its name, 127.0.0.1")
    );
}

async fn a_sign_in_with_a_passkey_is_told_of(db: TestDb) {
    let mut bench = Bench::on(db).await;
    let mut phone = SecurityKey::new();
    let added = phone.register(&bench.assay, &mut bench.here, "Phone").await;
    added.expect_status(200);
    let mut elsewhere = bench.assay.visitor();

    for _ in 0..2 {
        phone
            .sign_in(&bench.assay, &mut elsewhere)
            .await
            .expect_status(200);
        assert_eq!(bench.told().await, 1);
    }
}

async fn a_sign_in_with_an_upstream_is_told_of(db: TestDb) {
    let up = Upstream::start().await;
    let manifest = format!(
        "apiVersion: assay/v1\nkind: Module\nmetadata: {{ name: oidc_client }}\nspec: {{ settings: {{ allowedPrivateNetworks: [127.0.0.0/8] }} }}\n{}",
        up.manifest("up", "  trustEmail: true\n")
    );
    let manifests = Manifests::new().file("all.yaml", &manifest);
    let assay = Assay::with(db)
        .env("UPSTREAM_SECRET", UPSTREAM_SECRET)
        .manifests(&manifests)
        .start()
        .await;
    let start = assay.url("/auth/upstream/up/start");
    let mut browsers = [assay.visitor(), assay.visitor()];

    // The first makes the account.
    for (browser, letters) in [(0, 0), (1, 1), (0, 1)] {
        let visitor = &mut browsers[browser];
        let request = visitor.open(&start).await.left();
        let page = visitor.open(&up.answer(&request)).await.page();
        assert_eq!(page.url.path(), "/auth/account");
        assert_eq!(told(&assay).await, letters);
    }
}

async fn a_sign_in_with_two_factors_is_told_of_once_both_are_shown(db: TestDb) {
    let mut bench = Bench::on(db).await;
    let set_up = bench.assay.url("/auth/account/second-factors/set-up");
    let page = bench.here.open(&set_up).await.page();
    let mut authenticator = Authenticator::set_up_with(&page);
    let form = page
        .form_with("offer")
        .fill("code", &authenticator.code().await);
    bench.here.submit(&form).await.page();
    let mut elsewhere = bench.assay.visitor();
    let page = bench.sign_in(&mut elsewhere).await;
    assert_eq!(bench.told().await, 0);

    let form = page
        .form_with("code")
        .fill("code", &authenticator.code().await);
    let page = elsewhere.submit(&form).await.page();

    assert_eq!(page.url.path(), "/auth/account", "{page:#?}");
    assert_eq!(bench.told().await, 1);
}
