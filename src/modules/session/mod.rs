//! Module `session`: who is signed in at this browser.
//!
//! The cookie carries a random token and the database its keyed hash. Other modules ask with the
//! extractor [`Visitor`], begin a session with [`sign_in`], end it with [`sign_out`], and guard their
//! forms with [`csrf`]. Ways of signing in do not call it; they go on in [`super::sign_in`].

mod acr;
mod address;
mod browser;
mod cookie;
pub mod csrf;
mod device;
mod end;
mod familiar;
mod origin;
pub(super) mod place;
mod reap;
mod record;
mod return_to;
mod sign_in;
mod signed_out;
mod unfamiliar;
mod visitor;

use std::path::Path;

use assay_reconciler::spec::module::SessionSettings;
use axum::Router;
use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

pub(in crate::modules) use self::return_to::with_return_to;
pub use self::{
    acr::Acr,
    address::ClientAddress,
    browser::Browser,
    cookie::{Cookie, PENDING_SIGN_IN, REMEMBERED_DEVICE},
    device::{Device, DeviceName},
    end::{SignedOut, end_session, end_sessions_of, record as record_of, revoke, sign_out},
    familiar::{familiar_browser, make_familiar},
    place::{Places, PlacesError},
    record::{SessionSummary, sessions_of},
    return_to::ReturnTo,
    sign_in::{Authentication, sign_in, step_up, user_agent},
    signed_out::signed_out_page,
    visitor::{SignedIn, Visitor},
};
use super::{Context, hooks};

/// Where the signed-in person sees what is known about them.
pub const ACCOUNT_PATH: &str = "/auth/account";

/// Whether what the settings name can be used on this machine.
pub fn check_settings(settings: &SessionSettings) -> Result<(), PlacesError> {
    match &settings.place_database {
        Some(path) => place::check(Path::new(path)),
        None => Ok(()),
    }
}

/// The module's routes: the sign-in page is there whichever ways of signing in are on.
pub fn routes(context: &Context) -> Router {
    super::sign_in::routes(context).merge(super::second_factor::routes(context))
}

/// The module's background work.
pub fn tasks(context: &Context, stop: CancellationToken) -> Vec<BoxFuture<'static, ()>> {
    vec![
        Box::pin(reap::reaper(&context.snapshot).run(context.clone(), stop.clone())),
        Box::pin(hooks::run(context.clone(), stop)),
    ]
}
