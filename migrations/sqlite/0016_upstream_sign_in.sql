-- Sign-ins that wait for the answer of an upstream provider. What is waited for is sealed.
CREATE TABLE oidc_upstream_states (
    state_hash   BLOB   NOT NULL PRIMARY KEY,
    upstream_id  TEXT   NOT NULL REFERENCES upstream_providers (id) ON DELETE CASCADE,
    -- Keyed hash of the browser's cookie.
    browser_hash BLOB   NOT NULL,
    sealed       BLOB   NOT NULL,
    expires_at   BIGINT NOT NULL
);
CREATE INDEX oidc_upstream_states_by_expiry ON oidc_upstream_states (expires_at);
CREATE INDEX oidc_upstream_states_by_upstream ON oidc_upstream_states (upstream_id);

-- Identities that wait for an account's owner to say that they are theirs: one a browser.
CREATE TABLE oidc_upstream_offers (
    browser_hash BLOB   NOT NULL PRIMARY KEY,
    upstream_id  TEXT   NOT NULL REFERENCES upstream_providers (id) ON DELETE CASCADE,
    sealed       BLOB   NOT NULL,
    expires_at   BIGINT NOT NULL
);
CREATE INDEX oidc_upstream_offers_by_expiry ON oidc_upstream_offers (expires_at);
CREATE INDEX oidc_upstream_offers_by_upstream ON oidc_upstream_offers (upstream_id);

-- Which identity at an upstream provider is which account. `upstream_id` is no foreign key: a manifest
-- that was deleted by mistake and is rolled back finds its people again.
CREATE TABLE user_upstream (
    id          TEXT   NOT NULL PRIMARY KEY,
    user_id     TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    upstream_id TEXT   NOT NULL,
    -- A subject is unique only within its issuer, and a manifest's issuer may change.
    issuer      TEXT   NOT NULL,
    subject     TEXT   NOT NULL,
    -- What the person knows the identity by.
    shown       TEXT   NOT NULL,
    -- JSON object of what was told last.
    claims      TEXT   NOT NULL,
    -- Sealed; NULL unless the manifest says `keepTokens`.
    tokens      BLOB,
    created_at  BIGINT NOT NULL,
    used_at     BIGINT NOT NULL,
    UNIQUE (upstream_id, issuer, subject)
);
CREATE INDEX user_upstream_by_user ON user_upstream (user_id);

-- Which session here came from which there. Before the session begins, the row waits at the browser.
CREATE TABLE oidc_upstream_sessions (
    id           TEXT   NOT NULL PRIMARY KEY,
    session_id   TEXT   REFERENCES sessions (id) ON DELETE CASCADE,
    browser_hash BLOB,
    user_id      TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    upstream_id  TEXT   NOT NULL,
    issuer       TEXT   NOT NULL,
    subject      TEXT   NOT NULL,
    sid          TEXT,
    -- NULL once the session has begun.
    expires_at   BIGINT
);
CREATE INDEX oidc_upstream_sessions_by_session ON oidc_upstream_sessions (session_id);
CREATE INDEX oidc_upstream_sessions_by_browser ON oidc_upstream_sessions (browser_hash);
CREATE INDEX oidc_upstream_sessions_by_user ON oidc_upstream_sessions (user_id);
CREATE INDEX oidc_upstream_sessions_by_subject ON oidc_upstream_sessions (upstream_id, issuer, subject);
CREATE INDEX oidc_upstream_sessions_by_sid ON oidc_upstream_sessions (upstream_id, issuer, sid);
CREATE INDEX oidc_upstream_sessions_by_expiry ON oidc_upstream_sessions (expires_at);
