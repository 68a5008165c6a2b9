//! Kind `Theme`: what pages look like.

use super::{Bench, SECRET};
use crate::harness::{Page, TestDb};

both_databases!(a_theme_is_on_every_page_from_its_generation_on);

const THEME: &str = r##"apiVersion: assay/v1
kind: Theme
metadata: { name: default }
spec:
  productName: "Acme <ID>"
  logo: https://cdn.example.com/acme/logo.svg
  colors:
    light: { accent: "#7a1fa2" }
  footer: { default: All doors closed, de: Alle Türen zu }
  links:
    support: { default: https://example.com/help, de: https://example.com/hilfe }
    privacy: { default: https://example.com/privacy }
"##;

fn expect_themed(page: &Page, footer: &str, support: &str) {
    let body = &page.reply.body;
    assert!(body.contains("--accent:#7a1fa2"), "{page:#?}");
    assert!(body.contains("Acme &#60;ID&#62;") && !body.contains("<ID>"));
    assert!(body.contains(footer), "{page:#?}");
    let links = page.tags("a");
    assert!(
        links
            .iter()
            .any(|link| link.attribute("href") == Some(support)),
        "{page:#?}"
    );
    let policy = page.reply.header("content-security-policy").unwrap();
    let images = "img-src https://cdn.example.com/acme/logo.svg";
    assert!(
        policy.contains(images) && !policy.contains("unsafe"),
        "{policy}"
    );
}

async fn a_theme_is_on_every_page_from_its_generation_on(db: TestDb) {
    let bench = Bench::with_more(db, THEME).await;
    let wiki = bench.wiki().await;
    let mut visitor = bench.assay.visitor();
    let url = wiki.authorization().url();
    let login = visitor.open(&url).await.page();
    let help = "https://example.com/help";
    expect_themed(&login, "All doors closed", help);
    let consent = visitor.submit(&bench.sign_in_form(&login)).await.page();
    expect_themed(&consent, "All doors closed", help);
    let mut german = bench.assay.visitor().reading("de");
    let device = bench.assay.url("/auth/device");
    let code = german.open(&device).await.page();
    expect_themed(&code, "Alle Türen zu", "https://example.com/hilfe");
    let broken = bench.assay.url("/auth/authorize?client_id=x");
    let broken = german.open(&broken).await.page();
    expect_themed(&broken, "Alle Türen zu", "https://example.com/hilfe");

    // Another name is kept for later.
    bench
        .manifests
        .write("more.yaml", &THEME.replace("name: default", "name: winter"));
    let path = bench.manifests.path().to_str().unwrap().to_owned();
    let apply = ["apply", "--prune", "--yes", "-f", &path];
    let apply = bench.assay.remote_command(apply);
    apply.env("WIKI_SECRET", SECRET).run().expect_code(0);
    let login = bench.assay.visitor().open(&url).await.page();
    let policy = login.reply.header("content-security-policy").unwrap();
    assert!(!login.reply.body.contains("Acme") && !policy.contains("img-src"));
}
