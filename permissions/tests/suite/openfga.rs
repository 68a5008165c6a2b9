//! What OpenFGA's sample stores say, through the importer.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::{Path, PathBuf},
};

use assay_permissions::{
    Answer, Change, DEFAULT_BUDGET, Request, Snapshot, Tuple,
    import::{
        Source,
        openfga::{Model, model, subject},
    },
};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    lookups,
    spicedb::data,
    world::{again, plan, question, source},
};

#[derive(Deserialize)]
struct Store {
    model: Option<String>,
    model_file: Option<String>,
    #[serde(default)]
    tuples: Vec<FgaTuple>,
    tuple_file: Option<String>,
    #[serde(default)]
    tests: Vec<Test>,
}

#[derive(Clone, Deserialize)]
struct FgaTuple {
    user: String,
    relation: String,
    object: String,
    condition: Option<Condition>,
}

#[derive(Clone, Deserialize)]
struct Condition {
    name: String,
    #[serde(default)]
    context: Map<String, Value>,
}

#[derive(Deserialize)]
struct Test {
    #[serde(default)]
    tuples: Vec<FgaTuple>,
    #[serde(default)]
    check: Vec<Check>,
    #[serde(default)]
    list_objects: Vec<ListObjects>,
    #[serde(default)]
    list_users: Vec<ListUsers>,
}

#[derive(Deserialize)]
struct Check {
    user: Option<String>,
    #[serde(default)]
    users: Vec<String>,
    object: Option<String>,
    #[serde(default)]
    objects: Vec<String>,
    #[serde(default)]
    context: Map<String, Value>,
    assertions: BTreeMap<String, bool>,
}

#[derive(Deserialize)]
struct ListObjects {
    user: String,
    r#type: String,
    #[serde(default)]
    context: Map<String, Value>,
    assertions: BTreeMap<String, BTreeSet<String>>,
}

#[derive(Deserialize)]
struct ListUsers {
    object: String,
    user_filter: Vec<Filter>,
    #[serde(default)]
    context: Map<String, Value>,
    assertions: BTreeMap<String, Users>,
}

#[derive(Deserialize)]
struct Filter {
    r#type: String,
    relation: Option<String>,
}

