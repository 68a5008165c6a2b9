//! Reads a model.

use std::collections::{BTreeMap, BTreeSet};

use assay_reconciler::{
    namespace::{SubjectType, caveat_name, name, namespace_name},
    spec::{
        ZanzibarNamespaceSpec,
        zanzibar_namespace::{CaveatSpec, RelationSpec},
    },
};

use super::{
    Model,
    lexer::{Kind, Lexer, Token},
};
use crate::import::{ImportError, place_caveats};

/// Reads a model from its one text, or from those of its modules. Whether its parts fit together is
/// for the checks of manifests to say.
pub fn model(texts: &[&str]) -> Result<Model, ImportError> {
    let mut read = Read::default();
    for text in texts {
        let mut lexer = Lexer {
            source: text,
            at: 0,
        };
        let token = lexer.next()?;
        let mut reader = Reader {
            lexer,
            token,
            read: &mut read,
        };
        reader.model()?;
    }
    place_caveats(&mut read.model.namespaces, read.caveats);
    Ok(read.model)
}

struct Read {
    model: Model,
    caveats: BTreeMap<String, CaveatSpec>,
}

impl Default for Read {
    fn default() -> Self {
        Self {
            model: Model {
                namespaces: BTreeMap::new(),
                written_to: BTreeMap::new(),
            },
            caveats: BTreeMap::new(),
        }
    }
}

struct Reader<'a, 'r> {
    lexer: Lexer<'a>,
    token: Token<'a>,
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

impl<'a> Reader<'a, '_> {
    fn model(&mut self) -> Result<(), ImportError> {
        while self.token.kind != Kind::End {
            let token = self.advance()?;
            match token.text {
                "model" => {}
                "schema" => {
                    let version = self.word("a version")?;
                    if !matches!(version.text, "1.1" | "1.2") {
                        let message =
                            format!("schema {} has no counterpart in assay", version.text);
                        return Err(self.error(version, message));
                    }
                }
                "module" => {
                    self.word("a name")?;
                }
                "extend" => self.expect("type").and_then(|()| self.of_type(true))?,
                "type" => self.of_type(false)?,
                "condition" => self.condition()?,
                _ => return Err(self.unexpected(token, "`type` or `condition`")),
            }
        }
        Ok(())
    }

    fn of_type(&mut self, extends: bool) -> Result<(), ImportError> {
        let of = self.word("a name")?;
        namespace_name(of.text).map_err(|error| self.error(of, error.to_string()))?;
        let namespaces = &mut self.read.model.namespaces;
        if !extends && namespaces.contains_key(of.text) {
            return Err(self.error(of, format!("`{}` is there twice", of.text)));
        }
        let mut spec = namespaces.remove(of.text).unwrap_or_default();
        if self.token.is("relations") {
            self.advance()?;
            while self.token.is("define") {
                self.advance()?;
                self.define(of.text, &mut spec)?;
            }
        }
        self.read.model.namespaces.insert(of.text.to_owned(), spec);
        Ok(())
    }

