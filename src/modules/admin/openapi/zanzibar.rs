//! Permissions: what services write and ask.

use serde_json::{Map, Value, json};

use super::{
    Operation, operations,
    schemas::{boolean, integer, list, object, refer, text},
};

operations! {
    OPERATIONS:
    post "/auth/zanzibar/check" "zanzibar.check" () Some("Check") => "200" Some("Checked"),
        "Whether a subject has a relation or permission";
    post "/auth/zanzibar/bulk-check" "zanzibar.check" () Some("BulkCheck") => "200" Some("BulkChecked"),
        "Up to 10,000 checks, all of one revision";
    post "/auth/zanzibar/lookup-resources" "zanzibar.check" () Some("LookupResources") => "200" Some("Resources"),
        "The objects that a subject has a relation or permission to, in pages; as lines with `Accept: application/x-ndjson`";
    post "/auth/zanzibar/lookup-subjects" "zanzibar.check" () Some("LookupSubjects") => "200" Some("Subjects"),
        "The subjects that have a relation or permission to an object, in pages; as lines with `Accept: application/x-ndjson`";
    post "/auth/zanzibar/expand" "zanzibar.read" () Some("Expand") => "200" Some("Expanded"),
        "What a relation or permission of an object is made of";
    post "/auth/zanzibar/explain" "zanzibar.read" () Some("Check") => "200" Some("Explained"),
        "A check with its reasons, which name each other by their places in the list";
    post "/auth/zanzibar/write" "zanzibar.write" () Some("WriteTuples") => "200" Some("WrittenTuples"),
        "Create, touch and delete tuples, all or none, if the preconditions hold";
    post "/auth/zanzibar/read" "zanzibar.read" () Some("ReadTuples") => "200" Some("Tuples"),
        "Tuples by filter, in pages";
    delete "/auth/zanzibar/tuples" "zanzibar.write" ("object_type" "object_id" "relation" "subject_type" "subject_id" "subject_rel" "all") None => "200" Some("WrittenTuples"),
        "Delete all tuples that are like that; every one with `all` alone";
    post "/auth/zanzibar/import" "zanzibar.write" () Some("Tuple") => "200" Some("ImportedTuples"),
        "Touch tuples in any number, one a line";
    get "/auth/zanzibar/export" "zanzibar.read" () None => "200" Some("Tuple"),
        "All tuples of one revision, which the header `zanzibar-revision` has, one a line";
    get "/auth/zanzibar/watch" "zanzibar.read" ("since" "object_types") None => "200" None,
        "Changes after a revision as server-sent events; `Last-Event-ID` goes on after an event";
}

fn names() -> Value {
    json!({
        "object_type": text(), "object_id": text(), "relation": text(),
        "subject_type": text(), "subject_id": text(), "subject_rel": text(),
    })
}

/// Some of the names, and more beside them.
fn asked(required: &[&str], more: &Value) -> Value {
    let mut properties = Map::new();
    if let (Value::Object(names), Value::Object(more)) = (names(), more.clone()) {
        let is_asked = |name: &str| name == "subject_rel" || required.contains(&name);
        properties.extend(names.into_iter().filter(|(name, _)| is_asked(name)));
        properties.extend(more);
    }
    object(required, &Value::Object(properties))
}

