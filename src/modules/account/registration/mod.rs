//! `/auth/register`: people create accounts for themselves.
//!
//! Somebody enters an address, and gets a letter. Whoever has the letter shows with its link or its code
//! that the address is theirs, and only then chooses a password or makes a passkey: so a stranger cannot prepare an account
//! with a password of their own and wait for the owner of the address to confirm it. Until then nothing
//! of it is among the people known here, and no answer tells whether an address is.

mod begin;
mod by_passkey;
mod code;
mod desk;
mod finish;
mod invitation;
mod limits;
mod newcomer;
mod reap;
mod record;
mod stage;

use assay_reconciler::spec::{ModuleName, module::RegistrationMode};
use axum::{
    Router,
    routing::{get, post},
};
use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

pub use self::invitation::{
    Invitation, InvitationSent, InvitationsListed, InviteError, NewInvitation, invite, list, revoke,
};
use crate::{generation::Snapshot, modules::Context};

/// Where it begins.
pub const REGISTER_PATH: &str = "/auth/register";
/// Where the code of the letter is typed.
const SENT_PATH: &str = "/auth/register/sent";
/// Where the link of the letter leads.
const FINISH_PATH: &str = "/auth/register/finish";

/// Whether anybody can create an account.
pub fn is_open(snapshot: &Snapshot) -> bool {
    mode(snapshot) == RegistrationMode::Open
}

/// Who can create an account. Nobody, when there is no way in that they could choose.
fn mode(snapshot: &Snapshot) -> RegistrationMode {
    if snapshot.is_on(ModuleName::Password) || snapshot.is_on(ModuleName::Passkey) {
        snapshot.account_settings().registration.mode
    } else {
        RegistrationMode::Off
    }
}

pub(super) fn routes() -> Router<Context> {
    Router::new()
        .route(REGISTER_PATH, get(begin::open).post(begin::submit))
        .route(SENT_PATH, get(code::open).post(code::submit))
        .route(FINISH_PATH, get(finish::open).post(finish::submit))
        .route(
            "/auth/register/finish/passkey/start",
            post(by_passkey::start),
        )
        .route(
            "/auth/register/finish/passkey/finish",
            post(by_passkey::finish),
        )
}

pub(super) fn task(context: &Context, stop: CancellationToken) -> BoxFuture<'static, ()> {
    Box::pin(reap::REAPER.run(context.clone(), stop))
}
