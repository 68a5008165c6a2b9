//! What is sent and answered about groups.

use serde_json::{Map, Value, json};

use super::schemas::{list, millis, object, refer, text};

pub(super) fn schemas() -> Map<String, Value> {
    let or_none = json!({ "type": ["string", "null"] });
    let group = object(
        &["id", "name", "createdAt", "updatedAt"],
        &json!({
            "id": text(), "name": text(), "externalId": text(),
            "createdAt": millis(), "updatedAt": millis(),
        }),
    );
    let groups = list(&refer("Group"));
    [
        (
            "NewGroup",
            object(&["name"], &json!({ "name": text(), "externalId": text() })),
        ),
        (
            "UpdateGroup",
            object(&[], &json!({ "name": text(), "externalId": or_none })),
        ),
        ("Group", group),
        (
            "Groups",
            object(&["groups"], &json!({ "groups": groups, "next": text() })),
        ),
        (
            "GroupsOfUser",
            object(&["groups"], &json!({ "groups": groups })),
        ),
    ]
    .map(|(name, schema)| (name.to_owned(), schema))
    .into_iter()
    .collect()
}
