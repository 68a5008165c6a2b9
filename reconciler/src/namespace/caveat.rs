//! The expression of a caveat: CEL over its parameters.

use std::collections::{BTreeMap, BTreeSet};

use cel::{
    Program,
    common::ast::{EntryExpr, Expr, IdedExpr},
};

use super::{ParameterType, TextRange};

/// Longest expression of a caveat, in bytes.
pub const MAX_CAVEAT_LENGTH: usize = 4_096;

/// Deepest operations within each other. Evaluation recurses, and `x + x + ...` nests without
/// parentheses.
const MAX_CAVEAT_DEPTH: usize = 100;

/// What a caveat may call: CEL's standard functions, and `in_cidr` of an `ipaddress`. The macros
/// (`has`, `all`, `exists`, ...) are no calls any more once they are read.
const FUNCTIONS: &[&str] = &[
    "bool",
    "bytes",
    "contains",
    "double",
    "duration",
    "dyn",
    "endsWith",
    "getDate",
    "getDayOfMonth",
    "getDayOfWeek",
    "getDayOfYear",
    "getFullYear",
    "getHours",
    "getMilliseconds",
    "getMinutes",
    "getMonth",
    "getSeconds",
    "in_cidr",
    "int",
    "matches",
    "size",
    "startsWith",
    "string",
    "timestamp",
    "type",
    "uint",
];

/// Names that are types within an expression, as in `type(x) == int`.
const TYPE_NAMES: &[&str] = &[
    "bool",
    "bytes",
    "double",
    "int",
    "list",
    "map",
    "null_type",
    "string",
    "type",
    "uint",
];

/// What is wrong with the expression of a caveat.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CaveatError {
    /// Which bytes of the text.
    pub range: TextRange,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl CaveatError {
    fn whole(text: &str, message: String) -> Self {
        Self {
            range: TextRange::new(0, text.len()),
            message,
            help: None,
        }
    }
}

/// Reads `text`, which may use the given parameters and nothing else.
pub fn compile_caveat(
    text: &str,
    parameters: &BTreeMap<String, ParameterType>,
) -> Result<Program, CaveatError> {
    if text.len() > MAX_CAVEAT_LENGTH {
        let message = format!(
            "the expression has {} bytes; {MAX_CAVEAT_LENGTH} are the most",
            text.len()
        );
        return Err(CaveatError::whole(text, message));
    }
    let program = Program::compile(text).map_err(|errors| {
        let first = errors.errors.into_iter().next();
        let at = first.as_ref().map_or(0, |error| offset(text, error.pos));
        // What the parser says over several lines is for a terminal of its own.
        let said = first.map(|error| error.msg).unwrap_or_default();
        let said = said.lines().next().unwrap_or_default().trim().to_owned();
        CaveatError {
            range: TextRange::new(at, text.len().min(at + 1).max(at)),
            message: format!("this is not an expression of CEL: {said}"),
            help: Some("https://cel.dev describes the language".to_owned()),
        }
    })?;
    let mut found = Names::default();
    found.collect(program.expression(), &mut Vec::new());
    if found.deepest > MAX_CAVEAT_DEPTH {
        let message = format!("more than {MAX_CAVEAT_DEPTH} operations within each other");
        return Err(CaveatError {
            help: Some("use lists: `x in [1, 2, 3]`".to_owned()),
            ..CaveatError::whole(text, message)
        });
    }
    for (id, name) in &found.variables {
        if !parameters.contains_key(name) && !TYPE_NAMES.contains(&name.as_str()) {
            let declared: Vec<_> = parameters.keys().map(|name| format!("`{name}`")).collect();
            return Err(CaveatError {
                range: range(text, &program, *id),
                message: format!(
                    "`{}` is not a parameter of this caveat",
                    name.escape_debug()
                ),
                help: Some(if declared.is_empty() {
                    "declare it under `parameters`".to_owned()
                } else {
                    format!("declare it, or use one of {}", declared.join(", "))
                }),
            });
        }
    }
    for (id, name) in &found.functions {
        if !is_operator(name) && !FUNCTIONS.contains(&name.as_str()) {
            return Err(CaveatError {
                range: range(text, &program, *id),
                message: format!("there is no function `{}`", name.escape_debug()),
                help: Some(format!("there are {}", FUNCTIONS.join(", "))),
            });
        }
    }
    Ok(program)
}

/// The parameters that an expression asks for.
pub fn caveat_parameters(program: &Program) -> BTreeSet<String> {
    let mut found = Names::default();
    found.collect(program.expression(), &mut Vec::new());
    found.variables.into_iter().map(|(_, name)| name).collect()
}

/// Operators are calls too: `_+_`, `!_`, `@in`.
fn is_operator(name: &str) -> bool {
    name.starts_with(['_', '!', '-', '@'])
}

fn offset(text: &str, (line, column): (isize, isize)) -> usize {
    let line = usize::try_from(line - 1).unwrap_or(0);
    let column = usize::try_from(column - 1).unwrap_or(0);
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let rest = text.get(start..).unwrap_or_default();
    let within = rest
        .char_indices()
        .nth(column)
        .map_or(rest.len(), |(at, _)| at);
    (start + within).min(text.len())
}

