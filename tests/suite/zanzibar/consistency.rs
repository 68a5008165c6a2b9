use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{ask, check, check_with, expect_problem, result, revision, start, touch, write};
use crate::harness::TestDb;

both_databases!(
    an_exact_snapshot_stays_what_it_is,
    a_revision_is_of_this_installation_or_none,
    what_was_written_is_there_after_a_crash,
    many_writers_make_dense_revisions,
    an_old_snapshot_goes,
);

/// Another server is told, and what it is told is waited for.
mod no_new_enemy {
    #[tokio::test]
    async fn on_postgres() {
        super::no_new_enemy(crate::harness::TestDb::postgres().await).await;
    }
}

mod another_process_is_followed {
    #[tokio::test]
    async fn on_sqlite() {
        super::another_process_is_followed(crate::harness::TestDb::sqlite()).await;
    }
}

fn exactly(token: &str) -> Value {
    json!({ "consistency": { "at_exact_snapshot": token } })
}

async fn an_exact_snapshot_stays_what_it_is(db: TestDb) {
    let assay = start(db).await;
    let before = touch(&assay, &["group:staff#member@user:ada"]).await;
    let after = revision(&write(&assay, "delete", &["group:staff#member@user:ada"]).await);
    let member = "group:staff#member@user:ada";
    for _ in 0..2 {
        let then = check_with(&assay, member, &exactly(&before))
            .await
            .expect_status(200);
        assert_eq!(
            (result(&then).as_str(), revision(&then)),
            ("HAS", before.clone())
        );
        let now = check_with(&assay, member, &exactly(&after))
            .await
            .expect_status(200);
        assert_eq!(
            (result(&now).as_str(), revision(&now)),
            ("NO", after.clone())
        );
        // Whatever else is written.
        touch(&assay, &["group:other#member@user:eve"]).await;
    }
    let two = json!({ "consistency": { "at_exact_snapshot": before, "fully_consistent": true } });
    expect_problem(&check_with(&assay, member, &two).await, 400, "bad-request");
}

async fn an_old_snapshot_goes(db: TestDb) {
    let assay = start(db).await;
    let first = touch(&assay, &["group:staff#member@user:ada"]).await;
    for n in 0..260 {
        touch(&assay, &[&format!("group:g{n}#member@user:ada")]).await;
    }
    let gone = check_with(&assay, "group:staff#member@user:ada", &exactly(&first)).await;
    let problem = expect_problem(&gone, 410, "revision-gone");
    // It names the oldest one that is kept.
    let oldest = problem["oldest"].as_str().unwrap();
    let kept = check_with(&assay, "group:g259#member@user:ada", &exactly(oldest)).await;
    assert_eq!(result(&kept.expect_status(200)), "NO");
    let fresh = json!({ "consistency": { "at_least_as_fresh": first } });
    let now = check_with(&assay, "group:g259#member@user:ada", &fresh).await;
    assert_eq!(result(&now.expect_status(200)), "HAS");
}

async fn a_revision_is_of_this_installation_or_none(db: TestDb) {
    let assay = start(db).await;
    let token = touch(&assay, &["group:staff#member@user:ada"]).await;
    let other = start(TestDb::sqlite()).await;
    let foreign = touch(&other, &["group:staff#member@user:ada"]).await;
    let mut forged = token.clone().into_bytes();
    forged[3] = if forged[3] == b'A' { b'B' } else { b'A' };
    let forged = String::from_utf8(forged).unwrap();
    for wrong in [foreign.as_str(), forged.as_str(), "", "1", &token[1..]] {
        for mode in ["at_least_as_fresh", "at_exact_snapshot"] {
            let more = json!({ "consistency": { mode: wrong } });
            let refused = check_with(&assay, "group:staff#member@user:ada", &more).await;
            expect_problem(&refused, 400, "invalid-revision");
        }
    }
}

async fn what_was_written_is_there_after_a_crash(db: TestDb) {
    let mut assay = start(db).await;
    let token = touch(&assay, &["group:staff#member@user:ada"]).await;
    assay.restart().await;
    let fresh = json!({ "consistency": { "at_least_as_fresh": token } });
    let after = check_with(&assay, "group:staff#member@user:ada", &fresh).await;
    assert_eq!(result(&after.expect_status(200)), "HAS");
    // It loads from the database, and a client that asks at once is not told no.
    let after = check_with(&assay, "group:staff#member@user:ada", &json!({})).await;
    assert_eq!(result(&after.expect_status(200)), "HAS");
    let exact = check_with(&assay, "group:staff#member@user:ada", &exactly(&token)).await;
    assert_eq!(result(&exact.expect_status(200)), "HAS");
}

async fn many_writers_make_dense_revisions(db: TestDb) {
    let assay = start(db).await;
    let writers = (0..8).map(async |writer| {
        for n in 0..10 {
            let member = format!("group:g{writer}#member@user:u{n}");
            let token = touch(&assay, &[&member]).await;
            // Whoever has the token sees what they wrote.
            let fresh = json!({ "consistency": { "at_least_as_fresh": token } });
            let seen = check_with(&assay, &member, &fresh).await.expect_status(200);
            assert_eq!(result(&seen), "HAS");
        }
    });
    futures_util::future::join_all(writers).await;
    let data = assay.folder().join("data");
    for (question, expected) in [
        ("SELECT MIN(revision) FROM zanzibar_log", 1),
        ("SELECT MAX(revision) FROM zanzibar_log", 80),
        ("SELECT COUNT(DISTINCT revision) FROM zanzibar_log", 80),
    ] {
        assert_eq!(
            assay.db().number(&data, question).await,
            expected,
            "{question}"
        );
    }
}

async fn no_new_enemy(db: TestDb) {
    let assay = start(db).await;
    let replica = assay.replica().await;
    let secret = "document:secret#view@user:eve";
    touch(
        &assay,
        &[
            "document:secret#viewer@group:staff#member",
            "group:staff#member@user:eve",
        ],
    )
    .await;
    for round in 0..20 {
        let (here, there) = if round % 2 == 0 {
            (&assay, &replica)
        } else {
            (&replica, &assay)
        };
        let operation = if round % 4 < 2 { "delete" } else { "touch" };
        let expected = if operation == "delete" { "NO" } else { "HAS" };
        let token = revision(&write(here, operation, &["group:staff#member@user:eve"]).await);
        // With the token, the other server answers as of the write or later, never before it.
        let began = Instant::now();
        let fresh = json!({ "consistency": { "at_least_as_fresh": token } });
        let answer = check_with(there, secret, &fresh).await.expect_status(200);
        assert_eq!(result(&answer), expected, "round {round}");
        assert!(
            began.elapsed() < Duration::from_secs(2),
            "{:?}",
            began.elapsed()
        );
        assert_eq!(check(there, secret).await, expected);
    }
}

async fn another_process_is_followed(db: TestDb) {
    let assay = start(db).await;
    touch(&assay, &["group:staff#member@user:ada"]).await;
    let replica = assay.replica().await;
    write(&replica, "delete", &["group:staff#member@user:ada"])
        .await
        .expect_status(200);
    let deadline = Instant::now() + Duration::from_secs(5);
    // Without asking for it, too.
    while result(&check_with(&assay, "group:staff#member@user:ada", &json!({})).await) != "NO" {
        assert!(Instant::now() < deadline, "it never hears of it");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let bulk = json!({ "checks": [] , "consistency": { "fully_consistent": true } });
    ask(&assay, "bulk-check", &bulk).await.expect_status(200);
}
