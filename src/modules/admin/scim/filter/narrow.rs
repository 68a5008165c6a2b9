//! What of a filter the database can answer by its indexes. Columns and operators are literals here, and
//! values are bound: nothing that was sent becomes text of a statement.

use super::{Comparable, Filter, Operator, Resolved};
use crate::{
    modules::admin::scim::{
        path::Target,
        schema::{ResourceType, USER_SCHEMA},
    },
    store::{Bound, Query},
};

/// A condition of a statement.
#[derive(Clone, Debug)]
pub(in crate::modules::admin::scim) enum Condition {
    /// These words, a value, and these.
    Compare(&'static str, Bound, &'static str),
    /// Texts of the column that begin so.
    Begins(&'static str, String),
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
}

/// What is left of a filter for the database.
#[derive(Debug)]
pub(in crate::modules::admin::scim) struct Narrowed {
    /// Holds for all that the filter holds for; `None` if nothing can be said.
    pub(in crate::modules::admin::scim) condition: Option<Condition>,
    /// Whether it holds for nothing else.
    pub(in crate::modules::admin::scim) is_exact: bool,
}

impl Condition {
    /// Writes it into a statement.
    pub(in crate::modules::admin::scim) fn write(&self, query: &mut Query) {
        match self {
            Self::Compare(before, value, after) => {
                query.push(before).bind(value.clone()).push(after);
            }
            Self::Begins(column, beginning) => {
                query.push("(").begins_with(column, beginning).push(")");
            }
            Self::All(conditions) => write_all(conditions, " AND ", query),
            Self::Any(conditions) => write_all(conditions, " OR ", query),
            // NULL is not equal to anything, and its opposite has to hold then.
            Self::Not(condition) => {
                query.push("(");
                condition.write(query);
                query.push(" IS NOT TRUE)");
            }
        }
    }
}

fn write_all(conditions: &[Condition], between: &'static str, query: &mut Query) {
    query.push("(");
    for (index, condition) in conditions.iter().enumerate() {
        if index > 0 {
            query.push(between);
        }
        condition.write(query);
    }
    query.push(")");
}

impl Narrowed {
    const NOTHING: Self = Self {
        condition: None,
        is_exact: false,
    };

    const fn exact(condition: Condition) -> Self {
        Self {
            condition: Some(condition),
            is_exact: true,
        }
    }

    const fn wider(condition: Condition) -> Self {
        Self {
            condition: Some(condition),
            is_exact: false,
        }
    }