    fn define(&mut self, of: &str, spec: &mut ZanzibarNamespaceSpec) -> Result<(), ImportError> {
        let at = self.word("a name")?;
        let defined = at.text.to_owned();
        name(&defined).map_err(|error| self.error(at, error.to_string()))?;
        self.expect(":")?;
        let Definition { text, types, .. } = self.expression(0)?;
        let mut written_to = defined.clone();
        if text != TUPLES {
            written_to = format!("direct_{defined}");
            let expression = text.replace(TUPLES, &written_to);
            let expression = expression.parse();
            let expression =
                expression.map_err(|error: assay_reconciler::namespace::SyntaxError| {
                    self.error(at, error.to_string())
                })?;
            self.free(at, spec, &defined)?;
            spec.permissions.insert(defined.clone(), expression);
        }
        if let Some(types) = types {
            self.free(at, spec, &written_to)?;
            name(&written_to).map_err(|error| self.error(at, error.to_string()))?;
            let relation = RelationSpec {
                types,
                description: None,
            };
            spec.relations.insert(written_to.clone(), relation);
            if written_to != defined {
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
            return Err(self.error(at, format!("`{name}` is there twice")));
        }
        Ok(())
    }

    /// Parts joined by one kind of operator; others need parentheses, as in OpenFGA.
    fn expression(&mut self, depth: usize) -> Result<Definition, ImportError> {
        let mut first = self.part(depth)?;
        let operator = match self.token.text {
            "or" => " + ",
            "and" => " & ",
            "but" => " - ",
            _ => return Ok(first),
        };
        let word = self.token.text;
        first.text = first.in_parentheses();
        while self.token.is(word) {
            self.advance()?;
            if word == "but" {
                self.expect("not")?;
            }
            let part = self.part(depth)?;
            first.text.push_str(operator);
            first.text.push_str(&part.in_parentheses());
            if let Some(types) = part.types {
                first.types.get_or_insert_default().extend(types);
            }
        }
        if matches!(self.token.text, "or" | "and" | "but") {
            return Err(self.unexpected(
                self.token,
                "parentheses around what is joined by another word",
            ));
        }
        first.is_joined = true;
        Ok(first)
    }

    fn part(&mut self, depth: usize) -> Result<Definition, ImportError> {
        let token = self.advance()?;
        match (token.kind, token.text) {
            (Kind::Sign, "[") => Ok(Definition {
                text: TUPLES.to_owned(),
                is_joined: false,
                types: Some(self.types()?),
            }),
            (Kind::Sign, "(") if depth < assay_reconciler::namespace::MAX_NESTING => {
                let inner = self.expression(depth + 1)?;
                self.expect(")")?;
                Ok(inner)
            }
            (Kind::Word, target) if !WORDS.contains(&target) => {
                let text = if self.token.is("from") {
                    self.advance()?;
                    format!("{}->{target}", self.word("a relation")?.text)
                } else {
                    target.to_owned()
                };
                Ok(Definition {
                    text,
                    is_joined: false,
                    types: None,
                })
            }
            _ => Err(self.unexpected(token, "`[`, `(` or a name")),
        }
    }

    fn types(&mut self) -> Result<BTreeSet<SubjectType>, ImportError> {
        let mut types = BTreeSet::new();
        loop {
            let at = self.word("a type")?;
            let mut text = at.text.to_owned();
            while self.token.is(":") || self.token.is("#") || self.token.is("*") {
                let sign = self.advance()?.text;
                text.push_str(sign);
                if sign == "#" {
                    text.push_str(self.word("a relation")?.text);
                }
            }
            if self.token.is("with") {
                self.advance()?;
                text.push_str(" with ");
                text.push_str(self.word("a condition")?.text);
            }
            types.insert(text.parse().map_err(
                |error: assay_reconciler::namespace::SubjectTypeError| {
                    self.error(at, error.to_string())
                },
            )?);
            if !self.token.is(",") {
                break;
            }
            self.advance()?;
        }
        self.expect("]")?;
        Ok(types)
    }

    fn condition(&mut self) -> Result<(), ImportError> {
        let of = self.word("a name")?;
        caveat_name(of.text).map_err(|error| self.error(of, error.to_string()))?;
        self.expect("(")?;
        let mut parameters = BTreeMap::new();
        while self.token.kind == Kind::Word {
            let parameter = self.advance()?;
            self.expect(":")?;
            let start = self.token;
            let mut text = String::new();
            while self.token.kind == Kind::Word || self.token.is("<") || self.token.is(">") {
                text.push_str(self.advance()?.text);
            }
            let of = text.parse().map_err(
                |error: assay_reconciler::namespace::ParameterTypeError| {
                    self.error(start, error.to_string())
                },
            )?;
            parameters.insert(parameter.text.to_owned(), of);
            if self.token.is(",") {
                self.advance()?;
            }
        }
        self.expect(")")?;
        if !self.token.is("{") {
            return Err(self.unexpected(self.token, "`{`"));
        }
        // From here on it is CEL: the lexer stands behind the brace.
        self.lexer.at = self.token.at + 1;
        let expression = self.lexer.body()?.trim().to_owned();
        self.token = self.lexer.next()?;
        let caveat = CaveatSpec {
            parameters,
            expression,
            description: None,
        };
        if self
            .read
            .caveats
            .insert(of.text.to_owned(), caveat)
            .is_some()
        {
            return Err(self.error(of, format!("the condition `{}` is there twice", of.text)));
        }
        Ok(())
    }

    fn advance(&mut self) -> Result<Token<'a>, ImportError> {
        let next = self.lexer.next()?;
        Ok(std::mem::replace(&mut self.token, next))
    }

    fn word(&mut self, expected: &str) -> Result<Token<'a>, ImportError> {
        if self.token.kind == Kind::Word {
            self.advance()
        } else {
            Err(self.unexpected(self.token, expected))
        }
    }

    fn expect(&mut self, text: &str) -> Result<(), ImportError> {
        if self.token.is(text) {
            self.advance()?;
            Ok(())
        } else {
            Err(self.unexpected(self.token, &format!("`{text}`")))
        }
    }

    fn unexpected(&self, token: Token<'_>, expected: &str) -> ImportError {
        let found = match token.kind {
            Kind::End => "the end".to_owned(),
            _ => format!("`{}`", token.text.chars().take(40).collect::<String>()),
        };
        self.error(token, format!("found {found}, expected {expected}"))
    }

    fn error(&self, token: Token<'_>, message: impl Into<String>) -> ImportError {
        ImportError::at(self.lexer.source, token.at, message)
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
