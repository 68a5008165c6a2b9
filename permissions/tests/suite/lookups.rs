//! Lists hold what the check grants, no more and no less, whatever is excluded and whoever is
//! everyone.

use std::collections::BTreeMap;

use assay_permissions::{Answer, CheckError, Page, ResourcesQuestion, Snapshot, SubjectsQuestion};
use assay_permissions::{DEFAULT_BUDGET, Request, Subject};
use serde_json::{Map, Value, json};

use crate::world::{NOW, World, types, with_caveat};

const EVERYTHING: usize = 1_000_000;

pub(crate) fn request(context: &Map<String, Value>) -> Request<'_> {
    Request {
        now: NOW,
        context,
        budget: DEFAULT_BUDGET,
    }
}

pub(crate) fn resources(
    snapshot: &Snapshot,
    (of, relation): (&str, &str),
    subject: &Subject,
    request: &Request<'_>,
    limit: usize,
) -> Result<BTreeMap<String, Answer>, CheckError> {
    let question = ResourcesQuestion {
        resource_type: of,
        relation,
        subject_type: &subject.namespace,
        subject_id: &subject.id,
        subject_relation: subject.relation.as_deref(),
        after: None,
        limit,
    };
    let mut after: Option<String> = None;
    let mut found = Vec::new();
    loop {
        let question = ResourcesQuestion {
            after: after.as_deref(),
            ..question
        };
        let page = snapshot.lookup_resources(&question, request)?;
        assert!(page.items.len() <= limit);
        found.extend(page.items);
        match page.after {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    Ok(in_order(found))
}

/// Of a list in the order of names, each once.
fn in_order(found: Vec<(String, Answer)>) -> BTreeMap<String, Answer> {
    assert!(found.is_sorted_by(|a, b| a.0 < b.0), "{found:?}");
    found.into_iter().collect()
}

pub(crate) fn subjects(
    snapshot: &Snapshot,
    (of, id, relation): (&str, &str, &str),
    (subject_type, subject_relation): (&str, Option<&str>),
    request: &Request<'_>,
    limit: usize,
) -> Result<(Answer, BTreeMap<String, Answer>), CheckError> {
    let question = SubjectsQuestion {
        resource_type: of,
        resource_id: id,
        relation,
        subject_type,
        subject_relation,
        after: None,
        limit,
    };
    let mut after: Option<String> = None;
    let mut found = Vec::new();
    loop {
        let question = SubjectsQuestion {
            after: after.as_deref(),
            ..question
        };
        let page: Page = snapshot.lookup_subjects(&question, request)?;
        found.extend(page.items);
        match page.after {
            Some(next) => after = Some(next),
            None => return Ok((page.everyone, in_order(found))),
        }
    }
}

fn spec() -> Value {
    json!({
        "user": {},
        "group": { "relations": { "member": types(&["user", "group#member"]) } },
        "document": {
            "relations": {
                "viewer": types(&["user", "user:*", "user with hour", "group#member"]),
                "banned": types(&["user", "user:*"]),
            },
            "permissions": { "view": "viewer - banned" },
            "caveats": {
                "hour": { "parameters": { "hour": "int" }, "expression": "hour < 17" },
            },
        },
    })
}

fn names(world: &World, question: &str) -> (Answer, Vec<String>, Vec<String>) {
    let asked = crate::world::tuple(&format!("{question}@user:x"));
    let (everyone, found) = subjects(
        &world.snapshot,
        (
            &asked.resource.namespace,
            &asked.resource.id,
            &asked.relation,
        ),
        ("user", None),
        &request(&world.context),
        EVERYTHING,
    )
    .unwrap();
    let (no, yes): (Vec<_>, Vec<_>) = found
        .into_iter()
        .partition(|(_, answer)| *answer == Answer::No);
    let only = |list: Vec<(String, Answer)>| list.into_iter().map(|(name, _)| name).collect();
    (everyone, only(yes), only(no))
}

#[test]
fn those_who_are_banned_are_in_no_list() {
    let world = World::new(
        spec(),
        &[
            "document:1#viewer@user:ada",
            "document:1#viewer@group:a#member",
            "document:1#banned@user:eve",
            "document:2#viewer@group:a#member",
            "group:a#member@group:b#member",
            "group:b#member@user:bob",
            "group:b#member@user:eve",
        ],
    );
    let (everyone, yes, no) = names(&world, "document:1#view");
    assert_eq!(
        (everyone, yes, no),
        (Answer::No, vec!["ada".to_owned(), "bob".to_owned()], vec![])
    );
    let eve = crate::world::subject("user:eve");
    let found = resources(
        &world.snapshot,
        ("document", "view"),
        &eve,
        &request(&world.context),
        1,
    )
    .unwrap();
    assert_eq!(found, BTreeMap::from([("2".to_owned(), Answer::Has)]));
}

#[test]
fn everyone_is_listed_with_those_who_are_not_among_them() {
    let world = World::new(
        spec(),
        &[
            "document:1#viewer@user:*",
            "document:1#viewer@user:ada",
            "document:1#banned@user:eve",
            "document:2#viewer@user:ada",
            "document:2#banned@user:*",
        ],
    );
    let (everyone, yes, no) = names(&world, "document:1#view");
    assert_eq!(
        (everyone, yes, no),
        (Answer::Has, vec!["ada".to_owned()], vec!["eve".to_owned()])
    );
    assert_eq!(
        names(&world, "document:2#view"),
        (Answer::No, vec![], vec![])
    );
}

#[test]
fn what_depends_on_context_is_listed_as_such() {
    let tuple = with_caveat("document:1#viewer@user:ada", "hour", json!({}));
    let world = World::of(spec(), [tuple]);
    let ada = crate::world::subject("user:ada");
    let found = resources(
        &world.snapshot,
        ("document", "view"),
        &ada,
        &request(&world.context),
        9,
    )
    .unwrap();
    let conditional = Answer::Conditional(["hour".to_owned()].into());
    assert_eq!(found, BTreeMap::from([("1".to_owned(), conditional)]));
}

#[test]
fn pages_begin_where_the_last_one_ended_also_after_changes() {
    let viewers =
        (0..50).map(|n| crate::world::tuple(&format!("document:d{:02}#viewer@user:ada", n * 2)));
    let world = World::of(spec(), viewers);
    // Names that came later are in their place all the same.
    let later = (0..50)
        .map(|n| crate::world::tuple(&format!("document:d{:02}#viewer@user:ada", n * 2 + 1)));
    let changes: Vec<_> = later.map(assay_permissions::Change::Touch).collect();
    let snapshot = world.snapshot.apply(&changes).unwrap();
    let ada = crate::world::subject("user:ada");
    for limit in [1, 7, 100, 1_000] {
        let found = resources(
            &snapshot,
            ("document", "view"),
            &ada,
            &request(&world.context),
            limit,
        )
        .unwrap();
        assert_eq!(found.len(), 100);
    }
}
