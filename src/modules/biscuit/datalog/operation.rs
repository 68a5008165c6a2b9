//! What operators do with values: as the reference implementation does, down to what is an error.

use std::sync::Arc;

use biscuit_auth::builder::{Binary, Unary};

use super::{
    run::{ExpressionError, Failure, Run},
    value::{Key, Value},
};

pub(super) fn unary(operator: &Unary, value: &Value, run: &mut Run<'_>) -> Result<Value, Failure> {
    Ok(match (operator, value) {
        (Unary::Negate, Value::Bool(is)) => Value::Bool(!is),
        (Unary::Parens, value) => value.clone(),
        (Unary::Length, Value::Text(text)) => length(text.len()),
        (Unary::Length, Value::Bytes(bytes)) => length(bytes.len()),
        (Unary::Length, Value::Set(members)) => length(members.len()),
        (Unary::Length, Value::Array(items)) => length(items.len()),
        (Unary::Length, Value::Map(entries)) => length(entries.len()),
        (Unary::TypeOf, value) => Value::Text(value.type_name().into()),
        (Unary::Ffi(name), value) => external(name, value.clone(), None, run)?,
        _ => return Err(ExpressionError::InvalidType.into()),
    })
}

fn length(length: usize) -> Value {
    Value::Integer(i64::try_from(length).unwrap_or(i64::MAX))
}

fn external(
    name: &str,
    left: Value,
    right: Option<Value>,
    run: &Run<'_>,
) -> Result<Value, ExpressionError> {
    let function = run
        .externs
        .get(name)
        .ok_or(ExpressionError::UndefinedExtern)?;
    function(left, right).ok_or(ExpressionError::InvalidType)
}

pub(super) fn binary(
    operator: &Binary,
    left: Value,
    right: Value,
    run: &mut Run<'_>,
) -> Result<Value, Failure> {
    use Binary as B;
    use Value as V;
    run.spend(left.weight() + right.weight())?;
    let is = |is: bool| Ok(V::Bool(is));
    match (operator, left, right) {
        // Equality of one type; `==` and `!=` of two types have an answer, `===` and `!==` have none.
        (B::Equal | B::HeterogeneousEqual, left, right) if same_type(&left, &right) => {
            is(left == right)
        }
        (B::NotEqual | B::HeterogeneousNotEqual, left, right) if same_type(&left, &right) => {
            is(left != right)
        }
        (B::HeterogeneousEqual, ..) => is(false),
        (B::HeterogeneousNotEqual, ..) => is(true),

        (B::LessThan, V::Integer(i), V::Integer(j)) => is(i < j),
        (B::GreaterThan, V::Integer(i), V::Integer(j)) => is(i > j),
        (B::LessOrEqual, V::Integer(i), V::Integer(j)) => is(i <= j),
        (B::GreaterOrEqual, V::Integer(i), V::Integer(j)) => is(i >= j),
        (B::LessThan, V::Date(i), V::Date(j)) => is(i < j),
        (B::GreaterThan, V::Date(i), V::Date(j)) => is(i > j),
        (B::LessOrEqual, V::Date(i), V::Date(j)) => is(i <= j),
        (B::GreaterOrEqual, V::Date(i), V::Date(j)) => is(i >= j),

        (B::Add, V::Integer(i), V::Integer(j)) => number(i.checked_add(j)),
        (B::Sub, V::Integer(i), V::Integer(j)) => number(i.checked_sub(j)),
        (B::Mul, V::Integer(i), V::Integer(j)) => number(i.checked_mul(j)),
        (B::Div, V::Integer(i), V::Integer(j)) => match i.checked_div(j) {
            Some(quotient) => Ok(V::Integer(quotient)),
            None => Err(ExpressionError::DivideByZero.into()),
        },
        (B::BitwiseAnd, V::Integer(i), V::Integer(j)) => Ok(V::Integer(i & j)),
        (B::BitwiseOr, V::Integer(i), V::Integer(j)) => Ok(V::Integer(i | j)),
        (B::BitwiseXor, V::Integer(i), V::Integer(j)) => Ok(V::Integer(i ^ j)),
        (B::And, V::Bool(i), V::Bool(j)) => is(i & j),
        (B::Or, V::Bool(i), V::Bool(j)) => is(i | j),

        (B::Prefix, V::Text(text), V::Text(part)) => is(text.starts_with(&*part)),
        (B::Suffix, V::Text(text), V::Text(part)) => is(text.ends_with(&*part)),
        (B::Contains, V::Text(text), V::Text(part)) => is(text.contains(&*part)),
        (B::Regex, V::Text(text), V::Text(pattern)) => Ok(V::Bool(run.matches(&text, &pattern)?)),
        (B::Add, V::Text(left), V::Text(right)) => {
            run.make(left.len() + right.len())?;
            Ok(V::Text([&*left, &*right].concat().into()))
        }

        (B::Intersection, V::Set(left), V::Set(right)) => {
            run.make((left.len() + right.len()) * size_of::<V>())?;
            Ok(V::Set(Arc::new(
                left.intersection(&right).cloned().collect(),
            )))
        }
        (B::Union, V::Set(left), V::Set(right)) => {
            run.make((left.len() + right.len()) * size_of::<V>())?;
            Ok(V::Set(Arc::new(left.union(&right).cloned().collect())))
        }
        (B::Contains, V::Set(set), V::Set(part)) => is(set.is_superset(&part)),
        (
            B::Contains,
            V::Set(set),
            member @ (V::Integer(_) | V::Date(_) | V::Bool(_) | V::Text(_) | V::Bytes(_)),
        ) => is(set.contains(&member)),

        (B::Contains, V::Array(items), item) => is(items.contains(&item)),
        (B::Prefix, V::Array(items), V::Array(part)) => is(items.starts_with(&part)),
        (B::Suffix, V::Array(items), V::Array(part)) => is(items.ends_with(&part)),
        (B::Get, V::Array(items), V::Integer(index)) => {
            let item = usize::try_from(index)
                .ok()
                .and_then(|index| items.get(index));
            Ok(item.cloned().unwrap_or(V::Null))
        }

        (B::Contains, V::Map(entries), key) => is(match key {
            V::Integer(key) => entries.contains_key(&Key::Integer(key)),
            V::Text(key) => entries.contains_key(&Key::Text(key)),
            _ => false,
        }),
        (B::Get, V::Map(entries), V::Integer(key)) => {
            Ok(entries.get(&Key::Integer(key)).cloned().unwrap_or(V::Null))
        }
        (B::Get, V::Map(entries), V::Text(key)) => {
            Ok(entries.get(&Key::Text(key)).cloned().unwrap_or(V::Null))
        }

        (B::Ffi(name), left, right) => Ok(external(name, left, Some(right), run)?),
        _ => Err(ExpressionError::InvalidType.into()),
    }
}

fn same_type(left: &Value, right: &Value) -> bool {
    std::mem::discriminant(left) == std::mem::discriminant(right)
}

fn number(sum: Option<i64>) -> Result<Value, Failure> {
    match sum {
        Some(sum) => Ok(Value::Integer(sum)),
        None => Err(ExpressionError::Overflow.into()),
    }
}
