//! What a device, a guesser and a foreign form do not get (RFC 8628 3.5 and 5).

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Method;

use super::{
    Bench, CALLBACK, SECRET,
    device::{CLIENTS, Device, GRANT, ask, device, poll},
};
use crate::harness::{Form, Registration, Reply, TestDb, Visitor, with_form};

both_databases!(
    a_device_that_polls_too_fast_slows_down,
    a_device_gets_nothing_before_after_or_instead_of_its_answer,
    a_device_code_dies_with_what_it_rests_on,
    only_clients_that_may_ask_are_answered,
    user_codes_cannot_be_guessed_in_bulk,
    a_foreign_form_connects_nothing,
    one_of_many_answers_at_once_counts,
);

async fn a_device_that_polls_too_fast_slows_down(db: TestDb) {
    let bench = Bench::with_devices(db, CLIENTS).await;
    let tv = bench.tv().await;
    let patient = device(&tv, "openid").await;
    let hasty = device(&tv, "openid").await;
    for device in [&patient, &hasty] {
        let first = poll(&tv, device).await;
        first.expect_error("authorization_pending");
    }
    poll(&tv, &hasty).await.expect_error("slow_down");
    tokio::time::sleep(Duration::from_secs(6)).await;
    // Five seconds are enough for the one, and no longer for the other.
    poll(&tv, &patient)
        .await
        .expect_error("authorization_pending");
    poll(&tv, &hasty).await.expect_error("slow_down");
    // Of many at once, one was in time.
    let crowd = device(&tv, "openid").await;
    let replies = join_all((0..20).map(|_| poll(&tv, &crowd))).await;
    let pending = replies
        .iter()
        .filter(|reply| reply.json()["error"] == "authorization_pending");
    assert_eq!(pending.count(), 1, "{replies:#?}");
    // Haste costs no device what its person has allowed.
    bench
        .answer(&mut bench.assay.visitor(), &hasty, "allow")
        .await;
    poll(&tv, &hasty).await.tokens();
}

async fn a_device_gets_nothing_before_after_or_instead_of_its_answer(db: TestDb) {
    let clients = CLIENTS.replace("deviceCodeTtl: 5m", "deviceCodeTtl: 4s");
    let bench = Bench::with_devices(db, &clients).await;
    let tv = bench.tv().await;
    let wiki = bench.client("wiki", "openid").await;
    let mut visitor = bench.assay.visitor();
    // Signed in before the clock starts.
    visitor
        .sign_in(&wiki.authorization().url(), &bench.ada)
        .await;

    let denied = device(&tv, "openid").await;
    bench.answer(&mut visitor, &denied, "deny").await;
    for _ in 0..2 {
        poll(&tv, &denied).await.expect_error("access_denied");
    }

    let allowed = device(&tv, "openid").await;
    bench.answer(&mut visitor, &allowed, "allow").await;
    // Another client's attempt gets nothing, and takes nothing away.
    poll(&wiki, &allowed).await.expect_error("invalid_grant");
    poll(&tv, &allowed).await.tokens();

    let late = device(&tv, "openid").await;
    let forgotten = device(&tv, "openid").await;
    let question = bench.type_code(&mut visitor, &late).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    for device in [&late, &forgotten] {
        poll(&tv, device).await.expect_error("expired_token");
    }
    let form = question
        .form_with_button("decision")
        .press("decision", "allow");
    let page = visitor.submit(&form).await.page();
    assert!(page.reply.body.contains("No device shows this code"));
    poll(&tv, &late).await.expect_error("expired_token");
    let page = bench.type_code(&mut visitor, &forgotten).await;
    assert!(page.reply.body.contains("No device shows this code"));

    let unknown = tv
        .token(&[("grant_type", GRANT), ("device_code", "made-up")])
        .await;
    unknown.expect_error("invalid_grant");
    let nothing = tv.token(&[("grant_type", GRANT)]).await;
    nothing.expect_error("invalid_request");
    // The person's code is not the device's.
    let swapped = tv
        .token(&[("grant_type", GRANT), ("device_code", &allowed.user_code)])
        .await;
    swapped.expect_error("invalid_grant");
}

