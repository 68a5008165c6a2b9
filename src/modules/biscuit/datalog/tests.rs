use std::time::{Duration, Instant};

use biscuit_auth::{PublicKey, builder::Algorithm};

use super::*;

const LIMITS: Limits = Limits {
    facts: 1_000,
    iterations: 100,
    time: Duration::from_millis(50),
};

fn block(code: &str) -> Block {
    let parsed = parse_block(code, &Parameters::new()).unwrap();
    compiled(&parsed)
}

fn compiled(parsed: &Parsed) -> Block {
    Block::compile(
        &parsed.facts,
        &parsed.rules,
        &parsed.checks,
        &parsed.scopes,
        None,
    )
    .unwrap()
}

fn policies(code: &str) -> Policies {
    let parsed = parse_authorizer(code, &Parameters::new()).unwrap();
    Policies::compile(compiled(&parsed), &parsed.policies).unwrap()
}

fn decide(blocks: &[&str], code: &str) -> Result<Decision, Failure> {
    let blocks: Vec<Block> = blocks.iter().map(|code| block(code)).collect();
    authorize(&blocks, &policies(code), LIMITS, &Externs::new())
}

fn allows(blocks: &[&str], code: &str) -> bool {
    decide(blocks, code).unwrap().is_allowed()
}

/// Ends because of a limit, and soon.
fn is_cut_short(blocks: &[&str], code: &str) -> Limit {
    let began = Instant::now();
    let outcome = decide(blocks, code);
    let took = began.elapsed();
    assert!(took < LIMITS.time * 6, "{took:?}");
    match outcome {
        Err(Failure::Limit(limit)) => limit,
        other => panic!("{other:?}"),
    }
}

fn many(name: &str, count: usize) -> String {
    (0..count)
        .map(|number| format!("{name}({number});"))
        .collect()
}

#[test]
fn nothing_is_allowed_that_no_policy_allows() {
    assert!(allows(&["user(1);"], "allow if user(1);"));
    assert!(!allows(&["user(1);"], "allow if user(2);"));
    assert!(!allows(&["user(1);"], ""));
    assert!(!allows(&["user(1);"], "deny if user(1); allow if true;"));
    assert!(!allows(
        &["user(1); check if time($t), $t < 2020-01-01T00:00:00Z;"],
        "time(2021-01-01T00:00:00Z); allow if true;"
    ));
}

#[test]
fn a_block_that_was_added_gives_nothing() {
    let authority = "user(1);";
    let added = "admin(true); right($u) <- user($u);";
    assert!(!allows(&[authority, added], "allow if admin(true);"));
    assert!(!allows(&[authority, added], "allow if right(1);"));
    // Its own checks see its own facts.
    assert!(allows(
        &[authority, "admin(true); check if admin(true);"],
        "allow if true;"
    ));
    assert!(!allows(
        &[authority, added, "check if admin(true);"],
        "allow if true;"
    ));
    assert!(allows(
        &[authority, added, "trusting previous; check if admin(true);"],
        "allow if true;"
    ));
    // What a rule of the verifier derives of what it may not see is not there.
    let rule = "seen($a) <- admin($a); allow if seen(true);";
    assert!(!allows(&[authority, added], rule));
}

#[test]
fn neither_of_two_may_be_where_either_is_rejected() {
    let token = ["reject if banned(1) or locked(1);"];
    assert!(allows(&token, "allow if true;"));
    for fact in ["banned(1);", "locked(1);", "banned(1); locked(1);"] {
        assert!(!allows(&token, &format!("{fact} allow if true;")), "{fact}");
    }
}