    fn opposite(self) -> Self {
        match self.condition {
            Some(condition) if self.is_exact => Self::exact(Condition::Not(Box::new(condition))),
            _ => Self::NOTHING,
        }
    }
}

/// Finds it.
pub(in crate::modules::admin::scim) fn narrow(
    filter: &Resolved,
    resource: &ResourceType,
) -> Narrowed {
    match filter {
        Filter::And(left, right) => {
            let (left, right) = (narrow(left, resource), narrow(right, resource));
            let is_exact = left.is_exact && right.is_exact;
            let conditions: Vec<_> = left.condition.into_iter().chain(right.condition).collect();
            Narrowed {
                condition: (!conditions.is_empty()).then_some(Condition::All(conditions)),
                is_exact,
            }
        }
        Filter::Or(left, right) => {
            let (left, right) = (narrow(left, resource), narrow(right, resource));
            match (left.condition, right.condition) {
                (Some(one), Some(other)) => Narrowed {
                    condition: Some(Condition::Any(vec![one, other])),
                    is_exact: left.is_exact && right.is_exact,
                },
                _ => Narrowed::NOTHING,
            }
        }
        Filter::Not(inner) => narrow(inner, resource).opposite(),
        Filter::Compare(target, Operator::NotEqual, value) => {
            compare(*target, Operator::Equal, value, resource).opposite()
        }
        Filter::Compare(target, operator, value) => compare(*target, *operator, value, resource),
        Filter::Present(_) => Narrowed::NOTHING,
        Filter::Values(target, inner) => Narrowed {
            // That each of several conditions holds for some value does not say that all hold for one.
            is_exact: false,
            condition: one_value(*target, inner, resource),
        },
    }
}

/// What must hold for any of the values to be one that the filter holds for.
fn one_value(target: Target, inner: &Resolved, resource: &ResourceType) -> Option<Condition> {
    match inner {
        Filter::And(left, right) => {
            let each = [left, right].map(|side| one_value(target, side, resource));
            let conditions: Vec<_> = each.into_iter().flatten().collect();
            (!conditions.is_empty()).then_some(Condition::All(conditions))
        }
        Filter::Compare(part, operator, value) if *operator != Operator::NotEqual => {
            let whole = Target {
                part: Some(part.attribute),
                ..target
            };
            compare(whole, *operator, value, resource).condition
        }
        _ => None,
    }
}

fn compare(
    target: Target,
    operator: Operator,
    value: &Comparable,
    resource: &ResourceType,
) -> Narrowed {
    if target.extension.is_some() {
        return Narrowed::NOTHING;
    }
    let path = (target.attribute.name, target.part.map(|part| part.name));
    match value {
        Comparable::Exact(text) => by_id(path, operator, text),
        Comparable::Folded(text) if resource.schema.urn == USER_SCHEMA => {
            of_user(path, operator, text)
        }
        Comparable::Folded(text) => of_group(path, operator, text),
        Comparable::Moment(moment) => at(path, operator, moment.as_i64()),
        Comparable::Flag(flag) if path == ("active", None) && operator == Operator::Equal => {
            let is_active = Condition::Compare("(state = ", "active".into(), ")");
            let narrowed = Narrowed::exact(is_active);
            if *flag { narrowed } else { narrowed.opposite() }
        }
        _ => Narrowed::NOTHING,
    }
}

type Path<'a> = (&'a str, Option<&'a str>);

fn by_id(path: Path<'_>, operator: Operator, text: &str) -> Narrowed {
    let (before, after) = match path {
        _ if operator != Operator::Equal => return Narrowed::NOTHING,
        ("id", None) => ("(id = ", ")"),
        ("externalId", None) => ("(external_id = ", ")"),
        ("groups", Some("value")) => (
            "(id IN (SELECT user_id FROM group_members WHERE group_id = ",
            "))",
        ),
        ("members", Some("value")) => (
            "(id IN (SELECT group_id FROM group_members WHERE user_id = ",
            "))",
        ),
        _ => return Narrowed::NOTHING,
    };
    Narrowed::exact(Condition::Compare(before, text.into(), after))
}

fn of_user(path: Path<'_>, operator: Operator, text: &str) -> Narrowed {
    match (path, operator) {
        // Whom no directory has named is called by the address.
        (("userName", None), Operator::Equal) => Narrowed::exact(Condition::Any(vec![
            Condition::Compare("(user_name = ", text.into(), ")"),
            Condition::Compare("(user_name IS NULL AND email = ", text.into(), ")"),
        ])),
        (("userName", None), Operator::StartsWith) => Narrowed::wider(Condition::Any(vec![
            Condition::Begins("user_name", text.to_owned()),
            Condition::Begins("email", text.to_owned()),
        ])),
        (("emails", Some("value")), Operator::Equal) => {
            Narrowed::exact(Condition::Compare("(email = ", text.into(), ")"))
        }
        (("emails", Some("value")), Operator::StartsWith) => {
            Narrowed::exact(Condition::Begins("email", text.to_owned()))
        }
        (("displayName", None), Operator::Equal) => {
            Narrowed::wider(Condition::Compare("(name_key = ", text.into(), ")"))
        }
        (("displayName", None), Operator::StartsWith) => {
            Narrowed::wider(Condition::Begins("name_key", text.to_owned()))
        }
        _ => Narrowed::NOTHING,
    }
}

fn of_group(path: Path<'_>, operator: Operator, text: &str) -> Narrowed {
    match (path, operator) {
        (("displayName", None), Operator::Equal) => {
            Narrowed::exact(Condition::Compare("(name_key = ", text.into(), ")"))
        }
        (("displayName", None), Operator::StartsWith) => {
            Narrowed::exact(Condition::Begins("name_key", text.to_owned()))
        }
        _ => Narrowed::NOTHING,
    }
}

fn at(path: Path<'_>, operator: Operator, millis: i64) -> Narrowed {
    use Operator as O;
    let before = match (path, operator) {
        (("meta", Some("lastModified")), O::Equal) => "(updated_at = ",
        (("meta", Some("lastModified")), O::Greater) => "(updated_at > ",
        (("meta", Some("lastModified")), O::GreaterOrEqual) => "(updated_at >= ",
        (("meta", Some("lastModified")), O::Less) => "(updated_at < ",
        (("meta", Some("lastModified")), O::LessOrEqual) => "(updated_at <= ",
        (("meta", Some("created")), O::Equal) => "(created_at = ",
        (("meta", Some("created")), O::Greater) => "(created_at > ",
        (("meta", Some("created")), O::GreaterOrEqual) => "(created_at >= ",
        (("meta", Some("created")), O::Less) => "(created_at < ",
        (("meta", Some("created")), O::LessOrEqual) => "(created_at <= ",
        _ => return Narrowed::NOTHING,
    };
    Narrowed::exact(Condition::Compare(before, millis.into(), ")"))
}
