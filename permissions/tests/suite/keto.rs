//! Models of Ory Keto, written after its documentation, through the importer.

use std::fmt::Write as _;

use assay_permissions::{
    Answer, DEFAULT_BUDGET, Request, Snapshot, Tuple,
    import::{Source, keto::model},
};
use serde_json::Map;

use crate::world::{again, plan, question, source, tuple};

const FILES: &str = r#"
import { Namespace, SubjectSet, Context } from "@ory/keto-namespace-types"

/** People who sign in. */
class User implements Namespace {
  related: {
    manager: User[]
  }
}

class Group implements Namespace {
  related: {
    members: (User | SubjectSet<Group, "members">)[]
  };
}

export class Folder implements Namespace {
  related: {
    parents: Array<Folder>
    // Not for a description: it may belong to the line above.
    viewers: (User | SubjectSet<Group, "members">)[],
    /** Whoever made it. */
    owners: User[];
  }
  permits = {
    view: (ctx: Context): boolean =>
      this.related.viewers.includes(ctx.subject) ||
      this.related["owners"].includes(ctx.subject,) ||
      this.related.parents.traverse((p) => p.permits.view(ctx)),
  }
}

class File implements Namespace {
  related: {
    parents: Folder[]
    viewers: SubjectSet<Group, "members">[]
    "owners": User[]
    banned: User[]
    legal_hold: User[]
  }

  permits = {
    edit: (ctx) => this.related.owners.includes(ctx.subject) && !this.permits.isBanned(ctx),
    isBanned: (ctx: Context): boolean => this.related.banned.includes(ctx.subject),
    view: (ctx: Context): boolean =>
      (this.related.viewers.includes(ctx.subject) ||
        this.permits.edit(ctx) ||
        this.related.parents.traverse(p =>
          p.related.viewers.includes(ctx.subject),
        )) &&
      !(this.related.banned.includes(ctx.subject) || this.related.legal_hold.includes(ctx.subject)),
    both: (ctx: Context) => this.permits.view(ctx) && this.permits.edit(ctx) && !this.permits.isBanned(ctx) || this == ctx.subject,
  }
}
"#;

#[test]
fn classes_become_manifests() {
    let model = model(source(FILES)).unwrap();
    assert_eq!(again::namespaces(&model.schema), model.schema.namespaces);
    insta::assert_snapshot!(model.schema.manifests().unwrap());
}

const TUPLES: &str = r#"[
  {"namespace": "Group", "object": "all", "relation": "members",
   "subject_set": {"namespace": "Group", "object": "devs", "relation": "members"}},
  {"namespace": "Group", "object": "devs", "relation": "members", "subject_id": "ada"},
  {"namespace": "Folder", "object": "src", "relation": "viewers",
   "subject_set": {"namespace": "Group", "object": "all", "relation": "members"}},
  {"namespace": "Folder", "object": "deep", "relation": "parents",
   "subject_set": {"namespace": "Folder", "object": "src", "relation": "..."}},
  {"namespace": "File", "object": "main", "relation": "parents",
   "subject_set": {"namespace": "Folder", "object": "src", "relation": ""}},
  {"namespace": "File", "object": "main", "relation": "owners",
   "subject_set": {"namespace": "User", "object": "bo"}},
  {"namespace": "File", "object": "main", "relation": "owners", "subject_id": "cy"},
  {"namespace": "File", "object": "main", "relation": "legal_hold", "subject_id": "cy"},
  {"namespace": "File", "object": "old", "relation": "owners", "subject_id": "cy"},
  {"namespace": "File", "object": "old", "relation": "banned", "subject_id": "cy"}
]"#;

#[test]
fn tuples_answer_as_in_keto() {
    let model = model(source(FILES)).unwrap();
    let read = model.tuples(source(TUPLES), model.subject_type()).unwrap();
    assert_eq!((read.tuples.len(), read.bare), (10, 5));
    let tuples: Vec<Tuple> = read.tuples.into_iter().map(|placed| placed.tuple).collect();
    let plan = plan(&again::namespaces(&model.schema));
    let snapshot = Snapshot::load(plan, again::tuples(tuples)).unwrap();
    let context = Map::new();
    let request = Request {
        now: 0,
        context: &context,
        budget: DEFAULT_BUDGET,
    };
    for (asked, right) in [
        ("Folder:src#view@User:ada", true),
        ("Folder:deep#view@User:ada", true),
        ("Folder:deep#view@User:bo", false),
        ("File:main#view@User:ada", true),
        ("File:main#view@User:bo", true),
        ("File:main#edit@User:cy", true),
        ("File:main#view@User:cy", false),
        ("File:old#edit@User:cy", false),
        ("File:main#both@User:bo", true),
        ("File:main#both@User:ada", false),
        ("File:main#both@File:main", true),
        ("File:main#both@File:old", false),
    ] {
        let said = snapshot.check(&question(&tuple(asked)), &request).unwrap();
        assert_eq!(said == Answer::Has, right, "{asked}");
    }
}

