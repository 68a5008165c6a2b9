//! What is sent and answered about people in bulk.

use serde_json::{Map, Value, json};

use super::schemas::{boolean, integer, list, object, refer, text};

pub(super) fn schemas() -> Map<String, Value> {
    let identity = object(
        &["provider", "subject"],
        &json!({
            "provider": { "type": "string", "description": "The name of an upstream provider" },
            "subject": text(), "issuer": text(),
        }),
    );
    let person = object(
        &["email"],
        &json!({
            "id": { "type": "string", "format": "uuid", "description": "Kept, so that clients know the person again" },
            "email": text(), "emailVerified": boolean(), "externalId": text(), "userName": text(),
            "state": { "enum": ["active", "disabled", "pending"] },
            "attributes": refer("Attributes"),
            "groups": list(&text()), "identities": list(&identity),
            "createdAt": { "type": "string", "format": "date-time" },
            "passwordHash": {
                "type": "string",
                "description": "bcrypt, scrypt, PBKDF2 or Argon2, as another system made it",
            },
        }),
    );
    let problem = object(
        &["line", "message"],
        &json!({ "line": integer(), "field": text(), "message": text() }),
    );
    let imported = object(
        &[
            "created",
            "updated",
            "unchanged",
            "groupsMade",
            "dryRun",
            "problemCount",
        ],
        &json!({
            "created": integer(), "updated": integer(), "unchanged": integer(), "groupsMade": integer(),
            "dryRun": boolean(), "problemCount": integer(), "problems": list(&problem),
        }),
    );
    [("PersonLine", person), ("Imported", imported)]
        .map(|(name, schema)| (name.to_owned(), schema))
        .into_iter()
        .collect()
}
