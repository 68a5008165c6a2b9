//! The public halves of root keys, for those who verify tokens themselves.

use std::{fmt::Write as _, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use data_encoding::HEXLOWER;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{
    generation::{Engine, RootKeys},
    modules::prepared::PreparedJson,
};

/// How often it is looked whether a retired key has had its time.
const EVERY: Duration = Duration::from_mins(1);

/// What comes before the 32 bytes of an Ed25519 key in a `SubjectPublicKeyInfo` (RFC 8410 4).
const SPKI_PREFIX: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// Every key, the oldest first.
pub(super) fn json(keys: &RootKeys) -> PreparedJson {
    let keys: Vec<_> = keys
        .published()
        .map(|key| {
            let bytes = key.public.to_bytes();
            json!({
                "id": key.id,
                "algorithm": "Ed25519",
                "hex": HEXLOWER.encode(&bytes),
                "base64": STANDARD.encode(&bytes),
                "active": key.is_active,
            })
        })
        .collect();
    let document = json!({ "keys": keys }).to_string();
    PreparedJson::new(document, "application/json")
}

/// Every key, the oldest first, each after a line with its number.
pub(super) fn pem(keys: &RootKeys) -> PreparedJson {
    let mut text = String::new();
    for key in keys.published() {
        let state = if key.is_active { "active" } else { "retired" };
        let encoded = STANDARD.encode([&SPKI_PREFIX[..], &key.public.to_bytes()].concat());
        let _ = writeln!(
            text,
            "root_key_id: {} ({state})\n-----BEGIN PUBLIC KEY-----\n{encoded}\n-----END PUBLIC KEY-----",
            key.id
        );
    }
    PreparedJson::new(text, "application/x-pem-file")
}

/// Forgets keys whose last token has expired, until it is told to stop.
pub(super) async fn forget_expired(engine: Engine, stop: CancellationToken) {
    loop {
        if let Err(error) = engine.reap_root_keys().await {
            tracing::warn!("retired root keys were not looked after: {error}");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}
