use axum::response::{IntoResponse, Response};

use super::{
    super::{
        device,
        error::{ErrorCode, OAuthError},
        grant,
        scope::Scopes,
    },
    TokenRequest, refresh_token, response,
};
use crate::{
    clock::UnixMillis,
    crypto::Hashed,
    store::{StoreError, Tx, execute, fetch_optional},
};

/// Seconds that a client that polls too fast has to add (RFC 8628 3.5).
const SLOWER_BY: i64 = 5;
/// Longest interval: what a client adds beyond it is its own affair.
const MAX_INTERVAL: i64 = 60;

fn refused(code: ErrorCode, description: &'static str) -> OAuthError {
    OAuthError::new(code, description)
}

/// `grant_type=urn:ietf:params:oauth:grant-type:device_code` (RFC 8628 3.4). One commit.
pub(super) async fn redeem(asked: &TokenRequest<'_>) -> Result<Response, OAuthError> {
    let TokenRequest {
        context,
        client,
        form,
        ..
    } = *asked;
    let Some(device_code) = form.get("device_code") else {
        let what = "the request has no device_code";
        return Err(refused(ErrorCode::InvalidRequest, what));
    };
    let now = context.clock.now();
    let hash = device::hash_device_code(&context.keyring, device_code);
    let mut tx = context.store.begin().await?;
    let Some(grant_id) = take(&mut tx, &hash, &client.uid, now).await? else {
        return Err(not_yet(tx, &hash, &client.uid, now).await?);
    };
    let Some(grant) = grant::live_in(&mut tx, &grant_id, now).await? else {
        // It stays used: what it was for has ended.
        tx.commit().await?;
        let what = "the grant was revoked or its session has ended";
        return Err(refused(ErrorCode::InvalidGrant, what));
    };
    let scopes = Scopes::parse(&grant.scope).within(&client.spec.scopes);
    let refresh_token = refresh_token::first(asked, &mut tx, &grant, now).await?;
    let access_token = response::access_token(asked, &mut tx, &grant, &scopes).await?;
    tx.commit().await?;
    let tokens = response::of_grant(asked, &grant, &scopes, access_token, refresh_token)?;
    Ok(tokens.into_response())
}

/// Takes the code out of circulation, if it is this client's, allowed, unused and fresh. Of many at
/// once, one gets it.
async fn take(
    tx: &mut Tx,
    hash: &Hashed,
    client_uid: &str,
    now: UnixMillis,
) -> Result<Option<String>, StoreError> {
    let row = fetch_optional!(
        tx,
        (String,),
        "UPDATE oidc_device_codes SET used_at = $3
          WHERE device_code_hash = $1 AND client_uid = $2 AND grant_id IS NOT NULL
            AND used_at IS NULL AND denied_at IS NULL AND expires_at > $3
      RETURNING grant_id",
        hash,
        client_uid,
        now,
    )?;
    Ok(row.map(|(grant_id,)| grant_id))
}

/// Why there is nothing (RFC 8628 3.5).
async fn not_yet(
    mut tx: Tx,
    hash: &Hashed,
    client_uid: &str,
    now: UnixMillis,
) -> Result<OAuthError, StoreError> {
    if polled(&mut tx, hash, client_uid, now).await? {
        tx.commit().await?;
        return Ok(refused(
            ErrorCode::AuthorizationPending,
            "the person has not answered yet",
        ));
    }
    if polled_too_fast(&mut tx, hash, client_uid, now).await? {
        tx.commit().await?;
        return Ok(refused(
            ErrorCode::SlowDown,
            "add 5 seconds to the interval between two requests",
        ));
    }
    let ended = ended(&mut tx, hash, client_uid).await?;
    tx.rollback().await?;
    Ok(match ended {
        Some(Ended { used_at, .. }) if used_at.is_some() => {
            refused(ErrorCode::InvalidGrant, "the device code was used")
        }
        Some(Ended { denied_at, .. }) if denied_at.is_some() => {
            refused(ErrorCode::AccessDenied, "the person did not allow it")
        }
        Some(_) => refused(ErrorCode::ExpiredToken, "the device code has expired"),
        // One of another client is as unknown as one that never was.
        None => refused(ErrorCode::InvalidGrant, "the device code is unknown"),
    })
}

/// The client polls, and has left enough time since the last one. Of two at once, one has.
async fn polled(
    tx: &mut Tx,
    hash: &Hashed,
    client_uid: &str,
    now: UnixMillis,
) -> Result<bool, StoreError> {
    let rows = execute!(
        tx,
        "UPDATE oidc_device_codes SET polled_at = $3
          WHERE device_code_hash = $1 AND client_uid = $2 AND grant_id IS NULL
            AND denied_at IS NULL AND expires_at > $3
            AND (polled_at IS NULL OR polled_at + poll_interval * 1000 <= $3)",
        hash,
        client_uid,
        now,
    )?;
    Ok(rows == 1)
}

/// The client polls, and has not left enough time: from now on it leaves more.
async fn polled_too_fast(
    tx: &mut Tx,
    hash: &Hashed,
    client_uid: &str,
    now: UnixMillis,
) -> Result<bool, StoreError> {
    let rows = execute!(
        tx,
        "UPDATE oidc_device_codes
            SET polled_at = $3,
                poll_interval = CASE WHEN poll_interval + $4 > $5 THEN $5
                                     ELSE poll_interval + $4 END
          WHERE device_code_hash = $1 AND client_uid = $2 AND grant_id IS NULL
            AND denied_at IS NULL AND expires_at > $3",
        hash,
        client_uid,
        now,
        SLOWER_BY,
        MAX_INTERVAL,
    )?;
    Ok(rows == 1)
}

/// How a code ended that nobody waits for any more.
#[derive(sqlx::FromRow)]
struct Ended {
    used_at: Option<UnixMillis>,
    denied_at: Option<UnixMillis>,
}

async fn ended(tx: &mut Tx, hash: &Hashed, client_uid: &str) -> Result<Option<Ended>, StoreError> {
    fetch_optional!(
        tx,
        Ended,
        "SELECT used_at, denied_at FROM oidc_device_codes
          WHERE device_code_hash = $1 AND client_uid = $2",
        hash,
        client_uid,
    )
}
