//! What SpiceDB's own suite says, through the importer.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::PathBuf,
};

use assay_permissions::{
    Answer, DEFAULT_BUDGET, Request, Snapshot, Subject, Tuple,
    import::{
        Source,
        spicedb::{relationship, relationships, schema, validation},
    },
};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    lookups,
    world::{again, plan, question, source},
};

#[derive(Deserialize)]
struct Suite {
    schema: String,
    relationships: String,
    #[serde(default)]
    assertions: Option<Assertions>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(clippy::struct_field_names)] // The suite's names.
struct Assertions {
    #[serde(default)]
    assert_true: Vec<String>,
    #[serde(default)]
    assert_false: Vec<String>,
    #[serde(default)]
    assert_caveated: Vec<String>,
}

/// Beside the repository, or where the variable says.
pub(crate) fn data(part: &str) -> Option<PathBuf> {
    if let Ok(folder) = std::env::var("ASSAY_SHARED_DATA") {
        return Some(PathBuf::from(folder).join(part));
    }
    let above = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut above = above.ancestors().skip(2);
    above.find_map(|folder| {
        let data = folder.join("shared/data").join(part);
        data.is_dir().then_some(data)
    })
}

// The suite has tuples that ended in 2023 and some that end in 2300.
const NOW: i64 = 1_800_000_000_000;

#[test]
fn every_assertion_of_spicedbs_suite_holds() {
    let Some(folder) = data("spicedb") else {
        eprintln!("skipped: there is no shared/data/spicedb above this repository");
        return;
    };
    let mut files: Vec<_> = folder
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut wrong = Vec::new();
    let mut asserted = 0;
    for file in &files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(file).unwrap();
        let suite: Suite = serde_saphyr::from_str(&text).unwrap();
        asserted += run(&name, suite, &mut wrong);
    }
    assert!(
        wrong.is_empty(),
        "{} are wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    eprintln!("{asserted} assertions of {} files hold", files.len());
}

fn run(file: &str, suite: Suite, wrong: &mut Vec<String>) -> usize {
    let read = schema(source(&suite.schema)).unwrap_or_else(|error| panic!("{file}: {error}"));
    let tuples = relationships(source(&suite.relationships));
    let tuples = tuples.unwrap_or_else(|e| panic!("{file}: {e}")).into_iter();
    let tuples: Vec<Tuple> = tuples.map(|placed| placed.tuple).collect();
    // By way of what is written: manifests and lines.
    let namespaces = again::namespaces(&read);
    assert_eq!(namespaces, read.namespaces, "{file}");
    let tuples = again::tuples(tuples);
    let plan = plan(&namespaces);
    let snapshot = Snapshot::load(plan, tuples.clone()).unwrap_or_else(|e| panic!("{file}: {e}"));
    let assertions = suite.assertions.unwrap_or_default();
    let expected = [
        (assertions.assert_true, "yes"),
        (assertions.assert_false, "no"),
        (assertions.assert_caveated, "conditional"),
    ];
    let mut asserted = 0;
    for (texts, right) in expected {
        for text in texts {
            asserted += 1;
            let (asked, context) = assertion(&text);
            let said = match check(&snapshot, &asked, &context) {
                Answer::Has => "yes",
                Answer::No => "no",
                Answer::Conditional(_) => "conditional",
            };
            if said != right {
                wrong.push(format!("{file}: {text}: {said}, and {right} is right"));
            }
        }
    }
    agree(file, &namespaces, &snapshot, &tuples, wrong);
    asserted
}

/// `document:1#view@user:ada with {"hour": 9}`.
fn assertion(text: &str) -> (Tuple, Map<String, Value>) {
    let (asked, context) = match text.split_once(" with ") {
        Some((asked, context)) => (asked, serde_json::from_str(context).unwrap()),
        None => (text, Map::new()),
    };
    (relationship(asked.trim()).unwrap(), context)
}

fn check(snapshot: &Snapshot, asked: &Tuple, context: &Map<String, Value>) -> Answer {
    let request = Request {
        now: NOW,
        context,
        budget: DEFAULT_BUDGET,
    };
    snapshot.check(&question(asked), &request).unwrap()
}

