//! Says why a permission can never be granted.

use super::{
    Expression, NamespaceProblem, Operation, Place,
    grantees::{Analysis, Grantees},
    grantees_shape::excludes_all,
    listed::listed,
};

pub(super) struct Reasons<'a> {
    analysis: &'a Analysis<'a>,
    namespace: &'a str,
}

impl<'a> Reasons<'a> {
    pub(super) const fn new(analysis: &'a Analysis<'a>, namespace: &'a str) -> Self {
        Self {
            analysis,
            namespace,
        }
    }

    pub(super) fn problem(&self, permission: &str, expression: &'a Expression) -> NamespaceProblem {
        let place = Place::Expression {
            permission: permission.to_owned(),
            range: expression.range,
        };
        // SpiceDB's schemas use a bare `nil` to keep a name and grant it to nobody.
        if expression.operation == Operation::Nil {
            let message = format!("`{permission}` is `nil`: nobody will ever have it");
            return NamespaceProblem::warning(self.namespace, place, message)
                .help("leave the permission out unless something still asks for it");
        }
        let reason = self.reason(expression);
        let message = format!("`{permission}` can never be granted: {reason}");
        NamespaceProblem::error(self.namespace, place, message)
            .help("write just `nil` if nobody shall have it")
    }

    /// Why `expression`, which grants to nobody, does.
    fn reason(&self, expression: &'a Expression) -> String {
        match &expression.operation {
            Operation::Nil => "`nil` is nobody".to_owned(),
            Operation::Itself => "nobody is `self`".to_owned(),
            Operation::Name(name) => format!("`{}` can never be granted", name.text),
            Operation::Arrow {
                relation, target, ..
            } => format!(
                "`{}` leads to {}, where nothing ever grants `{}`",
                relation.text,
                listed(self.analysis.leads_to(self.namespace, &relation.text)),
                target.text
            ),
            Operation::Union(operands) => {
                let reasons: Vec<_> = operands.iter().map(|part| self.reason(part)).collect();
                reasons.join(", and ")
            }
            Operation::Intersection(operands) => self.nothing_in_common(expression, operands),
            Operation::Exclusion(base, excluded) if excludes_all(base, excluded) => {
                format!("`{expression}` excludes everyone it begins with")
            }
            Operation::Exclusion(base, _) => self.reason(base),
        }
    }

    fn nothing_in_common(&self, whole: &Expression, operands: &'a [Expression]) -> String {
        let mut sides = Vec::new();
        for operand in operands {
            let found = self.grantees(operand);
            if found.is_nobody() {
                return self.reason(operand);
            }
            if !found.anyone {
                sides.push(format!("`{operand}` holds {}", self.described(&found)));
            }
        }
        format!("no subject is in all of `{whole}`: {}", sides.join(", "))
    }

    fn grantees(&self, expression: &'a Expression) -> Grantees {
        let shape = self.analysis.expression(self.namespace, expression);
        self.analysis.evaluate(&shape)
    }

    fn described(&self, grantees: &Grantees) -> String {
        let names = self.analysis.namespaces.keys().enumerate();
        listed(
            names
                .filter(|(id, _)| grantees.types.contains(id))
                .map(|(_, name)| name.as_str()),
        )
    }
}