pub(super) fn schemas() -> Map<String, Value> {
    const WHOLE: [&str; 5] = [
        "object_type",
        "object_id",
        "relation",
        "subject_type",
        "subject_id",
    ];
    let context = json!({ "type": "object", "description": "Parameters of caveats" });
    let consistency = json!({
        "type": "object",
        "description": "How new the tuples must be: one of these, `minimize_latency` unless given",
        "properties": {
            "minimize_latency": boolean(), "fully_consistent": boolean(),
            "at_least_as_fresh": text(), "at_exact_snapshot": text(),
        },
    });
    let with = json!({ "context": &context, "consistency": refer("Consistency") });
    let paged = json!({
        "context": &context, "consistency": refer("Consistency"), "limit": integer(), "after": text(),
    });
    let answer = json!({
        "result": { "enum": ["HAS", "NO", "CONDITIONAL"] },
        "missing": { "type": "array", "items": text(), "description": "Parameters that it depends on" },
    });
    let caveat = object(&["name"], &json!({ "name": text(), "context": &context }));
    let named = |name: &str| {
        object(
            &[name, "result", "missing"],
            &json!({ name: text(), "result": answer["result"], "missing": answer["missing"] }),
        )
    };
    let after = json!({ "type": ["string", "null"], "description": "Where the next page begins" });
    let update = object(
        &["operation", "tuple"],
        &json!({ "operation": { "enum": ["create", "touch", "delete"] }, "tuple": refer("Tuple") }),
    );
    let precondition = object(
        &["must", "filter"],
        &json!({ "must": { "enum": ["exist", "not_exist"] }, "filter": refer("TupleFilter") }),
    );
    let all = [
        ("Consistency", consistency),
        ("Check", asked(&WHOLE, &with)),
        (
            "Checked",
            object(
                &["result", "missing", "revision"],
                &json!({ "result": answer["result"], "missing": answer["missing"], "revision": text() }),
            ),
        ),
        (
            "BulkCheck",
            object(
                &["checks"],
                &json!({
                    "checks": list(&asked(&WHOLE, &json!({}))),
                    "context": &context, "consistency": refer("Consistency"),
                }),
            ),
        ),
        (
            "BulkChecked",
            object(
                &["results", "revision"],
                &json!({
                    "results": list(&json!({ "type": "object", "properties": {
                        "result": answer["result"], "missing": answer["missing"], "error": refer("Problem"),
                    } })),
                    "revision": text(),
                }),
            ),
        ),
        (
            "LookupResources",
            asked(
                &["object_type", "relation", "subject_type", "subject_id"],
                &paged,
            ),
        ),
        (
            "Resources",
            object(
                &["objects", "after", "revision"],
                &json!({ "objects": list(&named("object_id")), "after": after, "revision": text() }),
            ),
        ),
        (
            "LookupSubjects",
            asked(
                &["object_type", "object_id", "relation", "subject_type"],
                &paged,
            ),
        ),
        (
            "Subjects",
            object(
                &["everyone", "subjects", "after", "revision"],
                &json!({
                    "everyone": { "type": "object", "properties": &answer },
                    "subjects": list(&named("subject_id")), "after": after, "revision": text(),
                }),
            ),
        ),
        (
            "Expand",
            object(
                &["object_type", "object_id", "relation"],
                &json!({
                    "object_type": text(), "object_id": text(), "relation": text(),
                    "consistency": refer("Consistency"),
                }),
            ),
        ),
        (
            "Expanded",
            object(
                &["tree", "revision"],
                &json!({ "tree": { "type": "object" }, "revision": text() }),
            ),
        ),
        (
            "Explained",
            object(
                &["result", "missing", "findings", "is_cut", "revision"],
                &json!({
                    "result": answer["result"], "missing": answer["missing"],
                    "findings": list(&json!({ "type": "object" })),
                    "is_cut": boolean(), "revision": text(),
                }),
            ),
        ),
        (
            "Tuple",
            asked(
                &WHOLE,
                &json!({ "caveat": caveat, "expires_at": { "type": "string", "format": "date-time" } }),
            ),
        ),
        ("TupleFilter", object(&[], &names())),
        (
            "WriteTuples",
            object(
                &["updates"],
                &json!({ "updates": list(&update), "preconditions": list(&precondition) }),
            ),
        ),
        (
            "WrittenTuples",
            object(
                &["revision", "changed"],
                &json!({ "revision": text(), "changed": integer() }),
            ),
        ),
        (
            "ImportedTuples",
            object(
                &["tuples", "changed", "revision"],
                &json!({ "tuples": integer(), "changed": integer(), "revision": text() }),
            ),
        ),
        (
            "ReadTuples",
            object(
                &[],
                &json!({ "filter": refer("TupleFilter"), "limit": integer(), "after": text() }),
            ),
        ),
        (
            "Tuples",
            object(
                &["tuples", "after", "revision"],
                &json!({ "tuples": list(&refer("Tuple")), "after": after, "revision": text() }),
            ),
        ),
    ];
    all.map(|(name, schema)| (name.to_owned(), schema))
        .into_iter()
        .collect()
}