/// Every object, relation and subject that the file names: the lists say what the checks say.
fn agree(
    file: &str,
    namespaces: &crate::world::Namespaces,
    snapshot: &Snapshot,
    tuples: &[Tuple],
    wrong: &mut Vec<String>,
) {
    let context = Map::new();
    let request = Request {
        now: NOW,
        context: &context,
        budget: DEFAULT_BUDGET,
    };
    let objects: BTreeSet<_> = tuples.iter().map(|tuple| tuple.resource.clone()).collect();
    let subjects: BTreeSet<Subject> = tuples.iter().map(|tuple| tuple.subject.clone()).collect();
    for subject in &subjects {
        for (of, spec) in namespaces {
            for name in spec.relations.keys().chain(spec.permissions.keys()) {
                let listed =
                    lookups::resources(snapshot, (of, name), subject, &request, 3).unwrap();
                let mut checked = BTreeMap::new();
                for object in objects.iter().filter(|object| object.namespace == *of) {
                    let asked = Tuple {
                        resource: object.clone(),
                        relation: name.clone(),
                        subject: subject.clone(),
                        caveat: None,
                        expires_at: None,
                    };
                    let answer = check(snapshot, &asked, &context);
                    let (everyone, items) = lookups::subjects(
                        snapshot,
                        (of, &object.id, name),
                        (&subject.namespace, subject.relation.as_deref()),
                        &request,
                        2,
                    )
                    .unwrap();
                    if *items.get(&subject.id).unwrap_or(&everyone) != answer {
                        wrong.push(format!(
                            "{file}: {asked}: {answer:?}, but it lists {items:?}"
                        ));
                    }
                    if answer != Answer::No {
                        checked.insert(object.id.clone(), answer);
                    }
                }
                let same = checked
                    .iter()
                    .all(|(id, answer)| listed.get(id) == Some(answer));
                if !same {
                    wrong.push(format!(
                        "{file}: {of}#{name} of {subject}: {listed:?}, {checked:?}"
                    ));
                }
            }
        }
    }
}

#[test]
fn what_has_no_counterpart_is_refused_by_name() {
    let mut said = String::new();
    for text in [
        "use import\ndefinition user {}",
        "partial view { relation viewer: user }",
        "definition user {\n  ...view\n}",
        "definition user {}\ndefinition user {}",
        "definition user { relation a: user  relation a: user }",
        "definition user { permission a = b | c }",
        "definition user_ {}",
        "definition user { relation a user }",
        "caveat c(x number) { true }",
        "caveat c(x int) { x == '}' ",
        "definition user { /* never",
        "definition user { relation a: user with b and c }",
        "definition §",
    ] {
        let error = schema(source(text)).unwrap_err();
        writeln!(said, "{text:?}\n  {error}").unwrap();
    }
    for text in [
        "document:1#viewer",
        "document:1#viewer@user:ada[c:{]",
        "document:1#viewer@user:ada[c:{}",
        "document:1#viewer@user:ada[expiration:soon]",
        "document:1#viewer@user:ada[",
        "\n\n  document",
    ] {
        let error = relationships(source(text)).unwrap_err();
        writeln!(said, "{text:?}\n  {error}").unwrap();
    }
    insta::assert_snapshot!(said);
}

#[test]
fn a_schema_becomes_manifests() {
    let read = schema(source(
        r#"
        use expiration
        /** Someone who signs in. */
        definition acme/user {}

        // By the clock of the office.
        caveat acme/office_hours(hour int, days list<string>) {
            hour < 17 && days.exists(day, day == "}")
        }

        definition acme/document {
            // Who may read.
            relation viewer: acme/user | acme/user:* with acme/office_hours | acme/document#view
            relation parent: acme/document with expiration; relation owner: acme/user#...
            permission edit = owner
            permission view = viewer + edit + // and above
                parent->view
            permission all_of = parent.all(view) & (edit - nil)
        }
        "#,
    ))
    .unwrap();
    insta::assert_snapshot!(read.manifests().unwrap());
}

#[test]
fn what_does_not_fit_together_is_told_with_its_place() {
    let mut said = String::new();
    for text in [
        "definition user {}\ndefinition document {\n  relation viewer: user | team\n}",
        "definition user {}\ndefinition document {\n  relation viewer: user\n  permission view = viewers\n}",
        "definition user {}\n\n\ncaveat c(x int) { y > 1 }\ndefinition a { relation b: user with c }",
        "definition a { relation b: a permission c = b - c }",
    ] {
        let source = source(text);
        for error in schema(source).unwrap().plan(&[source]).unwrap_err() {
            writeln!(said, "{error}").unwrap();
        }
    }
    insta::assert_snapshot!(said);
}

#[test]
fn relationships_can_be_written_as_zed_prints_them() {
    for (text, same) in [
        ("document:1 viewer user:ada", "document:1#viewer@user:ada"),
        (
            "document:1  viewer  group:a#member[c:{\"a\": 1}]",
            "document:1#viewer@group:a#member[c:{\"a\":1}]",
        ),
    ] {
        assert_eq!(relationship(text), relationship(same), "{text}");
    }
}

#[test]
fn a_validation_file_has_both() {
    let text = "schema: |\n  definition user {}\nrelationships: |\n  user:1#a@user:2\n";
    let read = validation(Source {
        name: "a.yaml",
        text,
    })
    .unwrap();
    assert_eq!(read.schema, "definition user {}\n");
    assert_eq!(read.relationships, "user:1#a@user:2\n");
    let wrong = validation(Source {
        name: "a.yaml",
        text: "relationships: a\n",
    });
    assert_eq!(
        wrong.unwrap_err().to_string(),
        "a.yaml:1:1: missing field `schema`"
    );
}
