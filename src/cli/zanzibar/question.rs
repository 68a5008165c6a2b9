//! Questions as they are typed.

use serde_json::{Map, Value};

use crate::cli::Failure;

/// `document:readme#view@user:ada`, of which some names may be left out: the body of a request.
pub(super) struct Question(pub(super) Map<String, Value>);

impl Question {
    /// Reads what is like `form`, such as `TYPE:ID#RELATION@TYPE:ID`.
    pub(super) fn read(text: &str, form: &str) -> Result<Self, Failure> {
        let question = match form {
            "TYPE:ID#RELATION@TYPE:ID" => whole(text),
            "TYPE:ID#RELATION" => object(text),
            "TYPE#RELATION@TYPE:ID" => resources(text),
            _ => subjects(text),
        };
        let question = question.filter(|names| names.values().all(|name| *name != ""));
        question.map(Self).ok_or_else(|| {
            Failure::invalid(format!("`{}` does not read {form}", text.escape_debug()))
        })
    }

    pub(super) fn with(mut self, member: &str, value: Value) -> Self {
        self.0.insert(member.to_owned(), value);
        self
    }
}

type Names = Map<String, Value>;

fn names<const N: usize>(all: [(&str, &str); N]) -> Names {
    all.map(|(member, name)| (member.to_owned(), Value::from(name)))
        .into_iter()
        .collect()
}

fn whole(text: &str) -> Option<Names> {
    let (object, subject) = text.split_once('@')?;
    let mut all = self::object(object)?;
    all.extend(self::subject(subject)?);
    Some(all)
}

fn object(text: &str) -> Option<Names> {
    let (object, relation) = text.split_once('#')?;
    let (of, id) = object.split_once(':')?;
    Some(names([
        ("object_type", of),
        ("object_id", id),
        ("relation", relation),
    ]))
}

fn subject(text: &str) -> Option<Names> {
    let (subject, relation) = match text.split_once('#') {
        Some((subject, relation)) => (subject, Some(relation)),
        None => (text, None),
    };
    let (of, id) = subject.split_once(':')?;
    let mut all = names([("subject_type", of), ("subject_id", id)]);
    if let Some(relation) = relation {
        all.extend(names([("subject_rel", relation)]));
    }
    Some(all)
}

fn resources(text: &str) -> Option<Names> {
    let (object, subject) = text.split_once('@')?;
    let (of, relation) = object.split_once('#')?;
    let mut all = names([("object_type", of), ("relation", relation)]);
    all.extend(self::subject(subject)?);
    Some(all)
}

fn subjects(text: &str) -> Option<Names> {
    let (object, subject) = text.split_once('@')?;
    let mut all = self::object(object)?;
    let (of, relation) = match subject.split_once('#') {
        Some((of, relation)) => (of, Some(relation)),
        None => (subject, None),
    };
    all.extend(names([("subject_type", of)]));
    if let Some(relation) = relation {
        all.extend(names([("subject_rel", relation)]));
    }
    Some(all)
}
