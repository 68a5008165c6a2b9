//! Biscuits, as the command line makes, asks about and revokes them.

use std::sync::Arc;

use super::{Administration, Refusal};
use crate::{
    crypto::CpuPool,
    modules::biscuit::{
        self, Biscuits, Desk, IssueRequest, Issued, RevokeReply, RevokeRequest, Verdict,
        VerifyRequest,
    },
};

impl Administration {
    /// Makes a token.
    pub async fn issue_biscuit(&self, request: &IssueRequest) -> Result<Issued, Refusal> {
        let now = self.clock.now();
        let snapshot = self.engine.snapshot(None).await?;
        let issued = biscuit::made(&snapshot, request, now)?;
        biscuit::note(&self.store, &issued, self.actor.as_str(), None, now).await?;
        Ok(issued)
    }

    /// Decides whether a token allows something.
    pub async fn verify_biscuit(&self, request: VerifyRequest) -> Result<Verdict, Refusal> {
        let biscuits = Biscuits::new(CpuPool::new(1, 1));
        biscuits.catch_up(&self.store).await?;
        let desk = Desk {
            snapshot: self.engine.snapshot(None).await?,
            biscuits: Arc::new(biscuits),
            now: self.clock.now(),
        };
        Ok(biscuit::decided(&desk, request).await?)
    }

    /// Makes blocks good for nothing.
    pub async fn revoke_biscuits(&self, request: &RevokeRequest) -> Result<RevokeReply, Refusal> {
        let (actor, now) = (self.actor.as_str(), self.clock.now());
        Ok(biscuit::revoke_ids(&self.store, request, actor, now).await?)
    }
}
