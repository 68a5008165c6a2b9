//! `assay zanzibar`, on the database itself and through a server.

use serde_json::Value;

use super::{start, touch, tuple};
use crate::harness::{Assay, Command, TestDb};

both_databases!(
    commands_say_the_same_either_way,
    tuples_go_in_and_out_by_the_command_line,
);

/// Both ways to run a command.
fn ways(assay: &Assay, arguments: &[&str]) -> [Command; 2] {
    let all = arguments.iter().copied();
    [assay.command(all.clone()), assay.remote_command(all)]
}

async fn commands_say_the_same_either_way(db: TestDb) {
    let assay = start(db).await;
    touch(
        &assay,
        &[
            "folder:docs#viewer@user:ada",
            "document:readme#parent@folder:docs",
            "document:open#viewer@user:*",
            "document:open#banned@user:eve",
        ],
    )
    .await;
    for (arguments, code, said) in [
        (vec!["check", "document:readme#view@user:ada"], 0, "HAS\n"),
        (vec!["check", "document:readme#view@user:eve"], 1, "NO\n"),
        (
            vec!["lookup", "resources", "document#view@user:ada"],
            0,
            "open\nreadme\n",
        ),
        (
            vec!["lookup", "subjects", "document:open#view@user"],
            0,
            "*\neve  NO\n",
        ),
    ] {
        let arguments = [&["zanzibar"], arguments.as_slice()].concat();
        for way in ways(&assay, &arguments) {
            let output = way.run().expect_code(code);
            assert_eq!(output.stdout, said, "{arguments:?}");
        }
    }
    for (command, question, part) in [
        (
            "explain",
            "document:readme#view@user:ada",
            tuple("folder:docs#viewer@user:ada"),
        ),
        (
            "expand",
            "document:readme#view",
            tuple("document:readme#parent@folder:docs"),
        ),
    ] {
        let said = ways(&assay, &["zanzibar", command, question])
            .map(|way| serde_json::from_str::<Value>(&way.run().expect_code(0).stdout).unwrap());
        assert_eq!(said[0], said[1]);
        assert!(
            said[0].to_string().contains(&part.to_string()),
            "{}",
            said[0]
        );
    }
    for (arguments, named) in [
        (
            ["check", "document:readme"],
            "does not read TYPE:ID#RELATION@TYPE:ID",
        ),
        (["check", "paper:1#view@user:ada"], "no namespace `paper`"),
    ] {
        for way in ways(&assay, &["zanzibar", arguments[0], arguments[1]]) {
            let output = way.run().expect_code(2);
            assert!(output.stderr.contains(named), "{}", output.stderr);
        }
    }
}

async fn tuples_go_in_and_out_by_the_command_line(db: TestDb) {
    let assay = start(db).await;
    let lines: Vec<String> = (0..6_000)
        .map(|n| tuple(&format!("document:d{n:04}#owner@user:ada")).to_string())
        .collect();
    std::fs::write(assay.folder().join("tuples.ndjson"), lines.join("\n")).unwrap();
    for (way, changed) in ways(&assay, &["zanzibar", "import", "tuples.ndjson"])
        .into_iter()
        .zip([6_000, 0])
    {
        let said = way.run().expect_code(0).stderr;
        let expected = format!("6000 tuples, {changed} of them new or changed");
        assert!(said.contains(&expected), "{said}");
    }
    assert_eq!(
        super::check(&assay, "document:d0007#edit@user:ada").await,
        "HAS"
    );
    for way in ways(&assay, &["zanzibar", "export"]) {
        let output = way.run().expect_code(0);
        assert_eq!(output.stdout.trim_end(), lines.join("\n"));
    }

    let mut wrong = lines;
    wrong.insert(
        5_500,
        tuple("document:d#owner@group:staff#member").to_string(),
    );
    wrong.insert(3, String::new());
    std::fs::write(assay.folder().join("tuples.ndjson"), wrong.join("\n")).unwrap();
    for way in ways(&assay, &["zanzibar", "import", "tuples.ndjson"]) {
        let said = way.run().expect_code(2).stderr;
        assert!(
            said.contains("line 5502: `document:d#owner@group:staff#member`"),
            "{said}"
        );
    }
}
