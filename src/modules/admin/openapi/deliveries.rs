//! What is on its way to others: logout notices, webhooks, letters.

use serde_json::{Map, Value, json};

use super::schemas::{integer, list, millis, object, text};

pub(super) fn schemas() -> Map<String, Value> {
    let millis = millis();
    let schemas = json!({
        "LogoutNotices": object(&["pending", "failed", "notices"], &json!({
            "pending": integer(), "failed": integer(),
            "notices": list(&object(
                &["id", "client", "user", "attempts", "nextAttemptAt", "createdAt", "expiresAt"],
                &json!({
                    "id": text(), "client": text(), "user": text(), "attempts": integer(),
                    "nextAttemptAt": millis, "lastError": { "type": ["string", "null"] },
                    "createdAt": millis, "expiresAt": millis,
                }),
            )),
        })),
        "WebhookDeliveries": object(&["deliveries"], &json!({
            "deliveries": list(&object(
                &["id", "webhook", "event", "attempts", "nextAttemptAt", "createdAt", "expiresAt"],
                &json!({
                    "id": text(), "webhook": text(), "event": text(), "attempts": integer(),
                    "nextAttemptAt": millis, "lastError": { "type": ["string", "null"] },
                    "createdAt": millis, "expiresAt": millis,
                }),
            )),
        })),
        "Mails": object(&["pending", "failed", "mails"], &json!({
            "pending": integer(), "failed": integer(),
            "mails": list(&mail(&millis)),
        })),
    });
    match schemas {
        Value::Object(schemas) => schemas,
        _ => Map::new(),
    }
}

fn mail(millis: &Value) -> Value {
    object(
        &[
            "id",
            "recipient",
            "kind",
            "language",
            "state",
            "attempts",
            "createdAt",
            "expiresAt",
        ],
        &json!({
            "id": text(), "user": { "type": ["string", "null"] }, "recipient": text(),
            "kind": text(), "language": text(),
            "state": { "enum": ["pending", "delivered", "failed"] },
            "attempts": integer(), "nextAttemptAt": millis,
            "lastError": { "type": ["string", "null"] }, "createdAt": millis,
            "deliveredAt": { "type": ["integer", "null"] }, "expiresAt": millis,
        }),
    )
}
