use biscuit_auth::builder::Binary;

use super::{
    operation::{binary, unary},
    program::Op,
    run::{ExpressionError, Failure, Run},
    value::Value,
};

/// What variables stand for; `None` for those that stand for nothing yet.
pub(super) type Bindings = Vec<Option<Value>>;

enum Operand<'a> {
    Value(Value),
    Closure(&'a [usize], &'a [Op]),
}

/// The value of an expression.
pub(super) fn evaluate(
    operations: &[Op],
    bindings: &mut Bindings,
    run: &mut Run<'_>,
) -> Result<Value, Failure> {
    let mut stack: Vec<Operand<'_>> = Vec::with_capacity(4);
    for operation in operations {
        run.spend(1)?;
        let value = match operation {
            Op::Value(value) => value.clone(),
            Op::Variable(slot) => bindings
                .get(*slot)
                .cloned()
                .flatten()
                .ok_or(ExpressionError::UnknownVariable)?,
            Op::Unary(operator) => match stack.pop() {
                Some(Operand::Value(value)) => unary(operator, &value, run)?,
                _ => return Err(ExpressionError::InvalidStack.into()),
            },
            Op::Binary(operator) => match (stack.pop(), stack.pop()) {
                (Some(Operand::Value(right)), Some(Operand::Value(left))) => {
                    binary(operator, left, right, run)?
                }
                (Some(Operand::Closure(parameters, body)), Some(Operand::Value(value)))
                | (Some(Operand::Value(value)), Some(Operand::Closure(parameters, body))) => {
                    with_closure(operator, &value, (parameters, body), bindings, run)?
                }
                _ => return Err(ExpressionError::InvalidStack.into()),
            },
            Op::Closure(parameters, body) => {
                stack.push(Operand::Closure(parameters, body));
                continue;
            }
        };
        stack.push(Operand::Value(value));
    }
    match (stack.pop(), stack.pop()) {
        (Some(Operand::Value(value)), None) => Ok(value),
        _ => Err(ExpressionError::InvalidStack.into()),
    }
}

fn with_closure(
    operator: &Binary,
    value: &Value,
    (parameters, body): (&[usize], &[Op]),
    bindings: &mut Bindings,
    run: &mut Run<'_>,
) -> Result<Value, Failure> {
    let is_used = |slot: &usize| bindings.get(*slot).is_some_and(Option::is_some);
    if parameters.iter().any(is_used) {
        return Err(ExpressionError::ShadowedVariable.into());
    }
    match (operator, value, parameters) {
        (Binary::TryOr, fallback, []) => match evaluate(body, bindings, run) {
            // A limit is no error that a token may catch.
            Err(Failure::Expression(_)) => Ok(fallback.clone()),
            outcome => outcome,
        },
        (Binary::LazyOr, Value::Bool(true), []) => Ok(Value::Bool(true)),
        (Binary::LazyAnd, Value::Bool(false), []) => Ok(Value::Bool(false)),
        (Binary::LazyOr, Value::Bool(false), []) | (Binary::LazyAnd, Value::Bool(true), []) => {
            evaluate(body, bindings, run)
        }
        (Binary::All | Binary::Any, Value::Set(members), [parameter]) => {
            let members = members.iter().cloned();
            each(operator, members, *parameter, body, bindings, run)
        }
        (Binary::All | Binary::Any, Value::Array(items), [parameter]) => {
            let items = items.iter().cloned();
            each(operator, items, *parameter, body, bindings, run)
        }
        (Binary::All | Binary::Any, Value::Map(entries), [parameter]) => {
            let pairs = entries
                .iter()
                .map(|(key, value)| Value::Array([key.value(), value.clone()].into()));
            each(operator, pairs, *parameter, body, bindings, run)
        }
        _ => Err(ExpressionError::InvalidType.into()),
    }
}

/// `all` ends at the first that is false, `any` at the first that is true.
fn each(
    operator: &Binary,
    values: impl Iterator<Item = Value>,
    parameter: usize,
    body: &[Op],
    bindings: &mut Bindings,
    run: &mut Run<'_>,
) -> Result<Value, Failure> {
    let ends_at = *operator == Binary::Any;
    for value in values {
        bindings[parameter] = Some(value);
        let outcome = evaluate(body, bindings, run);
        bindings[parameter] = None;
        match outcome? {
            Value::Bool(is) if is == ends_at => return Ok(Value::Bool(ends_at)),
            Value::Bool(_) => {}
            _ => return Err(ExpressionError::InvalidType.into()),
        }
    }
    Ok(Value::Bool(!ends_at))
}
