//! Codes that somebody guesses.

use super::{Bench, asks_for_code};
use crate::harness::TestDb;

both_databases!(
    guessing_codes_comes_to_an_end,
    many_guesses_at_once_count_as_many,
);

async fn guessing_codes_comes_to_an_end(db: TestDb) {
    let bench = Bench::on(db).await;
    let (mut authenticator, codes) = bench.ada_with_authenticator().await;
    let mut guesser = bench.assay.visitor();
    for _ in 0..5 {
        // A new sign-in gives no new tries.
        let page = bench.enter_password(&mut guesser).await;
        let wrong = authenticator.wrong_code();
        let page = Bench::show_code(&mut guesser, &page, &wrong).await.page();
        page.expect_status(401);
    }
    let page = bench.enter_password(&mut guesser).await;
    let code = authenticator.code().await;
    let page = Bench::show_code(&mut guesser, &page, &code).await.page();
    page.expect_status(429);
    let seconds = page.reply.header("retry-after").unwrap();
    assert!((1..=900).contains(&seconds.parse::<u32>().unwrap()));
    assert!(asks_for_code(&page));
    assert!(!bench.is_signed_in(&mut guesser).await);
    assert_eq!(bench.audit("second_factor.failed").await.len(), 5);

    // That locks nobody out who has their recovery codes, and ends by itself.
    let mut owner = bench.assay.visitor();
    let page = bench.enter_password(&mut owner).await;
    let form = page
        .form_with("recovery_code")
        .fill("recovery_code", &codes[0]);
    owner.submit(&form).await.page();
    assert!(bench.is_signed_in(&mut owner).await);
    assert!(bench.alter("UPDATE attempts SET expires_at = 1").await >= 1);
    let page = bench.enter_password(&mut guesser).await;
    Bench::show_code(&mut guesser, &page, &code).await.page();
    assert!(bench.is_signed_in(&mut guesser).await);
}

async fn many_guesses_at_once_count_as_many(db: TestDb) {
    let bench = Bench::on(db).await;
    let (authenticator, _) = bench.ada_with_authenticator().await;
    let mut guesser = bench.assay.visitor();
    let page = bench.enter_password(&mut guesser).await;
    let wrong = authenticator.wrong_code();
    let form = page.form_with("code").fill("code", &wrong);
    let cookies = guesser.cookies.clone();
    let tries = (0..12).map(async |_| {
        let mut browser = bench.assay.visitor();
        browser.cookies = cookies.clone();
        browser.submit(&form).await.page().reply.status.as_u16()
    });
    let mut outcomes = futures_util::future::join_all(tries).await;
    outcomes.sort_unstable();
    assert_eq!(outcomes[..5], [401; 5], "{outcomes:?}");
    assert_eq!(outcomes[5..], [429; 7], "{outcomes:?}");
}
