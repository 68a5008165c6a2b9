//! What cannot be right about the words of a letter.

use super::Finding;
use crate::{
    mail_template::{self, TemplateError},
    spec::{
        LetterKind, MailTemplateSpec,
        mail_template::{MAX_BODY, MAX_SUBJECT, TemplateName},
    },
};

pub(super) fn check(name: &str, spec: &MailTemplateSpec, findings: &mut Vec<Finding>) {
    let mut add = |finding| findings.push(finding);
    super::length("subject", Some(&spec.subject), 1, MAX_SUBJECT, &mut add);
    super::length("text", Some(&spec.text), 1, MAX_BODY, &mut add);
    super::length("html", spec.html.as_deref(), 1, MAX_BODY, &mut add);
    if spec.subject.contains(['\n', '\r']) {
        add(
            Finding::in_spec("mail-template", "subject", "a subject is one line")
                .help("write it on one line; with `>-` YAML makes one line of several"),
        );
    }
    // The name has been looked at with those of the other kinds.
    let Ok(TemplateName { letter, .. }) = TemplateName::parse(name) else {
        return;
    };
    let wrong = mail_template::check(spec, letter);
    if !wrong.is_empty() {
        wrong.into_iter().map(finding).for_each(add);
        return;
    }
    match mail_template::write(spec, &letter.sample()) {
        Err(error) => add(finding(error)),
        Ok(written) => {
            let parts = [
                ("subject", Some(written.subject)),
                ("text", Some(written.text)),
                // Escaped as in the address that is looked for.
                ("html", written.html.map(|html| html.replace("&#x2f;", "/"))),
            ];
            for (field, part) in parts {
                part.and_then(|part| lacking(field, &part, letter))
                    .into_iter()
                    .for_each(&mut add);
            }
        }
    }
}

fn finding(error: TemplateError) -> Finding {
    let mut finding = Finding::in_spec("mail-template", error.field, error.message);
    finding.within = error.within;
    finding.help = error.help;
    finding.label = error
        .line
        .filter(|line| *line > 1)
        .map(|line| format!("line {line} of the template"));
    finding
}

/// What a letter with the sample's values does without, and its reader cannot.
fn lacking(field: &'static str, part: &str, letter: LetterKind) -> Option<Finding> {
    if part.trim().is_empty() {
        let message = "nothing comes of it when it is filled in";
        return Some(Finding::in_spec("mail-template", field, message).help("write something"));
    }
    let sample = letter.sample();
    let ways: Vec<&str> = letter.ways().collect();
    let is_there = |way: &&str| {
        let value = sample.get(*way).and_then(|value| value.as_str());
        value.is_some_and(|value| part.contains(value))
    };
    if field == "subject" || ways.is_empty() || ways.iter().any(is_there) {
        return None;
    }
    let named = ways.iter().map(|way| format!("`{way}`"));
    let named = named.collect::<Vec<_>>().join(" or ");
    let message = format!("nobody can go on from this letter: it does not show {named}");
    let help = format!("write `{{{{ {} }}}}`", ways[0]);
    Some(Finding::in_spec("mail-template", field, message).help(help))
}
