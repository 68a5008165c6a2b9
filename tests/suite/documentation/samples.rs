//! Manifests, boot configurations and JSON in the documentation are what they are said to be.

use super::page::{Block, Page, pages};
use super::shell::variables;
use crate::harness::{Command, Manifests};

/// A sample whose file is called so is shown because it is wrong.
const WRONG: &str = "broken";

/// Samples in languages of other programs, which nothing here can check. Each must still be there.
const NOT_OURS: &[(&str, &str)] = &[("docs/oidc-quick-start.md", "ini")];

#[test]
fn every_block_says_what_it_is_and_something_checks_it() {
    let mut not_ours = Vec::new();
    for page in pages() {
        for block in &page.blocks {
            match &*block.language {
                // `commands` and `recipes` run these.
                "sh" | "console" => {}
                "yaml" if is_recipe(block) => {}
                "yaml" => check_manifest(&page, block),
                "toml" => check_engine_toml(&page, block),
                "json" => {
                    let parsed = serde_json::from_str::<serde_json::Value>(&block.text);
                    assert!(parsed.is_ok(), "{}: {parsed:?}", page.place(block));
                }
                "text" => assert!(
                    !block.text.contains("assay "),
                    "{}: a command",
                    page.place(block)
                ),
                other => {
                    let entry = NOT_OURS.iter().find(|(file, language)| {
                        page.file.as_os_str() == *file && *language == other
                    });
                    let entry = entry.unwrap_or_else(|| panic!("{}: {other}?", page.place(block)));
                    not_ours.push(*entry);
                }
            }
        }
    }
    assert_eq!(not_ours, NOT_OURS, "what is listed as not ours is gone");
}

/// Whether this is a file of a CI system and no manifest.
pub fn is_recipe(block: &Block) -> bool {
    block.path().is_some_and(|path| path.starts_with('.'))
}

fn check_manifest(page: &Page, block: &Block) {
    let mut command = Command::offline(["validate", "-f", "-"]).input(&block.text);
    for name in variables(&block.text) {
        command = command.env(&name, "only-for-the-documentation-0123456789");
    }
    let is_wrong = block.path().is_some_and(|path| path.starts_with(WRONG));
    let output = command.run();
    let expected = if is_wrong { 2 } else { 0 };
    assert_eq!(
        output.code,
        expected,
        "{}\n{}",
        page.place(block),
        output.stderr
    );
}

/// Reads it as a command would. No database is there, so it ends with "cannot be reached"; one that is
/// not understood ends with "what was given is wrong".
fn check_engine_toml(page: &Page, block: &Block) {
    let status = |text: &str| {
        let folder = Manifests::new().file("engine.toml", text);
        let mut command = Command::offline(["status"]).in_folder(folder.path()).env(
            "ASSAY_MASTER_KEY",
            "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        );
        for name in variables(&block.text) {
            command = command.env(&name, "sk_admin_only-for-the-documentation-0123456789");
        }
        command.run()
    };
    let understood = status(&block.text);
    assert_ne!(
        understood.code,
        2,
        "{}\n{}",
        page.place(block),
        understood.stderr
    );
    let wrong = status(&format!("no_such_key = 1\n{}", block.text)).expect_code(2);
    assert!(wrong.stderr.contains("no_such_key"), "{wrong:?}");
}
