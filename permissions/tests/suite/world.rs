//! Namespaces and tuples, written briefly.

use std::{collections::BTreeMap, sync::Arc};

use assay_permissions::{
    Answer, CheckError, DEFAULT_BUDGET, Object, Plan, Question, Request, Snapshot, Subject, Tuple,
    import::Source,
};
use assay_reconciler::spec::ZanzibarNamespaceSpec;
use serde_json::{Map, Value, json};

pub(crate) type Namespaces = BTreeMap<String, ZanzibarNamespaceSpec>;

pub(crate) const NOW: i64 = 1_000;

pub(crate) fn namespaces(spec: Value) -> Namespaces {
    serde_json::from_value(spec).unwrap()
}

pub(crate) fn plan(namespaces: &Namespaces) -> Arc<Plan> {
    let set = namespaces.iter().map(|(name, spec)| (name.clone(), spec));
    Arc::new(Plan::compile(&set.collect()).unwrap())
}

/// A text, as a file.
pub(crate) const fn source(text: &str) -> Source<'_> {
    Source { name: "file", text }
}

/// What was read, written, and read again.
pub(crate) mod again {
    use std::{io, path::Path};

    use assay_permissions::{Tuple, TupleLine, import::Schema};
    use assay_reconciler::{
        LoadOptions, SecretHandling, SourcePath, load, object::Spec, secret::SecretReader,
    };

    use super::Namespaces;

    struct NoSecrets;

    impl SecretReader for NoSecrets {
        fn env(&self, _: &str) -> Option<String> {
            None
        }

        fn file(&self, _: &Path) -> io::Result<String> {
            Err(io::ErrorKind::NotFound.into())
        }
    }

    /// As `assay validate` reads the manifests.
    pub(crate) fn namespaces(read: &Schema) -> Namespaces {
        let text = read.manifests().unwrap();
        let options = LoadOptions {
            secrets: SecretHandling::Skip,
        };
        let source = SourcePath::Stdin(text.clone().into_bytes());
        let loaded = load(&[source], &NoSecrets, options).unwrap_or_else(|e| panic!("{e}\n{text}"));
        let manifests = loaded.manifests.into_iter();
        let namespaces = manifests.map(|manifest| match manifest.object.spec {
            Spec::ZanzibarNamespace(spec) => (manifest.object.metadata.name, spec),
            other => panic!("{other:?}"),
        });
        namespaces.collect()
    }

    pub(crate) fn tuples(tuples: Vec<Tuple>) -> Vec<Tuple> {
        let tuples = tuples.into_iter().map(|tuple| {
            let line = serde_json::to_string(&TupleLine::from(tuple)).unwrap();
            Tuple::from(serde_json::from_str::<TupleLine>(&line).unwrap())
        });
        tuples.collect()
    }
}

/// `document:1#viewer@group:staff#member`.
pub(crate) fn tuple(text: &str) -> Tuple {
    let (resource, rest) = text.split_once('#').unwrap();
    let (relation, subject) = rest.split_once('@').unwrap();
    let (namespace, id) = resource.split_once(':').unwrap();
    Tuple {
        resource: Object {
            namespace: namespace.to_owned(),
            id: id.to_owned(),
        },
        relation: relation.to_owned(),
        subject: self::subject(subject),
        caveat: None,
        expires_at: None,
    }
}

pub(crate) fn subject(text: &str) -> Subject {
    let (namespace, rest) = text.split_once(':').unwrap();
    let (id, relation) = match rest.split_once('#') {
        Some((id, relation)) => (id, Some(relation.to_owned())),
        None => (rest, None),
    };
    Subject {
        namespace: namespace.to_owned(),
        id: id.to_owned(),
        relation,
    }
}

pub(crate) fn with_caveat(text: &str, caveat: &str, context: Value) -> Tuple {
    let context: Map<String, Value> = serde_json::from_value(context).unwrap();
    Tuple {
        caveat: Some((caveat.to_owned(), context)),
        ..tuple(text)
    }
}

pub(crate) fn until(text: &str, expires_at: i64) -> Tuple {
    Tuple {
        expires_at: Some(expires_at),
        ..tuple(text)
    }
}

pub(crate) struct World {
    pub(crate) snapshot: Snapshot,
    pub(crate) context: Map<String, Value>,
    pub(crate) budget: u64,
}

impl World {
    pub(crate) fn new(spec: Value, tuples: &[&str]) -> Self {
        Self::of(spec, tuples.iter().map(|text| tuple(text)))
    }

    pub(crate) fn of(spec: Value, tuples: impl IntoIterator<Item = Tuple>) -> Self {
        Self {
            snapshot: Snapshot::load(plan(&namespaces(spec)), tuples).unwrap(),
            context: Map::new(),
            budget: DEFAULT_BUDGET,
        }
    }

    /// `document:1#view@user:ada`.
    pub(crate) fn check(&self, question: &str) -> Result<Answer, CheckError> {
        check(&self.snapshot, &self.context, self.budget, &tuple(question))
    }

    pub(crate) fn check_with(&self, question: &str, context: Value) -> Result<Answer, CheckError> {
        let context: Map<String, Value> = serde_json::from_value(context).unwrap();
        check(&self.snapshot, &context, self.budget, &tuple(question))
    }

    pub(crate) fn has(&self, question: &str) -> bool {
        match self.check(question).unwrap() {
            Answer::Has => true,
            Answer::No => false,
            Answer::Conditional(missing) => panic!("{question} depends on {missing:?}"),
        }
    }
}

pub(crate) fn question(asked: &Tuple) -> Question<'_> {
    Question {
        resource_type: &asked.resource.namespace,
        resource_id: &asked.resource.id,
        relation: &asked.relation,
        subject_type: &asked.subject.namespace,
        subject_id: &asked.subject.id,
        subject_relation: asked.subject.relation.as_deref(),
    }
}

fn check(
    snapshot: &Snapshot,
    context: &Map<String, Value>,
    budget: u64,
    asked: &Tuple,
) -> Result<Answer, CheckError> {
    let request = Request {
        now: NOW,
        context,
        budget,
    };
    snapshot.check(&question(asked), &request)
}

pub(crate) fn types(types: &[&str]) -> Value {
    json!({ "types": types })
}
