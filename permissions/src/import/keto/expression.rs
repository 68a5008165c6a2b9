//! Reads what grants a permission, and says it in assay's language.

use assay_reconciler::namespace::MAX_NESTING;

use super::classes::{Reader, inner};
use crate::import::{ImportError, cursor::Token};

/// What grants a permission.
enum Expression<'a> {
    /// In assay's language.
    Part(String),
    All(Vec<Expression<'a>>),
    Any(Vec<Expression<'a>>),
    /// The token is the `!`.
    Not(Token<'a>, Box<Expression<'a>>),
}

impl<'a> Reader<'a> {
    /// Reads an expression, and says it in assay's language.
    pub(super) fn expression(&mut self) -> Result<String, ImportError> {
        let expression = self.any(0)?;
        let text = expression.text();
        text.map_err(|not| {
            let message = "`!` alone has no counterpart in assay, where a permission is made of those \
                 who have it: write `a && !b`, which is `a - b`";
            self.cursor.error(not, message)
        })
    }

    fn any(&mut self, depth: usize) -> Result<Expression<'a>, ImportError> {
        let mut any = Vec::new();
        let mut all = vec![self.operand(depth)?];
        loop {
            if self.cursor.token.is("&&") {
                if !any.is_empty() {
                    let message = "`&&` after `||` needs parentheses: Keto reads from left to right, \
                         and TypeScript takes `&&` first";
                    return Err(self.cursor.error(self.cursor.token, message));
                }
                self.cursor.advance()?;
                all.push(self.operand(depth)?);
            } else if self.cursor.takes("||")? {
                any.push(Expression::of(all, Expression::All));
                all = vec![self.operand(depth)?];
            } else {
                any.push(Expression::of(all, Expression::All));
                return Ok(Expression::of(any, Expression::Any));
            }
        }
    }

    fn operand(&mut self, depth: usize) -> Result<Expression<'a>, ImportError> {
        let token = self.cursor.token;
        if token.is("!") {
            self.cursor.advance()?;
            let inner = self.positive(depth)?;
            return Ok(Expression::Not(token, Box::new(inner)));
        }
        self.positive(depth)
    }

    fn positive(&mut self, depth: usize) -> Result<Expression<'a>, ImportError> {
        if self.cursor.token.is("(") && depth < MAX_NESTING {
            self.cursor.advance()?;
            let inner = self.any(depth + 1)?;
            self.cursor.expect(")")?;
            return Ok(inner);
        }
        if !self.cursor.token.is("this") {
            return Err(self
                .cursor
                .unexpected(self.cursor.token, "`this`, `!` or `(`"));
        }
        self.cursor.advance()?;
        Ok(Expression::Part(self.this()?))
    }

    /// What follows `this`.
    fn this(&mut self) -> Result<String, ImportError> {
        if self.cursor.takes("==")? || self.cursor.takes("===")? {
            self.subject()?;
            return Ok("self".to_owned());
        }
        self.cursor.expect(".")?;
        let verb = self.cursor.word("`related` or `permits`")?;
        match verb.text {
            "permits" => {
                let permission = self.property()?;
                self.context()?;
                Ok(permission.to_owned())
            }
            "related" => {
                let relation = self.property()?;
                self.cursor.expect(".")?;
                let method = self.cursor.word("`includes` or `traverse`")?;
                match method.text {
                    "includes" => {
                        self.includes()?;
                        Ok(relation.to_owned())
                    }
                    "traverse" => {
                        let target = self.traverse()?;
                        let step = (self.class.clone(), relation.to_owned(), target.to_owned());
                        self.model.followed.insert(step);
                        Ok(format!("{relation}->{target}"))
                    }
                    _ => Err(self.cursor.unexpected(method, "`includes` or `traverse`")),
                }
            }
            _ => Err(self.cursor.unexpected(verb, "`related` or `permits`")),
        }
    }

    /// `((p) => p.permits.view(ctx))`, or `p.related.viewers.includes(ctx.subject)` within.
    fn traverse(&mut self) -> Result<&'a str, ImportError> {
        self.cursor.expect("(")?;
        let in_parentheses = self.cursor.takes("(")?;
        let argument = self.cursor.word("a name")?.text;
        if in_parentheses {
            self.cursor.expect(")")?;
        }
        self.cursor.expect("=>")?;
        self.cursor.expect(argument)?;
        self.cursor.expect(".")?;
        let verb = self.cursor.word("`related` or `permits`")?;
        let target = self.property()?;
        match verb.text {
            "permits" => self.context()?,
            "related" => {
                self.cursor.expect(".")?;
                self.cursor.expect("includes")?;
                self.includes()?;
            }
            _ => return Err(self.cursor.unexpected(verb, "`related` or `permits`")),
        }
        self.cursor.takes(",")?;
        self.cursor.expect(")")?;
        Ok(target)
    }

    /// `.viewers` or `["viewers"]`.
    fn property(&mut self) -> Result<&'a str, ImportError> {
        if self.cursor.takes("[")? {
            let name = self.name("a name in quotes")?;
            self.cursor.expect("]")?;
            Ok(inner(name))
        } else {
            self.cursor.expect(".")?;
            Ok(self.cursor.word("a name")?.text)
        }
    }

    /// `(ctx)`.
    fn context(&mut self) -> Result<(), ImportError> {
        self.cursor.expect("(")?;
        self.cursor.expect("ctx")?;
        self.cursor.takes(",")?;
        self.cursor.expect(")")
    }

    /// `(ctx.subject)`.
    fn includes(&mut self) -> Result<(), ImportError> {
        self.cursor.expect("(")?;
        self.subject()?;
        self.cursor.takes(",")?;
        self.cursor.expect(")")
    }

    fn subject(&mut self) -> Result<(), ImportError> {
        self.cursor.expect("ctx")?;
        self.cursor.expect(".")?;
        self.cursor.expect("subject")
    }
}

