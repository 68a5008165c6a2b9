//! What every way of signing in has in common: the page at `/auth/login`, and what follows once somebody
//! has proved who they are. Not a module of the product; its routes are always there.
//!
//! A way of signing in (password, passkey, upstream provider) has its line in [`Ways`], proves who
//! somebody is, and goes on with [`finish`]. Nothing else begins a session, except
//! [`begin`] after a second factor.

mod arrival;
mod finish;
mod page;
mod ways;

use axum::{
    Router,
    routing::{MethodRouter, get},
};

pub(in crate::modules) use self::finish::begin;
pub use self::{
    arrival::Arrival,
    finish::finish,
    page::SignInPage,
    ways::{Ways, leaves_a_way},
};
use super::{Context, Problem};
use assay_reconciler::spec::ModuleName;

/// Where people sign in.
pub const LOGIN_PATH: &str = "/auth/login";

/// The routes.
pub fn routes(context: &Context) -> Router {
    let mut page: MethodRouter<Context> = get(page::open);
    if !context.snapshot.is_on(ModuleName::Password) {
        page = page.post(|| async { Problem::module_disabled(ModuleName::Password) });
    }
    Router::new()
        .route(LOGIN_PATH, page)
        .with_state(context.clone())
}
