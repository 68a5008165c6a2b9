//! What operators say attributes must be, where people tell about themselves.

use serde_json::json;

use super::{Bench, PASSWORD, TestDb, finished};

both_databases!(the_pages_are_held_to_the_schema);

const SETTINGS: &str = "    registration: { mode: open, fields: [nickname] }
    profile: { fields: [nickname, website] }
    attributeSchema: { properties: { nickname: { pattern: '^[a-z]+$' }, website: { maxLength: 30 } } }";

async fn the_pages_are_held_to_the_schema(db: TestDb) {
    let bench = Bench::with(db, SETTINGS).await;
    let mut visitor = bench.assay.visitor();
    bench.ask(&mut visitor, "ada@example.com").await;
    let letter = bench.letter("ada@example.com", 1).await;
    let page = visitor.open(&letter.link()).await.page();
    let form = finished(&page, PASSWORD).fill("nickname", "ADA");
    let again = visitor.submit(&form).await.page();
    assert_eq!(again.reply.status.as_u16(), 400, "{again:#?}");
    assert!(bench.person("ada@example.com").await.is_none());
    let form = finished(&again, PASSWORD).fill("nickname", "ada");
    let account = visitor.submit(&form).await.page();
    assert_eq!(account.url.path(), "/auth/account", "{account:#?}");

    let page = bench.open(&mut visitor, "/auth/account/profile").await;
    for (field, value) in [
        ("nickname", "Countess"),
        ("website", "https://ada.example.com/a-long-way-down"),
    ] {
        let form = page.form_with("nickname").fill(field, value);
        let refused = visitor.submit(&form).await.page();
        assert_eq!(refused.reply.status.as_u16(), 400, "{field}: {refused:#?}");
    }
    let form = page.form_with("nickname").fill("nickname", "countess");
    let saved = visitor.submit(&form).await.page();
    assert_eq!(saved.reply.status.as_u16(), 200, "{saved:#?}");
    let person = bench.person("ada@example.com").await.expect("an account");
    assert_eq!(person["attributes"], json!({ "nickname": "countess" }));
}
