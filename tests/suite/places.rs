//! Where sessions were begun, by a database of places that the operator provides.

use std::path::{Path, PathBuf};

use reqwest::Method;

use crate::harness::{Assay, Mailbox, Manifests, Output, Reply, TestDb, User};

both_databases!(
    sessions_are_known_by_their_places,
    a_database_of_places_is_looked_at_before_it_is_relied_on,
);

/// Made-up places: 127.0.0.0/8 is in Berlin.
fn places() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/places.mmdb")
}

fn with_places(database: &Path) -> Manifests {
    let manifest = format!(
        "apiVersion: assay/v1\nkind: Module\nmetadata: {{ name: session }}\nspec: {{ settings: {{ placeDatabase: {} }} }}\n",
        database.display()
    );
    Manifests::new().file("session.yaml", &manifest)
}

async fn sessions_are_known_by_their_places(db: TestDb) {
    let mailbox = Mailbox::new();
    let here = tempfile::tempdir().expect("a folder");
    let database = here.path().join("places.mmdb");
    std::fs::copy(places(), &database).expect("a copy");
    let manifests = with_places(&database).file("mail.yaml", &mailbox.manifest());
    let assay = Assay::with(db).manifests(&manifests).start().await;
    let ada = assay.user("ada");
    let data = assay.folder().join("data");
    let verified = "UPDATE users SET email_verified = TRUE";
    assay.db().alter(&data, verified).await;
    let login = assay.url("/auth/login");

    let mut visitor = assay.visitor();
    let page = visitor.sign_in_here(&login, &ada).await;
    assert!(page.reply.body.contains("Berlin, Germany"), "{page:#?}");
    assert!(page.reply.body.contains("127.0.0.1"), "{page:#?}");
    let mut german = assay.visitor().reading("de");
    let page = german.sign_in_here(&login, &ada).await;
    assert!(page.reply.body.contains("Berlin, Deutschland"), "{page:#?}");
    // Turkish names are not in the database.
    let mut turkish = assay.visitor().reading("tr");
    turkish.cookies.clone_from(&visitor.cookies);
    let page = turkish.open(&assay.url("/auth/account")).await.page();
    assert!(page.reply.body.contains("Berlin, Germany"), "{page:#?}");

    let letter = mailbox.wait_for(&ada.email, 1).await;
    let place = "Berlin, Deutschland, 127.0.0.1";
    assert!(letter.text.contains(place), "{}", letter.text);

    let path = format!(
        "/auth/admin/auth/sessions?user={}",
        id_of(&assay, &ada).await
    );
    let listed = || async { Reply::to(assay.admin(Method::GET, &path)).await.json() };
    let before = listed().await;
    assert_eq!(before["sessions"][0]["place"], "Berlin, Germany");

    // A newer file is taken up, and one that is gone keeps nobody out.
    std::fs::remove_file(&database).expect("removed");
    let page = visitor.open(&assay.url("/auth/account")).await.page();
    assert!(page.reply.body.contains("127.0.0.1"), "{page:#?}");
    assert!(!page.reply.body.contains("Berlin"), "{page:#?}");
    assert!(listed().await["sessions"][0].get("place").is_none());
    std::fs::copy(places(), &database).expect("a copy");
    assert_eq!(listed().await["sessions"][0]["place"], "Berlin, Germany");
}

async fn a_database_of_places_is_looked_at_before_it_is_relied_on(db: TestDb) {
    let assay = Assay::start(db).await;
    let here = tempfile::tempdir().expect("a folder");
    let text = here.path().join("places.txt");
    std::fs::write(&text, "Berlin").expect("written");
    for (database, words) in [
        (Path::new("/nowhere/places.mmdb"), "cannot be read"),
        (text.as_path(), "is no MaxMind DB"),
        (Path::new("places.mmdb"), "give the whole path"),
    ] {
        let refused = apply(&assay, &with_places(database));
        assert_ne!(refused.code, 0, "{}", refused.stderr);
        assert!(refused.stderr.contains(words), "{}", refused.stderr);
    }
}

fn apply(assay: &Assay, manifests: &Manifests) -> Output {
    assay.cli(["apply", "-f", manifests.path().to_str().expect("a path")])
}

async fn id_of(assay: &Assay, user: &User) -> String {
    let path = format!("/auth/admin/auth/users?email={}", user.email);
    let listed = Reply::to(assay.admin(Method::GET, &path)).await.json();
    listed["users"][0]["id"].as_str().expect("an id").to_owned()
}
