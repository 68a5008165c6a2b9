use std::time::Duration;

use serde_json::json;

use super::{record, user_code::UserCode};
use crate::{
    modules::{
        Context,
        attempts::Limit,
        audit::{self, AuditEvent},
        session::{Browser, ClientAddress},
    },
    store::StoreError,
};

/// Wrong codes from one browser. Somebody who mistypes has this many chances.
const BY_BROWSER: Limit = Limit {
    domain: "oidc.user_code.browser",
    tries: 10,
    window: Duration::from_mins(10),
};
/// Wrong codes from one address, which may be a whole office, or a guesser without cookies. With 20^8
/// codes, and a thousand of them waiting, one in 250,000 such addresses finds one in ten minutes.
const BY_ADDRESS: Limit = Limit {
    domain: "oidc.user_code.address",
    tries: 100,
    window: Duration::from_mins(10),
};

/// What became of a code that was typed.
pub(super) enum Typed {
    /// A device waits for it.
    Found,
    /// None does.
    Wrong,
    /// There were too many wrong ones.
    TooMany,
}

/// Looks the code up, and counts it if it was wrong. The count comes first, and a right code takes it
/// back, so that many at once are no way around it.
pub(super) async fn look_up(
    context: &Context,
    browser: &Browser,
    address: &ClientAddress,
    user_code: &UserCode,
) -> Result<Typed, StoreError> {
    let now = context.clock.now();
    let place = address.network();
    let mut tx = context.store.begin().await?;
    let mut is_last = false;
    for (limit, who) in [(BY_BROWSER, browser.id()), (BY_ADDRESS, &place)] {
        let Some(tries) = limit.count(&mut tx, &context.keyring, who, now).await? else {
            tx.rollback().await?;
            return Ok(Typed::TooMany);
        };
        is_last |= tries == limit.tries;
    }
    let hash = user_code.hash(&context.keyring);
    if record::waiting(&mut tx, &hash, now).await?.is_some() {
        tx.rollback().await?;
        return Ok(Typed::Found);
    }
    if is_last {
        let event = AuditEvent {
            actor: "anonymous",
            action: "oidc.user_code_guessing",
            subject: None,
            detail: json!({}),
            ip: address.text(),
        };
        audit::record(&mut tx, event, now).await?;
        tracing::warn!("too many wrong user codes from one place");
    }
    tx.commit().await?;
    Ok(Typed::Wrong)
}
