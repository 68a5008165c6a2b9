use serde_json::json;

use super::*;

const NAME: &str = "<b onclick='x'>Phone</b>";

fn variables() -> Map<String, Value> {
    let mut variables = Map::new();
    variables.insert("name".to_owned(), json!(NAME));
    variables.insert("minutes".to_owned(), json!(30));
    variables
}

fn html(text: &str) -> Result<String, TemplateError> {
    let spec = MailTemplateSpec {
        subject: "Hello".to_owned(),
        text: "Hello".to_owned(),
        html: Some(text.to_owned()),
    };
    write(&spec, &variables()).map(|written| written.html.unwrap())
}

#[test]
fn what_a_letter_tells_is_no_markup() {
    let escaped = "&lt;b onclick=&#x27;x&#x27;&gt;Phone&lt;&#x2f;b&gt;";
    for template in [
        "{{ name }}",
        "{{- name -}}",
        "{{ name|trim }}",
        "{{ '' ~ name }}",
        "{{ name|default('x') }}",
        "{% if minutes > 5 %}{{ name }}{% else %}-{% endif %}",
        "{# {% set %} #}{{ name }}",
    ] {
        assert_eq!(html(template).unwrap(), escaped, "{template}");
    }
    let spec = MailTemplateSpec {
        subject: "{{ name|upper }}".to_owned(),
        text: "{{ name }}".to_owned(),
        html: None,
    };
    let written = write(&spec, &variables()).unwrap();
    assert_eq!(written.subject, NAME.to_uppercase());
    assert_eq!((written.text.as_str(), written.html), (NAME, None));
}

#[test]
fn there_is_no_way_around_it() {
    for template in [
        "{{ name|safe }}",
        "{{ name|e|safe }}",
        "{% autoescape false %}{{ name }}{% endautoescape %}",
        "{%- autoescape false %}{{ name }}{% endautoescape %}",
        "{% raw %}{% endraw %}{{ name }}",
        "{% set x = name %}{{ x }}",
        "{% for x in name %}{{ x }}{% endfor %}",
        "{% if true %}{% filter upper %}x{% endfilter %}{% endif %}",
        "{{ name.replace('a', 'b') }}",
        "{{ range(10) }}",
    ] {
        assert!(html(template).is_err(), "{template}");
    }
}

#[test]
fn nothing_grows_beyond_measure() {
    let nested = format!(
        "{}{}",
        "{% if minutes %}".repeat(50),
        "{% endif %}".repeat(50)
    );
    assert!(html(&nested).is_ok());
    for template in [
        "{{ 'x' * 99999999 }}",
        "{{ 'x'* 2 }}",
        "{{ ['x'] }}",
        "{{ {'a': {'b': 1}} }}",
        "{{ 9 ** 9 }}",
        &"{{ name }}".repeat(6_000),
        &"{{ name ~ name ~ name ~ name ~ name ~ name ~ name ~ name }}".repeat(1_700),
        &format!("{{{{ {}1{} }}}}", "(".repeat(5_000), ")".repeat(5_000)),
    ] {
        let shown: String = template.chars().take(60).collect();
        assert!(html(template).is_err(), "{shown}");
    }
}

#[test]
fn an_error_has_its_place_and_nothing_of_what_was_put_in() {
    for (template, line, wrong) in [
        ("one\n{{ nme }}\n", 2, "nme"),
        ("{{ name", 1, ""),
        ("one\ntwo {% fi %}", 2, "fi"),
        ("{{ name|shout }}", 1, "shout"),
        ("{{ name.first }}", 1, "first"),
        ("{% if name %}\n", 1, ""),
        ("{{ name + 1 }}", 1, "name"),
    ] {
        let error = html(template).unwrap_err();
        assert_eq!(
            (error.field, error.line),
            ("html", Some(line)),
            "{template}: {error}"
        );
        if !wrong.is_empty() {
            let within = error.within.clone().unwrap();
            assert!(template[within].contains(wrong), "{template}: {error:?}");
        }
        let told = format!("{error} {error:?}");
        assert!(!told.contains("Phone"), "{told}");
    }
}

#[test]
fn what_a_letter_does_not_tell_is_named() {
    let spec = MailTemplateSpec {
        subject: "{{ product }}".to_owned(),
        text: "{{ 'code' }} {{ name }}\n{{ email.code }} {{ cdoe }}".to_owned(),
        html: None,
    };
    let wrong = check(&spec, LetterKind::Recovery);
    let told: Vec<String> = wrong.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "`text`, line 2: the letter `recovery` does not tell `cdoe`",
            "`text`, line 1: the letter `recovery` does not tell `name`",
        ]
    );
    assert_eq!(wrong[0].help.as_deref(), Some("did you mean `code`?"));
    assert_eq!(&spec.text[wrong[1].within.clone().unwrap()], "name");
}
