-- Signing keys of tokens. A retired key keeps its public half until `expires_at`, when the last
-- token it signed has expired; its private half is erased when it retires.
CREATE TABLE jwks_keys (
    kid          TEXT   NOT NULL PRIMARY KEY,
    algorithm    TEXT   NOT NULL,
    state        TEXT   NOT NULL CHECK (state IN ('next', 'active', 'retired')),
    public_jwk   TEXT   NOT NULL,
    private_key  BLOB,
    created_at   BIGINT NOT NULL,
    activated_at BIGINT,
    retired_at   BIGINT,
    expires_at   BIGINT
);
CREATE UNIQUE INDEX jwks_keys_one_active ON jwks_keys (algorithm) WHERE state = 'active';

-- What one person granted one client in one authorization. The code, every refresh token and every
-- access token come from a grant, so revoking it ends all of them in one statement.
CREATE TABLE oidc_grants (
    id               TEXT   NOT NULL PRIMARY KEY,
    client_uid       TEXT   NOT NULL REFERENCES oidc_clients (id) ON DELETE CASCADE,
    user_id          TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- NULL once the session is gone; an offline grant lives on without it.
    session_id       TEXT   REFERENCES sessions (id) ON DELETE SET NULL,
    scope            TEXT   NOT NULL,
    nonce            TEXT,
    resource         TEXT,
    claims           TEXT,
    authenticated_at BIGINT NOT NULL,
    amr              TEXT   NOT NULL,
    acr              TEXT,
    created_at       BIGINT NOT NULL,
    -- When the last token that can come from this grant has expired.
    expires_at       BIGINT NOT NULL,
    revoked_at       BIGINT
);
CREATE INDEX oidc_grants_by_client ON oidc_grants (client_uid);
CREATE INDEX oidc_grants_by_user ON oidc_grants (user_id, client_uid);
CREATE INDEX oidc_grants_by_session ON oidc_grants (session_id);
CREATE INDEX oidc_grants_by_expiry ON oidc_grants (expires_at);

CREATE TABLE oidc_authorization_codes (
    code_hash      BLOB   NOT NULL PRIMARY KEY,
    grant_id       TEXT   NOT NULL REFERENCES oidc_grants (id) ON DELETE CASCADE,
    redirect_uri   TEXT   NOT NULL,
    -- RFC 7636, always S256.
    code_challenge TEXT,
    created_at     BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    used_at        BIGINT
) WITHOUT ROWID;
CREATE INDEX oidc_authorization_codes_by_grant ON oidc_authorization_codes (grant_id);
CREATE INDEX oidc_authorization_codes_by_expiry ON oidc_authorization_codes (expires_at);

CREATE TABLE oidc_refresh_tokens (
    token_hash BLOB   NOT NULL PRIMARY KEY,
    grant_id   TEXT   NOT NULL REFERENCES oidc_grants (id) ON DELETE CASCADE,
    scope      TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- Set when a successor was given out. `successor` is that token, sealed, so that a client that
    -- lost the answer gets the same one again within the grace period (RFC 9700 4.14.2).
    rotated_at BIGINT,
    successor  BLOB
) WITHOUT ROWID;
CREATE INDEX oidc_refresh_tokens_by_grant ON oidc_refresh_tokens (grant_id);
CREATE INDEX oidc_refresh_tokens_by_expiry ON oidc_refresh_tokens (expires_at);

-- Which clients got tokens in which session, under which `sid`; a logout tells exactly these.
CREATE TABLE oidc_sessions (
    session_id TEXT   NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    client_uid TEXT   NOT NULL REFERENCES oidc_clients (id) ON DELETE CASCADE,
    sid        TEXT   NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    PRIMARY KEY (session_id, client_uid)
) WITHOUT ROWID;
CREATE INDEX oidc_sessions_by_client ON oidc_sessions (client_uid);

CREATE TABLE oidc_consents (
    user_id    TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    client_uid TEXT   NOT NULL REFERENCES oidc_clients (id) ON DELETE CASCADE,
    scope      TEXT   NOT NULL,
    granted_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, client_uid)
) WITHOUT ROWID;
CREATE INDEX oidc_consents_by_client ON oidc_consents (client_uid);
