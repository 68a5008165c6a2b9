//! The bodies of requests and answers.

use serde_json::{Map, Value, json};

use super::{bulk, deliveries, groups, zanzibar};

pub(super) fn refer(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

pub(super) fn text() -> Value {
    json!({ "type": "string" })
}

pub(super) fn integer() -> Value {
    json!({ "type": "integer" })
}

pub(super) fn boolean() -> Value {
    json!({ "type": "boolean" })
}

pub(super) fn list(of: &Value) -> Value {
    json!({ "type": "array", "items": of })
}

/// An object of which these members are always there.
pub(super) fn object(required: &[&str], properties: &Value) -> Value {
    json!({ "type": "object", "required": required, "properties": properties })
}

/// OpenID Connect Core 5.1.
fn attributes() -> Value {
    json!({
        "type": "object",
        "description": "What is known about a person: OpenID Connect standard claims, and what scopes release. \
            At most 16 KiB and five levels; not what the server vouches for, such as `sub` and `email`",
        "properties": {
            "name": text(), "family_name": text(), "given_name": text(), "middle_name": text(),
            "nickname": text(), "preferred_username": text(), "gender": text(),
            "profile": { "type": "string", "format": "uri" },
            "picture": { "type": "string", "format": "uri" },
            "website": { "type": "string", "format": "uri" },
            "birthdate": { "type": "string", "description": "`YYYY-MM-DD`, `0000-MM-DD` or `YYYY`" },
            "zoneinfo": text(), "locale": text(), "phone_number": text(),
            "phone_number_verified": boolean(),
            "address": { "type": "object", "additionalProperties": text() },
        },
        "additionalProperties": true,
    })
}

fn invitation(millis: &Value) -> Value {
    object(
        &[
            "id",
            "sent",
            "usesLeft",
            "createdBy",
            "createdAt",
            "expiresAt",
        ],
        &json!({
            "id": text(), "email": { "type": ["string", "null"] }, "sent": boolean(),
            "usesLeft": { "type": ["integer", "null"] }, "createdBy": text(),
            "createdAt": millis, "expiresAt": millis,
            "link": { "type": "string", "description": "Shown this once, and only if no letter brings it" },
        }),
    )
}

pub(super) fn millis() -> Value {
    json!({ "type": "integer", "description": "Milliseconds since 1970 in UTC" })
}

pub(super) fn schemas() -> Map<String, Value> {
    let mut all = groups::schemas();
    all.extend(deliveries::schemas());
    all.extend(bulk::schemas());
    all.extend(zanzibar::schemas());
    if let Value::Object(others) = others() {
        all.extend(others);
    }
    all
}

fn others() -> Value {
    let manifest = json!({ "type": "object", "description": "As in schema/assay.json" });
    let plan = json!({ "type": "object", "description": "As in schema/Plan.json" });
    let source = object(
        &[],
        &json!({ "commit": text(), "dirty": boolean(), "url": text() }),
    );
    let millis = millis();
    let mut schemas = json!({
        "Plan": plan,
        "PlanRequest": object(&["manifests"], &json!({
            "set": text(), "manifests": list(&manifest), "prune": boolean(), "takeOver": boolean(),
            "save": boolean(),
        })),
        "ApplyRequest": object(&[], &json!({
            "set": text(), "manifests": list(&manifest), "plan": refer("Plan"), "prune": boolean(),
            "takeOver": boolean(), "dryRun": boolean(), "yes": boolean(), "source": source,
        })),
        "ApplyReply": object(&["outcome", "generation", "plan"], &json!({
            "outcome": { "enum": ["applied", "unchanged", "dryRun"] },
            "generation": integer(), "plan": refer("Plan"), "notServing": text(),
        })),
        "RollbackRequest": object(&["generation"], &json!({
            "generation": integer(), "yes": boolean(), "dryRun": boolean(),
        })),
        "Generation": object(
            &["generation", "createdAt", "actor", "source", "digest", "summary"],
            &json!({
                "generation": integer(), "createdAt": millis, "actor": text(),
                "set": { "type": ["string", "null"] }, "source": { "type": "object" },
                "digest": text(), "summary": text(),
            }),
        ),
        "Generations": object(&["generations"], &json!({
            "generations": list(&refer("Generation")), "next": integer(),
        })),
        "Export": object(&["objects"], &json!({
            "objects": list(&object(
                &["owner", "manifest"],
                &json!({ "owner": text(), "manifest": manifest }),
            )),
        })),
        "Status": object(&["generation", "replicas"], &json!({
            "generation": integer(), "record": refer("Generation"),
            "replicas": list(&object(
                &["id", "startedAt", "seenAt", "generation"],
                &json!({
                    "id": text(), "startedAt": millis, "seenAt": millis, "generation": integer(),
                    "error": { "type": ["string", "null"] },
                }),
            )),
        })),
        "Modules": list(&object(
            &["name", "enabled", "inBuild", "alwaysOn", "requires"],
            &json!({
                "name": text(), "enabled": boolean(), "inBuild": boolean(),
                "alwaysOn": boolean(), "requires": list(&text()), "owner": text(),
            }),
        )),
        "SwitchRequest": object(&["modules", "enabled"], &json!({
            "modules": list(&text()), "enabled": boolean(),
        })),
        "CreateUser": object(&["email"], &json!({
            "email": text(), "password": text(), "isAdmin": boolean(),
            "externalId": text(), "attributes": refer("Attributes"),
        })),
        "Attributes": attributes(),
        "UpdateUser": object(&[], &json!({
            "state": { "enum": ["active", "disabled"] }, "isAdmin": boolean(),
            "externalId": { "type": ["string", "null"] },
            "attributes": {
                "type": ["object", "null"],
                "description": "A merge patch (RFC 7396) of Attributes: what is `null` goes",
            },
        })),
        "SetPassword": object(&["password"], &json!({ "password": text() })),
        "User": object(
            &["id", "email", "emailVerified", "state", "isAdmin", "hasPassword", "attributes", "createdAt", "updatedAt"],
            &json!({
                "id": text(), "email": text(), "userName": text(), "externalId": text(),
                "emailVerified": boolean(), "state": { "enum": ["active", "disabled", "pending"] }, "isAdmin": boolean(),
                "hasPassword": boolean(), "attributes": refer("Attributes"), "createdAt": millis, "updatedAt": millis,
            }),
        ),
        "Users": object(&["users"], &json!({ "users": list(&refer("User")), "next": text() })),
        "UpstreamToken": object(&["accessToken", "scope", "expiresAt"], &json!({
            "accessToken": text(), "scope": { "type": ["string", "null"] },
            "expiresAt": { "type": ["integer", "null"], "description": "Milliseconds since 1970 in UTC" },
        })),
        "Passkeys": object(&["passkeys"], &json!({
            "passkeys": list(&object(
                &["id", "name", "aaguid", "backedUp", "createdAt", "lastUsedAt", "suspectedAt"],
                &json!({
                    "id": text(), "name": text(), "aaguid": text(), "backedUp": boolean(),
                    "createdAt": millis, "lastUsedAt": { "type": ["integer", "null"] },
                    "suspectedAt": { "type": ["integer", "null"] },
                }),
            )),
        })),
        "Consents": object(&["consents"], &json!({
            "consents": list(&object(
                &["client", "displayName", "scopes", "claims", "resources", "grantedAt", "liveGrants"],
                &json!({
                    "client": text(), "displayName": text(), "scopes": list(&text()),
                    "claims": list(&text()), "resources": list(&text()), "grantedAt": millis, "liveGrants": integer(),
                }),
            )),
        })),
        "SecondFactors": object(
            &["authenticatorSince", "authenticatorUsedAt", "passkeys", "recoveryCodes", "rememberedDevices"],
            &json!({
                "authenticatorSince": { "type": ["integer", "null"] },
                "authenticatorUsedAt": { "type": ["integer", "null"] },
                "passkeys": integer(), "recoveryCodes": integer(), "rememberedDevices": integer(),
            }),
        ),
        "Sessions": object(&["sessions"], &json!({
            "sessions": list(&object(
                &["id", "createdAt", "seenAt", "expiresAt"],
                &json!({
                    "id": text(), "ip": { "type": ["string", "null"] },
                    "userAgent": { "type": ["string", "null"] },
                    "createdAt": millis, "seenAt": millis, "expiresAt": millis,
                }),
            )),
        })),
        "AuditEvents": object(&["events"], &json!({
            "events": list(&object(
                &["id", "occurredAt", "actor", "action", "detail"],
                &json!({
                    "id": text(), "occurredAt": millis, "actor": text(), "action": text(),
                    "subject": { "type": ["string", "null"] }, "detail": { "type": "object" },
                    "ip": { "type": ["string", "null"] },
                }),
            )),
            "next": text(),
        })),
        "ConfiguredObject": object(
            &["id", "owner", "generation", "updatedAt", "manifest"],
            &json!({
                "id": text(), "owner": text(), "generation": integer(), "updatedAt": millis,
                "manifest": {
                    "type": "object",
                    "description": "As in schema/assay.json, with `***` in the place of secrets",
                },
            }),
        ),
        "Configured": object(&["objects"], &json!({
            "objects": list(&refer("ConfiguredObject")), "next": text(),
        })),
        "NewRegistrationToken": object(&["name", "expiresIn"], &json!({
            "name": text(), "uses": integer(), "expiresIn": integer(),
        })),
        "RegistrationToken": object(&["token", "id", "name", "createdAt", "expiresAt"], &json!({
            "token": text(), "id": text(), "name": text(), "usesLeft": integer(),
            "createdAt": millis, "expiresAt": millis,
        })),
        "RegistrationTokens": object(&["tokens"], &json!({
            "tokens": list(&object(&["id", "name", "createdAt", "expiresAt"], &json!({
                "id": text(), "name": text(), "usesLeft": integer(), "createdAt": millis,
                "expiresAt": millis,
            }))),
        })),
        "SigningKeys": list(&object(
            &["kid", "algorithm", "state", "createdAt"],
            &json!({
                "kid": text(), "algorithm": text(), "state": { "enum": ["active", "retired"] },
                "createdAt": millis, "retiredAt": { "type": ["integer", "null"] },
                "expiresAt": { "type": ["integer", "null"] },
            }),
        )),
        "RootKeys": list(&object(
            &["id", "algorithm", "state", "publicKey", "createdAt"],
            &json!({
                "id": integer(), "algorithm": text(), "state": { "enum": ["active", "retired"] },
                "publicKey": text(), "createdAt": millis,
                "retiredAt": { "type": ["integer", "null"] },
                "expiresAt": { "type": ["integer", "null"] },
            }),
        )),
        "RotatedKeys": list(&object(
            &["algorithm", "kid"],
            &json!({ "algorithm": text(), "kid": text() }),
        )),
        "Problem": object(&["type", "title", "status"], &json!({
            "type": text(), "title": text(), "status": integer(), "detail": text(),
        })),
    });
    schemas["NewInvitation"] = object(
        &[],
        &json!({
            "email": text(), "send": boolean(), "language": text(),
            "uses": { "type": ["integer", "null"] }, "expiresIn": integer(),
        }),
    );
    schemas["Invitation"] = invitation(&millis);
    schemas["Invitations"] = object(
        &["invitations"],
        &json!({ "invitations": list(&refer("Invitation")) }),
    );
    schemas
}
