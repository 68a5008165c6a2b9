//! Pages speak the language of whoever reads them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Bench, device};
use crate::harness::{Page, TestDb, Visitor, tags};

both_databases!(
    every_page_is_in_the_language_of_its_reader,
    the_client_the_person_and_the_browser_are_heard_in_this_order,
);

const TELEVISION: &str = r#"apiVersion: assay/v1
kind: OidcClient
metadata: { name: tv }
spec:
  displayName: Television
  clientType: public
  applicationType: native
  grantTypes: ["urn:ietf:params:oauth:grant-type:device_code"]
  scopes: [openid, profile, email, address, phone, films]
"#;

/// What the page says, without names and what is meant for developers.
fn words(page: &Page) -> BTreeSet<String> {
    let tags = tags(&page.reply.body);
    let own = tags
        .iter()
        .filter(|tag| tag.name != "bdi" && tag.attribute("lang") != Some("en"));
    own.map(|tag| tag.text.trim().to_owned())
        .filter(|text| text.chars().any(char::is_alphabetic))
        .collect()
}

fn language(page: &Page) -> (String, String) {
    let html = &page.tags("html")[0];
    let attribute = |name| html.attribute(name).unwrap().to_owned();
    (attribute("lang"), attribute("dir"))
}

/// Goes everywhere with a browser that asks for this language; every page by what it is.
async fn every_page(bench: &Bench, tag: &str) -> BTreeMap<&'static str, Page> {
    let wiki = bench.wiki().await;
    let url = |path: &str| bench.assay.url(path);
    let mut seen = BTreeMap::new();
    let mut visitor = bench.assay.visitor().reading(tag);

    let refused = visitor.open(&url("/auth/authorize?client_id=x")).await;
    seen.insert("refused", refused.page());
    let broken = visitor.open(&url("/auth/authorize/resume?flow=x")).await;
    seen.insert("broken", broken.page());

    let request = wiki.authorization().with("prompt", "consent");
    let login = visitor.open(&request.url()).await.page();
    let wrong = login
        .form_with("password")
        .fill("email", &bench.ada.email)
        .fill("password", "wrong");
    seen.insert("login", login);
    let wrong = visitor.submit(&wrong).await.page();
    let right = bench.sign_in_form(&wrong);
    seen.insert("wrong password", wrong);
    let consent = visitor.submit(&right).await.page();
    let mut foreign = consent.form_with_button("decision");
    seen.insert("consent", consent);
    foreign.fields.retain(|(name, _)| name != "csrf");
    let foreign = visitor.submit(&foreign.press("decision", "allow")).await;
    seen.insert("foreign consent", foreign.page());

    let by_form = wiki.authorization().with("response_mode", "form_post");
    let consent = visitor.open(&by_form.url()).await.page();
    let answer = consent.form_with_button("decision");
    let posting = visitor.submit(&answer.press("decision", "deny")).await;
    seen.insert("form post", posting.page());

    let account = visitor.open(&url("/auth/account")).await.page();
    let mut foreign = account.forms().remove(0);
    seen.insert("account", account);
    foreign.fields.retain(|(name, _)| name != "csrf");
    let foreign = visitor.submit(&foreign).await;
    seen.insert("foreign account", foreign.page());

    let choosing = wiki.authorization().with("prompt", "select_account");
    let choice = visitor.open(&choosing.url()).await.page();
    let mut foreign = choice.form_with("flow");
    seen.insert("account choice", choice);
    foreign.fields.retain(|(name, _)| name != "csrf");
    let foreign = visitor.submit(&foreign).await.page();
    seen.insert("foreign account choice", foreign);

    let tv = bench.tv().await;
    let device = device::device(&tv, "openid profile email address phone films").await;
    let filled_in = visitor.open(&device.page_with_code).await.page();
    seen.insert("device code filled in", filled_in);
    let code = visitor.open(&device.page).await.page();
    let wrong = code.form_with("user_code").fill("user_code", "BBBB-BBBB");
    seen.insert("device code", code);
    let wrong = visitor.submit(&wrong).await.page();
    seen.insert("wrong device code", wrong);
    let question = bench.type_code(&mut visitor, &device).await;
    let answer = question.form_with_button("decision");
    seen.insert("device question", question);
    let allow = answer.clone().press("decision", "allow");
    let allowed = visitor.submit(&allow).await.page();
    seen.insert("device allowed", allowed);
    let other = device::device(&tv, "openid").await;
    let question = bench.type_code(&mut visitor, &other).await;
    let deny = question
        .form_with_button("decision")
        .press("decision", "deny");
    seen.insert("device denied", visitor.submit(&deny).await.page());

    let foreign = url("/auth/logout?post_logout_redirect_uri=https://x.example");
    let foreign = visitor.open(&foreign).await.page();
    seen.insert("foreign logout", foreign);
    let logout = visitor
        .open(&url("/auth/logout?client_id=wiki"))
        .await
        .page();
    let yes = logout
        .form_with_button("decision")
        .press("decision", "sign_out");
    seen.insert("logout", logout);
    seen.insert("signed out", visitor.submit(&yes).await.page());
    seen
}