#[derive(Deserialize)]
struct Users {
    users: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Modules {
    contents: Vec<String>,
}

// The stores have moments of 2024 in their own context.
const NOW: i64 = 1_800_000_000_000;

#[test]
fn every_assertion_of_openfgas_sample_stores_holds() {
    let Some(folder) = data("openfga") else {
        eprintln!("skipped: there is no shared/data/openfga above this repository");
        return;
    };
    let mut stores: Vec<_> = folder
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    stores.sort();
    let mut wrong = Vec::new();
    let mut asserted = 0;
    for store in &stores {
        for entry in store.read_dir().unwrap() {
            let path = entry.unwrap().path();
            if path.to_string_lossy().ends_with(".fga.yaml") {
                asserted += run(&path, &mut wrong);
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} are wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    eprintln!("{asserted} assertions of {} stores hold", stores.len());
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The texts of a model, which may be in modules.
fn texts(store: &Store, folder: &Path) -> Vec<String> {
    if let Some(text) = &store.model {
        return vec![text.clone()];
    }
    let file: PathBuf = folder.join(store.model_file.as_ref().unwrap());
    if file.extension().is_some_and(|extension| extension == "mod") {
        let modules: Modules = serde_saphyr::from_str(&read(&file)).unwrap();
        return modules
            .contents
            .iter()
            .map(|name| read(&folder.join(name)))
            .collect();
    }
    vec![read(&file)]
}

struct Running<'a> {
    name: String,
    model: &'a Model,
    snapshot: Snapshot,
    wrong: &'a mut Vec<String>,
}

fn run(path: &Path, wrong: &mut Vec<String>) -> usize {
    let name = path.display().to_string();
    let folder = path.parent().unwrap();
    let store: Store =
        serde_saphyr::from_str(&read(path)).unwrap_or_else(|e| panic!("{name}: {e}"));
    let texts = texts(&store, folder);
    let sources: Vec<Source<'_>> = texts.iter().map(|text| source(text)).collect();
    let model = model(&sources).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut tuples = store.tuples.clone();
    if let Some(file) = &store.tuple_file {
        tuples.extend(serde_saphyr::from_str::<Vec<FgaTuple>>(&read(&folder.join(file))).unwrap());
    }
    let tuples = tuples.iter().map(|tuple| taken_over(&model, tuple));
    // By way of what is written: manifests and lines.
    let namespaces = again::namespaces(&model.schema);
    assert_eq!(namespaces, model.schema.namespaces, "{name}");
    let snapshot = Snapshot::load(plan(&namespaces), again::tuples(tuples.collect()));
    let snapshot = snapshot.unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut asserted = 0;
    for test in &store.tests {
        let more = test
            .tuples
            .iter()
            .map(|tuple| Change::Touch(taken_over(&model, tuple)));
        let more: Vec<_> = more.collect();
        let mut running = Running {
            name: name.clone(),
            model: &model,
            snapshot: snapshot
                .apply(&more)
                .unwrap_or_else(|error| panic!("{name}: {error}")),
            wrong: &mut *wrong,
        };
        asserted += running.test(test);
    }
    asserted
}

fn taken_over(model: &Model, tuple: &FgaTuple) -> Tuple {
    let condition = tuple.condition.clone().map(|of| (of.name, of.context));
    model
        .tuple(&tuple.user, &tuple.relation, &tuple.object, condition)
        .unwrap()
}

fn request(context: &Map<String, Value>) -> Request<'_> {
    Request {
        now: NOW,
        context,
        budget: DEFAULT_BUDGET,
    }
}

impl Running<'_> {
    fn test(&mut self, test: &Test) -> usize {
        let mut asserted = 0;
        for check in &test.check {
            for user in check.user.iter().chain(&check.users) {
                for object in check.object.iter().chain(&check.objects) {
                    for (relation, right) in &check.assertions {
                        asserted += 1;
                        let asked = Tuple {
                            relation: relation.clone(),
                            ..self.model.tuple(user, relation, object, None).unwrap()
                        };
                        let said = self
                            .snapshot
                            .check(&question(&asked), &request(&check.context));
                        let right = if *right { Answer::Has } else { Answer::No };
                        self.expect(&said, &Ok(right), &format!("{asked}"));
                    }
                }
            }
        }
        for list in &test.list_objects {
            for (relation, right) in &list.assertions {
                asserted += 1;
                let user = subject(&list.user).unwrap();
                let node = (list.r#type.as_str(), relation.as_str());
                let said =
                    lookups::resources(&self.snapshot, node, &user, &request(&list.context), 2);
                let said = said
                    .unwrap()
                    .into_iter()
                    .filter(|(_, answer)| *answer == Answer::Has);
                let said: BTreeSet<_> = said
                    .map(|(id, _)| format!("{}:{id}", list.r#type))
                    .collect();
                self.expect(&said, right, &format!("{node:?} of {}", list.user));
            }
        }
        for list in &test.list_users {
            for (relation, right) in &list.assertions {
                asserted += 1;
                let said = self.users(list, relation);
                self.expect(
                    &said,
                    &right.users,
                    &format!("{relation} of {}", list.object),
                );
            }
        }
        asserted
    }

    fn users(&self, list: &ListUsers, relation: &str) -> BTreeSet<String> {
        let (of, id) = list.object.split_once(':').unwrap();
        let mut users = BTreeSet::new();
        for filter in &list.user_filter {
            let wanted = (filter.r#type.as_str(), filter.relation.as_deref());
            let request = request(&list.context);
            let (everyone, items) =
                lookups::subjects(&self.snapshot, (of, id, relation), wanted, &request, 2).unwrap();
            let suffix = filter
                .relation
                .as_ref()
                .map(|name| format!("#{name}"))
                .unwrap_or_default();
            if everyone == Answer::Has {
                users.insert(format!("{}:*", filter.r#type));
            }
            let items = items
                .into_iter()
                .filter(|(_, answer)| *answer == Answer::Has);
            users.extend(items.map(|(id, _)| format!("{}:{id}{suffix}", filter.r#type)));
        }
        users
    }

    fn expect<T: PartialEq + std::fmt::Debug>(&mut self, said: &T, right: &T, what: &str) {
        if said != right {
            let name = &self.name;
            self.wrong
                .push(format!("{name}: {what}: {said:?}, and {right:?} is right"));
        }
    }
}

#[test]
fn what_is_both_written_and_computed_becomes_two() {
    let text = "
model
  schema 1.1
# People.
type user
type group
  relations
    define member: [user, user:*, group#member]
type document
  relations
    define parent: [document]
    define banned: [user]
    define viewer: [user with night, group#member] or owner or viewer from parent # and so on
    define owner: [user]
    define can_view: (viewer or owner) but not banned
    define can_share: can_view and (owner from parent)
condition night(hour: int, days: list<string>) {
  hour > 22 || '}' in days
}
";
    let model = model(&[source(text)]).unwrap();
    plan(&model.schema.namespaces);
    let notes = model.schema.notes.join("\n");
    insta::assert_snapshot!(format!("{}\n{notes}", model.schema.manifests().unwrap()));
    let tuple = model
        .tuple("group:a#member", "viewer", "document:1", None)
        .unwrap();
    assert_eq!(tuple.to_string(), "document:1#direct_viewer@group:a#member");
    let tuple = model.tuple("user:*", "member", "group:1", None).unwrap();
    assert_eq!(tuple.to_string(), "group:1#member@user:*");
}

#[test]
fn what_openfga_has_and_assay_has_not_is_refused_by_name() {
    let mut said = String::new();
    for text in [
        "model\n  schema 1.0",
        "type user\ntype user",
        "type user\n  relations\n    define a: b or c and d",
        "type user\n  relations\n    define can.view: [user]",
        "type user\n  relations\n    define can-view: [user]\n    define can_view: [user]",
        "type user\n  relations\n    define a: [user:ada]",
        "type user\n  relations\n    define a: [user] b",
        "type user\n  relations\n    define a: but not b",
        "type user\n  relations\n    define a: [user]\n    define a: [user]",
        "condition c(x: number) { true }",
        "condition c(x: int) { x",
        "types",
    ] {
        writeln!(said, "{text:?}\n  {}", model(&[source(text)]).unwrap_err()).unwrap();
    }
    insta::assert_snapshot!(said);
    let model = model(&[source("type user")]).unwrap();
    assert!(model.tuple("ada", "a", "user:1", None).is_err());
    assert!(model.tuple("user:ada", "a", "1", None).is_err());
}

const HYPHENS: &str = "model
  schema 1.1
type User
type doc-file
  relations
    define co-owner: [User with in-office]
    define can-view: co-owner or can-view from parent-doc
    define parent-doc: [doc-file, doc-file#can-view]
condition in-office(ok: bool) {
  ok
}
";

#[test]
fn a_hyphen_becomes_an_underscore_and_it_is_said() {
    let model = model(&[source(HYPHENS)]).unwrap();
    let notes = model.schema.notes.join("\n");
    insta::assert_snapshot!(format!("{}\n{notes}", model.schema.manifests().unwrap()));
    let condition = Some(("in-office".to_owned(), Map::new()));
    let tuple = model.tuple("User:ada", "co-owner", "doc-file:1", condition);
    let tuple = tuple.unwrap();
    plan(&model.schema.namespaces).accepts(&tuple).unwrap();
    assert_eq!(tuple.to_string(), "doc-file:1#co_owner@User:ada");
    let tuple = model.tuple("doc-file:2#can-view", "parent-doc", "doc-file:1", None);
    plan(&model.schema.namespaces)
        .accepts(&tuple.unwrap())
        .unwrap();
}

fn read_tuples(name: &str, text: &str) -> String {
    let model = model(&[source(HYPHENS)]).unwrap();
    match model.tuples(Source { name, text }) {
        Ok(tuples) => {
            let line = |placed: assay_permissions::import::Placed| {
                let caveat = placed.tuple.caveat.as_ref();
                let caveat = caveat.map(|(name, context)| format!("{name} {context:?}"));
                format!("{} {} {caveat:?}\n", placed.at, placed.tuple)
            };
            tuples.into_iter().map(line).collect()
        }
        Err(error) => format!("{error}\n"),
    }
}

#[test]
fn tuples_are_read_in_every_format_of_the_command_line() {
    let mut said = String::new();
    for (name, text) in [
        (
            "t.yaml",
            "# two\n- user: User:ada\n  relation: co-owner\n  object: doc-file:1\n\n- { user: User:bo, relation: co-owner, object: doc-file:1, condition: { name: in-office, context: { ok: true } } }\n",
        ),
        (
            "store.fga.yaml",
            "name: a\nmodel: x\ntuples:\n  - user: User:ada\n    relation: co-owner\n    object: doc-file:1\n",
        ),
        (
            "t.json",
            r#" [{"user":"User:ada","relation":"co-owner","object":"doc-file:1"}]"#,
        ),
        (
            "t.json",
            r#"{"continuation_token":"","tuples":[{"key":{"user":"User:ada","relation":"co-owner","object":"doc-file:1","condition":null},"timestamp":"2024-01-01T00:00:00Z"}]}"#,
        ),
        (
            "t.jsonl",
            "{\"user\":\"User:ada\",\"relation\":\"co-owner\",\"object\":\"doc-file:1\"}\n\n{\"user\":\"User:bo\",\"relation\":\"co-owner\",\"object\":\"doc-file:1\"}\n",
        ),
        (
            "t.csv",
            "user_type,user_id,user_relation,relation,object_type,object_id,condition_name,condition_context\r\nUser,ada,,co-owner,doc-file,1,in-office,\"{\"\"ok\"\":true}\"\r\n\r\ndoc-file,2,can-view,parent-doc,doc-file,\"a,b\",,\r\n",
        ),
        ("t.yaml", ""),
        ("t.csv", ""),
        ("t.yaml", "- user: User:ada\n  relation: co-owner\n"),
        ("t.yaml", "- user: User:ada\n- relatio: a\n"),
        ("t.yaml", "tuple_file: other.yaml\n"),
        ("t.json", "[{\"user\":\"User:ada\"},\n {\"usr\":1}]"),
        ("t.json", "[{\"user\":\"User:ada\"},\n {\"user\":}]"),
        ("t.csv", "user_type,user\n"),
        ("t.csv", "user_type,user_id\n"),
        (
            "t.csv",
            "user_type,user_id,relation,object_type,object_id\nUser,\"ada,a,b,c\n",
        ),
        (
            "t.csv",
            "user_type,user_id,relation,object_type,object_id\nUser,\"a\"da,a,b,c\n",
        ),
        (
            "t.csv",
            "user_type,user_id,relation,object_type,object_id\nUser,ada\n",
        ),
    ] {
        write!(said, "{text:?}\n{}\n", read_tuples(name, text)).unwrap();
    }
    insta::assert_snapshot!(said);
}
