//! The tree of a permission expression, and its canonical text.

use std::fmt;

/// A range of bytes within the text that an expression was parsed from.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct TextRange {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl TextRange {
    /// From `start` up to `end`.
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// From the start of `self` to the end of `other`.
    #[must_use]
    pub const fn to(self, other: Self) -> Self {
        Self::new(self.start, other.end)
    }
}

/// A name within an expression. Where it stands does not matter to equality.
#[derive(Clone, Debug, Eq)]
pub struct Identifier {
    /// The name.
    pub text: String,
    /// Where it stands.
    pub range: TextRange,
}

impl PartialEq for Identifier {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// How many of the objects that an arrow leads to must grant.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Quantifier {
    /// One is enough: `parent->view` or `parent.any(view)`.
    Any,
    /// Every one, and there must be one: `parent.all(view)`.
    All,
}

/// What an expression does.
///
/// Operands are never operations of the same kind: `(a + b) + c` is one union of three, so nesting
/// comes only from parentheses. An exclusion takes several right sides for the same reason:
/// `a - b - c` is `a` without `b` and without `c`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Operation {
    /// `nil`: nobody.
    Nil,
    /// `self`: the object itself, as a subject.
    Itself,
    /// A relation or permission of the same object.
    Name(Identifier),
    /// A relation or permission of the objects that a relation leads to.
    Arrow {
        /// The relation of this object that is followed.
        relation: Identifier,
        /// How many of the objects found must grant.
        quantifier: Quantifier,
        /// The relation or permission asked of each.
        target: Identifier,
    },
    /// `a + b`: whoever is in one of them.
    Union(Vec<Expression>),
    /// `a & b`: whoever is in all of them.
    Intersection(Vec<Expression>),
    /// `a - b`: whoever is in the first and in none of the others.
    Exclusion(Box<Expression>, Vec<Expression>),
}

/// A permission expression, or a part of one. Where it stands does not matter to equality.
#[derive(Clone, Debug, Eq)]
pub struct Expression {
    /// What it does.
    pub operation: Operation,
    /// Where it stands, with its parentheses.
    pub range: TextRange,
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.operation == other.operation
    }
}

impl Expression {
    pub(super) const fn new(operation: Operation, range: TextRange) -> Self {
        Self { operation, range }
    }

    pub(super) fn union(operands: Vec<Self>) -> Self {
        Self::joined(operands, Operation::Union, |operation| match operation {
            Operation::Union(inner) => Ok(inner),
            other => Err(other),
        })
    }

    pub(super) fn intersection(operands: Vec<Self>) -> Self {
        Self::joined(
            operands,
            Operation::Intersection,
            |operation| match operation {
                Operation::Intersection(inner) => Ok(inner),
                other => Err(other),
            },
        )
    }

    /// One operation of all operands, with those of the same kind dissolved; a single operand is
    /// itself.
    fn joined(
        operands: Vec<Self>,
        join: fn(Vec<Self>) -> Operation,
        dissolve: fn(Operation) -> Result<Vec<Self>, Operation>,
    ) -> Self {
        let start = operands.first().map_or(0, |first| first.range.start);
        let end = operands.last().map_or(0, |last| last.range.end);
        let mut flat = Vec::with_capacity(operands.len());
        for Self { operation, range } in operands {
            match dissolve(operation) {
                Ok(inner) => flat.extend(inner),
                Err(operation) => flat.push(Self { operation, range }),
            }
        }
        match flat.pop() {
            Some(only) if flat.is_empty() => only,
            Some(last) => {
                flat.push(last);
                Self::new(join(flat), TextRange::new(start, end))
            }
            None => Self::new(Operation::Nil, TextRange::default()),
        }
    }

    pub(super) fn exclusion(base: Self, mut excluded: Vec<Self>) -> Self {
        let Some(last) = excluded.last() else {
            return base;
        };
        let range = base.range.to(last.range);
        match base.operation {
            Operation::Exclusion(base, mut earlier) => {
                earlier.append(&mut excluded);
                Self::new(Operation::Exclusion(base, earlier), range)
            }
            operation => {
                let base = Self::new(operation, base.range);
                Self::new(Operation::Exclusion(Box::new(base), excluded), range)
            }
        }
    }

    /// Calls `visit` for every part that is not made of parts: names, arrows, `nil`, `self`. The
    /// flag says whether the part stands on the right side of an odd number of `-`.
    pub fn leaves<'a>(&'a self, visit: &mut impl FnMut(&'a Expression, bool)) {
        self.leaves_within(false, visit);
    }

    fn leaves_within<'a>(&'a self, negated: bool, visit: &mut impl FnMut(&'a Expression, bool)) {
        match &self.operation {
            Operation::Union(operands) | Operation::Intersection(operands) => {
                for operand in operands {
                    operand.leaves_within(negated, visit);
                }
            }
            Operation::Exclusion(base, excluded) => {
                base.leaves_within(negated, visit);
                for operand in excluded {
                    operand.leaves_within(!negated, visit);
                }
            }
            _ => visit(self, negated),
        }
    }

    const fn is_compound(&self) -> bool {
        matches!(
            self.operation,
            Operation::Union(_) | Operation::Intersection(_) | Operation::Exclusion(..)
        )
    }

    fn write_operand(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_compound() {
            write!(f, "({self})")
        } else {
            write!(f, "{self}")
        }
    }
}

/// The canonical text: one blank around operators, and parentheses around every operation within
/// another, also where the precedence would allow to leave them out. SpiceDB binds `+` tighter
/// than `&`, so `a + b & c` would be misread.
impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separated = |f: &mut fmt::Formatter<'_>, operands: &[Expression], operator| {
            for (index, operand) in operands.iter().enumerate() {
                if index > 0 {
                    f.write_str(operator)?;
                }
                operand.write_operand(f)?;
            }
            Ok(())
        };
        match &self.operation {
            Operation::Nil => f.write_str("nil"),
            Operation::Itself => f.write_str("self"),
            Operation::Name(name) => f.write_str(&name.text),
            Operation::Arrow {
                relation,
                quantifier: Quantifier::Any,
                target,
            } => write!(f, "{}->{}", relation.text, target.text),
            Operation::Arrow {
                relation,
                quantifier: Quantifier::All,
                target,
            } => write!(f, "{}.all({})", relation.text, target.text),
            Operation::Union(operands) => separated(f, operands, " + "),
            Operation::Intersection(operands) => separated(f, operands, " & "),
            Operation::Exclusion(base, excluded) => {
                base.write_operand(f)?;
                f.write_str(" - ")?;
                separated(f, excluded, " - ")
            }
        }
    }
}
