//! A YAML document as a tree that knows where everything stands.

use std::borrow::Cow;

use serde_json::{Map, Number, Value};

use crate::problem::ByteRange;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Node<'s> {
    pub(crate) at: ByteRange,
    pub(crate) content: Content<'s>,
}

/// What a value is, by the core schema of YAML 1.2 (section 10.3).
#[derive(Clone, Debug)]
pub(crate) enum Content<'s> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'s, str>),
    List(Vec<Node<'s>>),
    Map(Vec<Entry<'s>>),
}

/// A key of a mapping with its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry<'s> {
    pub(crate) key: Cow<'s, str>,
    pub(crate) key_at: ByteRange,
    pub(crate) value: Node<'s>,
}

/// A step from a value to one within it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Step {
    /// The value of this key.
    Key(Cow<'static, str>),
    /// The element at this place.
    Index(usize),
    /// The element that is this text.
    Item(String),
    /// The key itself rather than its value. Only as the last step.
    KeyOf(Cow<'static, str>),
}

impl<'s> Node<'s> {
    pub(crate) fn get(&self, key: &str) -> Option<&Node<'s>> {
        match &self.content {
            Content::Map(entries) => entries
                .iter()
                .find(|entry| entry.key == key)
                .map(|entry| &entry.value),
            _ => None,
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            _ => None,
        }
    }

    /// What it is, in words.
    pub(crate) fn what(&self) -> &'static str {
        match &self.content {
            Content::Null => "nothing",
            Content::Bool(_) => "true or false",
            Content::Number(_) => "a number",
            Content::Text(_) => "text",
            Content::List(_) => "a list",
            Content::Map(_) => "a mapping",
        }
    }

    /// The place at the end of `steps`, with its pointer. Where a step leads to nothing, it is the
    /// key of the last mapping that is there: what lacks something is best named by its name.
    pub(crate) fn find(&self, steps: &[Step]) -> (ByteRange, String) {
        let mut pointer = String::new();
        let mut node = self;
        let mut at = self.at;
        let mut key_at = self.at;
        for step in steps {
            let Some(found) = node.step(step, &mut pointer) else {
                return (key_at, pointer);
            };
            (node, at, key_at) = found;
        }
        (at, pointer)
    }

    /// The value that `step` leads to, the place of it, and the place that names it.
    fn step(&self, step: &Step, pointer: &mut String) -> Option<(&Node<'s>, ByteRange, ByteRange)> {
        match (step, &self.content) {
            (Step::Key(key) | Step::KeyOf(key), Content::Map(entries)) => {
                let entry = entries.iter().find(|entry| entry.key == *key)?;
                push_key(pointer, &entry.key);
                // An empty value has no text to mark.
                let is_empty = entry.value.at.start == entry.value.at.end;
                let at = if is_empty || matches!(step, Step::KeyOf(_)) {
                    entry.key_at
                } else {
                    entry.value.at
                };
                Some((&entry.value, at, entry.key_at))
            }
            (Step::Index(index), Content::List(items)) => {
                let item = items.get(*index)?;
                push_index(pointer, *index);
                Some((item, item.at, item.at))
            }
            (Step::Item(text), Content::List(items)) => {
                let index = items.iter().position(|item| item.text() == Some(text))?;
                push_index(pointer, index);
                Some((&items[index], items[index].at, items[index].at))
            }
            _ => None,
        }
    }

    /// The pointer of what stands at `at`.
    pub(crate) fn pointer_of(&self, at: ByteRange) -> Option<String> {
        fn walk(node: &Node<'_>, at: ByteRange, pointer: &mut String) -> bool {
            if node.at == at {
                return true;
            }
            let length = pointer.len();
            match &node.content {
                Content::List(items) => {
                    for (index, item) in items.iter().enumerate() {
                        push_index(pointer, index);
                        if walk(item, at, pointer) {
                            return true;
                        }
                        pointer.truncate(length);
                    }
                }
                Content::Map(entries) => {
                    for entry in entries {
                        push_key(pointer, &entry.key);
                        if entry.key_at == at || walk(&entry.value, at, pointer) {
                            return true;
                        }
                        pointer.truncate(length);
                    }
                }
                _ => {}
            }
            false
        }
        let mut pointer = String::new();
        walk(self, at, &mut pointer).then_some(pointer)
    }

    /// Takes out what stands at `at`: an element of a list, or a key with its value.
    pub(crate) fn remove(&mut self, at: ByteRange) -> bool {
        match &mut self.content {
            Content::List(items) => {
                let before = items.len();
                items.retain(|item| item.at != at);
                items.len() < before || items.iter_mut().any(|item| item.remove(at))
            }
            Content::Map(entries) => {
                let before = entries.len();
                entries.retain(|entry| entry.key_at != at && entry.value.at != at);
                entries.len() < before || entries.iter_mut().any(|entry| entry.value.remove(at))
            }
            _ => false,
        }
    }

    /// The same as JSON.
    pub(crate) fn to_value(&self) -> Value {
        match &self.content {
            Content::Null => Value::Null,
            Content::Bool(value) => Value::Bool(*value),
            Content::Number(number) => Value::Number(number.clone()),
            Content::Text(text) => Value::String(text.clone().into_owned()),
            Content::List(items) => items.iter().map(Node::to_value).collect(),
            Content::Map(entries) => Value::Object(
                entries
                    .iter()
                    .map(|entry| (entry.key.clone().into_owned(), entry.value.to_value()))
                    .collect::<Map<_, _>>(),
            ),
        }
    }
}

fn push_key(pointer: &mut String, key: &str) {
    pointer.push('/');
    pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
}

fn push_index(pointer: &mut String, index: usize) {
    pointer.push('/');
    pointer.push_str(&index.to_string());
}
