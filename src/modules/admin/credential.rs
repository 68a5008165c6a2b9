use std::{borrow::Cow, marker::PhantomData};

use assay_reconciler::spec::admin_key::{AdminPermission, KeyHash};
use axum::{
    extract::FromRequestParts,
    http::{HeaderValue, header::WWW_AUTHENTICATE, request::Parts},
};

use super::Administration;
use crate::{
    generation::Actor,
    modules::{Context, Problem, authorization::Credentials},
};

/// A permission as a type, so that a route says in its signature what it takes.
pub(in crate::modules) trait Permission: Send {
    /// The permission.
    const PERMISSION: AdminPermission;
}

macro_rules! permissions {
    ($($name:ident)*) => {$(
        /// See [`AdminPermission`].
        pub(in crate::modules) enum $name {}
        impl Permission for $name {
            const PERMISSION: AdminPermission = AdminPermission::$name;
        }
    )*};
}
permissions!(
    ConfigRead ConfigApply KeysRead KeysRotate UsersRead UsersWrite UsersExport SessionsRead SessionsWrite
    AuditRead TokensRead Scim ZanzibarCheck ZanzibarRead ZanzibarWrite BiscuitIssue BiscuitRevoke BiscuitRead
);

/// Whoever asks has a key that is valid now and has the permission `P`. Made here and nowhere else: a
/// handler that takes it cannot forget the check.
pub(in crate::modules) struct Permitted<P> {
    /// In the name of the key.
    pub(in crate::modules) administration: Administration,
    permission: PhantomData<fn() -> P>,
}

impl<P: Permission> FromRequestParts<Context> for Permitted<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, context: &Context) -> Result<Self, Problem> {
        let hash = KeyHash::of(presented(parts)?);
        let actor = authorised(context, &hash, P::PERMISSION)?;
        Ok(Self {
            administration: Administration::new(
                context.engine.clone(),
                context.store.clone(),
                context.clock.clone(),
                context.passwords.clone(),
                actor,
            )
            .with_key(hash),
            permission: PhantomData,
        })
    }
}

/// The key in `Authorization` (RFC 6750 2.1). Nowhere else: URLs are logged.
fn presented(parts: &Parts) -> Result<&str, Problem> {
    Credentials::of(&parts.headers)
        .ok()
        .flatten()
        .filter(|credentials| credentials.is("bearer"))
        .map(|credentials| credentials.shown)
        .filter(|key| !key.is_empty())
        .ok_or_else(|| unauthenticated("an admin key is needed in `Authorization: Bearer`"))
}

/// Who holds the key, if it is valid and has the permission.
fn authorised(
    context: &Context,
    hash: &KeyHash,
    permission: AdminPermission,
) -> Result<Actor, Problem> {
    // Keys are long and random, and compared by hash: how far a comparison gets tells nothing.
    if context.boot_admin_keys.contains(hash) {
        return Ok(Actor::new("admin-key:engine.toml"));
    }
    let key = context
        .snapshot
        .admin_key(hash)
        .ok_or_else(|| unauthenticated("no admin key is like this one"))?;
    let now = context.clock.now().as_i64();
    if key
        .spec
        .expires_at
        .is_some_and(|end| end.as_millisecond() <= now)
    {
        return Err(unauthenticated(format!(
            "the admin key `{}` has expired",
            key.name
        )));
    }
    let granted = &key.spec.permissions;
    if granted.contains(&AdminPermission::All) || granted.contains(&permission) {
        return Ok(Actor::new(format!("admin-key:{}", key.name)));
    }
    Err(Problem::forbidden(format!(
        "the admin key `{}` does not have the permission `{}`",
        key.name,
        permission.name()
    ))
    .with("permission", permission.name()))
}

/// 401 with the challenge that RFC 6750 3 wants.
fn unauthenticated(detail: impl Into<Cow<'static, str>>) -> Problem {
    Problem::unauthenticated(detail.into()).header(
        WWW_AUTHENTICATE,
        HeaderValue::from_static("Bearer realm=\"assay\""),
    )
}
