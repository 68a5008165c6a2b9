//! The browser signs the person out at clients (OpenID Connect Front-Channel Logout 1.0).

use super::Bench;
use crate::harness::{Page, TestDb};

both_databases!(
    the_page_after_a_logout_loads_the_pages_of_clients,
    a_sign_out_without_a_client_loads_them_too,
);

const CLIENTS: &str = r"apiVersion: assay/v1
kind: OidcClient
metadata: { name: shop }
spec:
  clientSecret: { fromEnv: WIKI_SECRET }
  redirectUris: [https://wiki.example.com/callback]
  consent: implicit
  postLogoutRedirectUris: [https://wiki.example.com/bye]
  frontchannelLogoutUri: https://shop.example.com/logout?from=assay
  frontchannelLogoutSessionRequired: true
---
apiVersion: assay/v1
kind: OidcClient
metadata: { name: old }
spec:
  clientSecret: { fromEnv: WIKI_SECRET }
  redirectUris: [https://wiki.example.com/callback]
  consent: implicit
  frontchannelLogoutUri: https://old.example.com:8443/bye
---
apiVersion: assay/v1
kind: OidcClient
metadata: { name: unused }
spec:
  clientSecret: { fromEnv: WIKI_SECRET }
  redirectUris: [https://wiki.example.com/callback]
  frontchannelLogoutUri: https://unused.example.com/bye
";

fn frames(page: &Page) -> Vec<String> {
    page.tags("iframe")
        .iter()
        .map(|tag| tag.attribute("src").unwrap().to_owned())
        .collect()
}

fn frame_sources(page: &Page) -> Option<String> {
    let policy = page.reply.header("content-security-policy").unwrap();
    let mut directives = policy.split("; ");
    directives
        .find_map(|directive| directive.strip_prefix("frame-src "))
        .map(str::to_owned)
}

async fn the_page_after_a_logout_loads_the_pages_of_clients(db: TestDb) {
    let bench = Bench::with_more(db, CLIENTS).await;
    let shop = bench.client("shop", "openid").await;
    assert_eq!(shop.provider["frontchannel_logout_supported"], true);
    assert_eq!(shop.provider["frontchannel_logout_session_supported"], true);
    let old = bench.client("old", "openid").await;
    let (mut visitor, tokens) = bench.tokens(&shop).await;
    old.sign_in(&mut visitor, &bench.ada).await;
    let hint = tokens.id_token.unwrap();
    let sid = shop.id_token_claims(&hint).await["sid"].clone();
    let mut url = shop.endpoint("end_session_endpoint");
    url.query_pairs_mut().extend_pairs([
        ("id_token_hint", hint.as_str()),
        ("post_logout_redirect_uri", "https://wiki.example.com/bye"),
        ("state", "1"),
    ]);

    let page = visitor.open(&url).await.page();
    let issuer: String =
        url::form_urlencoded::byte_serialize(bench.assay.issuer().as_bytes()).collect();
    let sid = sid.as_str().unwrap();
    assert_eq!(
        frames(&page),
        [
            "https://old.example.com:8443/bye".to_owned(),
            format!("https://shop.example.com/logout?from=assay&iss={issuer}&sid={sid}"),
        ]
    );
    assert_eq!(
        frame_sources(&page).unwrap(),
        "https://old.example.com:8443 https://shop.example.com"
    );
    let next = "https://wiki.example.com/bye?state=1";
    assert_eq!(
        page.reply.header("refresh").unwrap(),
        format!("5; url={next}")
    );
    let link = page.tags("a").remove(0);
    assert_eq!(link.attribute("href"), Some(next));

    // The session has ended: once more there is nobody to sign out anywhere.
    assert_eq!(visitor.open(&url).await.left().as_str(), next);
}

async fn a_sign_out_without_a_client_loads_them_too(db: TestDb) {
    let bench = Bench::with_more(db, CLIENTS).await;
    let old = bench.client("old", "openid").await;
    let (mut visitor, _) = bench.tokens(&old).await;
    let account = bench.assay.url("/auth/account");
    let page = visitor.open(&account).await.page();
    let mut forms = page.forms().into_iter();
    let form = forms.find(|form| form.action.path().ends_with("/sign-out"));
    let page = visitor.submit(&form.unwrap()).await.page();
    assert_eq!(frames(&page), ["https://old.example.com:8443/bye"]);
    assert_eq!(
        frame_sources(&page).unwrap(),
        "https://old.example.com:8443"
    );
    assert_eq!(page.reply.header("refresh"), None);

    // Somebody who was signed in nowhere sees a page without any.
    let (mut visitor, _) = bench.tokens(&bench.intranet().await).await;
    let page = visitor.open(&account).await.page();
    let mut forms = page.forms().into_iter();
    let form = forms.find(|form| form.action.path().ends_with("/sign-out"));
    let page = visitor.submit(&form.unwrap()).await.page();
    assert_eq!(frames(&page), Vec::<String>::new());
    assert_eq!(frame_sources(&page), None);
}
