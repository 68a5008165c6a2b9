use serde_json::json;

use super::{MARKDOWN_LIMIT, markdown, text};
use crate::{
    diff::{
        DesiredState, ObservedState, Owner, Ownership, Plan, PlanDocument,
        fixture::{admin_key, client, desired, moved_from, object, observed, set},
    },
    kind::Kind,
    object::Object,
    spec::admin_key::KeyHash,
};

const ALL: Ownership = Ownership {
    prune: true,
    take_over: true,
};

fn document(there: &ObservedState, wanted: &DesiredState) -> PlanDocument {
    let plan = Plan::between(there, wanted, ALL).unwrap();
    PlanDocument::new(&plan, &plan.guards(there, None)).unwrap()
}

fn own(object: Object) -> (Owner, Object) {
    (set("default"), object)
}

fn grafana(secret: &str, uris: &[&str]) -> Object {
    object(
        Kind::OidcClient,
        "grafana",
        json!({
            "displayName": "Grafana",
            "clientSecret": { "hash": format!("hmac-sha256:{}", secret.repeat(64)) },
            "redirectUris": uris,
        }),
    )
}

fn google(sealed: &str) -> Object {
    object(
        Kind::UpstreamProvider,
        "google",
        json!({
            "issuer": "https://accounts.google.com",
            "clientId": "123.apps.googleusercontent.com",
            "clientSecret": { "sealed": sealed },
        }),
    )
}

/// Something of everything.
fn everything() -> PlanDocument {
    let there = observed([
        own(grafana("a", &["https://grafana.example.com/login"])),
        own(google("v1:c2VhbGVkLW9uZQ")),
        own(client("wiki", "Wiki")),
        own(client("gone", "Gone")),
        own(client("same", "Same")),
        (Owner::Boot, crate::diff::fixture::module("passkey", true)),
        (set("team-a"), client("theirs", "Theirs")),
        own(admin_key("ci", &["*"])),
    ]);
    let wanted = desired([
        grafana(
            "b",
            &[
                "https://grafana.example.com/login",
                "https://grafana.example.com/login/generic_oauth",
            ],
        ),
        google("v1:c2VhbGVkLXR3bw"),
        moved_from("wiki", client("handbook", "Handbook")),
        client("same", "Same"),
        client("new", "New"),
        crate::diff::fixture::module("passkey", true),
        client("theirs", "Ours"),
        admin_key("ci", &["config.read"]),
    ]);
    document(&there, &wanted)
}

#[test]
fn a_plan_as_text() {
    insta::assert_snapshot!(text(&everything(), false));
}

#[test]
fn a_plan_as_text_in_colour() {
    let there = observed([own(client("a", "A"))]);
    let wanted = desired([client("a", "B"), client("b", "B")]);
    let coloured = text(&document(&there, &wanted), true);
    insta::assert_snapshot!(coloured.replace('\u{1b}', "␛"));
}

#[test]
fn a_plan_as_markdown() {
    insta::assert_snapshot!(markdown(&everything()));
}

#[test]
fn a_plan_as_json() {
    let there = observed([own(grafana("a", &[])), own(client("gone", "Gone"))]);
    let wanted = desired([grafana("b", &["https://grafana.example.com/login"])]);
    let document = document(&there, &wanted);
    insta::assert_snapshot!(serde_json::to_string_pretty(&document).unwrap());
}

#[test]
fn a_plan_with_nothing_to_do() {
    let there = observed([own(client("a", "A"))]);
    let plan = document(&there, &desired([client("a", "A")]));
    assert_eq!(
        text(&plan, true),
        "\u{1b}[1m0 to create, 0 to change, 0 to delete, 1 unchanged\u{1b}[0m\n"
    );
    insta::assert_snapshot!(markdown(&plan), @r"
    ### assay: 0 to create, 0 to change, 0 to delete, 1 unchanged

    <sub>set <code>default</code>, against generation 7</sub>
    ");
}

#[test]
fn what_is_no_longer_named_is_pointed_out() {
    let there = observed([own(client("a", "A")), own(client("b", "B"))]);
    let plan = Plan::between(&there, &desired([client("a", "A")]), Ownership::default()).unwrap();
    let document = PlanDocument::new(&plan, &[]).unwrap();
    insta::assert_snapshot!(text(&document, false), @r"
    0 to create, 0 to change, 0 to delete, 1 unchanged
    no longer named by set `default`, and kept without --prune: OidcClient/b
    ");
}

#[test]
fn no_rendering_holds_a_secret_or_a_hash_of_one() {
    let plan = everything();
    let key = KeyHash::of("ci");
    let outputs = [
        text(&plan, false),
        markdown(&plan),
        serde_json::to_string(&plan).unwrap(),
    ];
    for output in outputs {
        let digits = key.as_str().trim_start_matches("sha256:");
        for secret in ["aaaaaaaa", "bbbbbbbb", "c2VhbGVk", "hmac-sha256", digits] {
            assert!(!output.contains(secret), "{secret} is in:\n{output}");
        }
        assert!(output.contains("*** (changed)"));
    }
}

#[test]
fn values_cannot_forge_lines_or_colours() {
    let forged = "x\n- OidcClient/admin\n\u{1b}[2K\r+ nothing \u{202e}gnihton\u{2028}0 to create";
    let there = observed([own(client("a", "A")), own(client("gone", forged))]);
    let mut wanted = client("a", forged);
    wanted
        .metadata
        .labels
        .insert("\u{1b}]0;title\u{7}".into(), "\u{200b}".into());
    let plan = document(&there, &desired([wanted]));

    let shown = text(&plan, false);

    assert!(
        shown
            .chars()
            .all(|c| c == '\n' || (!c.is_control() && c != '\u{202e}' && c != '\u{2028}'))
    );
    insta::assert_snapshot!(shown);
}

#[test]
fn values_cannot_break_out_of_markdown() {
    let nasty = "````\n</details><script>alert(1)</script> @everyone #1 | ![](x) www.example.com";
    let mut wanted = client("a", nasty);
    wanted.metadata.name = "`<b>@team</b>|**x**".into();
    let plan = document(&observed([]), &desired([wanted]));
    insta::assert_snapshot!(markdown(&plan));
}

#[test]
fn markdown_of_a_huge_plan_fits_into_a_comment_and_says_what_is_missing() {
    let long = "x".repeat(150);
    let wanted = desired((0..3_000).map(|n| client(&format!("client-{n}"), &long)));
    let plan = document(&observed([]), &wanted);

    let shown = markdown(&plan);

    assert!(shown.len() <= MARKDOWN_LIMIT, "{} bytes", shown.len());
    assert!(shown.contains("### assay: 3,000 to create"));
    assert!(shown.contains("diffs do not fit into a comment; `assay diff` shows them all._"));
    assert_eq!(
        shown.matches("<details>").count(),
        shown.matches("</details>").count()
    );
}
