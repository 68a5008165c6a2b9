//! Reads a schema.

use std::collections::{BTreeMap, BTreeSet};

use assay_reconciler::{
    namespace::{PermissionExpression, SubjectType, caveat_name, name, namespace_name},
    spec::{
        ZanzibarNamespaceSpec,
        zanzibar_namespace::{CaveatSpec, RelationSpec},
    },
};

use super::lexer::{Kind, Lexer, Token};
use crate::import::{ImportError, Namespaces, place_caveats};

/// Longest description of a manifest, in characters.
const MAX_DESCRIPTION: usize = 1_000;

/// Features of a schema that change nothing of what is read here.
const KNOWN_FEATURES: [&str; 3] = ["expiration", "self", "typechecking"];

/// Reads a schema. Whether its parts fit together is for the checks of manifests to say.
pub fn schema(text: &str) -> Result<Namespaces, ImportError> {
    let mut lexer = Lexer::new(text);
    let token = lexer.next()?;
    let mut reader = Reader {
        lexer,
        token,
        namespaces: BTreeMap::new(),
        caveats: BTreeMap::new(),
    };
    reader.schema()?;
    let Reader {
        mut namespaces,
        caveats,
        ..
    } = reader;
    place_caveats(&mut namespaces, caveats);
    Ok(namespaces)
}

struct Reader<'a> {
    lexer: Lexer<'a>,
    token: Token<'a>,
    namespaces: Namespaces,
    caveats: BTreeMap<String, CaveatSpec>,
}

impl<'a> Reader<'a> {
    fn schema(&mut self) -> Result<(), ImportError> {
        while self.token.kind != Kind::End {
            let token = self.advance()?;
            match token.text {
                ";" => {}
                "use" => {
                    let feature = self.word("a feature")?;
                    if !KNOWN_FEATURES.contains(&feature.text) {
                        let message = format!("`use {}` has no counterpart in assay", feature.text);
                        return Err(self.error(feature, message));
                    }
                }
                "definition" => self.definition(token)?,
                "caveat" => self.caveat(token)?,
                "partial" | "import" => {
                    let message = format!(
                        "`{}` has no counterpart in assay: write out what it stands for",
                        token.text
                    );
                    return Err(self.error(token, message));
                }
                _ => return Err(self.unexpected(token, "`definition` or `caveat`")),
            }
        }
        Ok(())
    }

    fn definition(&mut self, keyword: Token<'a>) -> Result<(), ImportError> {
        let (at, of) = self.path()?;
        namespace_name(&of).map_err(|error| self.error(at, error.to_string()))?;
        let mut spec = ZanzibarNamespaceSpec {
            description: description(keyword.comment),
            ..ZanzibarNamespaceSpec::default()
        };
        self.expect("{")?;
        loop {
            let token = self.advance()?;
            match token.text {
                "}" => break,
                ";" => {}
                "relation" => self.relation(token, &mut spec)?,
                "permission" => self.permission(&mut spec)?,
                "..." => {
                    let message =
                        "a partial has no counterpart in assay: write out what it stands for";
                    return Err(self.error(token, message));
                }
                _ => return Err(self.unexpected(token, "`relation`, `permission` or `}`")),
            }
        }
        if self.namespaces.insert(of.clone(), spec).is_some() {
            return Err(self.error(at, format!("`{of}` is defined twice")));
        }
        Ok(())
    }

    fn relation(
        &mut self,
        keyword: Token<'a>,
        spec: &mut ZanzibarNamespaceSpec,
    ) -> Result<(), ImportError> {
        let relation = self.name(spec)?;
        self.expect(":")?;
        let mut types = BTreeSet::new();
        loop {
            types.insert(self.subject_type()?);
            if !self.token.is("|") {
                break;
            }
            self.advance()?;
        }
        let declared = RelationSpec {
            types,
            description: description(keyword.comment),
        };
        spec.relations.insert(relation, declared);
        Ok(())
    }

