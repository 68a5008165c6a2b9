//! Reads permission expressions.
//!
//! Precedence is SpiceDB's: `+` binds tightest, then `&`, then `-`; all are left-associative. So
//! `a + b & c` is `(a + b) & c`, and `a - b + c` is `a - (b + c)`. Sources: "Union Precedence" in
//! <https://authzed.com/docs/spicedb/concepts/schema>, and `ComputeExpressionOperators` in
//! SpiceDB's `pkg/schemadsl/parser/parser.go` (loosest first: exclusion, intersection, union).

use super::{
    Expression, Identifier, Operation, Quantifier, SyntaxError, TextRange,
    lexer::{Kind, Lexer, Token},
    name,
};
use crate::validate::suggest::nearest;

/// Longest expression, in bytes.
pub const MAX_EXPRESSION_LENGTH: usize = 8_192;

/// Deepest parentheses. Everything that walks an expression recurses at most this deep.
pub const MAX_NESTING: usize = 50;

const OPERATOR: &str = "an operator (`+`, `&`, `-`) or the end";
const OPERATOR_WITHIN: &str = "an operator (`+`, `&`, `-`) or `)`";
const OPERAND: &str = "a relation, a permission, `nil`, `self` or `(`";

pub(super) struct Parsed {
    pub(super) expression: Expression,
    /// The first part that mixes operators without parentheses.
    pub(super) mixed: Option<TextRange>,
}

/// Reads one expression; the first error ends it.
pub(super) fn parse(text: &str) -> Result<Parsed, SyntaxError> {
    if text.len() > MAX_EXPRESSION_LENGTH {
        return Err(SyntaxError {
            range: TextRange::new(0, text.len()),
            found: format!("{} bytes", text.len()),
            expected: format!("{MAX_EXPRESSION_LENGTH} at most"),
            help: Some("name parts of it as permissions of their own".to_owned()),
        });
    }
    let mut lexer = Lexer::new(text);
    let token = lexer.next();
    let mut parser = Parser {
        lexer,
        token,
        nesting: 0,
        mixed: None,
    };
    if token.kind == Kind::End {
        return Err(parser.unexpected(OPERAND, Some("write `nil` if nobody shall have it")));
    }
    let expression = parser.exclusion()?;
    if parser.token.kind != Kind::End {
        return Err(parser.not_an_operator());
    }
    Ok(Parsed {
        expression,
        mixed: parser.mixed,
    })
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    token: Token<'a>,
    nesting: usize,
    mixed: Option<TextRange>,
}

