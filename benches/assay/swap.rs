//! The swap with ten thousand clients in memory: how long a change takes to be served.

use std::time::{Duration, Instant};

use crate::{
    database::Database,
    heading,
    http::Connection,
    process::{self, Server},
    reconcile, report,
};

pub fn run(database: &Database) {
    heading(&format!(
        "Swap with {} clients ({:?})",
        reconcile::CLIENTS,
        database.engine
    ));
    let installation = reconcile::filled(database.engine);
    let server = Server::start(&installation);
    report(
        "start with all of them",
        server.started_in.as_secs_f64() * 1e3,
        "ms",
        "wall",
    );
    let mut connection = Connection::open(&server.address);
    let mut visible = Vec::new();
    for round in 0..10 {
        let command = if round % 2 == 0 { "disable" } else { "enable" };
        let expected_off = round % 2 == 0;
        let toggled = process::run(installation.command(&["module", command, "oidc_provider"]));
        assert_eq!(toggled.exit, 0, "{}", toggled.output);
        let began = Instant::now();
        while (connection
            .send("GET", "/.well-known/openid-configuration", &[], "")
            .status
            == 404)
            != expected_off
        {
            std::thread::sleep(Duration::from_millis(1));
        }
        visible.push(began.elapsed());
    }
    visible.sort();
    report(
        "toggled by another process, until served (median)",
        visible[5].as_secs_f64() * 1e3,
        "ms",
        "wall",
    );
    report(
        "  the slowest of 10",
        visible[9].as_secs_f64() * 1e3,
        "ms",
        "wall",
    );
    let metrics = connection.send("GET", "/metrics", &[], "");
    let text = String::from_utf8_lossy(&metrics.body).into_owned();
    for line in text
        .lines()
        .filter(|line| line.contains("swap") && !line.starts_with('#') && !line.contains("bucket"))
    {
        println!("  {line}");
    }
    let (now, peak) = server.memory();
    report("server memory", now, "MB", &format!("peak {peak:.0} MB"));
}
