//! Caveats: conditions in CEL over what the tuple and the check say.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::{Arc, LazyLock},
};

use assay_reconciler::{
    namespace::{CaveatError, ParameterType, caveat_parameters, compile_caveat},
    spec::zanzibar_namespace::CaveatSpec,
};
use cel::{
    Context, Env, ExecutionError, Program, Value as CelValue, extractors::This, objects::Key,
};
use data_encoding::BASE64;
use ipnet::IpNet;
use jiff::SignedDuration;
use serde_json::{Map, Value};

/// A compiled caveat.
#[derive(Debug)]
pub struct Caveat {
    name: String,
    parameters: BTreeMap<String, ParameterType>,
    /// The parameters that the expression asks for.
    asked: BTreeSet<String>,
    program: Program,
}

/// A value of a context that is not of its parameter's type.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ContextError {
    /// Not of the type.
    #[error("the parameter `{parameter}` of the caveat `{caveat}` is of type `{expected}`")]
    Type {
        /// The caveat.
        caveat: String,
        /// The parameter.
        parameter: String,
        /// Its type.
        expected: String,
    },
    /// Nothing the caveat knows.
    #[error("the caveat `{caveat}` has no parameter `{parameter}`")]
    Unknown {
        /// The caveat.
        caveat: String,
        /// What it does not have.
        parameter: String,
    },
}

/// What a caveat says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Outcome {
    Holds,
    Fails,
    /// It depends on parameters that nobody has given.
    Missing(Arc<[String]>),
    /// It cannot be said: an overflow, a key that is not in a map, a value of another type.
    Broken(Arc<str>),
}

/// CEL's standard functions do not change, and making them takes longer than most caveats.
static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

impl Caveat {
    pub(crate) fn compile(name: &str, spec: &CaveatSpec) -> Result<Self, CaveatError> {
        let program = compile_caveat(&spec.expression, &spec.parameters)?;
        let asked = caveat_parameters(&program);
        Ok(Self {
            name: name.to_owned(),
            asked: asked
                .into_iter()
                .filter(|name| spec.parameters.contains_key(name))
                .collect(),
            parameters: spec.parameters.clone(),
            program,
        })
    }

    /// The caveat's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether a tuple may say this of the caveat's parameters.
    pub(crate) fn accepts(&self, context: &Map<String, Value>) -> Result<(), ContextError> {
        for (parameter, value) in context {
            if !self.parameters.contains_key(parameter) {
                return Err(ContextError::Unknown {
                    caveat: self.name.clone(),
                    parameter: parameter.clone(),
                });
            }
            self.value(parameter, value)?;
        }
        Ok(())
    }

    /// What it says for a tuple's context and a check's. The tuple's comes first: who writes tuples
    /// is trusted with more than who asks.
    pub(crate) fn evaluate(
        &self,
        stored: &Map<String, Value>,
        asked: &Map<String, Value>,
    ) -> Outcome {
        let mut context = Context::with_env(Arc::clone(&ENVIRONMENT));
        if let Err(error) = context.add_function("in_cidr", in_cidr) {
            return Outcome::Broken(error.to_string().into());
        }
        let mut missing = Vec::new();
        for parameter in &self.asked {
            match stored.get(parameter).or_else(|| asked.get(parameter)) {
                None => missing.push(parameter.clone()),
                Some(value) => match self.value(parameter, value) {
                    Ok(value) => context.add_variable_from_value(parameter.as_str(), value),
                    Err(error) => return Outcome::Broken(error.to_string().into()),
                },
            }
        }
        // CEL's logic takes in what is not there: `false && missing` is false.
        match self.program.execute(&context) {
            Ok(CelValue::Bool(true)) => Outcome::Holds,
            Ok(CelValue::Bool(false)) => Outcome::Fails,
            _ if !missing.is_empty() => Outcome::Missing(missing.into()),
            Ok(_) => Outcome::Broken("it gives no `true` or `false`".into()),
            // Values of a context may be personal: the kind of error is enough.
            Err(error) => Outcome::Broken(kind(&error).into()),
        }
    }

    fn value(&self, parameter: &str, value: &Value) -> Result<CelValue, ContextError> {
        let of = self
            .parameters
            .get(parameter)
            .unwrap_or(&ParameterType::Any);
        convert(of, value).ok_or_else(|| ContextError::Type {
            caveat: self.name.clone(),
            parameter: parameter.to_owned(),
            expected: of.to_string(),
        })
    }
}

