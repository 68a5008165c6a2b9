//! The CI recipes of the README, run against a repository in which the target branch has moved on
//! since the branch under review left it.

use std::path::Path;

use serde_json::Value;

use super::page::Page;
use super::samples::is_recipe;
use super::shell::{Said, Shell};
use crate::harness::ADMIN_KEY;

const GITHUB: &str = ".github/workflows/assay.yml";
const GITLAB: &str = ".gitlab-ci.yml";

/// The address that the recipe shows in place of the reader's own.
const SHOWN_SERVER: &str = "https://auth.example.com";

/// What the runner has that this machine need not: it keeps the comment for the test to read.
const GH: &str = "#!/bin/sh\n\
[ \"$1 $2 $3 $4\" = 'pr comment 7 --body-file' ] && [ -n \"$GH_TOKEN\" ] && cp \"$5\" \"$HOME/comment.md\"\n";

const GIT: &str = "git -c user.name=ada -c user.email=ada@example.com -c init.defaultBranch=main";

#[test]
fn github_shows_a_pull_request_what_it_would_change_and_applies_what_is_merged() {
    let mut shell = Shell::new();
    let recipe = recipe(GITHUB);
    assert!(
        recipe["on"]["pull_request"].is_null() && recipe["on"]["push"]["branches"][0] == "main"
    );
    assert_eq!(recipe["env"]["ASSAY_SERVER"], SHOWN_SERVER);
    let (reads, applies) = install(&mut shell);
    let secrets = [
        ("secrets.ASSAY_READ_KEY", &*reads),
        ("secrets.ASSAY_APPLY_KEY", &*applies),
        (
            "secrets.GRAFANA_CLIENT_SECRET",
            "only-for-the-documentation",
        ),
        ("github.token", "a-token"),
        ("github.event.number", "7"),
    ];
    let job = |shell: &mut Shell, name: &str, event: &str| {
        let job = &recipe["jobs"][name];
        assert_eq!(job["if"], format!("github.event_name == '{event}'"));
        let environment = [&recipe["env"], &job["env"]];
        for (name, value) in environment.into_iter().flat_map(|e| e.as_object().unwrap()) {
            if name != "ASSAY_SERVER" {
                shell.set(name, &filled_in(value.as_str().unwrap(), &secrets));
            }
        }
        let steps = job["steps"].as_array().unwrap();
        assert_eq!(steps[0]["uses"], "actions/checkout@v5");
        let mut all = Vec::new();
        for step in &steps[1..] {
            let run = filled_in(step["run"].as_str().unwrap(), &secrets);
            all.push(shell.script(&format!("cd work\n{run}")));
            if all.last().is_some_and(|said| said.code != 0) {
                break;
            }
        }
        all
    };

    let applied = job(&mut shell, "apply", "push");
    succeeded(&applied, "applied generation");
    the_target_moves_on(&shell);
    succeeded(
        &job(&mut shell, "apply", "push"),
        "1 created, 0 changed, 0 deleted",
    );

    // What actions/checkout gives a pull request: the merge of both.
    git(
        &shell,
        "checkout -q --detach main && GIT merge -q --no-edit change",
    );
    succeeded(&job(&mut shell, "diff", "pull_request"), "valid");
    let comment = std::fs::read_to_string(shell.path("comment.md")).unwrap();
    assert!(
        comment.contains("0 to create, 1 to change, 0 to delete"),
        "{comment}"
    );
    assert!(comment.contains("+  displayName: Dashboards"), "{comment}");

    git(&shell, "checkout -q main && GIT merge -q --no-edit change");
    succeeded(
        &job(&mut shell, "apply", "push"),
        "0 created, 1 changed, 0 deleted",
    );
    the_commit_is_recorded(&shell);
    // Nothing differs any more, which is no failure either.
    succeeded(&job(&mut shell, "diff", "pull_request"), "valid");

    // A mistake ends the job.
    shell.write("work/idp/wrong.yaml", "kind: Nonsense\n");
    std::fs::remove_file(shell.path("comment.md")).unwrap();
    let failed = job(&mut shell, "diff", "pull_request");
    assert_eq!(failed.last().unwrap().code, 2);
    assert!(
        !shell.path("comment.md").exists(),
        "it goes on after a mistake"
    );
}

#[test]
fn gitlab_shows_a_merge_request_what_it_would_change_and_applies_what_is_merged() {
    let mut shell = Shell::new();
    let recipe = recipe(GITLAB);
    let (reads, applies) = install(&mut shell);
    shell.set("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main");
    let job = |shell: &mut Shell, name: &str, when: &str, key: &str| {
        let job = &recipe[name];
        assert_eq!(job["rules"][0]["if"], when);
        shell.set("ASSAY_ADMIN_KEY", key);
        let lines = job["script"].as_array().unwrap().iter();
        let script: Vec<&str> = lines.map(|line| line.as_str().unwrap()).collect();
        shell.script(&format!("cd work\n{}", script.join("\n")))
    };
    let on_main = "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH";
    let on_request = r#"$CI_PIPELINE_SOURCE == "merge_request_event""#;
    let apply = |shell: &mut Shell| job(shell, "identity-apply", on_main, &applies);
    let diff = |shell: &mut Shell| job(shell, "identity-diff", on_request, &reads);

    succeeded(&[apply(&mut shell)], "applied generation");
    the_target_moves_on(&shell);
    succeeded(&[apply(&mut shell)], "1 created, 0 changed, 0 deleted");

    // GitLab checks out the branch itself.
    git(&shell, "checkout -q --detach change");
    let shown = diff(&mut shell);
    succeeded(
        std::slice::from_ref(&shown),
        "0 to create, 1 to change, 0 to delete",
    );
    assert!(
        shown.text.contains("+  displayName: Dashboards"),
        "{}",
        shown.text
    );

    git(&shell, "checkout -q main && GIT merge -q --no-edit change");
    succeeded(&[apply(&mut shell)], "0 created, 1 changed, 0 deleted");
    the_commit_is_recorded(&shell);

    shell.write("work/idp/wrong.yaml", "kind: Nonsense\n");
    assert_eq!(diff(&mut shell).code, 2);
    assert_eq!(apply(&mut shell).code, 2);
}

