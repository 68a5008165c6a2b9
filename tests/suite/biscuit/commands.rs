//! `assay biscuit`.

use crate::harness::{Assay, Command, Output, TestDb};

both_databases!(a_token_goes_through_every_command_both_ways,);

/// The command with a token on standard input.
fn with_token(command: Command, token: &str) -> Output {
    command.input(token).run()
}

async fn a_token_goes_through_every_command_both_ways(db: TestDb) {
    let assay = Assay::start(db).await;
    let fact = "user({who})";
    let issue = [
        "biscuit",
        "issue",
        "--fact",
        fact,
        "--param",
        "who=a\"b",
        "--expires-in",
        "1h",
    ];
    for is_remote in [true, false] {
        let on_server = |arguments: &[&'static str]| {
            let arguments = arguments.iter().copied();
            if is_remote {
                assay.remote_command(arguments)
            } else {
                assay.command(arguments)
            }
        };
        let token = on_server(&issue)
            .run()
            .expect_code(0)
            .stdout
            .trim()
            .to_owned();

        // Offline, without a key or a database.
        let narrow = [
            "biscuit",
            "attenuate",
            "--check",
            "check if operation(\"read\")",
        ];
        let narrower = with_token(Command::offline(narrow), &token)
            .expect_code(0)
            .stdout;
        let narrower = narrower.trim().to_owned();
        assert_ne!(narrower, token);
        let shown = with_token(Command::offline(["biscuit", "inspect"]), &narrower).expect_code(0);
        assert!(
            shown
                .stdout
                .contains("root key 1; signatures were not looked at"),
            "{shown:?}"
        );
        assert!(shown.stdout.contains("  user(\"a\\\"b\");\n"), "{shown:?}");
        assert!(
            shown.stdout.contains("  check if operation(\"read\");\n"),
            "{shown:?}"
        );
        let json = with_token(
            Command::offline(["biscuit", "inspect", "-", "-o", "json"]),
            &narrower,
        );
        let json = json.expect_code(0).json();
        let id = json["blocks"][1]["revocation_id"]
            .as_str()
            .unwrap()
            .to_owned();

        let read = [
            "biscuit",
            "verify",
            "--fact",
            "operation(\"read\")",
            "--policy",
            "allow if user($u)",
        ];
        let write = [
            "biscuit",
            "verify",
            "--fact",
            "operation(\"write\")",
            "--policy",
            "allow if user($u)",
        ];
        let allowed = with_token(on_server(&read), &narrower).expect_code(0);
        assert_eq!(allowed.stdout, "allowed\n  policy 0: allow if user($u)\n");
        let denied = with_token(on_server(&write), &narrower).expect_code(1);
        assert!(denied.stdout.starts_with("denied (checks)\n"), "{denied:?}");
        assert!(
            denied
                .stdout
                .contains("failed, block 1, check 0: check if operation(\"read\")"),
            "{denied:?}"
        );
        let none = with_token(on_server(&read), "no token").expect_code(2);
        assert!(!none.stderr.contains("no token"), "{none:?}");

        let revoked = on_server(&["biscuit", "revoke"])
            .argument(&*id)
            .run()
            .expect_code(0);
        assert_eq!(revoked.stdout, "revoked 1 block\n");
        let again = on_server(&["biscuit", "revoke"])
            .argument(&*id)
            .run()
            .expect_code(0);
        assert!(again.stdout.contains("nothing to do"), "{again:?}");
        let denied = with_token(assay.command(read), &narrower).expect_code(1);
        assert!(denied.stdout.contains("revoked"), "{denied:?}");
        with_token(on_server(&read), &token).expect_code(0);
    }
    // A file says the same as standard input.
    let token = assay.command(issue).run().expect_code(0).stdout;
    let file = assay.folder().join("token");
    std::fs::write(&file, token).unwrap();
    let file = file.to_str().unwrap();
    Command::offline(["biscuit", "inspect", file])
        .run()
        .expect_code(0);
    Command::offline(["biscuit", "inspect", "/nowhere"])
        .run()
        .expect_code(2);
    let wrong = assay
        .cli(["biscuit", "issue", "--fact", "user("])
        .expect_code(2);
    assert!(wrong.stderr.contains("facts[0]: line 1"), "{wrong:?}");
    assay
        .cli(["biscuit", "issue", "--expires-in", "99w"])
        .expect_code(2);
    assay
        .cli(["biscuit", "issue", "--expires-in", "soon"])
        .expect_code(2);
}
