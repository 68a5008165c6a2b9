use std::time::Duration;

use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{expect_problem, start, touch, tuple, write};
use crate::harness::{Assay, Reply, TestDb};

both_databases!(
    a_watch_tells_every_change_and_goes_on_where_it_was,
    a_watch_from_before_what_is_kept_is_refused,
);

/// Somebody who listens.
struct Listener {
    response: Response,
    text: String,
}

#[derive(Debug)]
struct Event {
    id: String,
    name: String,
    data: Value,
}

impl Listener {
    async fn new(assay: &Assay, query: &str, last: Option<&str>) -> Self {
        let path = format!("/auth/zanzibar/watch{query}");
        let mut request = assay.admin(Method::GET, &path);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let text = String::new();
        let mut listener = Self { response, text };
        assert_eq!(listener.next().await.name, "start");
        listener
    }

    async fn next(&mut self) -> Event {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    let mut lines = event.lines();
                    let value = lines.find_map(|line| line.strip_prefix(name));
                    value
                        .unwrap_or_else(|| panic!("no {name} in {event}"))
                        .to_owned()
                };
                let event = Event {
                    id: field("id: "),
                    name: field("event: "),
                    data: serde_json::from_str(&field("data: ")).unwrap(),
                };
                self.text = String::from(rest);
                return event;
            }
            let piece = timeout(Duration::from_secs(10), self.response.chunk()).await;
            let piece = piece.expect("an event").unwrap().expect("more");
            self.text.push_str(std::str::from_utf8(&piece).unwrap());
        }
    }
}

async fn a_watch_tells_every_change_and_goes_on_where_it_was(db: TestDb) {
    let mut assay = start(db).await;
    let before = touch(&assay, &["group:staff#member@user:ada"]).await;
    let mut listener = Listener::new(&assay, "", None).await;
    let mut filtered = Listener::new(&assay, "?object_types=document,folder", None).await;

    let first = touch(
        &assay,
        &["group:staff#member@user:eve", "group:staff#member@user:bob"],
    )
    .await;
    write(&assay, "delete", &["group:staff#member@user:eve"])
        .await
        .expect_status(200);
    touch(&assay, &["document:readme#owner@user:ada"]).await;

    let event = listener.next().await;
    assert_eq!((event.name.as_str(), &event.id), ("changes", &first));
    assert_eq!(
        event.data,
        json!({
            "revision": first,
            "changes": [
                { "operation": "touch", "tuple": tuple("group:staff#member@user:eve") },
                { "operation": "touch", "tuple": tuple("group:staff#member@user:bob") },
            ],
        })
    );
    let event = listener.next().await;
    assert_eq!(
        event.data["changes"],
        json!([{ "operation": "delete", "tuple": tuple("group:staff#member@user:eve") }])
    );
    let owner = json!([{ "operation": "touch", "tuple": tuple("document:readme#owner@user:ada") }]);
    assert_eq!(listener.next().await.data["changes"], owner);
    assert_eq!(filtered.next().await.data["changes"], owner);

    // After a crash, from where it was, and what was said of the beginning does not count.
    assay.restart().await;
    let since = format!("?since={before}");
    let mut again = Listener::new(&assay, &since, Some(&event.id)).await;
    assert_eq!(again.next().await.data["changes"], owner);
    let mut all = Listener::new(&assay, &since, None).await;
    assert_eq!(all.next().await.id, first);

    // A delete by filter is one event.
    let deleted = assay.admin(Method::DELETE, "/auth/zanzibar/tuples?object_type=group");
    Reply::to(deleted).await.expect_status(200);
    let changes = again.next().await.data["changes"]
        .as_array()
        .unwrap()
        .clone();
    assert_eq!(changes.len(), 2);
    assert!(changes.iter().all(|change| change["operation"] == "delete"));
}

async fn a_watch_from_before_what_is_kept_is_refused(db: TestDb) {
    let assay = start(db).await;
    let before = touch(&assay, &["group:staff#member@user:ada"]).await;
    touch(&assay, &["group:staff#member@user:eve"]).await;
    let data = assay.folder().join("data");
    assay
        .db()
        .alter(&data, "UPDATE zanzibar_head SET trimmed = 2")
        .await;
    let path = format!("/auth/zanzibar/watch?since={before}");
    let refused = Reply::to(assay.admin(Method::GET, &path)).await;
    expect_problem(&refused, 410, "revision-gone");
    let forged = Reply::to(assay.admin(Method::GET, "/auth/zanzibar/watch?since=abc")).await;
    expect_problem(&forged, 400, "invalid-revision");
}
