//! Reads classes.

use std::collections::BTreeSet;

use assay_reconciler::{
    namespace::{SubjectType, name, namespace_name},
    spec::{ZanzibarNamespaceSpec, zanzibar_namespace::RelationSpec},
};

use super::Model;
use crate::import::{
    ImportError, Source,
    cursor::{Comments, Cursor, Kind, Language, Token},
};

static LANGUAGE: Language = Language {
    name: "the Ory Permission Language",
    signs: &[
        "===", "==", "=>", "&&", "||", "{", "}", "(", ")", "[", "]", "<", ">", ":", ";", ",", ".",
        "|", "=", "!", "*",
    ],
    is_in_word: |c| c.is_ascii_alphanumeric() || c == '_',
    comments: Comments::Slashes,
    has_texts: true,
};

/// Reads a model. Whether its parts fit together is for [`Schema::plan`](crate::import::Schema::plan)
/// to say.
pub fn model(source: Source<'_>) -> Result<Model, ImportError> {
    let mut reader = Reader {
        cursor: Cursor::new(&LANGUAGE, source)?,
        model: Model::default(),
        class: String::new(),
        spec: ZanzibarNamespaceSpec::default(),
    };
    reader.classes()?;
    Ok(reader.model)
}

pub(super) struct Reader<'a> {
    pub(super) cursor: Cursor<'a>,
    pub(super) model: Model,
    /// The class that is being read.
    pub(super) class: String,
    spec: ZanzibarNamespaceSpec,
}

impl<'a> Reader<'a> {
    fn classes(&mut self) -> Result<(), ImportError> {
        while !self.cursor.is_at_end() {
            let token = self.cursor.advance()?;
            match token.text {
                ";" | "export" => {}
                "import" => {
                    while self.cursor.token.kind != Kind::Text && !self.cursor.is_at_end() {
                        self.cursor.advance()?;
                    }
                    self.cursor.advance()?;
                }
                "class" => self.class(token)?,
                _ => return Err(self.cursor.unexpected(token, "`class` or `import`")),
            }
        }
        Ok(())
    }

    fn class(&mut self, keyword: Token<'a>) -> Result<(), ImportError> {
        let at = self.cursor.word("a name")?;
        namespace_name(at.text).map_err(|error| self.cursor.error(at, error.to_string()))?;
        self.class = at.text.to_owned();
        self.spec = ZanzibarNamespaceSpec {
            description: documentation(keyword),
            ..ZanzibarNamespaceSpec::default()
        };
        self.model.schema.put(at.text, "", (0, at.at));
        self.cursor.expect("implements")?;
        self.cursor.expect("Namespace")?;
        self.cursor.expect("{")?;
        loop {
            let token = self.cursor.advance()?;
            match token.text {
                "}" => break,
                ";" => {}
                "related" => self.related()?,
                "permits" => self.permits()?,
                _ => return Err(self.cursor.unexpected(token, "`related`, `permits` or `}`")),
            }
        }
        let spec = std::mem::take(&mut self.spec);
        let namespaces = &mut self.model.schema.namespaces;
        if namespaces.insert(self.class.clone(), spec).is_some() {
            let message = format!("the class `{}` is there twice", self.class);
            return Err(self.cursor.error(at, message));
        }
        Ok(())
    }

    /// `viewers: (User | SubjectSet<Group, "members">)[]` and so on.
    fn related(&mut self) -> Result<(), ImportError> {
        self.cursor.expect(":")?;
        self.cursor.expect("{")?;
        while !self.cursor.takes("}")? {
            if self.cursor.takes(";")? || self.cursor.takes(",")? {
                continue;
            }
            let description = documentation(self.cursor.token);
            let relation = self.declared()?;
            self.cursor.expect(":")?;
            let types = self.types()?;
            let declared = RelationSpec { types, description };
            self.spec.relations.insert(relation, declared);
        }
        Ok(())
    }

    fn types(&mut self) -> Result<BTreeSet<SubjectType>, ImportError> {
        let mut types = BTreeSet::new();
        let end = if self.cursor.takes("(")? {
            Some(")")
        } else if self.cursor.token.is("Array") {
            self.cursor.advance()?;
            self.cursor.expect("<")?;
            Some(">")
        } else {
            None
        };
        loop {
            types.insert(self.subject_type()?);
            if end.is_none() || !self.cursor.takes("|")? {
                break;
            }
        }
        if let Some(end) = end {
            self.cursor.expect(end)?;
        }
        if end != Some(">") {
            self.cursor.expect("[")?;
            self.cursor.expect("]")?;
        }
        Ok(types)
    }

    /// `User` or `SubjectSet<Group, "members">`.
    fn subject_type(&mut self) -> Result<SubjectType, ImportError> {
        let at = self.cursor.word("a class")?;
        let text = if at.text == "SubjectSet" {
            self.cursor.expect("<")?;
            let class = self.cursor.word("a class")?.text;
            self.cursor.expect(",")?;
            let relation = self.name("a relation in quotes")?;
            self.cursor.expect(">")?;
            format!("{class}#{}", inner(relation))
        } else {
            at.text.to_owned()
        };
        let parsed = text.parse::<SubjectType>();
        parsed.map_err(|error| self.cursor.error(at, error.to_string()))
    }

    /// `view: (ctx: Context): boolean => ...` and so on.
    fn permits(&mut self) -> Result<(), ImportError> {
        self.cursor.expect("=")?;
        self.cursor.expect("{")?;
        while !self.cursor.takes("}")? {
            let permission = self.declared()?;
            self.cursor.expect(":")?;
            self.cursor.expect("(")?;
            self.cursor.expect("ctx")?;
            if self.cursor.takes(":")? {
                self.cursor.expect("Context")?;
            }
            self.cursor.expect(")")?;
            if self.cursor.takes(":")? {
                self.cursor.expect("boolean")?;
            }
            self.cursor.expect("=>")?;
            let start = self.cursor.token;
            let text = self.expression()?;
            let expression =
                text.parse()
                    .map_err(|error: assay_reconciler::namespace::SyntaxError| {
                        self.cursor.error(start, error.to_string())
                    })?;
            self.spec.permissions.insert(permission, expression);
            if !self.cursor.takes(",")? {
                self.cursor.expect("}")?;
                break;
            }
        }
        Ok(())
    }

    /// The name of a relation or permission that the class does not have yet.
    fn declared(&mut self) -> Result<String, ImportError> {
        let token = self.name("a name")?;
        let text = inner(token);
        name(text).map_err(|error| self.cursor.error(token, error.to_string()))?;
        if self.spec.relations.contains_key(text) || self.spec.permissions.contains_key(text) {
            return Err(self.cursor.error(token, format!("`{text}` is there twice")));
        }
        self.model.schema.put(&self.class, text, (0, token.at));
        Ok(text.to_owned())
    }

    /// A name, in quotes or without.
    pub(super) fn name(&mut self, expected: &str) -> Result<Token<'a>, ImportError> {
        match self.cursor.token.kind {
            Kind::Word | Kind::Text => self.cursor.advance(),
            _ => Err(self.cursor.unexpected(self.cursor.token, expected)),
        }
    }
}

/// Without the quotes.
pub(super) fn inner(token: Token<'_>) -> &str {
    match token.kind {
        Kind::Text => &token.text[1..token.text.len() - 1],
        _ => token.text,
    }
}

/// Other comments may stand at the end of the line before.
fn documentation(token: Token<'_>) -> Option<String> {
    let is_documentation = token.comment?.starts_with("/**");
    token.description().filter(|_| is_documentation)
}
