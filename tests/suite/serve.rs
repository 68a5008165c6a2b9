//! `assay serve`: how it starts, what it refuses, what it says, and how it ends.

use std::time::{Duration, Instant};

use reqwest::Method;

use crate::harness::{Assay, Command, Manifests, TestDb};

both_databases!(
    a_folder_is_applied_before_the_server_listens_and_again_when_it_changes,
    a_secret_that_changes_beside_the_folder_is_applied_again,
    it_ends_well_when_it_is_told_to,
    another_master_key_is_refused,
    a_switched_off_module_is_off_in_every_replica,
);

/// For what happens within seconds even on a busy machine.
const SOON: Duration = Duration::from_secs(30);

fn module(enabled: bool) -> String {
    format!(
        "apiVersion: assay/v1\nkind: Module\nmetadata: {{ name: passkey }}\nspec: {{ enabled: {enabled} }}\n"
    )
}

/// Waits until the server serves a generation after `generation`, and gives it.
async fn generation_after(assay: &Assay, generation: i64) -> i64 {
    let began = Instant::now();
    loop {
        let serving = generation_of(assay).await;
        if serving > generation {
            return serving;
        }
        assert!(
            began.elapsed() < SOON,
            "still {generation}\n{}",
            assay.logs()
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn generation_of(assay: &Assay) -> i64 {
    let reply = assay.get("/healthz").await.expect_status(200);
    reply.header("assay-generation").unwrap().parse().unwrap()
}

async fn a_folder_is_applied_before_the_server_listens_and_again_when_it_changes(db: TestDb) {
    let manifests = Manifests::new().file("modules.yaml", &module(true));
    let assay = Assay::with(db)
        .manifests(&manifests)
        .argument("--watch")
        .start()
        .await;
    let first = generation_of(&assay).await;
    assert!(first >= 1);

    manifests.write("modules.yaml", &module(false));
    let second = generation_after(&assay, first).await;

    // What is wrong changes nothing and does not end the server.
    manifests.write("broken.yaml", "kind: Nonsense\n");
    let began = Instant::now();
    while !assay.logs().contains("Nonsense") {
        assert!(began.elapsed() < SOON, "{}", assay.logs());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(generation_of(&assay).await, second);

    manifests.remove("broken.yaml");
    manifests.write("modules.yaml", &module(true));
    generation_after(&assay, second).await;
}

async fn a_secret_that_changes_beside_the_folder_is_applied_again(db: TestDb) {
    let secrets = Manifests::new().file("wiki", "the first secret of the wiki");
    let file = secrets.path().join("wiki");
    let client = format!(
        "apiVersion: assay/v1\nkind: OidcClient\nmetadata: {{ name: wiki }}\nspec:\n  \
         clientSecret: {{ fromFile: {} }}\n  grantTypes: [client_credentials]\n",
        file.display()
    );
    let manifests = Manifests::new().file("wiki.yaml", &client);
    let assay = Assay::with(db)
        .manifests(&manifests)
        .argument("--watch")
        .start()
        .await;
    let first = generation_of(&assay).await;

    secrets.write("wiki", "the second and longer secret of the wiki");
    let second = generation_after(&assay, first).await;

    // One that is gone changes nothing; when it is back it counts.
    secrets.remove("wiki");
    let began = Instant::now();
    while !assay.logs().contains("were not applied") {
        assert!(began.elapsed() < SOON, "{}", assay.logs());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(generation_of(&assay).await, second);
    secrets.write("wiki", "the third secret of the wiki");
    generation_after(&assay, second).await;
}

async fn it_ends_well_when_it_is_told_to(db: TestDb) {
    let assay = Assay::start(db).await;
    let process = assay.process_id();
    let killed = std::process::Command::new("kill")
        .args(["-TERM", &process.to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    let began = Instant::now();
    while assay.request(Method::GET, "/healthz").send().await.is_ok() {
        assert!(began.elapsed() < SOON, "{}", assay.logs());
    }
    // It is a zombie until the harness asks for its end: all of it has been done.
    while std::fs::read_to_string(format!("/proc/{process}/status"))
        .is_ok_and(|status| !status.contains("State:\tZ"))
    {
        assert!(began.elapsed() < SOON, "{}", assay.logs());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(assay.logs().contains("stopping"), "{}", assay.logs());
}

async fn another_master_key_is_refused(db: TestDb) {
    let assay = Assay::start(db).await;
    let refused = assay
        .command(["serve", "--listen", "127.0.0.1:0"])
        .env("ASSAY_MASTER_KEY", &"ab".repeat(32))
        .run()
        .expect_code(2);
    assert!(
        refused
            .stderr
            .contains("not the one this database was made with"),
        "{}",
        refused.stderr
    );
}

#[tokio::test]
async fn a_lost_master_key_is_told_and_no_other_is_made() {
    let mut assay = Assay::start(TestDb::sqlite()).await;
    assay.kill();
    let key = assay.folder().join("data/master.key");
    let copy = assay.folder().join("copy");
    std::fs::rename(&key, &copy).unwrap();

    for command in [vec!["serve", "--listen", "127.0.0.1:0"], vec!["history"]] {
        let refused = assay.cli(command).expect_code(2);
        let wanted = "is gone: restore it from a copy";
        assert!(refused.stderr.contains(wanted), "{}", refused.stderr);
        assert!(!key.exists());
    }

    std::fs::rename(&copy, &key).unwrap();
    assay.run().await;
}

async fn a_switched_off_module_is_off_in_every_replica(db: TestDb) {
    let manifests = Manifests::new().file(
        "modules.yaml",
        &module(true).replace("passkey", "oidc_provider"),
    );
    let assay = Assay::with(db).manifests(&manifests).start().await;
    let replica = assay.replica().await;
    for server in [&assay, &replica] {
        server
            .get("/.well-known/openid-configuration")
            .await
            .expect_status(200);
    }
    let before = generation_of(&assay).await;
    manifests.write(
        "modules.yaml",
        &module(false).replace("passkey", "oidc_provider"),
    );
    let began = Instant::now();
    assay.apply(&manifests);
    let applied = began.elapsed();
    for server in [&assay, &replica] {
        generation_after(server, before).await;
        let reply = server
            .get("/.well-known/openid-configuration")
            .await
            .expect_status(404);
        let problem = reply.json();
        assert!(
            problem["type"]
                .as_str()
                .unwrap()
                .ends_with("module-disabled")
        );
        assert_eq!(problem["module"], "oidc_provider");
    }
    eprintln!(
        "applied in {applied:?}, followed by both within {:?} of that",
        began.elapsed().saturating_sub(applied)
    );
}

#[test]
fn wrong_manifests_keep_the_server_from_starting() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("m.yaml"),
        module(true).replace("passkey", "passkeys"),
    )
    .unwrap();
    let refused = Command::offline(["serve", "--listen", "127.0.0.1:0", "--manifests", "m.yaml"])
        .in_folder(folder.path())
        .run()
        .expect_code(2);
    assert!(refused.stderr.contains("passkeys"), "{}", refused.stderr);
    assert!(refused.stderr.contains("m.yaml:"), "{}", refused.stderr);
    assert!(!folder.path().join("data").exists(), "a database was made");
    assert!(
        !refused.stderr.contains("listening on"),
        "{}",
        refused.stderr
    );
}

#[test]
fn a_wrong_engine_toml_keeps_the_server_from_starting() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("engine.toml"),
        "[sever]\nbind_addr = \"${NOPE}\"\n",
    )
    .unwrap();
    let refused = Command::offline(["serve"])
        .in_folder(folder.path())
        .run()
        .expect_code(2);
    assert_eq!(refused.stdout, "");
    insta::assert_snapshot!(refused.stderr);
}

#[test]
fn usage_errors_have_their_own_code() {
    Command::offline(["serve", "--nonsense"])
        .run()
        .expect_code(2);
    Command::offline(["serve", "--watch"]).run().expect_code(2);
    Command::offline(["serve", "--listen", "3000"])
        .run()
        .expect_code(2);
    let help = Command::offline(["serve", "--help"]).run().expect_code(0);
    assert!(help.stdout.contains("Examples:"), "{}", help.stdout);
}

#[test]
fn the_first_admin_key_is_shown_once_and_never_logged() {
    let folder = tempfile::tempdir().unwrap();
    let start = || {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let mut server = Command::offline(["serve", "--listen", &address.to_string()])
            .in_folder(folder.path())
            .env("ASSAY_LOG", "trace")
            .env("ASSAY_LOG_FORMAT", "json")
            .spawn();
        let began = Instant::now();
        while std::net::TcpStream::connect(address).is_err() && began.elapsed() < SOON {
            std::thread::sleep(Duration::from_millis(50));
        }
        server.kill();
        server.wait().stderr
    };
    let first = start();
    let keys: Vec<&str> = first
        .lines()
        .filter(|line| line.contains("sk_admin_"))
        .collect();
    assert_eq!(keys.len(), 1, "{keys:?}");
    assert!(
        keys[0].starts_with("sk_admin_"),
        "a line of its own, not an event"
    );
    let second = start();
    assert!(!second.contains("sk_admin_"), "shown a second time");
}
