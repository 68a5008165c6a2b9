//! `assay import`: what is written is valid and whole, or nothing is.

use std::{fs, path::PathBuf};

use crate::harness::{Command, Manifests, Output};

fn example(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("config-examples/import");
    folder.join(name).display().to_string()
}

/// Runs `assay import` in a folder of its own, with `--out out`.
fn import(folder: &Manifests, arguments: &[&str]) -> Output {
    let arguments = ["import"].iter().chain(arguments).chain(&["--out", "out"]);
    Command::offline(arguments).in_folder(folder.path()).run()
}

fn validate(folder: &Manifests) -> Output {
    Command::offline(["validate", "-f", "out"])
        .in_folder(folder.path())
        .run()
}

fn written(folder: &Manifests, name: &str) -> String {
    fs::read_to_string(folder.path().join("out").join(name)).unwrap()
}

#[test]
fn what_each_system_has_becomes_valid_manifests_and_lines_of_tuples() {
    for (system, schema, tuples, count) in [
        ("spicedb", "schema.zed", "relationships.txt", 5),
        ("openfga", "model.fga", "tuples.csv", 4),
        ("keto", "namespaces.ts", "tuples.json", 4),
    ] {
        let folder = Manifests::new();
        let output = import(
            &folder,
            &[system, &example(schema), "--tuples", &example(tuples)],
        )
        .expect_code(0);
        assert_eq!(
            output.stdout,
            format!("4 namespaces in out/namespaces.yaml\n{count} tuples in out/tuples.ndjson\n")
        );
        let validated = validate(&folder).expect_code(0);
        assert_eq!(validated.stdout, "4 manifests in 1 file: valid\n");
        let manifests = written(&folder, "namespaces.yaml");
        assert!(manifests.starts_with("# yaml-language-server: $schema="));
        let lines = written(&folder, "tuples.ndjson");
        assert_eq!(lines.lines().count(), count, "{lines}");
        let left = fs::read_dir(folder.path().join("out")).unwrap().count();
        assert_eq!(left, 2, "only what was asked for is there");
    }
}

#[test]
fn a_line_says_what_the_other_system_said() {
    let folder = Manifests::new().file(
        "tuples",
        "document:1#viewer@user:ada[office_hours:{\"hour\":9}]\n",
    );
    let schema = example("schema.zed");
    import(&folder, &["spicedb", &schema, "--tuples", "tuples"]).expect_code(0);
    assert_eq!(
        written(&folder, "tuples.ndjson"),
        "{\"object_type\":\"document\",\"object_id\":\"1\",\"relation\":\"viewer\",\
         \"subject_type\":\"user\",\"subject_id\":\"ada\",\
         \"caveat\":{\"name\":\"office_hours\",\"context\":{\"hour\":9}}}\n"
    );
}

#[test]
fn what_cannot_be_said_here_is_named_with_its_place_and_nothing_is_written() {
    let folder = Manifests::new()
        .file("partial.zed", "definition user {}\npartial a {}\n")
        .file("unknown.zed", "definition a {\n  relation b: c\n}\n")
        .file(
            "tuples",
            "document:1#viewer@user:ada\ndocument:1#view@user:ada\ndocument:1#owner@group:a\n",
        )
        .file(
            "or.ts",
            "class A implements Namespace {\n  permits = { a: (ctx) => !this.permits.b(ctx) }\n}\n",
        )
        .file("one.fga", "model\n  schema 1.0\n")
        .file("tuples.json", "[{\"user\": \"user:a\"}]")
        .file("empty.zed", "// nothing\n");
    let schema = example("schema.zed");
    let model = example("model.fga");
    for (arguments, said) in [
        (
            &["spicedb", "partial.zed"][..],
            "partial.zed:2:1: `partial` has no counterpart",
        ),
        (&["spicedb", "unknown.zed"], "unknown.zed:2:12: "),
        (
            &["spicedb", "empty.zed"],
            "empty.zed: there is no type in it",
        ),
        (
            &["spicedb", &schema, "--tuples", "tuples"],
            "tuples:2:1: `document:1#view@user:ada`: `view` is a permission",
        ),
        (
            &["spicedb", &schema, "--tuples", "tuples"],
            "\ntuples:3:1: `document:1#owner@group:a`: `owner` holds `user`, and not `group`\nnothing was written\n",
        ),
        (
            &["keto", "or.ts"],
            "or.ts:2:27: `!` alone has no counterpart",
        ),
        (
            &["openfga", "one.fga"],
            "one.fga:2:10: schema 1.0 has no counterpart",
        ),
        (
            &["openfga", &model, "--tuples", "tuples.json"],
            "tuples.json:1:2: a tuple has `user`, `relation` and `object`",
        ),
    ] {
        let output = import(&folder, arguments).expect_code(1);
        assert!(output.stderr.contains(said), "{}", output.stderr);
        assert_eq!(output.stdout, "");
        assert!(!folder.path().join("out").exists(), "{arguments:?}");
    }
    let missing = import(&folder, &["spicedb", "missing.zed"]).expect_code(2);
    assert!(
        missing.stderr.contains("cannot read missing.zed"),
        "{}",
        missing.stderr
    );
}

