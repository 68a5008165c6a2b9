//! A tree that is taken apart says what the check says of the whole.

use assay_permissions::{Answer, Branch, CheckError, Request, Snapshot, Subject, Tree, Tuple};
use serde_json::{Map, Value, json};

use crate::{
    agreement::ask,
    reference::{Key, Truth, caveat},
    world::{World, types, until},
};

/// What the tree comes to for a subject, with usersets at its leaves checked.
pub(crate) fn evaluate(
    snapshot: &Snapshot,
    tree: &Tree,
    subject: &Subject,
    request: &Request<'_>,
) -> Result<Truth, CheckError> {
    let is_it = subject.namespace == tree.object.namespace
        && subject.id == tree.object.id
        && subject.relation.as_ref() == Some(&tree.relation);
    if is_it {
        return Ok(Truth::Has);
    }
    Leaf {
        snapshot,
        tree,
        subject,
        request,
    }
    .branch(&tree.branch)
}

struct Leaf<'a> {
    snapshot: &'a Snapshot,
    tree: &'a Tree,
    subject: &'a Subject,
    request: &'a Request<'a>,
}

impl Leaf<'_> {
    fn branch(&self, branch: &Branch) -> Result<Truth, CheckError> {
        let all = |parts: &[Branch]| {
            let truths = parts.iter().map(|part| self.branch(part));
            truths.collect::<Result<Vec<Truth>, _>>()
        };
        Ok(match branch {
            Branch::Nobody => Truth::No,
            Branch::Itself => {
                let same = self.subject.namespace == self.tree.object.namespace
                    && self.subject.id == self.tree.object.id
                    && self.subject.relation.is_none();
                if same { Truth::Has } else { Truth::No }
            }
            Branch::Tuples(tuples) => {
                let truths = tuples.iter().map(|tuple| self.tuple(tuple));
                truths
                    .collect::<Result<Vec<_>, _>>()?
                    .into_iter()
                    .max()
                    .unwrap_or(Truth::No)
            }
            Branch::Computed(tree) => evaluate(self.snapshot, tree, self.subject, self.request)?,
            Branch::Arrow { steps, all } => {
                let truths = steps.iter().map(|(tuple, userset)| {
                    let condition = caveat(tuple, self.request.context);
                    let found = match userset {
                        Some(userset) => self.userset(userset)?,
                        None => Truth::No,
                    };
                    Ok(found.min(condition))
                });
                let truths = truths.collect::<Result<Vec<_>, _>>()?.into_iter();
                let found = if *all { truths.min() } else { truths.max() };
                found.unwrap_or(Truth::No)
            }
            Branch::Union(parts) => all(parts)?.into_iter().max().unwrap(),
            Branch::Intersection(parts) => all(parts)?.into_iter().min().unwrap(),
            Branch::Exclusion(base, excluded) => {
                let excluded = all(excluded)?.into_iter().map(Truth::not).min().unwrap();
                self.branch(base)?.min(excluded)
            }
        })
    }

    fn tuple(&self, tuple: &Tuple) -> Result<Truth, CheckError> {
        let named = &tuple.subject;
        let everyone = named.id == "*"
            && self.subject.relation.is_none()
            && named.namespace == self.subject.namespace;
        let found = if named == self.subject || everyone {
            Truth::Has
        } else if named.relation.is_some() {
            self.userset(named)?
        } else {
            Truth::No
        };
        Ok(found.min(caveat(tuple, self.request.context)))
    }

    fn userset(&self, userset: &Subject) -> Result<Truth, CheckError> {
        let relation = userset.relation.clone().unwrap();
        let key: Key = (userset.namespace.clone(), userset.id.clone(), relation);
        Ok(
            match ask(self.snapshot, &key, self.subject, self.request.context)? {
                Answer::Has => Truth::Has,
                Answer::No => Truth::No,
                Answer::Conditional(_) => Truth::Unknown,
            },
        )
    }
}

fn folders() -> Value {
    json!({
        "user": {},
        "folder": {
            "relations": {
                "parent": types(&["folder"]),
                "viewer": types(&["user", "user:*", "user with expiration", "folder#view"]),
                "banned": types(&["user"]),
            },
            "permissions": {
                "edit": "viewer & (viewer + self)",
                "view": "(edit + viewer + parent->view + parent.all(edit)) - banned",
            },
        },
    })
}

#[test]
fn a_permission_is_taken_apart() {
    let tuples = [
        "folder:1#parent@folder:2",
        "folder:1#viewer@folder:3#view",
        "folder:1#viewer@user:ada",
        "folder:1#banned@user:eve",
    ];
    let tuples = tuples.into_iter().map(crate::world::tuple);
    let world = World::of(
        folders(),
        tuples.chain([until("folder:1#viewer@user:gone", 5)]),
    );
    let object = crate::world::tuple("folder:1#view@user:ada").resource;
    let context = Map::new();
    let request = crate::lookups::request(&context);
    let tree = world.snapshot.expand(&object, "view", &request).unwrap();
    insta::assert_debug_snapshot!(tree);
    let short = Request {
        budget: 3,
        ..request
    };
    assert_eq!(
        world.snapshot.expand(&object, "view", &short),
        Err(CheckError::Budget(3))
    );
}