#[test]
fn an_answer_of_the_api_is_read_too() {
    let model = model(source("class A implements Namespace {}")).unwrap();
    assert_eq!(model.subject_type(), "user");
    let one = r#"{"namespace":"A","object":"1","relation":"r","subject_id":"x"}"#;
    for text in [
        format!(r#"{{"relation_tuples":[{one}],"next_page_token":""}}"#),
        format!("{one}\n"),
        one.replace('{', "{\"$schema\":\"x\","),
    ] {
        let read = model.tuples(source(&text), "person").unwrap();
        assert_eq!(read.tuples[0].tuple.to_string(), "A:1#r@person:x");
    }
}

#[test]
fn what_keto_has_and_assay_has_not_is_refused_by_name() {
    let mut said = String::new();
    for permit in [
        "!this.related.a.includes(ctx.subject)",
        "this.related.a.includes(ctx.subject) || !this.related.a.includes(ctx.subject)",
        "!(!this.permits.x(ctx)) && this.permits.x(ctx)",
        "this.permits.x(ctx) || this.permits.y(ctx) && this.permits.z(ctx)",
        "this.permits.x(ctx) this.permits.y(ctx)",
        "this.related.a.related.b.includes(ctx.subject)",
        "this.related.a.some((p) => p.permits.x(ctx))",
        "this.related.a.traverse((p) => q.permits.x(ctx))",
        "this.related.a.traverse((p) => p.permits.x(ctx) || p.permits.y(ctx))",
        "this.related.a.includes(ctx.user)",
        "{ return this.permits.x(ctx) }",
        "ctx.subject == this",
        "true",
        "",
    ] {
        let text = format!(
            "class A implements Namespace {{\n  permits = {{\n    p: (ctx: Context): boolean => {permit},\n  }}\n}}"
        );
        let error = model(source(&text)).unwrap_err();
        writeln!(said, "{permit}\n  {error}").unwrap();
    }
    for text in [
        "class A {}",
        "class A implements Other {}",
        "interface A {}",
        "const a = 1",
        "class A implements Namespace { related: { a: A } }",
        "class A implements Namespace { related: { a: string[] }\n related: { a: A[] } }",
        "class A implements Namespace { related: { \"a b\": A[] } }",
        "class A implements Namespace { related: { a: SubjectSet<A>[] } }",
        "class A implements Namespace { permits = { a: (context) => this.permits.a(ctx) } }",
        "class A implements Namespace { method() {} }",
        "class A implements Namespace {} class A implements Namespace {}",
        "import { Namespace } from \"never",
        "class A implements Namespace { /* never",
        "class A § B",
    ] {
        let error = model(source(text)).unwrap_err();
        writeln!(said, "{text}\n  {error}").unwrap();
    }
    // Read, and not fitting together.
    let text = "class A implements Namespace {\n  related: { a: B[] }\n  permits = {\n    p: (ctx) => this.permits.q(ctx),\n  }\n}";
    let sources = [source(text)];
    for error in model(sources[0])
        .unwrap()
        .schema
        .plan(&sources)
        .unwrap_err()
    {
        writeln!(said, "{error}").unwrap();
    }
    insta::assert_snapshot!(said);
}

#[test]
fn tuples_that_mean_something_else_are_refused() {
    let text = "class User implements Namespace {
  related: { managers: User[] }
  permits = { view: (ctx) => this.related.managers.includes(ctx.subject) }
}
class Doc implements Namespace {
  related: { owners: User[] }
  permits = { view: (ctx) => this.related.owners.traverse((o) => o.permits.view(ctx)) }
}";
    let sources = [source(text)];
    let model = model(sources[0]).unwrap();
    let plan = model.schema.plan(&sources).unwrap();
    let mut said = String::new();
    for tuple in [
        // Keto does not go on from a `subject_id`.
        r#"{"namespace":"Doc","object":"1","relation":"owners","subject_id":"ada"}"#,
        r#"{"namespace":"Doc","object":"1","relation":"owners"}"#,
        r#"{"namespace":"Doc","object":"1","relation":"owners","subject_id":"a","subject_set":{"namespace":"User","object":"a"}}"#,
        r#"{"namespace":"Doc","object":"1","relation":"owners","subject":"ada"}"#,
        // Keto lets tuples be written to permissions, of any type, with blanks.
        r#"{"namespace":"Doc","object":"1","relation":"view","subject_id":"ada"}"#,
        r#"{"namespace":"User","object":"1","relation":"managers","subject_id":"ada l"}"#,
        r#"{"namespace":"User","object":"1","relation":"managers","subject_set":{"namespace":"Doc","object":"1"}}"#,
        r#"{"namespace":"Team","object":"1","relation":"members","subject_id":"ada"}"#,
    ] {
        let file = Source {
            name: "tuples.json",
            text: tuple,
        };
        let errors = match model.tuples(file, "User") {
            Err(error) => vec![error],
            Ok(read) => assay_permissions::import::misfits(&plan, file, &read.tuples).0,
        };
        writeln!(said, "{tuple}\n  {}", errors[0]).unwrap();
    }
    insta::assert_snapshot!(said);
}