#[test]
fn what_a_holder_writes_costs_no_more_than_the_limits() {
    let join = (0..8)
        .map(|n| format!("f($x{n})"))
        .collect::<Vec<_>>()
        .join(", ");
    let token = format!("{} check if {join}, g(1);", many("f", 200));
    let with_last = format!("g(2); {token}");
    assert_eq!(is_cut_short(&[&with_last], "allow if true;"), Limit::Time);
    let rule = format!("{} h(1) <- {join}, 1 == 2;", many("f", 200));
    assert_eq!(is_cut_short(&[&rule], "allow if true;"), Limit::Time);

    let pairs = format!("{} p($x, $y) <- f($x), f($y);", many("f", 100));
    assert_eq!(is_cut_short(&[&pairs], "allow if true;"), Limit::Facts);
    assert_eq!(
        is_cut_short(&[&many("f", 1_001)], "allow if true;"),
        Limit::Facts
    );
    let count = "n(0); n($x) <- n($y), next($y, $x);";
    let next: String = (0..150).map(|n| format!("next({n}, {});", n + 1)).collect();
    let counts = [block(&format!("{count} {next}"))];
    let limits = Limits {
        iterations: 20,
        time: Duration::from_secs(9),
        ..LIMITS
    };
    assert_eq!(
        authorize(
            &counts,
            &policies("allow if true;"),
            limits,
            &Externs::new()
        ),
        Err(Failure::Limit(Limit::Iterations))
    );

    let set = (0..60)
        .map(|n| n.to_string())
        .collect::<Vec<_>>()
        .join(", ");
    let nested =
        "{S}.all($a -> {S}.all($b -> {S}.all($c -> {S}.all($d -> {S}.all($e -> $a + $e >= 0)))))";
    let nested = nested.replace("{S}", &format!("{{{set}}}"));
    assert_eq!(
        is_cut_short(&[&format!("check if {nested};")], "allow if true;"),
        Limit::Time
    );

    let text = "a".repeat(3_000);
    let sum = vec!["$t"; 1_500].join(" + ");
    let sums = format!("t(\"{text}\"); check if t($t), {sum} == \"\";");
    assert_eq!(is_cut_short(&[&sums], "allow if true;"), Limit::Memory);
}

#[test]
fn a_regular_expression_costs_no_more_than_the_limits() {
    for pattern in [
        r"(((((a{30}){30}){30}){30}){30})",
        r"\\pL{1000}",
        &"(a?){50}".repeat(50),
    ] {
        let check = format!("check if \"aaaa\".matches(\"{pattern}\");");
        assert_eq!(
            is_cut_short(&[&check], "allow if true;"),
            Limit::Regex,
            "{pattern}"
        );
    }
    let long = format!("check if \"{}\".matches(\"a*\");", "a".repeat(2_049));
    assert_eq!(is_cut_short(&[&long], "allow if true;"), Limit::Regex);
    let many: String = (0..33)
        .map(|n| format!("check if \"{n}\".matches(\"{n}\");"))
        .collect();
    assert_eq!(is_cut_short(&[&many], "allow if true;"), Limit::Regex);
    // The worst that fits ends in time.
    let slow = format!(
        "check if t($t), $t.matches(\"(x+x+)+y[ab]{{40}}\"); t(\"{}\");",
        "x".repeat(2_000)
    );
    let began = Instant::now();
    assert!(!allows(&[&slow], "allow if true;"));
    assert!(
        began.elapsed() < Duration::from_millis(300),
        "{:?}",
        began.elapsed()
    );
    // What is none matches nothing.
    assert!(allows(
        &["check if !\"a\".matches(\"(\");"],
        "allow if true;"
    ));
}

#[test]
fn a_token_cannot_catch_a_limit() {
    let text = "a".repeat(3_000);
    let sum = vec!["$t"; 1_500].join(" + ");
    let sums = format!("t(\"{text}\"); check if t($t), ({sum} == \"\").try_or(true);");
    assert_eq!(is_cut_short(&[&sums], "allow if true;"), Limit::Memory);
}