impl<'a> Expression<'a> {
    /// Joined, if there are several.
    fn of(mut parts: Vec<Self>, join: impl Fn(Vec<Self>) -> Self) -> Self {
        match parts.pop() {
            Some(only) if parts.is_empty() => only,
            last => {
                parts.extend(last);
                join(parts)
            }
        }
    }

    /// In assay's language; or the `!` that cannot be said.
    fn text(&self) -> Result<String, Token<'a>> {
        match self {
            Self::Part(text) => Ok(text.clone()),
            Self::Not(token, _) => Err(*token),
            Self::Any(parts) => join(parts, " + "),
            Self::All(parts) => {
                let is_not = |part: &&Self| matches!(part, Self::Not(..));
                let (out, kept): (Vec<&Self>, Vec<&Self>) = parts.iter().partition(is_not);
                let mut text = join(kept.iter().copied(), " & ")?;
                if kept.len() > 1 && !out.is_empty() {
                    text = format!("({text})");
                }
                for part in out {
                    if let Self::Not(token, part) = part {
                        if kept.is_empty() {
                            return Err(*token);
                        }
                        text = format!("{text} - {}", part.in_parentheses()?);
                    }
                }
                Ok(text)
            }
        }
    }

    fn in_parentheses(&self) -> Result<String, Token<'a>> {
        match self {
            Self::Any(_) | Self::All(_) => Ok(format!("({})", self.text()?)),
            Self::Part(_) | Self::Not(..) => self.text(),
        }
    }
}

fn join<'e, 'a: 'e>(
    parts: impl IntoIterator<Item = &'e Expression<'a>>,
    sign: &str,
) -> Result<String, Token<'a>> {
    let parts = parts.into_iter().map(Expression::in_parentheses);
    Ok(parts.collect::<Result<Vec<_>, _>>()?.join(sign))
}