fn recipe(path: &str) -> Value {
    let page = Page::read(Path::new("README.md"));
    let block = page
        .blocks
        .iter()
        .find(|block| is_recipe(block) && block.path() == Some(path))
        .unwrap_or_else(|| panic!("the README has no {path}"));
    serde_saphyr::from_str(&block.text).unwrap()
}

/// A server, and a repository whose branch `change` renames a client. Gives the keys that CI has: one
/// that may read, one that may also apply.
fn install(shell: &mut Shell) -> (String, String) {
    shell.write(
        "engine.toml",
        &format!("auto_enable_modules = [\"auth\"]\n[auth]\nadmin_api_keys = [\"{ADMIN_KEY}\"]\n"),
    );
    let server = shell.serve(&[]);
    shell.set("ASSAY_SERVER", &server);
    shell.write("bin/gh", GH);
    shell.set("GRAFANA_CLIENT_SECRET", "only-for-the-documentation");
    shell.write(
        "work/idp/wiki.yaml",
        &client("wiki", "Wiki", "clientType: public"),
    );
    let secret = "clientSecret: { fromEnv: GRAFANA_CLIENT_SECRET }";
    shell.write(
        "work/idp/grafana.yaml",
        &client("grafana", "Grafana", secret),
    );
    let made = shell.script(
        "chmod +x bin/gh\n\
         assay admin-key new ci-read --permission config.read 2>read >>work/idp/keys.yaml\n\
         assay admin-key new ci 2>apply >>work/idp/keys.yaml",
    );
    succeeded(&[made], "");
    git(
        shell,
        "init -q && GIT add . && GIT commit -q -m begin && GIT remote add origin . && GIT branch change",
    );
    // The keys themselves count from the first apply on, which somebody does by hand.
    let by_hand = shell.script(&format!(
        "ASSAY_ADMIN_KEY={ADMIN_KEY} assay apply -f work/idp/keys.yaml"
    ));
    succeeded(&[by_hand], "2 created");
    git(shell, "checkout -q change");
    shell.write(
        "work/idp/grafana.yaml",
        &client("grafana", "Dashboards", secret),
    );
    git(shell, "commit -q -a -m change && GIT checkout -q main");
    let key = |file: &str| {
        let text = std::fs::read_to_string(shell.path(file)).unwrap();
        let key = text
            .split_whitespace()
            .find(|word| word.starts_with("sk_admin_"));
        key.expect("the key is shown").to_owned()
    };
    (key("read"), key("apply"))
}

/// Another change is merged while `change` is under review.
fn the_target_moves_on(shell: &Shell) {
    shell.write(
        "work/idp/blog.yaml",
        &client("blog", "Blog", "clientType: public"),
    );
    git(shell, "add . && GIT commit -q -m blog");
    let bases = git(shell, "merge-base main change; GIT rev-parse main change");
    let commits: Vec<&str> = bases.text.split_whitespace().collect();
    assert!(
        commits[0] != commits[1] && commits[0] != commits[2],
        "no merge base: {commits:?}"
    );
}

fn the_commit_is_recorded(shell: &Shell) {
    let history = shell.script("cd work\nassay history --limit 1 -o json");
    succeeded(std::slice::from_ref(&history), "");
    let commit = git(shell, "rev-parse HEAD");
    assert!(
        history.text.contains(commit.text.trim()),
        "{}",
        history.text
    );
}

fn client(name: &str, display_name: &str, kind: &str) -> String {
    format!(
        "apiVersion: assay/v1\nkind: OidcClient\nmetadata: {{ name: {name} }}\nspec:\n  \
         displayName: {display_name}\n  {kind}\n  \
         redirectUris: [https://{name}.example.com/callback]\n"
    )
}

#[track_caller]
fn git(shell: &Shell, commands: &str) -> Said {
    let said = shell.script(&format!("cd work\n{GIT} {}", commands.replace("GIT", GIT)));
    succeeded(std::slice::from_ref(&said), "");
    said
}

#[track_caller]
fn succeeded(all: &[Said], with: &str) {
    for said in all {
        assert_eq!(said.code, 0, "{}\n{}", said.command, said.text);
    }
    assert!(
        all.iter().any(|said| said.text.contains(with)),
        "no `{with}` in {:?}",
        all.iter().map(|said| &said.text).collect::<Vec<_>>()
    );
}

/// `text` with its `${{ ... }}`; one that the runner would not have is a mistake of the recipe.
fn filled_in(text: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${{") {
        let (name, after) = after.split_once("}}").expect("an end");
        let name = name.trim();
        let value = values.iter().find(|(known, _)| *known == name);
        filled.push_str(before);
        filled.push_str(value.unwrap_or_else(|| panic!("{name} is not known")).1);
        rest = after;
    }
    filled + rest
}
