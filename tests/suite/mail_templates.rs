//! Letters in an operator's own words.

use crate::harness::{Assay, Mailbox, Manifests, Reply, SecurityKey, TestDb};

both_databases!(
    an_operators_words_stand_in_the_place_of_ours,
    words_without_html_make_a_letter_without_it,
    what_people_name_is_no_markup_in_them,
    words_that_cannot_be_filled_in_keep_no_letter_back,
);

/// A template of this name, with these fields, indented by two.
fn template(name: &str, fields: &str) -> String {
    format!(
        "---\napiVersion: assay/v1\nkind: MailTemplate\nmetadata: {{ name: {name} }}\nspec:\n{fields}"
    )
}

async fn start(db: TestDb, templates: &str) -> (Assay, Mailbox, Manifests) {
    let mailbox = Mailbox::new();
    let manifests = Manifests::new()
        .file("mail.yaml", &mailbox.manifest())
        .file("templates.yaml", templates);
    let assay = Assay::with(db).manifests(&manifests).start().await;
    (assay, mailbox, manifests)
}

/// Has somebody sent the way back into their account, at a browser that reads this language.
async fn recover(assay: &Assay, language: &str, email: &str) {
    let mut visitor = assay.visitor().reading(language);
    let page = visitor.open(&assay.url("/auth/recover")).await.page();
    let form = page.form_with("email").fill("email", email);
    visitor.submit(&form).await.page();
}

async fn an_operators_words_stand_in_the_place_of_ours(db: TestDb) {
    let any = "  subject: Back to {{ product }}\n  text: \"Here: {{ link }}\"\n  html: '<p>{{ code }}</p>'\n";
    let german = "  subject: Zurück\n  text: \"Hier:\\n{{ link }}\"\n  html: '<p>{{ code }}</p>'\n";
    let templates = template("recovery", any) + &template("recovery.de", german);
    let (assay, mailbox, manifests) = start(db, &templates).await;
    let ada = assay.user("ada");

    recover(&assay, "tr", &ada.email).await;
    let letter = mailbox.wait_for(&ada.email, 1).await;
    assert_eq!(letter.subject(), "Back to localhost");
    assert!(
        letter.text.starts_with("Here: http://localhost:"),
        "{letter:?}"
    );
    assert!(
        letter.html.starts_with("<p>") && letter.html.len() < 30,
        "{letter:?}"
    );
    recover(&assay, "de", &ada.email).await;
    let letter = mailbox.wait_for(&ada.email, 2).await;
    // Its link is as good as ours.
    let page = assay.visitor().open(&letter.link()).await.page();
    page.expect_status(200);
    assert!(letter.text.starts_with("Hier:"), "{letter:?}");

    let path = manifests.path().to_str().unwrap();
    assay.cli(["diff", "-f", path]).expect_code(0);
    let listed = assay.admin(reqwest::Method::GET, "/auth/admin/auth/mail-templates");
    let listed = Reply::to(listed).await.expect_status(200).json();
    assert_eq!(
        listed["objects"][1]["manifest"]["metadata"]["name"], "recovery.de",
        "{listed:#}"
    );

    // Without them, letters are as they were.
    manifests.write("templates.yaml", "");
    assay
        .cli(["apply", "-f", path, "--prune", "--yes", "--wait"])
        .expect_code(0);
    recover(&assay, "en", &ada.email).await;
    let letter = mailbox.wait_for(&ada.email, 3).await;
    assert_eq!(letter.subject(), "Get back into your account");
}

async fn words_without_html_make_a_letter_without_it(db: TestDb) {
    let fields = "  subject: Back\n  text: \"Hier: {{ link }}\"\n";
    let (assay, mailbox, _manifests) = start(db, &template("recovery", fields)).await;
    let ada = assay.user("ada");

    recover(&assay, "en", &ada.email).await;

    let letter = mailbox.wait_for_text().await;
    assert!(letter.contains("Hier: http"), "{letter}");
    assert!(letter.contains("Content-Type: text/plain"), "{letter}");
    assert!(!letter.contains("multipart"), "{letter}");
}

async fn what_people_name_is_no_markup_in_them(db: TestDb) {
    let fields = "  subject: \"{{ name }}\"\n  text: \"{{ name }}\"\n  html: '<p title=\"{{ name }}\">{{ name }}</p>'\n";
    let (assay, mailbox, _manifests) = start(db, &template("passkeyAdded", fields)).await;
    let ada = assay.user("ada");
    let mut visitor = assay.visitor();
    visitor.sign_in_here(&assay.url("/auth/login"), &ada).await;
    let mut phone = SecurityKey::new();

    let name = "\"><img src=x>";
    let added = phone.register(&assay, &mut visitor, name).await;
    added.expect_status(200);

    let letter = mailbox.wait_for(&ada.email, 1).await;
    assert_eq!(letter.text.trim_end(), name);
    let escaped = "&quot;&gt;&lt;img src=x&gt;";
    assert_eq!(
        letter.html.trim_end(),
        format!("<p title=\"{escaped}\">{escaped}</p>")
    );
}

async fn words_that_cannot_be_filled_in_keep_no_letter_back(db: TestDb) {
    let fields = "  subject: Back\n  text: \"{{ link }}{% if product == 'localhost' %}{{ code.first }}{% endif %}\"\n";
    let (assay, mailbox, _manifests) = start(db, &template("recovery", fields)).await;
    let ada = assay.user("ada");

    recover(&assay, "en", &ada.email).await;

    let letter = mailbox.wait_for(&ada.email, 1).await;
    assert_eq!(letter.subject(), "Get back into your account");
    let logs = assay.logs();
    assert!(
        logs.contains("MailTemplate/recovery cannot be filled in"),
        "{logs}"
    );
    assert!(logs.contains("`text`, line 1"), "{logs}");
    assert!(!logs.contains(&letter.code()), "{logs}");
}