async fn every_page_is_in_the_language_of_its_reader(db: TestDb) {
    let bench = Bench::with_more(db, TELEVISION).await;
    let wiki = bench.wiki().await;
    let supported = &wiki.provider["ui_locales_supported"];
    assert_eq!(
        *supported,
        serde_json::json!(["en", "de", "tr", "ja", "ar"])
    );
    let english = every_page(&bench, "en").await;
    for tag in ["de", "tr", "ja", "ar"] {
        for (name, page) in every_page(&bench, tag).await {
            let direction = if tag == "ar" { "rtl" } else { "ltr" };
            let expected = (tag.to_owned(), direction.to_owned());
            assert_eq!(language(&page), expected, "{name}: {page:#?}");
            assert_eq!(page.reply.header("content-language"), Some(tag), "{name}");
            let vary = page.reply.header("vary").unwrap();
            assert!(vary.contains("Accept-Language"), "{name}: {vary}");
            let (words, english) = (words(&page), words(&english[name]));
            assert!(!words.is_empty(), "{tag} {name}");
            let left: Vec<_> = words.intersection(&english).collect();
            assert!(left.is_empty(), "{tag} {name} has English left: {left:?}");
        }
    }
}

async fn the_client_the_person_and_the_browser_are_heard_in_this_order(db: TestDb) {
    let bench = Bench::on(db).await;
    let wiki = bench.wiki().await;
    let read = async |visitor: &mut Visitor, ui_locales: Option<&str>| {
        let request = wiki.authorization().with("prompt", "login consent");
        let request = match ui_locales {
            Some(tags) => request.with("ui_locales", tags),
            None => request,
        };
        let login = visitor.open(&request.url()).await.page();
        let form = bench.sign_in_form(&login);
        let consent = visitor.submit(&form).await.page();
        consent.form_with_button("decision");
        (language(&login).0, language(&consent).0)
    };
    let both = |tag: &str| (tag.to_owned(), tag.to_owned());

    let mut plain = bench.assay.visitor();
    assert_eq!(read(&mut plain, None).await, both("en"));
    let mut visitor = bench.assay.visitor().reading("fr, ja;q=0.5, de;q=0.9");
    assert_eq!(read(&mut visitor, None).await, both("de"));
    assert_eq!(read(&mut visitor, Some("xx ar-EG tr")).await, both("ar"));
    assert_eq!(read(&mut visitor, Some("xx")).await, both("de"));

    let told = r#"UPDATE users SET attributes = '{"locale":"tr_TR"}'"#;
    let data = bench.assay.folder().join("data");
    assert_eq!(bench.assay.db().alter(&data, told).await, 1);
    // They are known from now on.
    assert_eq!(read(&mut visitor, None).await, both("tr"));
    assert_eq!(read(&mut visitor, Some("ja")).await, both("ja"));
    // Before the sign-in, nobody knows who reads.
    let mut other = bench.assay.visitor().reading("ja");
    let (login, consent) = read(&mut other, None).await;
    assert_eq!((login.as_str(), consent.as_str()), ("ja", "tr"));
    // Signing out keeps the language that the client asks for.
    let logout = "/auth/logout?client_id=wiki&ui_locales=ar";
    let page = visitor.open(&bench.assay.url(logout)).await.page();
    let yes = page
        .form_with_button("decision")
        .press("decision", "sign_out");
    let signed_out = visitor.submit(&yes).await.page();
    assert_eq!(language(&page), ("ar".to_owned(), "rtl".to_owned()));
    assert_eq!(language(&signed_out).0, "ar");
}