    /// `user`, `user:*`, `group#member`, each with what it depends on.
    fn subject_type(&mut self) -> Result<SubjectType, ImportError> {
        let (at, mut text) = self.path()?;
        if self.token.is(":") {
            self.advance()?;
            self.expect("*")?;
            text.push_str(":*");
        } else if self.token.is("#") {
            self.advance()?;
            let relation = self.advance()?;
            text.push('#');
            text.push_str(relation.text);
        }
        if self.token.is("with") {
            self.advance()?;
            text.push_str(" with ");
            text.push_str(&self.path()?.1);
            if self.token.is("and") {
                self.advance()?;
                text.push_str(" and ");
                text.push_str(&self.path()?.1);
            }
        }
        text.parse()
            .map_err(|error: assay_reconciler::namespace::SubjectTypeError| {
                self.error(at, error.to_string())
            })
    }

    fn permission(&mut self, spec: &mut ZanzibarNamespaceSpec) -> Result<(), ImportError> {
        let permission = self.name(spec)?;
        // With `use typechecking` a permission may name its types, which assay works out itself.
        if self.token.is(":") {
            while !self.token.is("=") && self.token.kind != Kind::End {
                self.advance()?;
            }
        }
        self.expect("=")?;
        let start = self.token;
        // The expression goes on to what cannot be in one. Comments within it are left out.
        let mut text = String::new();
        while self.token.kind != Kind::End
            && !["}", ";", "relation", "permission"].contains(&self.token.text)
        {
            let part = self.advance()?;
            text.push_str(part.text);
            text.push(' ');
        }
        let expression: PermissionExpression = text.trim_end().parse().map_err(
            |error: assay_reconciler::namespace::SyntaxError| self.error(start, error.to_string()),
        )?;
        spec.permissions.insert(permission, expression);
        Ok(())
    }

    /// The name of a relation or permission that `spec` does not have yet.
    fn name(&mut self, spec: &ZanzibarNamespaceSpec) -> Result<String, ImportError> {
        let word = self.word("a name")?;
        name(word.text).map_err(|error| self.error(word, error.to_string()))?;
        if spec.relations.contains_key(word.text) || spec.permissions.contains_key(word.text) {
            return Err(self.error(word, format!("`{}` is there twice", word.text)));
        }
        Ok(word.text.to_owned())
    }

    fn caveat(&mut self, keyword: Token<'a>) -> Result<(), ImportError> {
        let (at, of) = self.path()?;
        caveat_name(&of).map_err(|error| self.error(at, error.to_string()))?;
        self.expect("(")?;
        let mut parameters = BTreeMap::new();
        while !self.token.is(")") {
            let parameter = self.word("a parameter")?;
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
            if !self.token.is(",") {
                break;
            }
            self.advance()?;
        }
        self.expect(")")?;
        if !self.token.is("{") {
            return Err(self.unexpected(self.token, "`{`"));
        }
        // From here on it is CEL: the lexer stands behind the brace.
        self.lexer.at = self.token.end();
        let expression = self.lexer.body()?.trim().to_owned();
        self.token = self.lexer.next()?;
        let caveat = CaveatSpec {
            parameters,
            expression,
            description: description(keyword.comment),
        };
        if self.caveats.insert(of.clone(), caveat).is_some() {
            return Err(self.error(at, format!("the caveat `{of}` is defined twice")));
        }
        Ok(())
    }

    /// `user`, `acme/user`.
    fn path(&mut self) -> Result<(Token<'a>, String), ImportError> {
        let first = self.word("a name")?;
        let mut text = first.text.to_owned();
        while self.token.is("/") || self.token.is("-") {
            text.push_str(self.advance()?.text);
            text.push_str(self.word("the rest of the name")?.text);
        }
        Ok((first, text))
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

/// A comment without its signs.
fn description(comment: Option<&str>) -> Option<String> {
    let comment = comment?;
    let inner = comment
        .strip_prefix("/*")
        .and_then(|rest| rest.strip_suffix("*/"));
    let inner = inner.unwrap_or(comment);
    let lines = inner
        .lines()
        .map(|line| line.trim().trim_start_matches(['*', '/']).trim());
    let text: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
    let text: String = text.join(" ").chars().take(MAX_DESCRIPTION).collect();
    (!text.is_empty()).then_some(text)
}
