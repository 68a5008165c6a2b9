//! What somebody is told who does not come in by an upstream.

use axum::{http::StatusCode, response::Response};
use serde_json::json;

use super::{error::UpstreamError, shown_name};
use crate::{
    generation::Upstream,
    modules::{
        Context, Problem,
        audit::{self, AuditEvent},
        pages::{Link, Look, Trouble, languages},
        session::{ClientAddress, with_return_to},
        sign_in::LOGIN_PATH,
    },
    store::StoreError,
};

/// A sign-in that came to nothing.
#[derive(Clone, Copy)]
pub(super) struct Refused<'a> {
    pub(super) context: &'a Context,
    pub(super) upstream: &'a Upstream,
    pub(super) look: &'a Look,
    pub(super) return_to: &'a str,
}

impl Refused<'_> {
    /// The upstream's word is not taken.
    pub(super) async fn by(
        self,
        error: &UpstreamError,
        address: &ClientAddress,
    ) -> Result<Response, Problem> {
        tracing::warn!(upstream = %self.upstream.name, "a sign-in was refused: {error}");
        if error.reason() == "internal" {
            return Err(Problem::internal(error));
        }
        self.record(error.reason(), address).await?;
        let texts = self.texts();
        let name = shown_name(self.upstream);
        let detail = error.to_string();
        Ok(if error.is_silence() {
            self.page(
                StatusCode::BAD_GATEWAY,
                &texts.unreachable.plain(name),
                Some(&detail),
            )
        } else {
            self.page(
                StatusCode::FORBIDDEN,
                &texts.refused.plain(name),
                Some(&detail),
            )
        })
    }

    /// It is nobody we let in, in the words of `message`.
    pub(super) async fn because(
        self,
        reason: &'static str,
        message: &str,
        address: &ClientAddress,
    ) -> Result<Response, Problem> {
        self.record(reason, address).await?;
        Ok(self.page(StatusCode::FORBIDDEN, message, None))
    }

    /// The answer belongs to no sign-in that waits here.
    pub(super) async fn stale(self, address: &ClientAddress) -> Result<Response, Problem> {
        self.record("state", address).await?;
        Ok(self.page(StatusCode::BAD_REQUEST, self.texts().stale, None))
    }

    pub(super) fn texts(&self) -> &'static languages::Upstream {
        &self.look.language.upstream
    }

    fn page(&self, status: StatusCode, message: &str, detail: Option<&str>) -> Response {
        let href = with_return_to(LOGIN_PATH, self.return_to);
        Trouble {
            look: self.look,
            title: self.texts().failed,
            message,
            detail,
            link: Some(Link {
                href: &href,
                text: self.texts().again,
            }),
        }
        .show(status)
    }

    async fn record(
        &self,
        reason: &'static str,
        address: &ClientAddress,
    ) -> Result<(), StoreError> {
        let mut tx = self.context.store.begin().await?;
        let event = AuditEvent {
            actor: "anonymous",
            action: "session.sign_in_failed",
            subject: None,
            detail: json!({ "method": "upstream", "upstream": self.upstream.name, "reason": reason }),
            ip: address.text(),
        };
        audit::record(&mut tx, event, self.context.clock.now()).await?;
        tx.commit().await
    }
}