#[test]
fn what_is_there_is_written_over_only_when_that_is_said() {
    let folder = Manifests::new().file("out/tuples.ndjson", "mine\n");
    let schema = example("schema.zed");
    let tuples = example("relationships.txt");
    let arguments = ["spicedb", &schema, "--tuples", &tuples];
    let refused = import(&folder, &arguments).expect_code(5);
    assert!(
        refused
            .stderr
            .contains("out/tuples.ndjson is there already")
    );
    assert_eq!(written(&folder, "tuples.ndjson"), "mine\n");
    assert!(!folder.path().join("out/namespaces.yaml").exists());
    let overwritten = [&arguments[..], &["--overwrite"]].concat();
    import(&folder, &overwritten).expect_code(0);
    assert_eq!(written(&folder, "tuples.ndjson").lines().count(), 5);
    // Without tuples, theirs are none of its business.
    let alone = ["spicedb", &schema, "--overwrite"];
    import(&folder, &alone).expect_code(0);
    assert_eq!(written(&folder, "tuples.ndjson").lines().count(), 5);
}

#[test]
fn files_that_name_other_files_are_followed() {
    let folder = Manifests::new()
        .file("store/fga.mod", "schema: '1.2'\ncontents:\n  - core.fga\n  - parts/wiki.fga\n")
        .file("store/core.fga", "module core\ntype user\n")
        .file(
            "store/parts/wiki.fga",
            "module wiki\ntype page\n  relations\n    define owner: [user]\n",
        )
        .file("store/more.yaml", "- { user: 'user:b', relation: owner, object: 'page:2' }\n")
        .file(
            "store/store.fga.yaml",
            "model_file: fga.mod\ntuple_file: more.yaml\ntuples:\n  - { user: 'user:a', relation: owner, object: 'page:1' }\n",
        )
        .file(
            "validation.yaml",
            "schema: |\n  definition user {}\n  definition page {\n    relation owner: user\n  }\nrelationships: |\n  page:1#owner@user:a\n",
        );
    import(&folder, &["openfga", "store/store.fga.yaml"]).expect_code(0);
    assert_eq!(written(&folder, "tuples.ndjson").lines().count(), 2);
    import(&folder, &["spicedb", "validation.yaml", "--overwrite"]).expect_code(0);
    assert_eq!(written(&folder, "tuples.ndjson").lines().count(), 1);
    // A part that is wrong is named with the file it is in.
    folder.write(
        "store/parts/wiki.fga",
        "module wiki\ntype page\n  relations\n    define owner: [person]\n",
    );
    let wrong = import(&folder, &["openfga", "store/fga.mod", "--overwrite"]).expect_code(1);
    assert!(
        wrong.stderr.contains("store/parts/wiki.fga:4:12: "),
        "{}",
        wrong.stderr
    );
}

#[test]
fn a_subject_without_a_type_gets_one_and_it_is_said() {
    let folder = Manifests::new().file(
        "namespaces.ts",
        "class Person implements Namespace {}\nclass Doc implements Namespace { related: { owners: Person[] } }\n",
    ).file("tuples.json", "{\"namespace\":\"Doc\",\"object\":\"1\",\"relation\":\"owners\",\"subject_id\":\"ada\"}");
    let arguments = ["keto", "namespaces.ts", "--tuples", "tuples.json"];
    let refused = import(&folder, &arguments).expect_code(1);
    assert!(
        refused.stderr.contains("there is no namespace `user`"),
        "{}",
        refused.stderr
    );
    let arguments = [&arguments[..], &["--subject-type", "Person"]].concat();
    let output = import(&folder, &arguments).expect_code(0);
    assert!(
        output
            .stderr
            .contains("a `subject_id`, as in 1 tuple, is taken for one of `Person`")
    );
    assert!(
        written(&folder, "tuples.ndjson")
            .contains("\"subject_type\":\"Person\",\"subject_id\":\"ada\"")
    );
}
