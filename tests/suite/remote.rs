//! What a command needs to reach a server, and what it says before it tries.

use crate::harness::{ADMIN_KEY, Assay, Command, Manifests, Output, TestDb, TlsFront};

fn status(server: &str, bundle: Option<&str>) -> Output {
    let mut command =
        Command::offline(["status", "--server", server]).env("ASSAY_ADMIN_KEY", ADMIN_KEY);
    if let Some(bundle) = bundle {
        command = command.env("SSL_CERT_FILE", bundle);
    }
    command.run()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_authority_of_ones_own_is_trusted_if_it_is_named() {
    let assay = Assay::start(TestDb::sqlite()).await;
    let front = TlsFront::before(assay.url("/").port().unwrap()).await;
    let bundle = assay.folder().join("authority.pem");
    std::fs::write(&bundle, front.authority()).unwrap();
    let bundle = bundle.to_str().unwrap();

    let reached = status(&front.url(), Some(bundle)).expect_code(0);
    assert!(reached.stdout.contains("generation"), "{reached:?}");

    // Set to nothing is as good as not set.
    for unnamed in [None, Some("")] {
        let refused = status(&front.url(), unnamed).expect_code(3);
        assert!(refused.stderr.contains("certificate"), "{refused:?}");
        assert!(refused.stderr.contains("SSL_CERT_FILE"), "{refused:?}");
    }
    // One authority that is trusted says nothing about another.
    let other = TlsFront::before(1).await;
    let refused = status(&other.url(), Some(bundle)).expect_code(3);
    assert!(refused.stderr.contains("certificate"), "{refused:?}");
}

#[test]
fn a_bundle_that_is_none_is_refused_with_its_name() {
    let folder = Manifests::new()
        .file("empty.pem", "")
        .file("text.pem", "not a certificate")
        .file("torn.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n")
        .file(
            "wrong.pem",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        );
    for (file, why) in [
        ("missing.pem", "cannot be read"),
        ("empty.pem", "holds no certificate"),
        ("text.pem", "holds no certificate"),
        ("torn.pem", "is no PEM"),
        ("wrong.pem", "number 1"),
    ] {
        let path = folder.path().join(file);
        let path = path.to_str().unwrap();
        let refused = status("https://localhost:1", Some(path)).expect_code(2);
        for expected in ["SSL_CERT_FILE", path, why] {
            assert!(refused.stderr.contains(expected), "{refused:?}");
        }
        // Without TLS nobody looks at certificates: this gets as far as the port that is nobody's.
        status("http://localhost:1", Some(path)).expect_code(3);
    }
}

#[test]
fn manifests_that_no_server_takes_are_not_sent() {
    // Each of these is two bytes of JSON.
    let quotes = "\"".repeat(7 * 1024 * 1024);
    let mut manifests = Manifests::new();
    for number in 0..5 {
        let text = format!(
            "apiVersion: assay/v1\nkind: ZanzibarNamespace\nmetadata: {{ name: n{number}, annotations: {{ note: '{quotes}' }} }}\nspec: {{}}\n"
        );
        manifests = manifests.file(&format!("{number}.yaml"), &text);
    }
    let folder = manifests.path().to_str().unwrap();
    // Were it sent, the answer would be that nobody is there.
    let refused = Command::offline(["apply", "-f", folder, "--server", "http://127.0.0.1:1"])
        .env("ASSAY_ADMIN_KEY", ADMIN_KEY)
        .run()
        .expect_code(2);
    let said = &refused.stderr;
    assert!(said.contains("71 MiB as JSON"), "{said}");
    assert!(said.contains("at most 64 MiB"), "{said}");
}