async fn a_device_code_dies_with_what_it_rests_on(db: TestDb) {
    let bench = Bench::with_devices(db, CLIENTS).await;
    let wiki = bench.client("wiki", "openid").await;
    let mut visitor = bench.assay.visitor();
    let allowed = device(&wiki, "openid").await;
    bench.answer(&mut visitor, &allowed, "allow").await;
    let asked = device(&wiki, "openid").await;
    let question = bench.type_code(&mut visitor, &asked).await;

    // The person signs out before the device hears of it.
    let account = bench.assay.url("/auth/account");
    let account = visitor.open(&account).await.page();
    let sign_out = account
        .forms()
        .into_iter()
        .find(|form| form.action.path().ends_with("sign-out"))
        .unwrap();
    visitor.submit(&sign_out).await.page();
    poll(&wiki, &allowed).await.expect_error("invalid_grant");
    let form = question
        .form_with_button("decision")
        .press("decision", "allow");
    visitor.submit(&form).await.page().form_with("user_code");
    poll(&wiki, &asked)
        .await
        .expect_error("authorization_pending");

    // The client is switched off between question and answer.
    let mut visitor = bench.assay.visitor();
    let question = bench.type_code(&mut visitor, &asked).await;
    let form = question
        .form_with_button("decision")
        .press("decision", "allow");
    let off = CLIENTS.replacen("displayName: Wiki", "enabled: false", 1);
    bench.manifests.write("clients.yaml", &off);
    let path = bench.manifests.path().to_str().unwrap();
    let apply = bench.assay.remote_command(["apply", "-f", path]);
    apply.env("WIKI_SECRET", SECRET).run().expect_code(0);
    let page = visitor.submit(&form).await.page();
    assert!(page.reply.body.contains("No device shows this code"));
    poll(&wiki, &asked).await.expect_error("invalid_client");
}

async fn only_clients_that_may_ask_are_answered(db: TestDb) {
    let bench = Bench::with_devices(db, CLIENTS).await;
    let tv = bench.tv().await;
    ask(&tv, "openid profile")
        .await
        .expect_error("invalid_scope");
    ask(&tv, "").await.expect_error("invalid_scope");
    let reporter = bench.client("reporter", "openid").await;
    ask(&reporter, "openid")
        .await
        .expect_error("unauthorized_client");
    let device = device(&tv, "openid").await;
    poll(&reporter, &device)
        .await
        .expect_error("unauthorized_client");
    for registration in [
        Registration::public("wiki", CALLBACK),
        Registration::public("nobody", CALLBACK),
        Registration::confidential("wiki", "guess", CALLBACK),
        Registration::confidential("tv", SECRET, CALLBACK),
    ] {
        let client = bench.assay.relying_party(registration).await;
        ask(&client, "openid").await.expect_error("invalid_client");
        poll(&client, &device).await.expect_error("invalid_client");
    }
    let path = "/auth/oauth2/device";
    bench
        .post(path, "client_id=tv&scope=openid&scope=openid")
        .await
        .expect_error("invalid_request");
    bench
        .post(&format!("{path}?client_id=tv"), "scope=openid")
        .await
        .expect_error("invalid_request");
}

/// Sends the form as a browser does that keeps these cookies.
async fn send(bench: &Bench, form: &Form, visitor: &Visitor, headers: &[(&str, &str)]) -> Reply {
    let cookies: Vec<String> = visitor
        .cookies
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let mut request = bench
        .assay
        .request(Method::POST, form.action.path())
        .header("cookie", cookies.join("; "));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Reply::to(with_form(request, &form.fields)).await
}

async fn code_form(visitor: &mut Visitor, device: &Device) -> Form {
    let page = visitor.open(&device.page).await.page();
    page.form_with("user_code")
}