#[test]
fn text_that_keeps_the_parser_busy_is_refused() {
    let nothing = Parameters::new();
    for hostile in [
        format!("allow if {}true{};", "(".repeat(5_000), ")".repeat(5_000)),
        format!("allow if {}true;", "!".repeat(10_000)),
        format!("allow if {}true;", "! ".repeat(5_000)),
        format!("f({}1{});", "[".repeat(5_000), "]".repeat(5_000)),
        format!("f({});", "{".repeat(5_000)),
    ] {
        assert_eq!(
            parse_authorizer(&hostile, &nothing).unwrap_err(),
            NotDatalog::TooDeep
        );
        assert_eq!(
            parse_block(&hostile, &nothing).unwrap_err(),
            NotDatalog::TooDeep
        );
    }
    let long = format!("f(\"{}\");", "a".repeat(MAX_SOURCE));
    assert_eq!(
        parse_block(&long, &nothing).unwrap_err(),
        NotDatalog::TooLong
    );
    // As deep as may be, and broken at the end, so that every alternative is tried.
    for open in ["(", "[", "{", "!", "$a.any($p -> ", "{1:", "[{"] {
        let depth = 8 / open.matches(['(', '[', '{', '!']).count();
        for end in ["", "1", "1 +", "$a, "] {
            for begin in [
                "allow if ",
                "f(",
                "check if ",
                "a($b) <- ",
                "check if 1.any($x -> ",
            ] {
                let text = format!("{begin}{}{end}", open.repeat(depth - 1));
                let text = format!("{text};{}", text.repeat(8));
                let began = Instant::now();
                let _ = parse_authorizer(&text, &nothing);
                let _ = parse_block(&text, &nothing);
                assert!(
                    began.elapsed() < Duration::from_millis(200),
                    "{text}: {:?}",
                    began.elapsed()
                );
            }
        }
    }
}

#[test]
fn a_parameter_is_a_value_and_never_datalog() {
    let parameters =
        serde_json::from_str::<Parameters>(r#"{ "who": "ada\"); admin(\"ada" }"#).unwrap();
    let parsed = parse_block("user({who});", &parameters).unwrap();
    assert_eq!(parsed.facts.len(), 1);
    assert_eq!(
        shown_fact(&parsed.facts[0]),
        r#"user("ada\"); admin(\"ada")"#
    );
    assert_eq!(
        parse_block("user({whom});", &Parameters::new()).unwrap_err(),
        NotDatalog::Unbound("whom".into())
    );
    assert_eq!(
        parse_block("user(1);", &parameters).unwrap_err(),
        NotDatalog::Unused("who".into())
    );
    let fraction = serde_json::from_str::<Parameters>(r#"{ "n": 1.5 }"#).unwrap();
    assert!(parse_block("f({n});", &fraction).is_err());
    // A key of a map that is neither a number nor a text stays a parameter, which is refused.
    let list = serde_json::from_str::<Parameters>(r#"{ "k": [1] }"#).unwrap();
    let map = parse_block("f({ {k}: 1 });", &list).unwrap();
    assert_eq!(
        Block::compile(&map.facts, &[], &[], &[], None).unwrap_err(),
        NotAProgram::Parameter
    );
}

#[test]
fn what_cannot_be_read_is_told_by_its_place_and_not_repeated() {
    let error = parse_authorizer("user(1);\nallow iff secret(1);", &Parameters::new()).unwrap_err();
    assert_eq!(error, NotDatalog::Syntax { line: 2, column: 9 });
    assert!(!error.to_string().contains("secret"));
    // A key that is none, where the library panics.
    let key = (0..=255_u8)
        .map(|first| format!("{first:02x}{}", "00".repeat(31)))
        .find(|key| PublicKey::from_bytes_hex(key, Algorithm::Ed25519).is_err())
        .unwrap();
    let text = format!("check if f(1) trusting ed25519/{key};");
    assert_eq!(
        parse_block(&text, &Parameters::new()).unwrap_err(),
        NotDatalog::Key
    );
}

#[test]
fn a_text_is_kept_once_and_said_so_often() {
    let long = "a".repeat(9_000);
    let parsed = parse_block(&format!("f(\"{long}\");"), &Parameters::new()).unwrap();
    let facts = vec![parsed.facts[0].clone(); 30];
    assert_eq!(
        Block::compile(&facts, &[], &[], &[], None).unwrap_err(),
        NotAProgram::TooMuchText
    );
}
