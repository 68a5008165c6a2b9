//! `apiVersion`, `kind`, `metadata` and `spec`: what every manifest has.

use super::{
    finding::{Finding, Place},
    suggest::{did_you_mean, nearest},
};
use crate::{
    kind::{API_VERSION, Kind},
    load::{
        source::Source,
        tree::{Content, Node, Step},
    },
    problem::ByteRange,
};

/// A document whose outer form is right.
pub(super) struct Envelope<'n, 's> {
    pub(super) kind: Kind,
    pub(super) metadata: &'n Node<'s>,
    pub(super) spec: &'n Node<'s>,
}

/// The spec that is left out: everything has its default.
static EMPTY: Node<'static> = Node {
    at: ByteRange { start: 0, end: 0 },
    content: Content::Map(Vec::new()),
};

const FIELDS: [&str; 4] = ["apiVersion", "kind", "metadata", "spec"];

/// Files that kustomize reads lie in the same folders; what they describe is applied from what
/// `kustomize build` prints.
pub(super) fn is_kustomization(root: &Node<'_>) -> bool {
    root.get("apiVersion")
        .and_then(Node::text)
        .is_some_and(|version| version.starts_with("kustomize.config.k8s.io/"))
}

/// A folder with manifests may hold an app with its `package.json` too. A YAML file is taken to be
/// a manifest whatever it lacks.
pub(super) fn is_foreign_json(root: &Node<'_>, source: &Source) -> bool {
    source.name.ends_with(".json") && root.get("apiVersion").is_none() && root.get("kind").is_none()
}

pub(super) fn read<'n, 's>(root: &'n Node<'s>) -> Result<Envelope<'n, 's>, Vec<Finding>> {
    let Content::Map(entries) = &root.content else {
        let message = format!("a manifest is a mapping, and this is {}", root.what());
        let finding = Finding::new("manifest", Place::At(root.at), message)
            .help("begin with `apiVersion: assay/v1` and `kind:`");
        return Err(vec![finding]);
    };
    let mut findings = Vec::new();
    for entry in entries {
        if !FIELDS.contains(&&*entry.key) {
            let mut finding = Finding::new(
                "unknown-field",
                Place::At(entry.key_at),
                format!("unknown field `{}`", entry.key),
            );
            finding.help = Some(did_you_mean(&entry.key, &FIELDS));
            findings.push(finding);
        }
    }
    version(root, &mut findings);
    let kind = kind(root, &mut findings);
    let metadata = mapping(
        root,
        "metadata",
        "write `metadata: { name: ... }`",
        &mut findings,
    );
    let spec = if root.get("spec").is_none() && kind.is_none_or(Kind::has_optional_spec) {
        Some(&EMPTY)
    } else {
        mapping(
            root,
            "spec",
            "write `spec:` and what the object is below it",
            &mut findings,
        )
    };
    // A slip in a name is one problem, not two.
    let meant: Vec<String> = entries
        .iter()
        .filter(|entry| !FIELDS.contains(&&*entry.key))
        .filter_map(|entry| nearest(&entry.key, FIELDS))
        .map(|field| format!("missing field `{field}`"))
        .collect();
    findings.retain(|finding| !meant.contains(&finding.message));
    match (kind, metadata, spec) {
        (Some(kind), Some(metadata), Some(spec)) if findings.is_empty() => Ok(Envelope {
            kind,
            metadata,
            spec,
        }),
        _ => Err(findings),
    }
}

fn version(root: &Node<'_>, findings: &mut Vec<Finding>) {
    match root.get("apiVersion") {
        None => findings
            .push(missing("apiVersion", root).help(format!("write `apiVersion: {API_VERSION}`"))),
        Some(node) if node.text() != Some(API_VERSION) => {
            let message = match node.text() {
                Some(text) => format!("unknown apiVersion `{text}`"),
                None => format!("apiVersion must be text, and this is {}", node.what()),
            };
            findings.push(
                Finding::new("unknown-value", key("apiVersion"), message)
                    .help(format!("write `apiVersion: {API_VERSION}`")),
            );
        }
        Some(_) => {}
    }
}

fn kind(root: &Node<'_>, findings: &mut Vec<Finding>) -> Option<Kind> {
    let names = Kind::ALL.map(Kind::name);
    let all = names.map(|name| format!("`{name}`")).join(", ");
    let Some(node) = root.get("kind") else {
        findings.push(missing("kind", root).help(format!("one of {all}")));
        return None;
    };
    let Some(text) = node.text() else {
        let message = format!("kind must be text, and this is {}", node.what());
        findings
            .push(Finding::new("wrong-type", key("kind"), message).help(format!("one of {all}")));
        return None;
    };
    let kind = text.parse().ok();
    if kind.is_none() {
        let help = match nearest(text, names) {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("one of {all}"),
        };
        findings.push(
            Finding::new(
                "unknown-value",
                key("kind"),
                format!("unknown kind `{text}`"),
            )
            .help(help),
        );
    }
    kind
}

fn mapping<'n, 's>(
    root: &'n Node<'s>,
    field: &'static str,
    help: &str,
    findings: &mut Vec<Finding>,
) -> Option<&'n Node<'s>> {
    let node = root.get(field);
    match node {
        None => findings.push(missing(field, root).help(help)),
        Some(found) if !matches!(found.content, Content::Map(_)) => {
            let message = format!("`{field}` must be a mapping, and this is {}", found.what());
            findings.push(Finding::new("wrong-type", key(field), message).help(help));
            return None;
        }
        Some(_) => {}
    }
    node
}

/// Points at `kind`, or at the first key: the document has no better place for what is not there.
fn missing(field: &str, root: &Node<'_>) -> Finding {
    let place = match &root.content {
        Content::Map(entries) => entries
            .iter()
            .find(|entry| entry.key == "kind")
            .or(entries.first())
            .map_or(root.at, |entry| entry.key_at),
        _ => root.at,
    };
    Finding::new(
        "missing-field",
        Place::At(place),
        format!("missing field `{field}`"),
    )
}

fn key(name: &'static str) -> Place {
    Place::Steps(vec![Step::Key(name.into())])
}
