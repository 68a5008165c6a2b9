#![allow(clippy::unwrap_used, clippy::panic)]

use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::namespace::PermissionExpression;

fn canonical(text: &str) -> String {
    match text.parse::<PermissionExpression>() {
        Ok(expression) => expression.to_string(),
        Err(error) => format!("{text}: {error}"),
    }
}

fn is_mixed(text: &str) -> bool {
    parse(text).unwrap().mixed.is_some()
}

#[test]
fn precedence_is_that_of_spicedb() {
    for (text, expected) in [
        ("a + b & c", "(a + b) & c"),
        ("a & b + c", "a & (b + c)"),
        ("a - b + c", "a - (b + c)"),
        ("a + b - c", "(a + b) - c"),
        ("a & b - c", "(a & b) - c"),
        ("a - b & c", "a - (b & c)"),
        ("a - b - c", "a - b - c"),
        ("a - (b - c)", "a - (b - c)"),
        ("a + (b & c)", "a + (b & c)"),
        ("a - b + c & d", "a - ((b + c) & d)"),
    ] {
        assert_eq!(canonical(text), expected, "{text}");
    }
}

#[test]
fn there_is_one_text_for_one_meaning() {
    for (text, expected) in [
        ("a+b", "a + b"),
        ("\n a\t+\n  b ", "a + b"),
        ("((a))", "a"),
        ("(a + b) + (c + (d))", "a + b + c + d"),
        ("(a & b) & c", "a & b & c"),
        ("(a - b) - c", "a - b - c"),
        ("parent -> view", "parent->view"),
        ("parent.any(view)", "parent->view"),
        ("parent . all ( view )", "parent.all(view)"),
        ("viewer-banned", "viewer - banned"),
        ("self + nil", "self + nil"),
        ("any.all(all)", "any.all(all)"),
    ] {
        assert_eq!(canonical(text), expected, "{text}");
    }
}

#[test]
fn operators_mixed_without_parentheses_are_noticed() {
    for text in [
        "a + b & c",
        "a & b + c",
        "a - b + c",
        "a & b - c",
        "x + (a + b & c)",
    ] {
        assert!(is_mixed(text), "{text}");
    }
    for text in [
        "a",
        "a + b",
        "(a + b) & c",
        "a - (b + c)",
        "a - b - c",
        "(a & b) - (c + d)",
    ] {
        assert!(!is_mixed(text), "{text}");
    }
}

#[test]
fn ranges_are_within_the_text_as_written() {
    let text = "a  + ( parent.all(view) )";
    let parsed = parse(text).unwrap();
    let Operation::Union(operands) = parsed.expression.operation else {
        panic!("not a union: {:?}", parsed.expression)
    };
    let Operation::Arrow { target, .. } = &operands[1].operation else {
        panic!("not an arrow: {:?}", operands[1])
    };
    assert_eq!(&text[target.range.start..target.range.end], "view");
    assert_eq!(
        &text[operands[1].range.start..operands[1].range.end],
        "( parent.all(view) )"
    );
}

#[test]
fn syntax_errors_say_what_to_write() {
    let mut report = String::new();
    for text in [
        "",
        "   ",
        "viewer | editor",
        "viewer || editor",
        "viewer or editor",
        "viewer, editor",
        "viewer and editor",
        "viewer && editor",
        "viewer not banned",
        "viewer - not banned",
        "viewer & !banned",
        "viewer but banned",
        "-banned",
        "not banned",
        "viewer +",
        "+ viewer",
        "viewer ++ editor",
        "viewer editor",
        "viewer (editor)",
        "viewer - (banned",
        "viewer)",
        "()",
        "viewer + größe",
        "1st",
        "view_",
        "user:*",
        "group#member",
        "*",
        "parent->",
        "parent->(view + edit)",
        "parent->parent->view",
        "(a + b)->view",
        "self->view",
        "parent->self",
        "parent.al(view)",
        "parent.view",
        "parent.all view",
        "parent.all(view",
        "parent => view",
        "parent → view",
        "viewer — banned",
        "viewer\u{7}",
        "nil.any(view)",
    ] {
        let error = parse(text).err().unwrap();
        let before = text[..error.range.start].chars().count();
        let marked = text[error.range.start..error.range.end]
            .chars()
            .count()
            .max(1);
        let shown = text.replace('\u{7}', "?");
        writeln!(
            report,
            "{shown}\n{}{}",
            " ".repeat(before),
            "^".repeat(marked)
        )
        .unwrap();
        writeln!(report, "{error}\n").unwrap();
    }
    insta::assert_snapshot!(report);
}

