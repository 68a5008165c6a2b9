//! A hundred thousand people with ready password hashes: in, once more, and out.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    database::{ADMIN_KEY, Database, Installation},
    heading,
    process::{self, Server},
    report,
};

const PEOPLE: usize = 100_000;
const GROUPS: usize = 50;
const HASH: &str = "$2b$10$luU930CcECXOiRL0/kdGWeaL6S5fsvwehi4zlMBjv.E8S6VnI7vPC";

pub fn run(database: &Database) {
    heading(&format!("{PEOPLE} people ({:?})", database.engine));
    {
        let installation = database.installation();
        let file = write_people(installation.path());
        seed(&installation);
        let command = |arguments: &[&str]| installation.command(arguments);
        measure("on the database", &file, command);
    }
    let installation = database.installation();
    let file = write_people(installation.path());
    let server = Server::start(&installation);
    let url = format!("http://{}", server.address);
    let command = |arguments: &[&str]| {
        let mut command = process::assay();
        command
            .args(arguments)
            .args(["--server", &url])
            .env("ASSAY_ADMIN_KEY", ADMIN_KEY)
            .current_dir(installation.path());
        command
    };
    measure("--server", &file, command);
    report("  peak memory of the server", server.memory().1, "MB", "");
}

fn measure(way: &str, file: &Path, command: impl Fn(&[&str]) -> Command) {
    let file = file.to_str().unwrap();
    let out = format!("{file}.out");
    for (what, arguments) in [
        (
            "import",
            ["user", "import", file, "--make-groups"].as_slice(),
        ),
        ("import once more", &["user", "import", file]),
        (
            "import --update, nothing differs",
            &["user", "import", file, "--update"],
        ),
        ("export", &["user", "export", &out]),
    ] {
        let cost = process::run(command(arguments));
        assert_eq!(cost.exit, 0, "{what}: {}", cost.output);
        let note = format!("wall; peak memory {:.0} MB", cost.peak_mb);
        report(
            &format!("{what}, {way}"),
            cost.wall.as_secs_f64() * 1e3,
            "ms",
            &note,
        );
    }
}

/// The schema and the keys belong to the first start.
fn seed(installation: &Installation) {
    let seeded = process::run(installation.command(&["user", "import", "/dev/null"]));
    assert_eq!(seeded.exit, 0, "{}", seeded.output);
}

fn write_people(folder: &Path) -> PathBuf {
    let mut text = String::new();
    for number in 0..PEOPLE {
        writeln!(
            text,
            r#"{{"id": "018f2e6a-0000-7000-8000-{number:012x}", "email": "person-{number:06}@example.com", "emailVerified": true, "externalId": "{number}", "attributes": {{"name": "Person {number}", "given_name": "Person", "locale": "en"}}, "groups": ["Group {}"], "createdAt": "2021-03-04T05:06:07Z", "passwordHash": "{HASH}"}}"#,
            number % GROUPS
        )
        .unwrap();
    }
    let file = folder.join("people.ndjson");
    fs::write(&file, text).unwrap();
    file
}
