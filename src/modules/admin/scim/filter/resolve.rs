use super::{Filter, Literal, Operator, Written};
use crate::{
    clock::UnixMillis,
    modules::{
        admin::scim::{
            attribute::{Attribute, Kind},
            error::{ScimError, ScimType},
            path::{AttributePath, Target},
            schema::ResourceType,
        },
        user::search_key,
    },
};

/// A filter over attributes that there are, with values of their types.
pub(in crate::modules::admin::scim) type Resolved = Filter<Target, Comparable>;

/// What an attribute is compared with, in the form in which its values are compared.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::modules::admin::scim) enum Comparable {
    Nothing,
    Flag(bool),
    Moment(UnixMillis),
    /// As it is.
    Exact(String),
    /// In the form in which upper and lower case are one.
    Folded(String),
}

impl Comparable {
    /// A value of this attribute in the form in which it is compared.
    pub(in crate::modules::admin::scim) fn of(attribute: &Attribute, text: &str) -> Option<Self> {
        match attribute.kind {
            Kind::Text | Kind::Reference(_) if attribute.is_case_exact => {
                Some(Self::Exact(text.to_owned()))
            }
            Kind::Text | Kind::Reference(_) => Some(Self::Folded(search_key(text))),
            Kind::Moment => moment(text).map(Self::Moment),
            Kind::Flag => match text {
                _ if text.eq_ignore_ascii_case("true") => Some(Self::Flag(true)),
                _ if text.eq_ignore_ascii_case("false") => Some(Self::Flag(false)),
                _ => None,
            },
            Kind::Complex(_) => None,
        }
    }
}

/// Ties a filter to the attributes of a resource.
pub(in crate::modules::admin::scim) fn resolve(
    filter: Written,
    resource: &ResourceType,
) -> Result<Resolved, ScimError> {
    tie(filter, &|path| path.among(resource))
}

/// Ties a filter to the parts of an attribute.
pub(in crate::modules::admin::scim) fn resolve_within(
    filter: Written,
    attribute: &'static Attribute,
) -> Result<Resolved, ScimError> {
    tie(filter, &|path| path.within(attribute))
}

type Find<'a> = &'a dyn Fn(&AttributePath) -> Option<Target>;

fn tie(filter: Written, find: Find<'_>) -> Result<Resolved, ScimError> {
    let both = |left: Box<Written>, right: Box<Written>| {
        Ok::<_, ScimError>((Box::new(tie(*left, find)?), Box::new(tie(*right, find)?)))
    };
    Ok(match filter {
        Filter::And(left, right) => {
            let (left, right) = both(left, right)?;
            Filter::And(left, right)
        }
        Filter::Or(left, right) => {
            let (left, right) = both(left, right)?;
            Filter::Or(left, right)
        }
        Filter::Not(inner) => Filter::Not(Box::new(tie(*inner, find)?)),
        Filter::Present(path) => Filter::Present(found(&path, find)?),
        Filter::Compare(path, operator, literal) => {
            let target = with_value(found(&path, find)?);
            let comparable = comparable(&path, target.last(), operator, &literal)?;
            Filter::Compare(target, operator, comparable)
        }
        Filter::Values(path, inner) => {
            let target = found(&path, find)?;
            let is_complex = matches!(target.last().kind, Kind::Complex(_));
            if !is_complex {
                return Err(refused(format!("`{path}` has no parts to filter by")));
            }
            let inner = tie(*inner, &|path| path.within(target.last()))?;
            Filter::Values(target, Box::new(inner))
        }
    })
}

fn found(path: &AttributePath, find: Find<'_>) -> Result<Target, ScimError> {
    find(path)
        .filter(|target| !target.is_secret())
        .ok_or_else(|| refused(format!("there is no attribute `{path}` to filter by")))
}

/// RFC 7644 3.4.2.2: a list of objects is compared by their `value`.
fn with_value(target: Target) -> Target {
    match (target.part, target.attribute.part("value")) {
        (None, Some(value)) => Target {
            part: Some(value),
            ..target
        },
        _ => target,
    }
}

fn comparable(
    path: &AttributePath,
    attribute: &Attribute,
    operator: Operator,
    literal: &Literal,
) -> Result<Comparable, ScimError> {
    use Operator as O;
    let is_equality = matches!(operator, O::Equal | O::NotEqual);
    let is_part = matches!(operator, O::Contains | O::StartsWith | O::EndsWith);
    let fits = match attribute.kind {
        Kind::Flag => is_equality,
        Kind::Moment => !is_part,
        _ => true,
    };
    if !fits || (*literal == Literal::Null && !is_equality) {
        return Err(refused(format!(
            "`{path}` cannot be compared by `{}` with that",
            operator.name()
        )));
    }
    let comparable = match literal {
        Literal::Null => Some(Comparable::Nothing),
        Literal::Flag(flag) => match attribute.kind {
            Kind::Flag => Some(Comparable::Flag(*flag)),
            _ => None,
        },
        Literal::Text(text) => Comparable::of(attribute, text),
        Literal::Number(_) => None,
    };
    comparable.ok_or_else(|| {
        let wanted = match attribute.kind {
            Kind::Flag => "true or false",
            Kind::Moment => "a moment, as in \"2026-01-31T12:00:00Z\"",
            Kind::Complex(_) => "nothing: it is an object, name one of its parts",
            _ => "a text in quotes",
        };
        refused(format!("`{path}` is compared with {wanted}"))
    })
}

fn moment(text: &str) -> Option<UnixMillis> {
    let moment: jiff::Timestamp = text.trim().parse().ok()?;
    Some(UnixMillis::from_millis(moment.as_millisecond()))
}

fn refused(detail: String) -> ScimError {
    ScimError::new(ScimType::InvalidFilter, detail)
}

impl Resolved {
    /// Whether the attribute of this name is asked for.
    pub(in crate::modules::admin::scim) fn mentions(&self, name: &str) -> bool {
        match self {
            Filter::And(left, right) | Filter::Or(left, right) => {
                left.mentions(name) || right.mentions(name)
            }
            Filter::Not(inner) => inner.mentions(name),
            Filter::Compare(target, ..) | Filter::Present(target) | Filter::Values(target, _) => {
                target.attribute.name == name
            }
        }
    }
}