fn range(text: &str, program: &Program, id: u64) -> TextRange {
    let whole = TextRange::new(0, text.len());
    let Some((start, end)) = program.source_info().offset_for(id) else {
        return whole;
    };
    let (start, end) = (start as usize, end as usize + 1);
    if text.get(start..end).is_some() {
        TextRange::new(start, end)
    } else {
        whole
    }
}

/// What an expression names, with the node that does.
#[derive(Default)]
struct Names {
    variables: Vec<(u64, String)>,
    functions: Vec<(u64, String)>,
    depth: usize,
    deepest: usize,
}

impl Names {
    // A text of the greatest length nests some 2,000 deep, which these small frames can take.
    fn collect<'a>(&mut self, expression: &'a IdedExpr, bound: &mut Vec<&'a str>) {
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
        self.parts(expression, bound);
        self.depth -= 1;
    }

    fn parts<'a>(&mut self, expression: &'a IdedExpr, bound: &mut Vec<&'a str>) {
        match &expression.expr {
            Expr::Ident(name) => {
                if !bound.contains(&name.as_str()) {
                    self.variables.push((expression.id, name.clone()));
                }
            }
            Expr::Call(call) => {
                self.functions.push((expression.id, call.func_name.clone()));
                for part in call.target.as_deref().into_iter().chain(&call.args) {
                    self.collect(part, bound);
                }
            }
            Expr::Comprehension(over) => {
                self.collect(&over.iter_range, bound);
                self.collect(&over.accu_init, bound);
                let outer = bound.len();
                bound.push(&over.accu_var);
                bound.push(&over.iter_var);
                bound.extend(over.iter_var2.as_deref());
                for part in [&over.loop_cond, &over.loop_step, &over.result] {
                    self.collect(part, bound);
                }
                bound.truncate(outer);
            }
            Expr::List(list) => {
                for part in &list.elements {
                    self.collect(part, bound);
                }
            }
            Expr::Map(map) => self.entries(map.entries.iter().map(|entry| &entry.expr), bound),
            Expr::Struct(value) => {
                self.functions
                    .push((expression.id, value.type_name.clone()));
                self.entries(value.entries.iter().map(|entry| &entry.expr), bound);
            }
            Expr::Select(select) => self.collect(&select.operand, bound),
            Expr::Literal(_) | Expr::Unspecified => {}
        }
    }

    fn entries<'a>(
        &mut self,
        entries: impl Iterator<Item = &'a EntryExpr>,
        bound: &mut Vec<&'a str>,
    ) {
        for entry in entries {
            match entry {
                EntryExpr::StructField(field) => self.collect(&field.value, bound),
                EntryExpr::MapEntry(entry) => {
                    self.collect(&entry.key, bound);
                    self.collect(&entry.value, bound);
                }
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    fn parameters(names: &[&str]) -> BTreeMap<String, ParameterType> {
        let typed = names
            .iter()
            .map(|name| ((*name).to_owned(), ParameterType::Any));
        typed.collect()
    }

    #[test]
    fn what_an_expression_asks_for_is_known() {
        let all = parameters(&["list", "ip", "m", "x"]);
        for (text, expected) in [
            ("x == 1", vec!["x"]),
            (
                "list.all(i, i >= 42) && m.foo.bar < x",
                vec!["list", "m", "x"],
            ),
            ("!ip.in_cidr('10.0.0.0/8')", vec!["ip"]),
            ("has(m.foo) ? type(x) == int : true", vec!["int", "m", "x"]),
            ("list.exists(x, x == 1)", vec!["list"]),
            ("true", vec![]),
        ] {
            let program = compile_caveat(text, &all).unwrap();
            let found: Vec<_> = caveat_parameters(&program).into_iter().collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_shown_at_its_place() {
        let mut report = String::new();
        for text in [
            "",
            "x ==",
            "x == 1 &&\n y.z",
            "now() > x",
            "x.lowerAscii() == 'a'",
            "Foo{a: x}",
        ] {
            let error = compile_caveat(text, &parameters(&["x"])).unwrap_err();
            let marked = &text[error.range.start..error.range.end];
            writeln!(report, "{text:?}: {marked:?}: {}", error.message).unwrap();
        }
        let long = "x".repeat(MAX_CAVEAT_LENGTH + 1);
        report.push_str(
            &compile_caveat(&long, &parameters(&["x"]))
                .unwrap_err()
                .message,
        );
        insta::assert_snapshot!(report);
    }

    #[test]
    fn nesting_is_refused_and_not_a_crash() {
        for text in [
            format!("{}x{}", "(".repeat(2_000), ")".repeat(2_000)),
            format!("{}x", "!".repeat(4_000)),
            format!("{}x", "-".repeat(4_000)),
            format!("x{}", ".a".repeat(2_000)),
            format!("x{}", "[0]".repeat(1_300)),
            format!("x{}", " + x".repeat(1_000)),
            format!("x{}", " || x".repeat(800)),
            format!("{}x", "x ? x : ".repeat(500)),
            format!("{}x{}", "[".repeat(2_000), "]".repeat(2_000)),
        ] {
            // Either is fine, as long as it returns.
            let _ = compile_caveat(&text, &parameters(&["x"]));
        }
    }
}