#[test]
fn depth_and_length_have_limits() {
    let nested = |depth: usize| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(canonical(&nested(MAX_NESTING)), "a");
    assert_eq!(
        parse(&nested(MAX_NESTING + 1)).err().unwrap().to_string(),
        "found `(`, expected at most 50 parentheses within each other; \
         name parts of it as permissions of their own"
    );

    let joined = |operator: &str, length: usize| vec!["a"; length].join(operator);
    for operator in ["+", "&", "-"] {
        let longest = joined(operator, MAX_EXPRESSION_LENGTH / 2);
        assert!(parse(&longest).is_ok(), "{operator}");
    }
    assert_eq!(
        parse(&joined("+", MAX_EXPRESSION_LENGTH))
            .err()
            .unwrap()
            .to_string(),
        "found 16383 bytes, expected 8192 at most; name parts of it as permissions of their own"
    );
    assert!(parse(&"(".repeat(MAX_EXPRESSION_LENGTH)).is_err());
}

fn names() -> impl Strategy<Value = Identifier> {
    "[a-z_][a-z0-9_]{0,6}[a-z0-9]"
        .prop_filter("reserved", |text| name::name(text).is_ok())
        .prop_map(|text| Identifier {
            text,
            range: TextRange::default(),
        })
}

fn expressions() -> impl Strategy<Value = Expression> {
    let quantifier = prop_oneof![Just(Quantifier::Any), Just(Quantifier::All)];
    let leaf = prop_oneof![
        Just(Operation::Nil),
        Just(Operation::Itself),
        names().prop_map(Operation::Name),
        (names(), quantifier, names()).prop_map(|(relation, quantifier, target)| {
            Operation::Arrow {
                relation,
                quantifier,
                target,
            }
        }),
    ]
    .prop_map(|operation| Expression::new(operation, TextRange::default()));
    leaf.prop_recursive(6, 40, 4, |inner| {
        let several = prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            several.clone().prop_map(Expression::union),
            several.clone().prop_map(Expression::intersection),
            (inner, several).prop_map(|(base, excluded)| Expression::exclusion(base, excluded)),
        ]
    })
}

/// Text that looks enough like an expression to get past the first token.
fn near_expressions() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop_oneof![
            Just("a"),
            Just("nil"),
            Just("self"),
            Just("+"),
            Just("&"),
            Just("-"),
            Just("->"),
            Just("("),
            Just(")"),
            Just("."),
            Just("all"),
            Just(" "),
            Just("|"),
            Just("é"),
        ],
        0..40,
    )
    .prop_map(|parts| parts.concat())
}

fn error_is_within(text: &str, error: &SyntaxError) -> bool {
    text.get(error.range.start..error.range.end).is_some()
}

proptest! {
    #[test]
    fn what_is_printed_is_read_back(expression in expressions()) {
        let parsed = parse(&expression.to_string()).unwrap();
        prop_assert_eq!(&parsed.expression, &expression);
        prop_assert!(parsed.mixed.is_none());
    }

    #[test]
    fn the_canonical_text_is_its_own(text in near_expressions()) {
        match text.parse::<PermissionExpression>() {
            Ok(expression) => {
                let again: PermissionExpression = expression.as_str().parse().unwrap();
                prop_assert_eq!(again.as_str(), expression.as_str());
                prop_assert_eq!(again.expression(), expression.expression());
            }
            Err(error) => prop_assert!(error_is_within(&text, &error)),
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        if let Err(error) = text.parse::<PermissionExpression>() {
            prop_assert!(error_is_within(&text, &error));
        }
    }
}
