//! The tokens of upstream providers that are kept for people, as good ones as there can be.

use std::time::Duration;

use serde_json::json;

use super::{
    error::UpstreamError,
    exchange::{self, UpstreamTokens},
    link, named,
    provider::Provider,
};
use crate::{
    clock::UnixMillis,
    crypto::Secret,
    generation::Upstream,
    modules::{
        Context,
        attempts::Limit,
        audit::{self, AuditEvent},
    },
    store::{StoreError, Tx, execute, fetch_optional},
};

/// Whoever gets a token has this long to use it.
const MARGIN: Duration = Duration::from_secs(30);
/// One refresh of a person's tokens at a time, on whichever server: a refresh token is mostly good for one
/// use, and some providers take its second for theft. Not a lock in the database, which a slow provider
/// would hold; longer than a provider is waited for.
const REFRESH: Limit = Limit {
    domain: "oidc_client.refresh",
    tries: 1,
    window: Duration::from_mins(1),
};
/// How often, and how many times, it is looked for what another refresh has brought.
const LOOK: (Duration, u32) = (Duration::from_millis(250), 40);

/// A token of a provider, good for a while.
#[derive(Debug)]
pub struct KeptTokens {
    /// The access token.
    pub access_token: Secret<String>,
    /// What it is good for, if the provider said.
    pub scope: Option<String>,
    /// Until when, if the provider said.
    pub expires_at: Option<UnixMillis>,
}

/// Why there is no token to give. Holds none.
#[derive(Debug, thiserror::Error)]
pub enum KeptTokensError {
    /// There is no such provider, or it is switched off.
    #[error("there is no upstream provider of this name that is enabled")]
    UnknownProvider,
    /// Nothing is kept.
    #[error(
        "no tokens of this provider are kept for this user: its manifest says `keepTokens: true`, and they sign in with it"
    )]
    Nothing,
    /// They are of no use any more, and nothing came with them to get others.
    #[error(
        "the tokens have expired, and the provider gave no refresh token: ask for one in its `scopes`, and let the user sign in with it again"
    )]
    Expired,
    /// The provider gives no others.
    #[error("the tokens have expired, and the user has to sign in with the provider again: {0}")]
    Refused(String),
    /// The provider cannot be asked.
    #[error("the tokens have expired, and the provider cannot be asked for others: {0}")]
    Silent(String),
    /// Another request asks for others.
    #[error("the tokens are being refreshed")]
    Busy,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Our own keys.
    #[error("kept tokens cannot be read: {0}")]
    Unreadable(#[from] crate::crypto::CryptoError),
}

/// The person's access token at the provider of this name, refreshed if need be. `actor` asks for it.
pub async fn tokens_of(
    context: &Context,
    name: &str,
    user_id: &str,
    actor: &str,
) -> Result<KeptTokens, KeptTokensError> {
    let upstream = named(context, name).ok_or(KeptTokensError::UnknownProvider)?;
    let keeper = Keeper {
        context,
        upstream,
        user_id,
        actor,
    };
    for _ in 0..LOOK.1 {
        let kept = keeper.kept().await?.ok_or(KeptTokensError::Nothing)?;
        let now = context.clock.now();
        if kept.is_good(now) {
            let mut tx = context.store.begin().await?;
            keeper
                .record(&mut tx, "user.upstream_tokens_read", json!({}), now)
                .await?;
            tx.commit().await?;
            return Ok(kept.shown());
        }
        if kept.tokens.refresh_token.is_none() {
            return Err(KeptTokensError::Expired);
        }
        if keeper.begin(&kept).await? {
            return keeper.refresh(kept).await;
        }
        tokio::time::sleep(LOOK.0).await;
    }
    Err(KeptTokensError::Busy)
}

/// Tokens as they are kept.
struct Kept {
    id: String,
    sealed: Vec<u8>,
    tokens: UpstreamTokens,
}

impl Kept {
    fn is_good(&self, now: UnixMillis) -> bool {
        let end = self.tokens.expires_at;
        end.is_none_or(|end| end > now + MARGIN)
    }

