use std::time::Duration;

use serde_json::json;

use super::fixture::{Room, client, client_with, options};
use crate::{
    generation::{Generation, Outcome},
    store::{execute, fetch_one, testing::TestDb},
};

const WAITING: &str = "SELECT COUNT(*) FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock'";

/// Only PostgreSQL lets another writer in while an apply is under way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_apply_that_collides_with_another_writer_is_made_again() {
    let db = TestDb::postgres().await;
    let room = Room::new(&db).await;
    room.apply(vec![client("grafana")]).await.unwrap();

    let other = db.open().await;
    let mut writer = other.begin().await.unwrap();
    let touched = execute!(
        &mut writer,
        "UPDATE oidc_clients SET updated_at = updated_at + 1 WHERE name = $1",
        "grafana"
    );
    assert_eq!(touched.unwrap(), 1);

    let engine = room.engine.clone();
    let desired = room.desired(vec![client_with(
        "grafana",
        json!({ "displayName": "Graphs" }),
    )]);
    let apply = tokio::spawn(async move { engine.apply(desired, options()).await });
    // It has read the row as it was, and now wants to write it.
    while room.count(WAITING).await == 0 {
        assert!(!apply.is_finished(), "{:?}", apply.await);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // From here on its snapshot is out of date, so PostgreSQL refuses the write (40001).
    writer.commit().await.unwrap();

    let applied = apply.await.unwrap().unwrap();
    assert_eq!(applied.outcome, Outcome::Applied);
    assert_eq!(applied.generation, Generation(2));
    let (name,) = fetch_one!(
        &room.store,
        (String,),
        "SELECT spec FROM oidc_clients WHERE name = 'grafana'"
    )
    .unwrap();
    assert!(name.contains("Graphs"), "{name}");
    // The attempt that failed left nothing.
    assert_eq!(room.count("SELECT COUNT(*) FROM generations").await, 2);
}
