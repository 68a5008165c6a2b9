//! What operators see and do, and what people are told.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Bench, MANAGE};
use crate::harness::{Reply, TestDb};

both_databases!(
    an_operator_helps_somebody_who_has_lost_everything,
    people_are_told_of_every_change_by_mail,
);

async fn an_operator_helps_somebody_who_has_lost_everything(db: TestDb) {
    let bench = Bench::with_settings(db, "{ rememberFor: 30d }").await;
    let path = format!(
        "/auth/admin/auth/users/{}/second-factors",
        bench.ada_id().await
    );
    let of_ada = async || {
        let reply = Reply::to(bench.assay.admin(Method::GET, &path)).await;
        reply.expect_status(200).json()
    };
    let nothing = json!({
        "authenticatorSince": null, "authenticatorUsedAt": null, "passkeys": 0,
        "recoveryCodes": 0, "rememberedDevices": 0,
    });
    assert_eq!(of_ada().await, nothing);
    let mut visitor = bench.assay.visitor();
    bench.set_up(&mut visitor).await;
    let has = of_ada().await;
    assert!(has["authenticatorSince"].is_i64(), "{has:#}");
    assert_eq!(has["recoveryCodes"], 10);

    let reset = bench.assay.admin(Method::DELETE, &path);
    Reply::to(reset).await.expect_status(204);
    assert_eq!(of_ada().await, nothing);
    // Whoever came in with what was lost is out.
    assert!(!bench.is_signed_in(&mut visitor).await);
    bench.enter_password(&mut visitor).await;
    assert!(bench.is_signed_in(&mut visitor).await);
    assert_eq!(bench.audit("user.reset_second_factors").await.len(), 1);

    let nobody = "/auth/admin/auth/users/nobody/second-factors";
    for method in [Method::GET, Method::DELETE] {
        let reply = Reply::to(bench.assay.admin(method.clone(), nobody)).await;
        reply.expect_status(404);
        let reply = Reply::to(bench.assay.request(method, &path)).await;
        reply.expect_status(401);
    }
}

async fn people_are_told_of_every_change_by_mail(db: TestDb) {
    let bench = Bench::on(db).await;
    let mut visitor = bench.assay.visitor();
    let (_, codes) = bench.set_up(&mut visitor).await;
    let page = bench.open(&mut visitor, MANAGE).await;
    let form = page.form_with_button("renew").press("renew", "codes");
    let new = super::codes(&visitor.submit(&form).await.page());
    let mut other = bench.assay.visitor();
    let page = bench.enter_password(&mut other).await;
    for (code, status) in [(&codes[0], 401), (&new[0], 200)] {
        let form = page.form_with("recovery_code").fill("recovery_code", code);
        other.submit(&form).await.page().expect_status(status);
    }
    let page = bench.open(&mut visitor, MANAGE).await;
    let form = page
        .form_with_button("remove")
        .press("remove", "authenticator");
    visitor.submit(&form).await.page();

    for kind in [
        "UPDATE mails SET recipient = recipient WHERE kind = 'secondFactorAdded'",
        "UPDATE mails SET recipient = recipient WHERE kind = 'recoveryCodesMade'",
        "UPDATE mails SET recipient = recipient WHERE kind = 'recoveryCodeUsed'",
        "UPDATE mails SET recipient = recipient WHERE kind = 'secondFactorRemoved'",
    ] {
        assert_eq!(bench.alter(kind).await, 1, "{kind}");
    }
    let used = bench.audit("second_factor.recovery_code_used").await;
    assert_eq!(used.len(), 1);
    assert_ne!(used[0]["ip"], Value::Null);
}
