//! Words of letters.

use super::{snapshot, told};

fn template(name: &str, spec: &str) -> String {
    format!("apiVersion: assay/v1\nkind: MailTemplate\nmetadata: {{ name: {name} }}\nspec:\n{spec}")
}

const GOOD: &str = "  subject: Hello\n  text: \"{{ link }}\"\n";

#[test]
fn words_of_letters() {
    let recovery = |spec: &str| template("recovery", spec);
    let texts = [
        ("a letter with a slip", template("newdevice", GOOD)),
        ("a letter that nobody knows", template("newsletter", GOOD)),
        (
            "a language that nobody reads",
            template("recovery.fr", GOOD),
        ),
        ("nothing", recovery("  {}\n")),
        (
            "two lines of subject",
            recovery("  subject: \"One\\nTwo\"\n  text: \"{{ link }}\"\n"),
        ),
        (
            "a name with a slip",
            recovery(
                "  subject: Hello\n  text: |\n    Dear {{ emial }},\n\n    go on: {{ link }} in {{ minuets }}\n",
            ),
        ),
        (
            "a tag that is not closed",
            recovery("  subject: Hello\n  text: |\n    Go on:\n      {{ link }\n    or not\n"),
        ),
        (
            "a statement with a slip, folded",
            recovery(
                "  subject: Hello\n  text: >\n    Go on:\n\n    {% fi link %}{{ link }}{% endif %}\n",
            ),
        ),
        (
            "escaping switched off",
            recovery(
                "  subject: Hello\n  text: \"{{ link }}\"\n  html: |\n    {% autoescape false %}{{ email }}{% endautoescape %}\n",
            ),
        ),
        (
            "text said to be safe",
            recovery(
                "  subject: Hello\n  text: \"{{ link }}\"\n  html: \"{{ link }}{{ email|safe }}\"\n",
            ),
        ),
        (
            "no way on",
            recovery(
                "  subject: \"{{ link }}\"\n  text: Dear {{ email }}\n  html: <p>{{ code }}</p>\n",
            ),
        ),
        (
            "nothing comes of it",
            template(
                "passwordChanged",
                "  subject: Hello\n  text: \"{% if not email %}x{% endif %}\"\n",
            ),
        ),
        (
            "too long",
            recovery(&format!(
                "  subject: {}\n  text: \"{{{{ link }}}}\"\n",
                "x".repeat(201)
            )),
        ),
    ];
    snapshot!(told(&texts));
}
