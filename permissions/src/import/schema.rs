//! What importers of schemas have in common.

use std::collections::BTreeMap;

use assay_reconciler::{
    namespace::{self, Place, Severity},
    spec::zanzibar_namespace::CaveatSpec,
};

use super::{ImportError, Namespaces, Source};
use crate::plan::Plan;

/// What was read of a schema.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    /// The namespaces.
    pub namespaces: Namespaces,
    /// What is called otherwise here, in words.
    pub notes: Vec<String>,
    /// By namespace and name, or caveat alone: in which source it is, and where.
    places: BTreeMap<(String, String), (usize, usize)>,
}

impl Schema {
    /// What the namespaces compile to; or all that is wrong with them, in the files that they were read
    /// from.
    pub fn plan(&self, sources: &[Source<'_>]) -> Result<Plan, Vec<ImportError>> {
        let set = self.namespaces.iter();
        let set = set.map(|(name, spec)| (name.clone(), spec)).collect();
        let whole = Source { name: "", text: "" };
        let error = |namespace: &str, part: &str, message: String| {
            let (source, at) = self.place(namespace, part);
            sources.get(source).unwrap_or(&whole).error(at, message)
        };
        let problems = namespace::check(&set).into_iter();
        let problems = problems.filter(|problem| problem.severity == Severity::Error);
        let mut errors: Vec<ImportError> = problems
            .map(|problem| {
                // Several lines are a manifest to be added, which is not what is to be done.
                let help = problem.help.filter(|help| !help.contains('\n'));
                let help = help.map(|help| format!(" ({help})"));
                let message = format!("{}{}", problem.message, help.unwrap_or_default());
                match &problem.place {
                    Place::Relation(name)
                    | Place::RelationType { relation: name, .. }
                    | Place::Permission(name)
                    | Place::Expression {
                        permission: name, ..
                    } => error(&problem.namespace, name, message),
                    Place::Caveat(caveat)
                    | Place::Parameter { caveat, .. }
                    | Place::CaveatExpression { caveat, .. } => error("", caveat, message),
                    Place::Namespace | Place::Pointer { .. } => {
                        error(&problem.namespace, "", message)
                    }
                }
            })
            .collect();
        if errors.is_empty() {
            return Plan::compile(&set).map_err(|problem| vec![error("", "", problem.to_string())]);
        }
        errors.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
        Err(errors)
    }

    /// Remembers where something is: a part of a namespace, the namespace itself without one, or a caveat
    /// without a namespace.
    pub(super) fn put(&mut self, namespace: &str, part: &str, place: (usize, usize)) {
        let key = (namespace.to_owned(), part.to_owned());
        self.places.insert(key, place);
    }

    fn place(&self, namespace: &str, part: &str) -> (usize, usize) {
        let exact = self.places.get(&(namespace.to_owned(), part.to_owned()));
        let around = || self.places.get(&(namespace.to_owned(), String::new()));
        exact.or_else(around).copied().unwrap_or_default()
    }

    /// Puts each caveat where it is used first, or into the first namespace if nothing uses it.
    pub(super) fn place_caveats(&mut self, caveats: BTreeMap<String, CaveatSpec>) {
        for (name, caveat) in caveats {
            let mut namespaces = self.namespaces.iter();
            let user = namespaces.find(|(_, spec)| {
                let mut types = spec.relations.values().flat_map(|relation| &relation.types);
                types.any(|of| of.caveat.as_ref() == Some(&name))
            });
            let home = user.or_else(|| self.namespaces.iter().next());
            let home = home.map(|(name, _)| name.clone());
            if let Some(spec) = home.and_then(|home| self.namespaces.get_mut(&home)) {
                spec.caveats.insert(name, caveat);
            }
        }
    }
}
