use assay_reconciler::spec::ModuleName;

use crate::modules::{Context, Problem};

/// The ways of signing in that the page offers.
#[derive(Clone, Debug)]
pub struct Ways {
    /// With e-mail address and password.
    pub password: bool,
}

impl Ways {
    /// Those of this generation.
    pub fn of(context: &Context) -> Self {
        Self {
            password: context.snapshot.is_on(ModuleName::Password),
        }
    }

    /// Whether there is none: then there is no page, and the module that most would look for is named.
    pub(super) fn require_one(&self) -> Result<(), Problem> {
        if self.password {
            Ok(())
        } else {
            Err(Problem::module_disabled(ModuleName::Password))
        }
    }
}
