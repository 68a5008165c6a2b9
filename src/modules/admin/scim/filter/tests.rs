#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::modules::admin::scim::{
    error::ScimType,
    limits::{MAX_DEPTH, MAX_FILTER, MAX_TERMS},
    path::AttributePath,
    schema::{GROUP, USER},
};

fn ada() -> Map<String, Value> {
    let ada = json!({
        "id": "7", "userName": "Ada@Example.com", "active": true,
        "name": { "givenName": "Ada", "familyName": "Lovelace" },
        "emails": [
            { "value": "ada@example.com", "type": "work", "primary": true },
            { "value": "ada@home.example", "type": "home" },
        ],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "department": "Engines" },
        "meta": { "lastModified": "2026-01-31T12:00:00Z" },
    });
    ada.as_object().unwrap().clone()
}

fn is_found(text: &str) -> bool {
    let filter = resolve(parse(text).unwrap(), &USER).unwrap();
    holds(&filter, &ada())
}

#[test]
fn filters_hold_for_what_they_say() {
    for text in [
        r#"userName eq "ada@example.com""#,
        r#"USERNAME Eq "ADA@example.com""#,
        r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "ada""#,
        r#"name.familyName co "LACE""#,
        r#"name.familyName ew "lace" and active eq true"#,
        r#"active eq "True""#,
        r#"emails eq "ada@home.example""#,
        r#"emails[type eq "home" and value ew ".example"]"#,
        r#"emails[not (type eq "work")]"#,
        r#"emails.type eq "home""#,
        "emails pr and not (title pr)",
        r#"nickName ne "ada""#,
        "nickName eq null",
        r#"title pr or (userName gt "a" and userName lt "b")"#,
        r#"meta.lastModified ge "2026-01-31T12:00:00.0000000Z""#,
        r#"meta.lastModified lt "2026-01-31T14:00:00+01:00""#,
        r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "engines""#,
    ] {
        assert!(is_found(text), "{text}");
    }
    for text in [
        r#"id eq "8""#,
        r#"userName eq "ada""#,
        r#"emails[type eq "home" and value eq "ada@example.com"]"#,
        r#"userName ne "ada@example.com""#,
        "title pr and userName pr or nickName pr",
        r#"meta.lastModified gt "2026-01-31T12:00:00Z""#,
        "active eq false",
    ] {
        assert!(!is_found(text), "{text}");
    }
}

#[test]
fn what_is_no_filter_is_refused() {
    for text in [
        "",
        "userName",
        "userName eq",
        "userName eq ada",
        r#"userName is "ada""#,
        r#"userName eq "ada"#,
        r#"(userName eq "ada""#,
        r#"userName eq "ada")"#,
        r#"emails[type eq "work""#,
        r#"user name eq "ada""#,
        r#"userName eq "ada" and"#,
        r#"userName eq "ada"; DROP TABLE users"#,
        r#"not userName eq "ada""#,
    ] {
        let refused = parse(text).unwrap_err();
        assert_eq!(refused.scim_type(), Some(ScimType::InvalidFilter), "{text}");
    }
}

#[test]
fn what_cannot_be_compared_is_refused() {
    for text in [
        r#"shoeSize eq "44""#,
        r#"name.nickName eq "ada""#,
        "userName eq true",
        "userName gt null",
        "active gt true",
        r#"active eq "maybe""#,
        r#"name eq "Ada""#,
        r#"meta.lastModified gt "yesterday""#,
        r#"meta.created sw "2026""#,
        r#"userName[value eq "a"]"#,
        // A password is not to be guessed letter by letter.
        r#"password sw "a""#,
        "password pr",
    ] {
        let refused = resolve(parse(text).unwrap(), &USER).unwrap_err();
        assert_eq!(refused.scim_type(), Some(ScimType::InvalidFilter), "{text}");
    }
}

#[test]
fn filters_are_bounded() {
    let long = format!("userName eq \"{}\"", "a".repeat(MAX_FILTER));
    let many = vec!["title pr"; MAX_TERMS + 1].join(" or ");
    let deep = format!(
        "{}title pr{}",
        "(".repeat(MAX_DEPTH + 1),
        ")".repeat(MAX_DEPTH + 1)
    );
    for text in [long, many, deep] {
        assert!(parse(&text).is_err());
    }
    assert!(parse(&vec!["title pr"; MAX_TERMS].join(" or ")).is_ok());
    let fine = format!("{}title pr{}", "(".repeat(MAX_DEPTH), ")".repeat(MAX_DEPTH));
    assert!(parse(&fine).is_ok());
}

