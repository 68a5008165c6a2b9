//! Reads a schema.

use std::collections::{BTreeMap, BTreeSet};

use assay_reconciler::{
    namespace::{PermissionExpression, SubjectType, caveat_name, name, namespace_name},
    spec::{
        ZanzibarNamespaceSpec,
        zanzibar_namespace::{CaveatSpec, RelationSpec},
    },
};

use crate::import::{
    ImportError, Schema, Source,
    cursor::{Comments, Cursor, Kind, Language, Token},
};

/// Features of a schema that change nothing of what is read here.
const KNOWN_FEATURES: [&str; 3] = ["expiration", "self", "typechecking"];

static LANGUAGE: Language = Language {
    name: "SpiceDB's schema language",
    signs: &[
        "->", "...", "{", "}", "(", ")", ":", ";", "|", "#", "*", "+", "&", "-", "=", ",", ".",
        "<", ">", "/",
    ],
    is_in_word: |c| c.is_ascii_alphanumeric() || c == '_',
    comments: Comments::Slashes,
    has_texts: false,
};

/// Reads a schema. Whether its parts fit together is for [`Schema::plan`] to say.
pub fn schema(source: Source<'_>) -> Result<Schema, ImportError> {
    let mut reader = Reader {
        cursor: Cursor::new(&LANGUAGE, source)?,
        read: Schema::default(),
        caveats: BTreeMap::new(),
    };
    reader.schema()?;
    reader.read.place_caveats(reader.caveats);
    Ok(reader.read)
}

struct Reader<'a> {
    cursor: Cursor<'a>,
    read: Schema,
    caveats: BTreeMap<String, CaveatSpec>,
}

impl<'a> Reader<'a> {
    fn schema(&mut self) -> Result<(), ImportError> {
        while !self.cursor.is_at_end() {
            let token = self.cursor.advance()?;
            match token.text {
                ";" => {}
                "use" => {
                    let feature = self.cursor.word("a feature")?;
                    if !KNOWN_FEATURES.contains(&feature.text) {
                        let message = format!("`use {}` has no counterpart in assay", feature.text);
                        return Err(self.cursor.error(feature, message));
                    }
                }
                "definition" => self.definition(token)?,
                "caveat" => self.caveat(token)?,
                "partial" | "import" => {
                    let message = format!(
                        "`{}` has no counterpart in assay: write out what it stands for",
                        token.text
                    );
                    return Err(self.cursor.error(token, message));
                }
                _ => return Err(self.cursor.unexpected(token, "`definition` or `caveat`")),
            }
        }
        Ok(())
    }

    fn definition(&mut self, keyword: Token<'a>) -> Result<(), ImportError> {
        let (at, of) = self.path()?;
        namespace_name(&of).map_err(|error| self.cursor.error(at, error.to_string()))?;
        let mut spec = ZanzibarNamespaceSpec {
            description: keyword.description(),
            ..ZanzibarNamespaceSpec::default()
        };
        self.read.put(&of, "", (0, at.at));
        self.cursor.expect("{")?;
        loop {
            let token = self.cursor.advance()?;
            match token.text {
                "}" => break,
                ";" => {}
                "relation" => self.relation(token, &of, &mut spec)?,
                "permission" => self.permission(&of, &mut spec)?,
                "..." => {
                    let message =
                        "a partial has no counterpart in assay: write out what it stands for";
                    return Err(self.cursor.error(token, message));
                }
                _ => {
                    return Err(self
                        .cursor
                        .unexpected(token, "`relation`, `permission` or `}`"));
                }
            }
        }
        if self.read.namespaces.insert(of.clone(), spec).is_some() {
            return Err(self.cursor.error(at, format!("`{of}` is defined twice")));
        }
        Ok(())
    }

    fn relation(
        &mut self,
        keyword: Token<'a>,
        of: &str,
        spec: &mut ZanzibarNamespaceSpec,
    ) -> Result<(), ImportError> {
        let relation = self.name(of, spec)?;
        self.cursor.expect(":")?;
        let mut types = BTreeSet::new();
        loop {
            types.insert(self.subject_type()?);
            if !self.cursor.takes("|")? {
                break;
            }
        }
        let declared = RelationSpec {
            types,
            description: keyword.description(),
        };
        spec.relations.insert(relation, declared);
        Ok(())
    }

