use axum::{Json, Router, routing::get};
use serde_json::json;

use crate::modules::Context;

/// `GET /.well-known/webauthn`: other sites at which our passkeys are good (Web Authentication Level 3,
/// 5.11). Without any, there is no such document.
pub(super) fn routes(context: &Context) -> Router {
    let settings = context.snapshot.passkey_settings();
    if settings.related_origins.is_empty() {
        return Router::new();
    }
    let mut origins = vec![context.site.origin()];
    let others = settings.related_origins.iter();
    origins.extend(others.map(|origin| origin.as_str().trim_end_matches('/').to_owned()));
    let document = json!({ "origins": origins });
    Router::new().route(
        "/.well-known/webauthn",
        get(async move || Json(document.clone())),
    )
}
