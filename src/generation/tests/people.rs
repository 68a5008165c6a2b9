//! What people hold survives what happens to the configuration, unless its client goes.

use super::fixture::{Room, TODAY, client, client_with, options, renamed};
use crate::{
    generation::Generation,
    store::{execute, fetch_one, testing::both_databases},
};

/// A person with a session, who granted `client` something and has a code, a refresh token and a
/// consent to show for it.
async fn sign_in_to(room: &Room, client: &str) {
    let store = &room.store;
    let (uid,) = fetch_one!(
        store,
        (String,),
        "SELECT id FROM oidc_clients WHERE name = $1",
        client
    )
    .unwrap();
    execute!(
        store,
        "INSERT INTO users (id, email, state, created_at, updated_at)
         VALUES ('ada', 'ada@example.com', 'active', $1, $1)",
        TODAY
    )
    .unwrap();
    execute!(
        store,
        "INSERT INTO sessions (id, token_hash, user_id, csrf_secret, authenticated_at, amr,
                               created_at, seen_at, expires_at)
         VALUES ('session', $2, 'ada', 'c', $1, '[]', $1, $1, $1)",
        TODAY,
        b"token".as_slice()
    )
    .unwrap();
    execute!(
        store,
        "INSERT INTO oidc_grants (id, client_uid, user_id, session_id, scope, authenticated_at,
                                  amr, created_at, expires_at)
         VALUES ('grant', $2, 'ada', 'session', 'openid', $1, '[]', $1, $1)",
        TODAY,
        &uid
    )
    .unwrap();
    execute!(
        store,
        "INSERT INTO oidc_authorization_codes (code_hash, grant_id, redirect_uri, created_at, expires_at)
         VALUES ($2, 'grant', 'https://x.example.com', $1, $1)",
        TODAY,
        b"code".as_slice()
    )
    .unwrap();
    execute!(
        store,
        "INSERT INTO oidc_refresh_tokens (token_hash, grant_id, scope, created_at, expires_at)
         VALUES ($2, 'grant', 'openid', $1, $1)",
        TODAY,
        b"refresh".as_slice()
    )
    .unwrap();
    execute!(
        store,
        "INSERT INTO oidc_consents (user_id, client_uid, scope, granted_at)
         VALUES ('ada', $2, 'openid', $1)",
        TODAY,
        &uid
    )
    .unwrap();
}

/// Sessions, codes, refresh tokens, consents.
async fn held(room: &Room) -> [i64; 4] {
    [
        room.count("SELECT COUNT(*) FROM sessions").await,
        room.count("SELECT COUNT(*) FROM oidc_authorization_codes")
            .await,
        room.count("SELECT COUNT(*) FROM oidc_refresh_tokens").await,
        room.count("SELECT COUNT(*) FROM oidc_consents").await,
    ]
}

both_databases! {
    async fn a_renamed_and_rolled_back_client_keeps_what_people_granted_it(db: TestDb) {
        let room = Room::new(db).await;
        room.apply(vec![client("a")]).await.unwrap();
        sign_in_to(&room, "a").await;

        room.apply(vec![renamed(client("b"), "a")]).await.unwrap();
        assert_eq!(held(&room).await, [1, 1, 1, 1]);

        room.apply(vec![client_with("b", serde_json::json!({ "displayName": "B" }))])
            .await
            .unwrap();
        room.engine
            .rollback(Generation(1), options())
            .await
            .unwrap();
        assert_eq!(held(&room).await, [1, 1, 1, 1]);
        assert!(room.exported().await[0].starts_with("OidcClient/a "));
    }

    async fn a_deleted_client_takes_its_codes_tokens_and_consents_with_it(db: TestDb) {
        let room = Room::new(db).await;
        room.apply(vec![client("a"), client("b")]).await.unwrap();
        sign_in_to(&room, "a").await;
        room.apply(vec![client("b")]).await.unwrap();
        // The session is the person's own.
        assert_eq!(held(&room).await, [1, 0, 0, 0]);
    }
}
