use assay_reconciler::spec::ModuleName;

use crate::{
    modules::{Context, Problem, oidc_client, passkey},
    store::{StoreError, Tx, execute, fetch_all, fetch_optional},
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

/// Whether the person can still sign in when this transaction is done: with a password, with a passkey that
/// was not copied, or with an account at an upstream provider, each as far as this generation has it.
pub async fn leaves_a_way(
    tx: &mut Tx,
    context: &Context,
    user_id: &str,
) -> Result<bool, StoreError> {
    // Of two changes at once, the second sees what the first has left.
    execute!(
        tx,
        "UPDATE users SET updated_at = updated_at WHERE id = $1",
        user_id
    )?;
    let own = fetch_optional!(
        tx,
        (bool, bool),
        "SELECT u.password_hash IS NOT NULL,
                EXISTS (SELECT 1 FROM passkeys p
                         WHERE p.user_id = u.id AND p.suspected_at IS NULL)
           FROM users u WHERE u.id = $1",
        user_id,
    )?;
    let Some((has_password, has_passkey)) = own else {
        return Ok(false);
    };
    if (has_password && context.snapshot.is_on(ModuleName::Password))
        || (has_passkey && passkey::can_be_used(context))
    {
        return Ok(true);
    }
    let linked = fetch_all!(
        tx,
        (String,),
        "SELECT upstream_id FROM user_upstream WHERE user_id = $1 LIMIT 100",
        user_id,
    )?;
    let usable = oidc_client::usable(&context.snapshot);
    Ok(linked
        .iter()
        .any(|(uid,)| usable.iter().any(|upstream| upstream.uid == *uid)))
}
