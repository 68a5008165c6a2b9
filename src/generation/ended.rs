//! What goes with a client that is deleted or switched off. Of a deleted one it goes by itself, because
//! it hangs on the client's row.

use assay_reconciler::diff::{Action, Change, Ended, Plan};

use crate::{
    clock::UnixMillis,
    store::{StoreError, Tx, bulk, fetch_one},
};

/// Counts what the plan would end.
pub(super) async fn count(tx: &mut Tx, plan: &mut Plan, now: UnixMillis) -> Result<(), StoreError> {
    for change in plan
        .changes
        .iter_mut()
        .filter(|change| change.ends_client())
    {
        let Some(uid) = &change.id else { continue };
        let (grants, consents) = fetch_one!(
            tx,
            (i64, i64),
            "SELECT (SELECT COUNT(*) FROM oidc_grants
                      WHERE client_uid = $1 AND revoked_at IS NULL AND expires_at > $2),
                    (SELECT COUNT(*) FROM oidc_consents WHERE client_uid = $1)",
            uid,
            now
        )?;
        change.ends = Some(Ended {
            grants: u64::try_from(grants).unwrap_or(0),
            consents: u64::try_from(consents).unwrap_or(0),
        });
    }
    Ok(())
}

/// Statements that each delete what a batch of clients has of one kind.
macro_rules! everything_in {
    ($($table:literal)*) => {
        [$(concat!(
            "DELETE FROM ", $table, " WHERE client_uid IN (SELECT batch.id FROM batch)"
        )),*]
    };
}

/// Codes and refresh tokens go with their grants.
const HELD: [&str; 7] = everything_in![
    "oidc_grants"
    "oidc_consents"
    "oidc_sessions"
    "oidc_access_tokens"
    "oidc_pushed_requests"
    "oidc_device_codes"
    "oidc_logout_notices"
];

/// Ends what is held by clients that the plan switches off, so that nothing of it is good again should
/// they be switched on.
pub(super) async fn end(tx: &mut Tx, plan: &Plan) -> Result<(), StoreError> {
    let is_switched_off =
        |change: &&Change| change.action == Action::Update && change.ends_client();
    let switched_off: Vec<&String> = plan
        .changes
        .iter()
        .filter(is_switched_off)
        .filter_map(|change| change.id.as_ref())
        .collect();
    for statement in HELD {
        let ids = switched_off.iter().map(|id| [(*id).into()]);
        bulk::execute(tx, ["id"], statement, ids).await?;
    }
    Ok(())
}
