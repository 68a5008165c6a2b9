//! What the commands print beside their data, write into folders, and note of where things come from.

use std::path::Path;

use crate::harness::{Assay, Command, Manifests, Output, TestDb};

both_databases!(
    a_warning_is_shown_and_keeps_nothing_from_being_applied,
    the_history_tells_the_commit_and_whether_it_was_all_of_it,
    waiting_for_a_server_that_does_not_follow_has_a_code_of_its_own,
);

const MIXED: &str = "apiVersion: assay/v1
kind: ZanzibarNamespace
metadata: { name: document }
spec:
  relations:
    owner: { types: [user] }
    viewer: { types: [user] }
    member: { types: [user] }
  permissions:
    view: owner + viewer & member
";

fn two_namespaces() -> Manifests {
    let user =
        "apiVersion: assay/v1\nkind: ZanzibarNamespace\nmetadata: { name: user }\nspec: {}\n";
    Manifests::new()
        .file("document.yaml", MIXED)
        .file("user.yaml", user)
}

async fn a_warning_is_shown_and_keeps_nothing_from_being_applied(db: TestDb) {
    let assay = Assay::with(db).install();
    let manifests = two_namespaces();
    let folder = manifests.path().to_str().unwrap();
    let validated = Command::offline(["validate", "-f", folder]).run();
    for output in [
        validated.expect_code(0),
        assay.cli(["diff", "-f", folder]).expect_code(1),
        assay.cli(["apply", "-f", folder]).expect_code(0),
    ] {
        let shown = &output.stderr;
        assert!(
            shown.starts_with("warning: different operators"),
            "{output:?}"
        );
        assert!(shown.contains("document.yaml:10:11"), "{shown}");
        assert!(shown.contains("view: owner + viewer & member"), "{shown}");
        assert!(shown.contains("\n1 warning\n"), "{shown}");
    }
    let none = assay.cli(["diff", "-f", folder, "-o", "json"]);
    assert!(none.expect_code(0).json().is_object());
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = std::process::Command::new("git")
        .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.com"])
        .args(["-c", "commit.gpgsign=false", "-C"])
        .arg(folder)
        .args(arguments)
        .output()
        .expect("git");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Makes the folder a repository with everything in it committed, and gives the commit.
fn commit(folder: &Path) -> String {
    git(folder, &["init", "--quiet"]);
    let url = "https://ada:ghp_secret@git.example.com/acme/idp.git";
    git(folder, &["remote", "add", "origin", url]);
    git(folder, &["add", "."]);
    git(folder, &["commit", "--quiet", "-m", "first"]);
    git(folder, &["rev-parse", "HEAD"])
}

fn source(assay: &Assay) -> serde_json::Value {
    let history = assay.cli(["history", "--limit", "1", "-o", "json"]);
    history.expect_code(0).json()[0]["source"].clone()
}

async fn the_history_tells_the_commit_and_whether_it_was_all_of_it(db: TestDb) {
    let manifests = two_namespaces();
    let head = commit(manifests.path());
    let url = "https://git.example.com/acme/idp.git";
    let clean = serde_json::json!({ "commit": head, "dirty": false, "url": url });
    let dirty = serde_json::json!({ "commit": head, "dirty": true, "url": url });

    // The server notes it as the command does.
    let assay = Assay::with(db).manifests(&manifests).start().await;
    let history = assay.cli(["history", "-o", "json"]).json();
    let by_server = history.as_array().unwrap().iter();
    let by_server = by_server.filter(|record| record["actor"] == "serve --manifests");
    assert_eq!(
        by_server
            .map(|record| &record["source"])
            .collect::<Vec<_>>(),
        [&clean]
    );

    manifests.write("document.yaml", &MIXED.replace("& member", "+ member"));
    assay.apply(&manifests);
    assert_eq!(source(&assay), dirty);

    // A file that git does not know is a difference, too.
    git(manifests.path(), &["commit", "--quiet", "-am", "second"]);
    let head = git(manifests.path(), &["rev-parse", "HEAD"]);
    manifests.write("group.yaml", &MIXED.replace("document", "group"));
    assay.apply(&manifests);
    let dirty = serde_json::json!({ "commit": head, "dirty": true, "url": url });
    assert_eq!(source(&assay), dirty);
}

/// Sends a signal to a server of this test.
fn signal(name: &str, server: &Assay) {
    let process = server.process_id().to_string();
    let status = std::process::Command::new("kill")
        .args([name, &process])
        .status();
    assert!(status.expect("kill").success());
}

async fn waiting_for_a_server_that_does_not_follow_has_a_code_of_its_own(db: TestDb) {
    let assay = Assay::start(db).await;
    let stuck = assay.replica().await;
    let manifests = two_namespaces();
    let folder = manifests.path().to_str().unwrap();
    let apply = || {
        signal("-STOP", &stuck);
        let output = assay.cli(["apply", "-f", folder, "--wait=2"]);
        signal("-CONT", &stuck);
        output
    };

    // Stopped in the middle of a write to SQLite, it keeps everybody from writing: another time.
    let is_locked = |output: &Output| output.stderr.contains("database is locked");
    let mut behind = apply();
    for _ in 0..5 {
        if is_locked(&behind) {
            behind = apply();
        }
    }

    let behind = behind.expect_code(9);
    assert!(behind.stdout.contains("applied generation 2"), "{behind:?}");
    assert!(
        behind
            .stderr
            .contains("generation 2 is applied, but after 2 s 1 of 2 servers do not serve it"),
        "{behind:?}"
    );
    // Applied it is, and once the server follows there is nothing to wait for.
    let followed = assay.apply(&manifests);
    assert!(followed.stdout.contains("nothing to do"), "{followed:?}");
    assert!(
        followed
            .stderr
            .contains("2 of 2 live servers serve generation 2"),
        "{followed:?}"
    );
}

#[test]
fn the_schemas_that_are_written_are_those_that_are_committed() {
    let written = tempfile::tempdir().unwrap();
    let folder = written.path().to_str().unwrap();
    Command::offline(["schema", "--out", folder])
        .run()
        .expect_code(0);
    let read = |folder: &Path| {
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                let text = std::fs::read_to_string(entry.path()).unwrap();
                (entry.file_name().into_string().unwrap(), text)
            })
            .collect();
        files.sort();
        files
    };
    let committed = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("schema"));
    let written = read(written.path());
    let names = |files: &[(String, String)]| -> Vec<String> {
        files.iter().map(|(name, _)| name.clone()).collect()
    };
    assert_eq!(names(&written), names(&committed));
    assert!(written == committed, "a schema differs");
}