impl<'a> Parser<'a> {
    fn advance(&mut self) -> Token<'a> {
        let next = self.lexer.next();
        std::mem::replace(&mut self.token, next)
    }

    fn exclusion(&mut self) -> Result<Expression, SyntaxError> {
        let (base, mut mixes) = self.intersection()?;
        let mut excluded = Vec::new();
        while self.token.kind == Kind::Minus {
            self.advance();
            let (operand, joined) = self.intersection()?;
            mixes |= joined;
            excluded.push(operand);
        }
        let mixes = mixes && !excluded.is_empty();
        let expression = Expression::exclusion(base, excluded);
        self.note_mixed(mixes, expression.range);
        Ok(expression)
    }

    /// Also says whether an operator stood between operands.
    fn intersection(&mut self) -> Result<(Expression, bool), SyntaxError> {
        let (first, mut mixes) = self.union()?;
        let only_union = mixes;
        let mut operands = vec![first];
        while self.token.kind == Kind::Ampersand {
            self.advance();
            let (operand, joined) = self.union()?;
            mixes |= joined;
            operands.push(operand);
        }
        let joined = operands.len() > 1;
        let expression = Expression::intersection(operands);
        self.note_mixed(joined && mixes, expression.range);
        Ok((expression, joined || only_union))
    }

    fn union(&mut self) -> Result<(Expression, bool), SyntaxError> {
        let mut operands = vec![self.operand()?];
        while self.token.kind == Kind::Plus {
            self.advance();
            operands.push(self.operand()?);
        }
        let joined = operands.len() > 1;
        Ok((Expression::union(operands), joined))
    }

    fn note_mixed(&mut self, mixes: bool, range: TextRange) {
        if mixes && self.mixed.is_none() {
            self.mixed = Some(range);
        }
    }

    fn operand(&mut self) -> Result<Expression, SyntaxError> {
        match self.token.kind {
            Kind::Open => self.parenthesised(),
            Kind::Word => {
                let word = self.advance();
                match self.token.kind {
                    Kind::Arrow | Kind::Dot => self.arrow(word),
                    _ => self.plain(word),
                }
            }
            _ => Err(self.not_an_operand()),
        }
    }

    fn parenthesised(&mut self) -> Result<Expression, SyntaxError> {
        if self.nesting == MAX_NESTING {
            return Err(self.unexpected(
                &format!("at most {MAX_NESTING} parentheses within each other"),
                Some("name parts of it as permissions of their own"),
            ));
        }
        self.nesting += 1;
        let open = self.advance();
        let mut expression = self.exclusion()?;
        if self.token.kind != Kind::Close {
            let mut error = self.not_an_operator();
            if self.token.kind == Kind::End {
                error = SyntaxError {
                    range: open.range,
                    found: "a `(` that is never closed".to_owned(),
                    expected: "a `)` for it".to_owned(),
                    help: None,
                };
            }
            return Err(error);
        }
        expression.range = open.range.to(self.advance().range);
        self.nesting -= 1;
        if matches!(self.token.kind, Kind::Arrow | Kind::Dot) {
            return Err(self.unexpected(
                OPERATOR,
                Some("an arrow starts at one relation, as in `parent->view`"),
            ));
        }
        Ok(expression)
    }

    fn plain(&self, word: Token<'a>) -> Result<Expression, SyntaxError> {
        let operation = match word.text {
            "nil" => Operation::Nil,
            "self" => Operation::Itself,
            _ => Operation::Name(identifier(word, OPERAND)?),
        };
        // `not banned` reads as two names: say what was meant rather than point at the second.
        if self.token.kind == Kind::Word && matches!(word.text, "not" | "except") {
            return Err(error_at(word, OPERAND, Some(NEGATION)));
        }
        Ok(Expression::new(operation, word.range))
    }

    /// `relation->target`, `relation.any(target)`, `relation.all(target)`.
    fn arrow(&mut self, word: Token<'a>) -> Result<Expression, SyntaxError> {
        const TARGET: &str = "the relation or permission that the arrow leads to";
        let relation = identifier(word, "the relation that an arrow starts at")?;
        let (quantifier, target, end) = if self.token.kind == Kind::Arrow {
            self.advance();
            let target = self.word(TARGET)?;
            (Quantifier::Any, target, target.range)
        } else {
            self.advance();
            let quantifier = self.quantifier()?;
            self.expect(Kind::Open, "`(`")?;
            let target = self.word(TARGET)?;
            let close = self.expect(Kind::Close, "`)`")?;
            (quantifier, target, close.range)
        };
        let target = identifier(target, TARGET)?;
        if matches!(self.token.kind, Kind::Arrow | Kind::Dot) {
            let help = format!(
                "an arrow takes one step: give the type that `{}` leads to a permission for the \
                 rest",
                relation.text
            );
            return Err(self.unexpected(OPERATOR, Some(&help)));
        }
        let range = word.range.to(end);
        Ok(Expression::new(
            Operation::Arrow {
                relation,
                quantifier,
                target,
            },
            range,
        ))
    }

    fn quantifier(&mut self) -> Result<Quantifier, SyntaxError> {
        const EXPECTED: &str = "`any` or `all`";
        let word = self.word(EXPECTED)?;
        match word.text {
            "any" => Ok(Quantifier::Any),
            "all" => Ok(Quantifier::All),
            other => {
                let help = match nearest(other, ["any", "all"]) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => "write `parent->view` or `parent.all(view)`".to_owned(),
                };
                Err(error_at(word, EXPECTED, Some(&help)))
            }
        }
    }

    fn word(&mut self, expected: &str) -> Result<Token<'a>, SyntaxError> {
        match self.token.kind {
            Kind::Word => Ok(self.advance()),
            Kind::Open => Err(self.unexpected(
                expected,
                Some("an arrow leads to one name: write one arrow for each"),
            )),
            _ => Err(self.unexpected(expected, None)),
        }
    }

    fn expect(&mut self, kind: Kind, expected: &str) -> Result<Token<'a>, SyntaxError> {
        if self.token.kind == kind {
            Ok(self.advance())
        } else {
            Err(self.unexpected(expected, None))
        }
    }

    fn unexpected(&self, expected: &str, help: Option<&str>) -> SyntaxError {
        error_at(self.token, expected, help)
    }

    fn not_an_operator(&self) -> SyntaxError {
        let help = match (self.token.kind, self.token.text) {
            (Kind::Close, _) => Some("it closes nothing: remove it, or open it before"),
            (_, "|" | "||" | "or" | "," | "OR") => Some("write `+` for a union"),
            (_, "and" | "&&" | "AND") => Some("write `&` for an intersection"),
            (_, "!" | "!=" | "not" | "except" | "but" | "minus" | "\\" | "–" | "—" | "−") => {
                Some("write `-` for an exclusion")
            }
            (_, ">" | "=>" | "→") => Some("an arrow is written `parent->view`"),
            (_, "#" | ":" | "@" | "*") => Some(
                "subjects such as `user:*` and `group#member` belong in the types of a relation; \
                 name that relation here",
            ),
            (Kind::Word | Kind::Open, _) => Some("put `+`, `&` or `-` between the two"),
            _ => None,
        };
        let expected = if self.nesting > 0 {
            OPERATOR_WITHIN
        } else {
            OPERATOR
        };
        self.unexpected(expected, help)
    }

    fn not_an_operand(&self) -> SyntaxError {
        let help = match (self.token.kind, self.token.text) {
            (_, "!" | "-" | "~") => Some(NEGATION),
            (_, "&&" | "&") => Some("write one `&` between two operands"),
            (_, "||" | "+") => Some("write one `+` between two operands"),
            (_, "*") => Some("wildcards belong in the types of a relation, as in `user:*`"),
            (_, "#" | ":" | "@") => Some("subjects belong in the types of a relation"),
            (Kind::Close, _) => Some("there must be something between the parentheses"),
            (Kind::End, _) => Some("an operator needs something on both sides"),
            _ => None,
        };
        self.unexpected(OPERAND, help)
    }
}

const NEGATION: &str = "an exclusion has two sides, as in `viewer - banned`";

fn identifier(word: Token<'_>, expected: &str) -> Result<Identifier, SyntaxError> {
    if let Err(reason) = name::name(word.text) {
        return Err(error_at(word, expected, Some(&reason.to_string())));
    }
    Ok(Identifier {
        text: word.text.to_owned(),
        range: word.range,
    })
}

fn error_at(token: Token<'_>, expected: &str, help: Option<&str>) -> SyntaxError {
    const SHOWN: usize = 40;
    let found = if token.kind == Kind::End {
        "the end".to_owned()
    } else {
        let shown: String = token.text.chars().take(SHOWN).collect();
        format!("`{}`", shown.escape_debug())
    };
    SyntaxError {
        range: token.range,
        found,
        expected: expected.to_owned(),
        help: help.map(str::to_owned),
    }
}

#[cfg(test)]
#[path = "parser_tests.rs"]
mod tests;
