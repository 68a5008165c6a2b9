//! Ten thousand clients and a thousand namespaces: create, diff, apply again.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    database::{Database, Engine, Installation},
    heading, process, report,
};

pub const CLIENTS: usize = 10_000;
pub const NAMESPACES: usize = 1_000;

pub fn run(database: &Database) {
    heading(&format!(
        "{CLIENTS} clients and {NAMESPACES} namespaces ({:?})",
        database.engine
    ));
    let installation = database.installation();
    let folder = write_manifests(installation.path());
    let folder = folder.to_str().unwrap();

    // The schema and the keys belong to the first start, not to the apply.
    let seeded = process::run(installation.command(&["apply", "-f", &empty_set(&installation)]));
    assert_eq!(seeded.exit, 0, "{}", seeded.output);

    let reading = best(3, || process::run(validate(&installation, folder)));
    step("validate (read, check)", &reading, 0);
    let created = process::run(installation.command(&["apply", "-f", folder]));
    step("apply: create all", &created, 0);
    let diff = best(3, || {
        process::run(installation.command(&["diff", "-f", folder]))
    });
    step("diff, nothing changed", &diff, 0);
    let again = best(3, || {
        process::run(installation.command(&["apply", "-f", folder]))
    });
    step("apply, nothing to do", &again, 0);
    let beyond = again.wall.saturating_sub(reading.wall);
    report(
        "  beyond reading the files",
        beyond.as_secs_f64() * 1e3,
        "ms",
        "",
    );
}

fn validate(installation: &Installation, folder: &str) -> std::process::Command {
    let mut command = process::assay();
    command
        .args(["validate", "-f", folder])
        .env("BENCH_SECRET", "0123456789abcdef0123456789abcdef");
    command.current_dir(installation.path());
    command
}

fn step(what: &str, cost: &process::Cost, exit: i32) {
    assert_eq!(
        cost.exit,
        exit,
        "{what}:\n{}",
        cost.output.lines().take(40).collect::<Vec<_>>().join("\n")
    );
    let note = format!("wall; peak memory {:.0} MB", cost.peak_mb);
    report(what, cost.wall.as_secs_f64() * 1e3, "ms", &note);
}

fn best(times: usize, mut measure: impl FnMut() -> process::Cost) -> process::Cost {
    (0..times)
        .map(|_| measure())
        .min_by_key(|cost| cost.wall)
        .unwrap()
}

fn empty_set(installation: &Installation) -> String {
    let file = installation.path().join("first.yaml");
    fs::write(
        &file,
        "apiVersion: assay/v1\nkind: Module\nmetadata: { name: zanzibar }\n",
    )
    .unwrap();
    file.to_str().unwrap().to_owned()
}

/// A folder with 110 files of 100 objects each.
pub fn write_manifests(parent: &Path) -> PathBuf {
    let folder = parent.join("manifests");
    fs::create_dir_all(&folder).unwrap();
    fs::write(
        folder.join("module.yaml"),
        "apiVersion: assay/v1\nkind: Module\nmetadata: { name: zanzibar }\n---\n\
         apiVersion: assay/v1\nkind: ZanzibarNamespace\nmetadata: { name: user }\nspec: {}\n",
    )
    .unwrap();
    for file in 0..(CLIENTS + NAMESPACES) / 100 {
        let mut text = String::new();
        for object in file * 100..(file + 1) * 100 {
            text.push_str("---\n");
            if object < CLIENTS {
                client(&mut text, object);
            } else {
                namespace(&mut text, object - CLIENTS);
            }
        }
        fs::write(folder.join(format!("objects-{file:03}.yaml")), text).unwrap();
    }
    folder
}

fn client(text: &mut String, number: usize) {
    write!(
        text,
        "apiVersion: assay/v1
kind: OidcClient
metadata:
  name: app-{number:05}
  labels: {{ team: team-{} }}
spec:
  displayName: Application {number}
  clientSecret: {{ fromEnv: BENCH_SECRET }}
  redirectUris:
    - https://app-{number:05}.example.com/callback
    - https://app-{number:05}.staging.example.com/callback
  postLogoutRedirectUris: [https://app-{number:05}.example.com/]
  grantTypes: [authorization_code, refresh_token]
  scopes: [openid, profile, email]
",
        number % 50
    )
    .unwrap();
}

fn namespace(text: &mut String, number: usize) {
    write!(
        text,
        "apiVersion: assay/v1
kind: ZanzibarNamespace
metadata: {{ name: thing{number:04} }}
spec:
  relations:
    parent: {{ types: [thing{number:04}] }}
    owner: {{ types: [user] }}
    viewer: {{ types: [user, \"user:*\"] }}
  permissions:
    edit: owner + parent->edit
    view: viewer + edit + parent->view
"
    )
    .unwrap();
}

/// For measurements that need a database with everything in it.
pub fn filled(engine: Engine) -> Installation {
    let installation = Installation::new(engine);
    let folder = write_manifests(installation.path());
    let cost = process::run(installation.command(&["apply", "-f", folder.to_str().unwrap()]));
    assert_eq!(cost.exit, 0, "{}", cost.output);
    assert!(cost.wall > Duration::ZERO);
    installation
}
