//! A folder of YAML becomes the configuration: what `diff` shows, `apply` does, and nothing else does.

use crate::harness::{Assay, Command, Manifests, Output, TestDb};

both_databases!(
    what_diff_shows_apply_does,
    a_dry_run_changes_nothing,
    pruning_deletes_only_what_the_set_owned,
    an_object_of_another_set_is_a_conflict_until_it_is_taken_over,
    a_plan_is_refused_when_something_came_in_between,
    a_saved_plan_that_was_altered_is_refused,
    a_rollback_is_a_new_generation_with_the_old_content,
    a_client_that_is_renamed_stays_the_same_client,
    what_is_rarely_meant_needs_yes,
    what_is_exported_makes_no_difference,
    modules_are_switched_by_hand_unless_a_manifest_says,
    both_ways_say_the_same,
    the_secret_of_a_client_is_shown_nowhere,
);

fn client(name: &str, display_name: &str) -> String {
    format!(
        "apiVersion: assay/v1
kind: OidcClient
metadata: {{ name: {name} }}
spec:
  displayName: {display_name}
  clientType: public
  redirectUris: [https://{name}.example.com/callback]
  grantTypes: [authorization_code]
  scopes: [openid]
---
"
    )
}

fn two_clients() -> Manifests {
    Manifests::new()
        .file("wiki.yaml", &client("wiki", "Wiki"))
        .file("blog.yaml", &client("blog", "Blog"))
}

fn folder(manifests: &Manifests) -> &str {
    manifests.path().to_str().unwrap()
}

fn diff(assay: &Assay, manifests: &Manifests) -> Output {
    assay.cli(["diff", "-f", folder(manifests)])
}

fn generation(assay: &Assay) -> i64 {
    let history = assay.cli(["history", "--limit", "1", "-o", "json"]);
    history.expect_code(0).json()[0]["generation"]
        .as_i64()
        .unwrap()
}

async fn what_diff_shows_apply_does(db: TestDb) {
    let assay = Assay::with(db).install();
    let manifests = two_clients();
    let applied = assay.apply(&manifests);
    assert!(
        applied
            .stdout
            .ends_with("applied generation 2 (2 created, 0 changed, 0 deleted)\n"),
        "{}",
        applied.stdout
    );
    assert_eq!(
        assay.apply(&manifests).stdout,
        "nothing to do (generation 2)\n"
    );
    assert_eq!(
        diff(&assay, &manifests).expect_code(0).stdout,
        "0 to create, 0 to change, 0 to delete, 2 unchanged\n"
    );

    manifests.write("wiki.yaml", &client("wiki", "The Wiki"));

    let shown = diff(&assay, &manifests).expect_code(1).stdout;
    insta::allow_duplicates! {
    insta::assert_snapshot!(shown, @r#"
    ~ OidcClient/wiki  (changed: displayName)
        @@ -1,7 +1,7 @@
         metadata:
           name: wiki
         spec:
        -  displayName: Wiki
        +  displayName: The Wiki
           enabled: true
           clientType: public
           applicationType: web

    0 to create, 1 to change, 0 to delete, 1 unchanged
    "#);
    }
    let applied = assay.apply(&manifests).stdout;
    assert_eq!(
        applied,
        shown + "applied generation 3 (0 created, 1 changed, 0 deleted)\n"
    );
    diff(&assay, &manifests).expect_code(0);
}

async fn a_dry_run_changes_nothing(db: TestDb) {
    let assay = Assay::with(db).install();
    let manifests = two_clients();
    assay.apply(&manifests);
    manifests.write("wiki.yaml", &client("wiki", "The Wiki"));
    let dry = assay.cli(["apply", "-f", folder(&manifests), "--dry-run"]);
    assert!(
        dry.expect_code(0)
            .stdout
            .contains("dry run: nothing was changed")
    );
    assert_eq!(generation(&assay), 2);
    diff(&assay, &manifests).expect_code(1);
}

async fn pruning_deletes_only_what_the_set_owned(db: TestDb) {
    let assay = Assay::with(db).install();
    let ours = two_clients().file("third.yaml", &client("third", "Third"));
    assay.apply(&ours);
    let theirs = Manifests::new().file("shop.yaml", &client("shop", "Shop"));
    assay
        .cli(["apply", "-f", folder(&theirs), "--set", "shop"])
        .expect_code(0);
    ours.remove("blog.yaml");

    let kept = diff(&assay, &ours).expect_code(0);
    assert!(
        kept.stdout
            .contains("kept without --prune: OidcClient/blog")
    );
    let pruned = assay.cli(["apply", "-f", folder(&ours), "--prune"]);
    assert!(pruned.expect_code(0).stdout.contains("- OidcClient/blog"));

    let left = assay.cli(["export", "--all"]).expect_code(0).stdout;
    assert!(
        left.contains("name: shop") && !left.contains("name: blog"),
        "{left}"
    );
}

async fn an_object_of_another_set_is_a_conflict_until_it_is_taken_over(db: TestDb) {
    let assay = Assay::with(db).install();
    assay.apply(&two_clients());
    let theirs = Manifests::new().file("wiki.yaml", &client("wiki", "Wiki"));
    let apply = ["apply", "-f", folder(&theirs), "--set", "theirs"];
    let refused = assay.cli(apply).expect_code(5);
    assert_eq!(
        refused.stderr,
        "error: OidcClient/wiki belongs to `set:default`; use --take-over to adopt it\n"
    );
    assert_eq!(generation(&assay), 2);
    let taken = assay.command(apply).argument("--take-over").run();
    assert!(
        taken
            .expect_code(0)
            .stdout
            .contains("taken over from set:default")
    );
}

async fn a_plan_is_refused_when_something_came_in_between(db: TestDb) {
    let assay = Assay::with(db).install();
    let manifests = two_clients();
    assay.apply(&manifests);
    manifests.write("wiki.yaml", &client("wiki", "The Wiki"));
    let save = ["diff", "-f", folder(&manifests), "--out", "plan.json"];
    assay.cli(save).expect_code(1);
    let other = Manifests::new().file("shop.yaml", &client("shop", "Shop"));
    assay
        .cli(["apply", "-f", folder(&other), "--set", "shop"])
        .expect_code(0);

    let refused = assay.cli(["apply", "plan.json"]).expect_code(4);
    assert_eq!(
        refused.stderr,
        "error: the plan was made against generation 2, but 3 is live; run `assay diff` again\n"
    );
    assay.cli(save).expect_code(1);
    assay.cli(["apply", "plan.json"]).expect_code(0);
    diff(&assay, &manifests).expect_code(0);
}

async fn a_saved_plan_that_was_altered_is_refused(db: TestDb) {
    let assay = Assay::with(db).install();
    let manifests = two_clients();
    assay.apply(&manifests);
    manifests.write("wiki.yaml", &client("wiki", "The Wiki"));
    assay
        .cli(["diff", "-f", folder(&manifests), "--out", "plan.json"])
        .expect_code(1);
    let file = assay.folder().join("plan.json");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("wiki.example.com", "evil.example.com")).unwrap();
    let refused = assay.cli(["apply", "plan.json"]).expect_code(2);
    assert!(
        refused.stderr.contains("the plan was altered"),
        "{refused:?}"
    );
    assert_eq!(generation(&assay), 2);
}

async fn a_rollback_is_a_new_generation_with_the_old_content(db: TestDb) {
    let assay = Assay::with(db).install();
    let manifests = two_clients();
    assay.apply(&manifests);
    manifests.write("wiki.yaml", &client("wiki", "The Wiki"));
    assay.apply(&manifests);
    diff(&assay, &manifests).expect_code(0);
    let back = assay.cli(["rollback", "2"]).expect_code(0);
    assert!(back.stdout.contains("applied generation 4"), "{back:?}");
    diff(&assay, &manifests).expect_code(1);
    let none = assay.cli(["rollback", "99"]).expect_code(2);
    assert!(none.stderr.contains("no generation 99"), "{none:?}");
}

async fn a_client_that_is_renamed_stays_the_same_client(db: TestDb) {
    let assay = Assay::with(db).install();
    let manifests = two_clients();
    assay.apply(&manifests);
    let renamed = client("handbook", "Wiki").replace(
        "{ name: handbook }",
        "{ name: handbook, annotations: { assay/moved-from: wiki } }",
    );
    manifests.write("wiki.yaml", &renamed);
    let applied = assay.apply(&manifests).stdout;
    assert!(
        applied.contains("→ OidcClient/handbook  (renamed from wiki"),
        "{applied}"
    );
    assert!(
        applied.ends_with("(0 created, 1 changed, 0 deleted)\n"),
        "{applied}"
    );
    diff(&assay, &manifests).expect_code(0);
}

async fn what_is_rarely_meant_needs_yes(db: TestDb) {
    let assay = Assay::with(db).install();
    let manifests = two_clients().file("third.yaml", &client("third", "Third"));
    assay.apply(&manifests);
    manifests.remove("blog.yaml");
    manifests.remove("wiki.yaml");
    let apply = ["apply", "-f", folder(&manifests), "--prune"];
    let refused = assay.cli(apply).expect_code(6);
    assert_eq!(
        refused.stderr,
        "error: nothing was changed; use --yes if this is meant:\n  \
         2 of the 3 objects of set `default` would be deleted\n"
    );
    assert_eq!(generation(&assay), 2);
    assay.command(apply).argument("--yes").run().expect_code(0);
}

async fn what_is_exported_makes_no_difference(db: TestDb) {
    let assay = Assay::with(db)
        .env("WIKI_SECRET", "a secret of the wiki, 0123456789")
        .install();
    let manifests = two_clients().file(
        "rest.yaml",
        "apiVersion: assay/v1
kind: OidcClient
metadata: { name: reporter, labels: { yes: 'no', n: '007' } }
spec:
  displayName: 'Null: #1'
  clientType: confidential
  clientSecret: { fromEnv: WIKI_SECRET }
  grantTypes: [client_credentials]
  scopes: [reports.read]
---
apiVersion: assay/v1
kind: UpstreamProvider
metadata: { name: google }
spec:
  displayName: Google
  issuer: https://accounts.google.com
  clientId: 123.apps.googleusercontent.com
  clientSecret: { fromEnv: WIKI_SECRET }
---
apiVersion: assay/v1
kind: ZanzibarNamespace
metadata: { name: user }
spec: {}
---
apiVersion: assay/v1
kind: ZanzibarNamespace
metadata: { name: document }
spec:
  relations:
    viewer: { types: [user, 'user:*'] }
  permissions: { view: viewer }
---
apiVersion: assay/v1
kind: Module
metadata: { name: passkey }
spec: { enabled: false }
",
    );
    assay.apply(&manifests);

    let exported = assay.cli(["export"]).expect_code(0).stdout;
    let same = assay
        .command(["diff", "--prune", "-f", "-"])
        .input(&exported);
    let same = same.run().expect_code(0);
    assert_eq!(
        same.stdout,
        "0 to create, 0 to change, 0 to delete, 7 unchanged\n"
    );
    let json = assay.cli(["export", "-o", "json"]).expect_code(0).json();
    assert_eq!(json.as_array().unwrap().len(), 7);
}

async fn modules_are_switched_by_hand_unless_a_manifest_says(db: TestDb) {
    let assay = Assay::start(db).await;
    assay.get("/auth/login").await.expect_status(200);
    let off = assay
        .remote_command(["module", "disable", "password"])
        .run();
    assert!(off.expect_code(0).stdout.contains("Module/password"));
    let gone = assay.get("/auth/login").await.expect_status(404).json();
    assert_eq!(gone["module"], "password");
    assay
        .remote_command(["module", "enable", "password"])
        .run()
        .expect_code(0);
    assay.get("/auth/login").await.expect_status(200);

    let manifests = Manifests::new().file(
        "modules.yaml",
        "apiVersion: assay/v1\nkind: Module\nmetadata: { name: password }\nspec: { enabled: true }\n",
    );
    assay
        .cli(["apply", "-f", folder(&manifests), "--take-over"])
        .expect_code(0);
    for refused in [
        assay.cli(["module", "disable", "password"]),
        assay
            .remote_command(["module", "disable", "password"])
            .run(),
    ] {
        let refused = refused.expect_code(5);
        assert!(refused.stderr.contains("set:default"), "{refused:?}");
    }
    let always = assay.cli(["module", "disable", "session"]).expect_code(2);
    assert!(
        always.stderr.contains("cannot be switched off"),
        "{always:?}"
    );
    assay.cli(["module", "disable", "nonsense"]).expect_code(2);
}

async fn both_ways_say_the_same(db: TestDb) {
    let assay = Assay::start(db).await;
    let manifests = two_clients();
    let path = folder(&manifests);
    let both = |arguments: &[&str]| {
        let local = assay.cli(arguments.iter().copied());
        let remote = assay.remote_command(arguments.iter().copied()).run();
        assert_eq!(local, remote, "{arguments:?}");
        local
    };
    both(&["diff", "-f", path]).expect_code(1);
    both(&["diff", "-f", path, "-o", "json"]).expect_code(1);
    both(&["diff", "-f", path, "-o", "markdown"]).expect_code(1);
    both(&["apply", "-f", path, "--dry-run"]).expect_code(0);
    assay
        .remote_command(["apply", "-f", path, "--wait"])
        .run()
        .expect_code(0);
    both(&["apply", "-f", path]).expect_code(0);
    both(&["apply", "-f", path, "--set", "other"]).expect_code(5);
    both(&["export"]).expect_code(0);
    both(&["history"]).expect_code(0);
    both(&["history", "-o", "json"]).expect_code(0);
    both(&["modules"]).expect_code(0);
    both(&["modules", "-o", "json"]).expect_code(0);
    both(&["keys", "list"]).expect_code(0);
    both(&["rollback", "99"]).expect_code(2);
}

async fn the_secret_of_a_client_is_shown_nowhere(db: TestDb) {
    const SECRET: &str = "hunter2-hunter2-hunter2-hunter2";
    let assay = Assay::with(db).env("WIKI_SECRET", SECRET).install();
    let confidential = client("wiki", "Wiki").replace(
        "clientType: public",
        "clientType: confidential\n  clientSecret: { fromEnv: WIKI_SECRET }",
    );
    let manifests = Manifests::new().file("wiki.yaml", &confidential);
    let shown = [
        diff(&assay, &manifests).expect_code(1),
        assay.apply(&manifests),
        assay.cli(["export"]),
        assay.cli([
            "diff",
            "-f",
            folder(&manifests),
            "-o",
            "json",
            "--out",
            "plan.json",
        ]),
        assay.cli(["history", "-o", "json"]),
    ];
    for output in shown {
        assert!(!output.stdout.contains(SECRET) && !output.stderr.contains(SECRET));
    }
    let plan = std::fs::read_to_string(assay.folder().join("plan.json")).unwrap();
    assert!(!plan.contains(SECRET));

    let rotated = assay
        .command(["diff", "-f", folder(&manifests)])
        .env("WIKI_SECRET", "another-secret-0123456789")
        .run()
        .expect_code(1);
    assert!(rotated.stdout.contains("*** (changed)"), "{rotated:?}");
}

mod commands_that_only_read_make_no_database {
    use super::{Assay, TestDb, folder, two_clients};

    #[test]
    fn on_sqlite() {
        let assay = Assay::with(TestDb::sqlite()).install();
        let manifests = two_clients();
        let shown = assay.cli(["diff", "-f", folder(&manifests)]).expect_code(1);
        assert!(
            shown
                .stdout
                .ends_with("2 to create, 0 to change, 0 to delete, 0 unchanged\n")
        );
        assay
            .cli(["apply", "-f", folder(&manifests), "--dry-run"])
            .expect_code(0);
        for command in ["export", "history", "status", "modules"] {
            assay.cli([command]).expect_code(3);
        }
        assert!(!assay.folder().join("data").exists());
    }
}

#[test]
fn codes_tell_what_kind_of_failure_it_was() {
    Command::offline(["--help"]).run().expect_code(0);
    Command::offline(["--nonsense"]).run().expect_code(2);
    Command::offline(["diff"]).run().expect_code(2);
    Command::offline(["apply", "plan.json", "-f", "."])
        .run()
        .expect_code(2);
    let missing = Command::offline(["validate", "-f", "/nowhere"]).run();
    assert!(missing.expect_code(2).stdout.is_empty());
    let cookies = Command::offline(["keys", "rotate", "cookies"]).run();
    assert!(cookies.expect_code(2).stderr.contains("cookies"));

    let remote = |server: &str| {
        Command::offline(["status", "--server", server])
            .env("ASSAY_ADMIN_KEY", "sk_admin_x")
            .run()
    };
    // Port 1 is nobody's.
    remote("http://127.0.0.1:1").expect_code(3);
    let unencrypted = remote("http://auth.example.com").expect_code(2);
    assert!(
        unencrypted.stderr.contains("unencrypted"),
        "{unencrypted:?}"
    );
    Command::offline(["status", "--server", "http://127.0.0.1:1"])
        .run()
        .expect_code(8);
}

#[test]
fn every_command_shows_an_example() {
    for command in [
        &["serve"][..],
        &["validate"],
        &["diff"],
        &["apply"],
        &["export"],
        &["history"],
        &["rollback"],
        &["status"],
        &["modules"],
        &["module"],
        &["module", "enable"],
        &["user", "create"],
        &["admin-key", "new"],
        &["keys", "rotate"],
        &["biscuit"],
        &["schema"],
    ] {
        let help = Command::offline(command.iter().copied()).argument("--help");
        let help = help.run().expect_code(0).stdout;
        assert!(help.contains("Examples:\n  assay "), "{command:?}: {help}");
    }
}

#[test]
fn a_new_admin_key_comes_with_its_manifest() {
    let made = Command::offline(["admin-key", "new", "ci"])
        .run()
        .expect_code(0);
    let valid = Command::offline(["validate", "-f", "-"]).input(&made.stdout);
    valid.run().expect_code(0);
    assert!(made.stdout.contains("hash: sha256:") && !made.stdout.contains("sk_admin_"));
    assert!(made.stderr.contains("sk_admin_"));
}