fn kind(error: &ExecutionError) -> &'static str {
    match error {
        ExecutionError::NoSuchKey(_) => "a map does not have the key that it asks for",
        ExecutionError::IndexOutOfBounds(_) => "a list is shorter than the index that it asks for",
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => {
            "it divides by zero"
        }
        ExecutionError::Overflow(..) => "a number is too large",
        _ => "its operations do not fit the values",
    }
}

/// `ip.in_cidr("10.0.0.0/8")`.
#[allow(clippy::needless_pass_by_value)] // That is how CEL hands over arguments.
fn in_cidr(This(address): This<Arc<String>>, range: Arc<String>) -> Result<bool, ExecutionError> {
    let wrong = |what| ExecutionError::function_error("in_cidr", what);
    let address: IpAddr = address.parse().map_err(|_| wrong("not an address"))?;
    let range: IpNet = range
        .parse()
        .map_err(|_| wrong("not a range of addresses"))?;
    Ok(range.contains(&address))
}

fn convert(of: &ParameterType, value: &Value) -> Option<CelValue> {
    Some(match of {
        ParameterType::Any => anything(value)?,
        ParameterType::Bool => CelValue::Bool(value.as_bool()?),
        // JSON of other programs has large numbers as texts.
        ParameterType::Int => CelValue::Int(match value {
            Value::String(text) => text.parse().ok()?,
            _ => whole(value)?,
        }),
        ParameterType::Uint => CelValue::UInt(match value {
            Value::String(text) => text.parse().ok()?,
            _ => value.as_u64().or_else(|| whole(value)?.try_into().ok())?,
        }),
        ParameterType::Double => CelValue::Float(match value {
            Value::String(text) => text.parse().ok()?,
            _ => value.as_f64()?,
        }),
        ParameterType::String => CelValue::String(Arc::new(value.as_str()?.to_owned())),
        ParameterType::Bytes => {
            CelValue::Bytes(Arc::new(BASE64.decode(value.as_str()?.as_bytes()).ok()?))
        }
        ParameterType::Duration => {
            let length: SignedDuration = value.as_str()?.parse().ok()?;
            let nanoseconds = i64::try_from(length.as_nanos()).ok()?;
            CelValue::Duration(chrono::Duration::nanoseconds(nanoseconds))
        }
        ParameterType::Timestamp => {
            CelValue::Timestamp(chrono::DateTime::parse_from_rfc3339(value.as_str()?).ok()?)
        }
        ParameterType::IpAddress => {
            let address: IpAddr = value.as_str()?.parse().ok()?;
            CelValue::String(Arc::new(address.to_string()))
        }
        ParameterType::List(inner) => {
            let items = value.as_array()?.iter().map(|item| convert(inner, item));
            CelValue::List(Arc::new(items.collect::<Option<Vec<_>>>()?))
        }
        ParameterType::Map(inner) => {
            let entries = value.as_object()?.iter();
            map(entries.map(|(key, value)| Some((key, convert(inner, value)?))))?
        }
    })
}

/// A whole number, also where it is written `42.0`.
fn whole(value: &Value) -> Option<i64> {
    // Doubles are exact up to 2^53: beyond, a fraction is not seen any more.
    #[allow(clippy::cast_possible_truncation)]
    value.as_i64().or_else(|| {
        let number = value.as_f64()?;
        (number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0).then_some(number as i64)
    })
}

fn anything(value: &Value) -> Option<CelValue> {
    Some(match value {
        Value::Null => CelValue::Null,
        Value::Bool(value) => CelValue::Bool(*value),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => CelValue::Int(number),
            (None, Some(number)) => CelValue::UInt(number),
            (None, None) => CelValue::Float(number.as_f64()?),
        },
        Value::String(text) => CelValue::String(Arc::new(text.clone())),
        Value::Array(items) => {
            let items = items.iter().map(anything);
            CelValue::List(Arc::new(items.collect::<Option<Vec<_>>>()?))
        }
        Value::Object(entries) => map(entries
            .iter()
            .map(|(key, value)| Some((key, anything(value)?))))?,
    })
}

fn map<'a>(entries: impl Iterator<Item = Option<(&'a String, CelValue)>>) -> Option<CelValue> {
    let entries = entries.map(|entry| {
        let (key, value) = entry?;
        Some((Key::String(Arc::new(key.clone())), value))
    });
    let entries: std::collections::HashMap<Key, CelValue> = entries.collect::<Option<_>>()?;
    Some(CelValue::Map(cel::objects::Map {
        map: Arc::new(entries),
    }))
}