    fn shown(self) -> KeptTokens {
        KeptTokens {
            access_token: Secret::new(self.tokens.access_token),
            scope: self.tokens.scope,
            expires_at: self.tokens.expires_at,
        }
    }
}

struct Keeper<'a> {
    context: &'a Context,
    upstream: &'a Upstream,
    user_id: &'a str,
    actor: &'a str,
}

impl Keeper<'_> {
    /// What is kept; of several identities at one provider, of the one that was used last.
    async fn kept(&self) -> Result<Option<Kept>, KeptTokensError> {
        if !self.upstream.spec.keep_tokens {
            return Ok(None);
        }
        let row = fetch_optional!(
            &self.context.store,
            (String, Vec<u8>),
            "SELECT id, tokens FROM user_upstream
              WHERE user_id = $1 AND upstream_id = $2 AND tokens IS NOT NULL
              ORDER BY used_at DESC, id LIMIT 1",
            self.user_id,
            &self.upstream.uid,
        )?;
        let Some((id, sealed)) = row else {
            return Ok(None);
        };
        let tokens = self
            .context
            .keyring
            .open_json(link::TOKENS_PURPOSE, &sealed)?;
        Ok(Some(Kept { id, sealed, tokens }))
    }

    /// Whether it is ours to refresh them: nobody else does.
    async fn begin(&self, kept: &Kept) -> Result<bool, StoreError> {
        let mut tx = self.context.store.begin().await?;
        let (keyring, now) = (&self.context.keyring, self.context.clock.now());
        let turn = REFRESH.count(&mut tx, keyring, &kept.id, now).await?;
        tx.commit().await?;
        Ok(turn.is_some())
    }

    async fn refresh(&self, kept: Kept) -> Result<KeptTokens, KeptTokensError> {
        // Whoever was quicker may have done it between our look and our turn.
        let kept = match self.kept().await? {
            Some(newer) if newer.id == kept.id => newer,
            _ => kept,
        };
        let asked = if kept.is_good(self.context.clock.now()) {
            Ok(kept.tokens.clone())
        } else {
            self.ask(&kept.tokens).await
        };
        let now = self.context.clock.now();
        let mut tx = self.context.store.begin().await?;
        let keyring = &self.context.keyring;
        REFRESH.take_back(&mut tx, keyring, &kept.id).await?;
        let outcome = match asked {
            Ok(fresh) => {
                let sealed = keyring.seal_json(link::TOKENS_PURPOSE, &fresh)?;
                // A sign-in in between has brought newer ones, which stay.
                execute!(
                    &mut tx,
                    "UPDATE user_upstream SET tokens = $3 WHERE id = $1 AND tokens = $2",
                    &kept.id,
                    &kept.sealed,
                    sealed,
                )?;
                let detail = json!({ "refreshed": true });
                self.record(&mut tx, "user.upstream_tokens_read", detail, now)
                    .await?;
                Ok(Kept {
                    tokens: fresh,
                    ..kept
                }
                .shown())
            }
            Err(error) => {
                let detail = json!({ "reason": error.reason() });
                self.record(&mut tx, "user.upstream_tokens_lost", detail, now)
                    .await?;
                Err(if error.is_silence() {
                    KeptTokensError::Silent(error.to_string())
                } else {
                    KeptTokensError::Refused(error.to_string())
                })
            }
        };
        tx.commit().await?;
        outcome
    }

    async fn ask(&self, tokens: &UpstreamTokens) -> Result<UpstreamTokens, UpstreamError> {
        let provider = Provider::of(self.context, self.upstream).await?;
        exchange::refresh(self.context, &provider, tokens).await
    }

    async fn record(
        &self,
        tx: &mut Tx,
        action: &'static str,
        mut detail: serde_json::Value,
        now: UnixMillis,
    ) -> Result<(), StoreError> {
        detail["upstream"] = json!(self.upstream.name);
        let event = AuditEvent {
            actor: self.actor,
            action,
            subject: Some(&format!("user:{}", self.user_id)),
            detail,
            ip: None,
        };
        audit::record(tx, event, now).await
    }
}