#[test]
fn what_directories_ask_is_answered_by_indexes_alone() {
    for text in [
        r#"userName eq "ada@example.com""#,
        r#"externalId eq "4711""#,
        r#"id eq "7""#,
        r#"emails eq "ada@example.com""#,
        r#"emails.value eq "ada@example.com" or userName eq "ada""#,
        r#"meta.lastModified gt "2026-01-31T12:00:00Z" and active eq false"#,
        r#"not (externalId eq "4711")"#,
        r#"groups.value eq "8""#,
    ] {
        let filter = resolve(parse(text).unwrap(), &USER).unwrap();
        assert!(narrow(&filter, &USER).is_exact, "{text}");
    }
    for text in [
        r#"displayName eq "Engineers""#,
        r#"externalId eq "4711" and displayName sw "E""#,
        r#"members eq "7""#,
    ] {
        let filter = resolve(parse(text).unwrap(), &GROUP).unwrap();
        assert!(narrow(&filter, &GROUP).is_exact, "{text}");
    }
}

#[test]
fn what_an_index_answers_in_part_is_looked_at_again() {
    for (text, is_narrowed) in [
        (r#"emails[type eq "work" and value eq "a@b.c"]"#, true),
        (r#"userName eq "ada" and title eq "Countess""#, true),
        (r#"emails[not (value eq "a@b.c")]"#, false),
        (r#"emails[value ne "a@b.c"]"#, false),
        (r#"userName eq "ada" or title eq "Countess""#, false),
        (r#"not (userName eq "ada" and title pr)"#, false),
        ("title pr", false),
    ] {
        let filter = resolve(parse(text).unwrap(), &USER).unwrap();
        let narrowed = narrow(&filter, &USER);
        assert!(!narrowed.is_exact, "{text}");
        assert_eq!(narrowed.condition.is_some(), is_narrowed, "{text}");
    }
}

fn path() -> impl Strategy<Value = AttributePath> {
    "(urn:[a-z]{1,5}:[0-9.]{1,3}[A-Za-z]:)?[A-Za-z][A-Za-z0-9_-]{0,8}(\\.[$]?[a-z]{1,5})?"
        .prop_filter_map("a path", |text| {
            // `not` before a parenthesis is a word of the language.
            let path = AttributePath::parse(&text)?;
            (!text.eq_ignore_ascii_case("not")).then_some(path)
        })
}

fn literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        Just(Literal::Null),
        any::<bool>().prop_map(Literal::Flag),
        any::<i64>().prop_map(|number| Literal::Number(number.into())),
        any::<String>().prop_map(Literal::Text),
        r#"[\\"() \[\]a]{0,8}"#.prop_map(Literal::Text),
    ]
}

fn written() -> impl Strategy<Value = Written> {
    let leaf = prop_oneof![
        (path(), 0..9_usize, literal()).prop_map(|(path, op, with)| Filter::Compare(
            path,
            Operator::ALL[op],
            with
        )),
        path().prop_map(Filter::Present),
    ];
    leaf.prop_recursive(4, 16, 2, |inner| {
        let two = (inner.clone(), inner.clone());
        let two = two.prop_map(|(left, right)| (Box::new(left), Box::new(right)));
        prop_oneof![
            two.clone()
                .prop_map(|(left, right)| Filter::And(left, right)),
            two.prop_map(|(left, right)| Filter::Or(left, right)),
            inner.clone().prop_map(|inner| Filter::Not(Box::new(inner))),
            (path(), inner).prop_map(|(path, inner)| Filter::Values(path, Box::new(inner))),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_printed_reads_as_what_it_was(filter in written()) {
        let text = filter.to_string();
        prop_assume!(text.len() <= MAX_FILTER);
        prop_assert_eq!(parse(&text).unwrap(), filter, "{}", text);
    }

    #[test]
    fn anything_is_read_or_refused(text in any::<String>()) {
        let _ = parse(&text);
        let _ = parse_path(&text);
    }

    #[test]
    fn nearly_filters_are_read_or_refused(
        text in r#"((userName|emails|not|and|or|eq|pr|\(|\)|\[|\]|"a"|"\\|7|\.|:) ?){0,12}"#
    ) {
        if let Ok(filter) = parse(&text) {
            prop_assert_eq!(parse(&filter.to_string()).unwrap(), filter);
        }
        let _ = parse_path(&text);
    }
}
