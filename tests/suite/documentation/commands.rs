//! Every command in the documentation runs, page by page, in the order in which a reader types them.

use super::page::{Block, Page, pages, repository};
use super::samples::is_recipe;
use super::shell::{Said, Shell};

/// What is not run here: it builds a release, or is a test of its own. Each must still be there.
const ELSEWHERE: &[(&str, &str)] = &[
    ("README.md", "scripts/quickstart"),
    ("README.md", "scripts/test"),
];

/// Pages that begin with the quickstart's server running.
const AFTER_THE_QUICKSTART: &[&str] = &["README.md", "config-examples/quickstart/README.md"];

/// A command and, in a block of language `console`, what it prints.
struct Step {
    command: String,
    prints: Option<String>,
}

#[test]
fn every_command_does_what_is_shown() {
    let mut elsewhere = Vec::new();
    for page in pages() {
        if page.blocks.iter().any(|block| !steps(block).is_empty()) {
            follow(&page, &mut elsewhere);
        }
    }
    elsewhere.sort_unstable();
    assert_eq!(
        elsewhere, ELSEWHERE,
        "what is listed as run elsewhere is gone"
    );
}

fn follow(page: &Page, elsewhere: &mut Vec<(&'static str, &'static str)>) {
    let file = page.file.to_str().unwrap();
    let mut shell = Shell::new();
    if file.starts_with("config-examples/company") {
        for folder in ["production", "staging", "kustomize/base"] {
            shell.set_secrets_of(&manifests_of(&format!("config-examples/company/{folder}")));
        }
    }
    if AFTER_THE_QUICKSTART.contains(&file) {
        shell.serve(&["--manifests", "config-examples/quickstart"]);
    } else {
        shell.serve(&[]);
    }
    let mut steps_of_page = Vec::new();
    for block in &page.blocks {
        if block.language == "yaml"
            && !is_recipe(block)
            && let Some(path) = block.path()
        {
            // As if the reader wrote the file now.
            let command = format!("cat >{path} <<'END_OF_FILE'\n{}END_OF_FILE", block.text);
            let prints = None;
            steps_of_page.push((page.place(block), Step { command, prints }));
        }
        for step in steps(block) {
            let listed = ELSEWHERE
                .iter()
                .find(|listed| **listed == (file, &*step.command));
            if let Some(listed) = listed {
                elsewhere.push(*listed);
            } else if step.command.starts_with("kustomize ") && !kustomize_is_here() {
                eprintln!("skipped, kustomize is not installed: {}", step.command);
            } else {
                steps_of_page.push((page.place(block), step));
            }
        }
    }
    let commands: Vec<String> = steps_of_page
        .iter()
        .map(|(_, step)| step.command.clone())
        .collect();
    for (said, (place, step)) in shell.run(&commands).iter().zip(&steps_of_page) {
        check(said, step, place);
    }
}

#[track_caller]
fn check(said: &Said, step: &Step, place: &str) {
    let shows_a_difference = said.command.contains("assay diff");
    match &step.prints {
        Some(expected) => assert!(
            matches(expected, &said.text),
            "{place}: $ {}\n--- the page says\n{expected}--- it prints\n{}",
            said.command,
            said.text
        ),
        None => assert!(
            said.code == 0 || (said.code == 1 && shows_a_difference),
            "{place}: $ {}\nends with {}\n{}",
            said.command,
            said.code,
            said.text
        ),
    }
}

/// Whether `text` is what the page shows, where a line `...` stands for any lines.
fn matches(expected: &str, text: &str) -> bool {
    let mut rest = text;
    let mut parts = expected.split("...\n");
    let Some(begin) = parts.next() else {
        return text.is_empty();
    };
    let Some(after) = rest.strip_prefix(begin) else {
        return false;
    };
    rest = after;
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        let Some((_, after)) = rest.split_once(part) else {
            return false;
        };
        rest = after;
    }
    rest.ends_with(last)
}

fn steps(block: &Block) -> Vec<Step> {
    let lines = block.text.lines();
    match &*block.language {
        "sh" => lines
            .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
            .map(|line| Step {
                command: line.to_owned(),
                prints: None,
            })
            .collect(),
        "console" => {
            let mut steps: Vec<Step> = Vec::new();
            for line in lines {
                if let Some(command) = line.strip_prefix("$ ") {
                    steps.push(Step {
                        command: command.to_owned(),
                        prints: Some(String::new()),
                    });
                } else {
                    let step = steps.last_mut().expect("a command comes first");
                    let prints = step.prints.as_mut().expect("of a console");
                    prints.push_str(line);
                    prints.push('\n');
                }
            }
            steps
        }
        _ => Vec::new(),
    }
}

fn manifests_of(folder: &str) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(repository().join(folder)).unwrap() {
        text.push_str(&std::fs::read_to_string(entry.unwrap().path()).unwrap());
    }
    text
}

fn kustomize_is_here() -> bool {
    let version = std::process::Command::new("kustomize")
        .arg("version")
        .output();
    version.is_ok_and(|version| version.status.success())
}

#[test]
fn three_dots_stand_for_any_lines_and_nothing_else_does() {
    assert!(matches("a\n...\nc\n", "a\nb\nb\nc\n"));
    assert!(matches("...\nc\n", "a\nc\n"));
    assert!(matches("a\n", "a\n"));
    assert!(!matches("a\n", "a\nb\n"));
    assert!(!matches("a\n...\nc\n", "a\nb\n"));
    assert!(!matches("", "a\n"));
}