    /// `user`, `user:*`, `group#member`, each with what it depends on.
    fn subject_type(&mut self) -> Result<SubjectType, ImportError> {
        let (at, mut text) = self.path()?;
        if self.cursor.takes(":")? {
            self.cursor.expect("*")?;
            text.push_str(":*");
        } else if self.cursor.takes("#")? {
            let relation = self.cursor.advance()?;
            text.push('#');
            text.push_str(relation.text);
        }
        if self.cursor.takes("with")? {
            text.push_str(" with ");
            text.push_str(&self.path()?.1);
            if self.cursor.takes("and")? {
                text.push_str(" and ");
                text.push_str(&self.path()?.1);
            }
        }
        text.parse()
            .map_err(|error: assay_reconciler::namespace::SubjectTypeError| {
                self.cursor.error(at, error.to_string())
            })
    }

    fn permission(
        &mut self,
        of: &str,
        spec: &mut ZanzibarNamespaceSpec,
    ) -> Result<(), ImportError> {
        let permission = self.name(of, spec)?;
        // With `use typechecking` a permission may name its types, which assay works out itself.
        if self.cursor.token.is(":") {
            while !self.cursor.token.is("=") && !self.cursor.is_at_end() {
                self.cursor.advance()?;
            }
        }
        self.cursor.expect("=")?;
        let start = self.cursor.token;
        // The expression goes on to what cannot be in one. Comments within it are left out.
        let mut text = String::new();
        while !self.cursor.is_at_end()
            && !["}", ";", "relation", "permission"].contains(&self.cursor.token.text)
        {
            let part = self.cursor.advance()?;
            text.push_str(part.text);
            text.push(' ');
        }
        let expression: PermissionExpression = text.trim_end().parse().map_err(
            |error: assay_reconciler::namespace::SyntaxError| {
                self.cursor.error(start, error.to_string())
            },
        )?;
        spec.permissions.insert(permission, expression);
        Ok(())
    }

    /// The name of a relation or permission that `spec` does not have yet.
    fn name(&mut self, of: &str, spec: &ZanzibarNamespaceSpec) -> Result<String, ImportError> {
        let word = self.cursor.word("a name")?;
        name(word.text).map_err(|error| self.cursor.error(word, error.to_string()))?;
        if spec.relations.contains_key(word.text) || spec.permissions.contains_key(word.text) {
            return Err(self
                .cursor
                .error(word, format!("`{}` is there twice", word.text)));
        }
        self.read.put(of, word.text, (0, word.at));
        Ok(word.text.to_owned())
    }

    fn caveat(&mut self, keyword: Token<'a>) -> Result<(), ImportError> {
        let (at, of) = self.path()?;
        caveat_name(&of).map_err(|error| self.cursor.error(at, error.to_string()))?;
        self.cursor.expect("(")?;
        let mut parameters = BTreeMap::new();
        while !self.cursor.token.is(")") {
            let parameter = self.cursor.word("a parameter")?;
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
            if !self.cursor.takes(",")? {
                break;
            }
        }
        self.cursor.expect(")")?;
        let expression = self.cursor.in_braces("caveat")?.trim().to_owned();
        self.read.put("", &of, (0, at.at));
        let caveat = CaveatSpec {
            parameters,
            expression,
            description: keyword.description(),
        };
        if self.caveats.insert(of.clone(), caveat).is_some() {
            return Err(self
                .cursor
                .error(at, format!("the caveat `{of}` is defined twice")));
        }
        Ok(())
    }

    /// `user`, `acme/user`.
    fn path(&mut self) -> Result<(Token<'a>, String), ImportError> {
        let first = self.cursor.word("a name")?;
        let mut text = first.text.to_owned();
        while self.cursor.token.is("/") || self.cursor.token.is("-") {
            text.push_str(self.cursor.advance()?.text);
            text.push_str(self.cursor.word("the rest of the name")?.text);
        }
        Ok((first, text))
    }
}
