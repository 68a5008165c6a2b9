//! Manifests that are meant to hurt are refused at once, with their place.

use crate::harness::{Command, Manifests, Output};

fn validate(name: &str, content: impl AsRef<[u8]>) -> Output {
    let folder = Manifests::new();
    let file = folder.path().join(name);
    std::fs::write(&file, content).unwrap();
    Command::offline(["validate", "-f", name])
        .in_folder(folder.path())
        .run()
}

fn refused(name: &str, content: impl AsRef<[u8]>, place: &str, words: &str) {
    let output = validate(name, content).expect_code(2);
    assert!(output.stderr.contains(words), "{}", output.stderr);
    assert!(output.stderr.contains(place), "{}", output.stderr);
}

#[test]
fn aliases_that_multiply() {
    let lines: Vec<String> = ('b'..='z')
        .zip('a'..='y')
        .map(|(this, last)| {
            format!(
                "{this}: &{this} [{}]",
                vec![format!("*{last}"); 9].join(",")
            )
        })
        .collect();
    let bomb = format!("a: &a [x,x,x,x,x,x,x,x,x]\n{}\n", lines.join("\n"));
    refused(
        "laughs.yaml",
        bomb,
        "laughs.yaml:",
        "aliases that stand for more than",
    );
}

#[test]
fn nesting_without_end() {
    refused(
        "deep.yaml",
        "[".repeat(100_000),
        "deep.yaml:1:",
        "recursion limit",
    );
    refused(
        "deep.json",
        "{\"a\":".repeat(100_000),
        "deep.json:1:",
        "recursion limit",
    );
}

#[test]
fn a_file_of_a_hundred_megabytes() {
    refused(
        "big.yaml",
        vec![b'#'; 100_000_000],
        "big.yaml",
        "larger than 8 MiB",
    );
}

#[test]
fn other_encodings_and_tabs() {
    let utf16: Vec<u8> = "\u{feff}kind: Module\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    refused("utf16.yaml", utf16, "utf16.yaml", "UTF-16");
    refused("latin.yaml", b"kind: M\xf6dule\n", "latin.yaml", "UTF-8");
    refused("tab.yaml", "metadata:\n\tname: x\n", "tab.yaml:2:", "tabs");
    let bom = "\u{feff}apiVersion: assay/v1\nkind: Module\nmetadata: { name: password }\n";
    validate("bom.yaml", bom).expect_code(0);
}

#[test]
fn the_same_key_twice() {
    let twice = "apiVersion: assay/v1\nkind: Module\nkind: Module\nmetadata: { name: password }\n";
    refused("twice.yaml", twice, "twice.yaml:3:1", "`kind` stands twice");
}

#[cfg(unix)]
#[test]
fn folders_that_contain_themselves_and_folders_that_hold_nothing() {
    let folder = Manifests::new();
    let nothing = Command::offline(["validate", "-f", "."])
        .in_folder(folder.path())
        .run()
        .expect_code(2);
    assert!(nothing.stderr.contains("no manifest"), "{}", nothing.stderr);
    std::os::unix::fs::symlink(folder.path(), folder.path().join("again")).unwrap();
    let output = Command::offline(["validate", "-f", "."])
        .in_folder(folder.path())
        .run()
        .expect_code(2);
    assert!(
        output.stderr.contains("contains itself"),
        "{}",
        output.stderr
    );
}

#[test]
fn an_unset_or_empty_variable_is_never_an_empty_secret() {
    let client = "apiVersion: assay/v1
kind: OidcClient
metadata: { name: app }
spec:
  clientSecret: { fromEnv: ASSAY_TEST_NO_SUCH_VARIABLE }
  redirectUris: [https://app.example.com/callback]
";
    refused(
        "unset.yaml",
        client,
        "unset.yaml:5:",
        "ASSAY_TEST_NO_SUCH_VARIABLE",
    );
    let folder = Manifests::new().file("empty.yaml", client);
    Command::offline(["validate", "-f", "."])
        .in_folder(folder.path())
        .env("ASSAY_TEST_NO_SUCH_VARIABLE", "")
        .run()
        .expect_code(2);
}

#[test]
fn what_others_leave_in_a_folder_is_passed_over() {
    let module = "apiVersion: assay/v1\nkind: Module\nmetadata: { name: password }\n";
    let folder = Manifests::new()
        .file("modules.yaml", module)
        .file(
            "app/node_modules/some/tsdoc.json",
            "// about a package\n{\n  \"version\": \"1\"\n}\n",
        )
        .file(".git/config.yaml", "]");
    Command::offline(["validate", "-f", "."])
        .in_folder(folder.path())
        .run()
        .expect_code(0);
    folder.write(
        "app/other_modules.json",
        "// about a package\n{\n  \"version\": \"1\"\n}\n",
    );
    Command::offline(["validate", "-f", "."])
        .in_folder(folder.path())
        .run()
        .expect_code(2);
}