async fn user_codes_cannot_be_guessed_in_bulk(db: TestDb) {
    let bench = Bench::with_devices(db, CLIENTS).await;
    let tv = bench.tv().await;
    let device = device(&tv, "openid").await;
    let wrong = if device.user_code.starts_with('B') {
        "CCCC-CCCC"
    } else {
        "BBBB-BBBB"
    };
    let mut tried = 0;
    // All at once, or one after another, or without cookies: a browser has ten, an address a hundred.
    for _ in 0..10 {
        let mut visitor = bench.assay.visitor();
        let form = code_form(&mut visitor, &device).await;
        let right = form.clone().fill("user_code", &device.user_code);
        // Right ones are not counted.
        for _ in 0..3 {
            send(&bench, &right, &visitor, &[]).await.expect_status(303);
        }
        let guess = form.clone().fill("user_code", wrong);
        let guesses = (0..20).map(|_| send(&bench, &guess, &visitor, &[]));
        let replies = join_all(guesses).await;
        let looked_up = replies.iter().filter(|reply| reply.status == 400).count();
        assert_eq!(looked_up, 10, "{replies:#?}");
        for reply in replies.into_iter().filter(|reply| reply.status != 400) {
            let reply = reply.expect_status(429);
            assert!(reply.header("retry-after").is_some());
        }
        send(&bench, &right, &visitor, &[]).await.expect_status(429);
        tried += looked_up;
    }
    assert_eq!(tried, 100);
    let mut fresh = bench.assay.visitor();
    let form = code_form(&mut fresh, &device).await;
    let right = form.fill("user_code", &device.user_code);
    send(&bench, &right, &fresh, &[]).await.expect_status(429);
    poll(&tv, &device)
        .await
        .expect_error("authorization_pending");
}

fn without(form: &Form, field: &str) -> Form {
    let mut form = form.clone();
    form.fields.retain(|(name, _)| name != field);
    form
}

async fn a_foreign_form_connects_nothing(db: TestDb) {
    let bench = Bench::with_devices(db, CLIENTS).await;
    let tv = bench.tv().await;
    let device = device(&tv, "openid").await;
    let evil: [&[(&str, &str)]; 2] = [
        &[("origin", "https://evil.example")],
        &[("sec-fetch-site", "cross-site")],
    ];
    let mut visitor = bench.assay.visitor();
    let mut other = bench.assay.visitor();
    let code = code_form(&mut visitor, &device).await;
    let code = code.fill("user_code", &device.user_code);
    code_form(&mut other, &device).await;
    send(&bench, &code, &other, &[]).await.expect_status(403);
    send(&bench, &without(&code, "csrf"), &visitor, &[])
        .await
        .expect_status(403);
    for headers in evil {
        send(&bench, &code, &visitor, headers)
            .await
            .expect_status(403);
    }

    // A link to the question leads nobody else to it.
    let reply = send(&bench, &code, &visitor, &[]).await.expect_status(303);
    let link = bench.assay.url(reply.header("location").unwrap());
    other.open(&link).await.page().form_with("user_code");

    let question = bench.type_code(&mut visitor, &device).await;
    let allow = question
        .form_with_button("decision")
        .press("decision", "allow");
    send(&bench, &without(&allow, "csrf"), &visitor, &[])
        .await
        .expect_status(403);
    for headers in evil {
        send(&bench, &allow, &visitor, headers)
            .await
            .expect_status(403);
    }
    // Another person's session answers only what was put to it.
    let grace = bench.assay.user("grace");
    let wiki = bench.client("wiki", "openid").await;
    other.sign_in(&wiki.authorization().url(), &grace).await;
    let reply = send(&bench, &allow, &other, &[]).await;
    assert_eq!(
        reply.expect_status(303).header("location"),
        Some("/auth/device")
    );
    poll(&tv, &device)
        .await
        .expect_error("authorization_pending");

    send(&bench, &allow, &visitor, &[]).await.expect_status(200);
    poll(&tv, &device).await.tokens();
}

async fn one_of_many_answers_at_once_counts(db: TestDb) {
    let bench = Bench::with_devices(db, CLIENTS).await;
    let tv = bench.tv().await;
    let device = device(&tv, "openid").await;
    let mut visitor = bench.assay.visitor();
    let question = bench.type_code(&mut visitor, &device).await;
    let form = question.form_with_button("decision");
    let answers = ["allow", "deny"].map(|decision| form.clone().press("decision", decision));
    let sent = (0..30).map(|n| send(&bench, &answers[n % 2], &visitor, &[]));
    let replies = join_all(sent).await;
    let allowed = replies
        .iter()
        .filter(|reply| reply.body.contains("Your device is connected"))
        .count();
    let denied = replies
        .iter()
        .filter(|reply| reply.body.contains("Nothing was allowed"))
        .count();
    assert_eq!(allowed + denied, 1, "{replies:#?}");
    let heard = poll(&tv, &device).await;
    if allowed == 1 {
        heard.tokens();
    } else {
        heard.expect_error("access_denied");
    }
}
