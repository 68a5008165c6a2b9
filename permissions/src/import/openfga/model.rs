//! Reads a model.

use std::collections::{BTreeMap, BTreeSet};

use assay_reconciler::{
    namespace::{SubjectType, caveat_name, name, namespace_name},
    spec::{
        ZanzibarNamespaceSpec,
        zanzibar_namespace::{CaveatSpec, RelationSpec},
    },
};

use super::{Model, here};
use crate::import::{
    ImportError, Source,
    cursor::{Comments, Cursor, Kind, Language, Token},
};

static LANGUAGE: Language = Language {
    name: "OpenFGA's language",
    signs: &[":", "[", "]", ",", "#", "*", "(", ")", "{", "}", "<", ">"],
    is_in_word: |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'),
    comments: Comments::Hash,
    has_texts: false,
};

/// Reads a model from its one file, or from those of its modules. Whether its parts fit together is
/// for [`Schema::plan`](crate::import::Schema::plan) to say.
pub fn model(sources: &[Source<'_>]) -> Result<Model, ImportError> {
    let mut read = Read::default();
    for (number, source) in sources.iter().enumerate() {
        let mut reader = Reader {
            number,
            cursor: Cursor::new(&LANGUAGE, *source)?,
            read: &mut read,
        };
        reader.model()?;
    }
    read.model.schema.place_caveats(read.caveats);
    Ok(read.model)
}

#[derive(Default)]
struct Read {
    model: Model,
    caveats: BTreeMap<String, CaveatSpec>,
}

struct Reader<'a, 'r> {
    /// Of the source.
    number: usize,
    cursor: Cursor<'a>,
    read: &'r mut Read,
}

/// A definition in assay's language, and the types that its tuples may hold.
struct Definition {
    text: String,
    /// Whether it joins parts, and has to be put into parentheses within another.
    is_joined: bool,
    types: Option<BTreeSet<SubjectType>>,
}

/// Stands for the relation of the tuples until its name is known; no name has such a sign.
const TUPLES: &str = "@";

/// Words that join names, and are none themselves.
const WORDS: [&str; 6] = ["and", "but", "from", "not", "or", "with"];

impl Reader<'_, '_> {
    fn model(&mut self) -> Result<(), ImportError> {
        while !self.cursor.is_at_end() {
            let token = self.cursor.advance()?;
            match token.text {
                "model" => {}
                "schema" => {
                    let version = self.cursor.word("a version")?;
                    if !matches!(version.text, "1.1" | "1.2") {
                        let message =
                            format!("schema {} has no counterpart in assay", version.text);
                        return Err(self.cursor.error(version, message));
                    }
                }
                "module" => {
                    self.cursor.word("a name")?;
                }
                "extend" => self
                    .cursor
                    .expect("type")
                    .and_then(|()| self.of_type(true))?,
                "type" => self.of_type(false)?,
                "condition" => self.condition()?,
                _ => return Err(self.cursor.unexpected(token, "`type` or `condition`")),
            }
        }
        Ok(())
    }

    fn of_type(&mut self, extends: bool) -> Result<(), ImportError> {
        let of = self.cursor.word("a name")?;
        namespace_name(of.text).map_err(|error| self.cursor.error(of, error.to_string()))?;
        let namespaces = &mut self.read.model.schema.namespaces;
        if !extends && namespaces.contains_key(of.text) {
            return Err(self
                .cursor
                .error(of, format!("`{}` is there twice", of.text)));
        }
        let mut spec = namespaces.remove(of.text).unwrap_or_default();
        self.put(of.text, "", of);
        if self.cursor.takes("relations")? {
            while self.cursor.takes("define")? {
                self.define(of.text, &mut spec)?;
            }
        }
        self.read
            .model
            .schema
            .namespaces
            .insert(of.text.to_owned(), spec);
        Ok(())
    }

    fn define(&mut self, of: &str, spec: &mut ZanzibarNamespaceSpec) -> Result<(), ImportError> {
        let at = self.cursor.word("a name")?;
        let defined = here(at.text);
        name(&defined).map_err(|error| self.cursor.error(at, error.to_string()))?;
        if defined != at.text {
            self.note(format!("`{of}#{}` is called `{defined}` here", at.text));
        }
        self.cursor.expect(":")?;
        let Definition { text, types, .. } = self.expression(0)?;
        let mut written_to = defined.clone();
        if text != TUPLES {
            written_to = format!("direct_{defined}");
            let expression = text.replace(TUPLES, &written_to);
            let expression = expression.parse();
            let expression =
                expression.map_err(|error: assay_reconciler::namespace::SyntaxError| {
                    self.cursor.error(at, error.to_string())
                })?;
            self.free(at, spec, &defined)?;
            self.put(of, &defined, at);
            spec.permissions.insert(defined.clone(), expression);
        }
        if let Some(types) = types {
            self.free(at, spec, &written_to)?;
            name(&written_to).map_err(|error| self.cursor.error(at, error.to_string()))?;
            let relation = RelationSpec {
                types,
                description: None,
            };
            self.put(of, &written_to, at);
            spec.relations.insert(written_to.clone(), relation);
            if written_to != defined {
                self.note(format!(
                    "`{of}#{defined}` is both written and computed: its tuples are written to \
                     `{written_to}`, and `{defined}` is asked for"
                ));
                self.read
                    .model
                    .written_to
                    .insert((of.to_owned(), defined), written_to);
            }
        }
        Ok(())
    }

    fn free(
        &self,
        at: Token<'_>,
        spec: &ZanzibarNamespaceSpec,
        name: &str,
    ) -> Result<(), ImportError> {
        if spec.relations.contains_key(name) || spec.permissions.contains_key(name) {
            return Err(self.cursor.error(at, format!("`{name}` is there twice")));
        }
        Ok(())
    }

    /// Parts joined by one kind of operator; others need parentheses, as in OpenFGA.
    fn expression(&mut self, depth: usize) -> Result<Definition, ImportError> {
        let mut first = self.part(depth)?;
        let operator = match self.cursor.token.text {
            "or" => " + ",
            "and" => " & ",
            "but" => " - ",
            _ => return Ok(first),
        };
        let word = self.cursor.token.text;
        first.text = first.in_parentheses();
        while self.cursor.token.is(word) {
            self.cursor.advance()?;
            if word == "but" {
                self.cursor.expect("not")?;
            }
            let part = self.part(depth)?;
            first.text.push_str(operator);
            first.text.push_str(&part.in_parentheses());
            if let Some(types) = part.types {
                first.types.get_or_insert_default().extend(types);
            }
        }
        if matches!(self.cursor.token.text, "or" | "and" | "but") {
            return Err(self.cursor.unexpected(
                self.cursor.token,
                "parentheses around what is joined by another word",
            ));
        }
        first.is_joined = true;
        Ok(first)
    }

    fn part(&mut self, depth: usize) -> Result<Definition, ImportError> {
        let token = self.cursor.advance()?;
        match (token.kind, token.text) {
            (Kind::Sign, "[") => Ok(Definition {
                text: TUPLES.to_owned(),
                is_joined: false,
                types: Some(self.types()?),
            }),
            (Kind::Sign, "(") if depth < assay_reconciler::namespace::MAX_NESTING => {
                let inner = self.expression(depth + 1)?;
                self.cursor.expect(")")?;
                Ok(inner)
            }
            (Kind::Word, target) if !WORDS.contains(&target) => {
                let target = here(target);
                let text = if self.cursor.takes("from")? {
                    let relation = here(self.cursor.word("a relation")?.text);
                    format!("{relation}->{target}")
                } else {
                    target
                };
                Ok(Definition {
                    text,
                    is_joined: false,
                    types: None,
                })
            }
            _ => Err(self.cursor.unexpected(token, "`[`, `(` or a name")),
        }
    }

    fn types(&mut self) -> Result<BTreeSet<SubjectType>, ImportError> {
        let mut types = BTreeSet::new();
        loop {
            let at = self.cursor.word("a type")?;
            let mut text = at.text.to_owned();
            while self.cursor.token.is(":")
                || self.cursor.token.is("#")
                || self.cursor.token.is("*")
            {
                let sign = self.cursor.advance()?.text;
                text.push_str(sign);
                if sign == "#" {
                    text.push_str(&here(self.cursor.word("a relation")?.text));
                }
            }
            if self.cursor.takes("with")? {
                text.push_str(" with ");
                text.push_str(&here(self.cursor.word("a condition")?.text));
            }
            types.insert(text.parse().map_err(
                |error: assay_reconciler::namespace::SubjectTypeError| {
                    self.cursor.error(at, error.to_string())
                },
            )?);
            if !self.cursor.takes(",")? {
                break;
            }
        }
        self.cursor.expect("]")?;
        Ok(types)
    }

    fn condition(&mut self) -> Result<(), ImportError> {
        let at = self.cursor.word("a name")?;
        let of = here(at.text);
        caveat_name(&of).map_err(|error| self.cursor.error(at, error.to_string()))?;
        if of != at.text {
            self.note(format!("the condition `{}` is called `{of}` here", at.text));
        }
        self.cursor.expect("(")?;
        let mut parameters = BTreeMap::new();
        while self.cursor.token.kind == Kind::Word {
            let parameter = self.cursor.advance()?;
            self.cursor.expect(":")?;
            let start = self.cursor.token;
            let mut text = String::new();
            while self.cursor.token.kind == Kind::Word
                || self.cursor.token.is("<")
                || self.cursor.token.is(">")
            {
                text.push_str(self.cursor.advance()?.text);
            }
            let of = text.parse().map_err(
                |error: assay_reconciler::namespace::ParameterTypeError| {
                    self.cursor.error(start, error.to_string())
                },
            )?;
            parameters.insert(parameter.text.to_owned(), of);
            self.cursor.takes(",")?;
        }
        self.cursor.expect(")")?;
        let expression = self.cursor.in_braces("condition")?.trim().to_owned();
        let caveat = CaveatSpec {
            parameters,
            expression,
            description: None,
        };
        self.put("", &of, at);
        if self.read.caveats.insert(of.clone(), caveat).is_some() {
            let message = format!("the condition `{of}` is there twice");
            return Err(self.cursor.error(at, message));
        }
        Ok(())
    }

    fn put(&mut self, namespace: &str, part: &str, token: Token<'_>) {
        let place = (self.number, token.at);
        self.read.model.schema.put(namespace, part, place);
    }

    fn note(&mut self, note: String) {
        self.read.model.schema.notes.push(note);
    }
}

impl Definition {
    fn in_parentheses(&self) -> String {
        if self.is_joined {
            format!("({})", self.text)
        } else {
            self.text.clone()
        }
    }
}
