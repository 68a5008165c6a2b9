use assay_reconciler::spec::ModuleName;

use crate::{
    modules::{Context, Problem, oidc_client, passkey},
    store::StoreError,
};

/// The ways of signing in that the page offers.
#[derive(Clone, Debug)]
pub struct Ways {
    /// With e-mail address and password.
    pub password: bool,
    /// With a passkey: somebody has one.
    pub passkey: bool,
    /// With an upstream provider, each with its button.
    pub upstreams: Vec<UpstreamWay>,
}

/// An upstream provider on the sign-in page.
#[derive(Clone, Debug)]
pub struct UpstreamWay {
    /// What people know it by.
    pub name: String,
    /// Where the sign-in begins.
    pub start: String,
}

impl Ways {
    /// Those of this generation.
    pub async fn of(context: &Context) -> Result<Self, StoreError> {
        Ok(Self {
            password: context.snapshot.is_on(ModuleName::Password),
            passkey: passkey::is_a_way(context).await?,
            upstreams: oidc_client::usable(&context.snapshot)
                .into_iter()
                .map(|upstream| UpstreamWay {
                    name: oidc_client::shown_name(upstream).to_owned(),
                    start: oidc_client::start_path(upstream),
                })
                .collect(),
        })
    }

    /// Whether there is none: then there is no page, and the module that most would look for is named.
    pub(super) fn require_one(&self) -> Result<(), Problem> {
        if self.password || self.passkey || !self.upstreams.is_empty() {
            Ok(())
        } else {
            Err(Problem::module_disabled(ModuleName::Password))
        }
    }
}
