-- What the flows beyond the code need. Every row has an end, and is reaped after it.

-- Ids that count once until they expire: `jti` of client assertions, DPoP proofs and request objects.
CREATE TABLE oidc_seen_ids (
    id_hash    BLOB   NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX oidc_seen_ids_by_expiry ON oidc_seen_ids (expires_at);

-- Pushed authorization requests (RFC 9126). The parameters are sealed.
CREATE TABLE oidc_pushed_requests (
    request_uri_hash BLOB   NOT NULL PRIMARY KEY,
    client_uid       TEXT   NOT NULL REFERENCES oidc_clients (id) ON DELETE CASCADE,
    parameters       BLOB   NOT NULL,
    created_at       BIGINT NOT NULL,
    expires_at       BIGINT NOT NULL,
    used_at          BIGINT
) WITHOUT ROWID;
CREATE INDEX oidc_pushed_requests_by_client ON oidc_pushed_requests (client_uid);
CREATE INDEX oidc_pushed_requests_by_expiry ON oidc_pushed_requests (expires_at);

-- Device authorization (RFC 8628): waiting until it has a grant, was denied, or expires.
CREATE TABLE oidc_device_codes (
    device_code_hash BLOB   NOT NULL PRIMARY KEY,
    user_code_hash   BLOB   NOT NULL UNIQUE,
    client_uid       TEXT   NOT NULL REFERENCES oidc_clients (id) ON DELETE CASCADE,
    scope            TEXT   NOT NULL,
    resource         TEXT,
    grant_id         TEXT   REFERENCES oidc_grants (id) ON DELETE CASCADE,
    denied_at        BIGINT,
    used_at          BIGINT,
    -- Seconds that the client leaves between two polls, and when it last polled.
    poll_interval    BIGINT NOT NULL,
    polled_at        BIGINT,
    created_at       BIGINT NOT NULL,
    expires_at       BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX oidc_device_codes_by_client ON oidc_device_codes (client_uid);
CREATE INDEX oidc_device_codes_by_grant ON oidc_device_codes (grant_id);
CREATE INDEX oidc_device_codes_by_expiry ON oidc_device_codes (expires_at);

-- Opaque access tokens, with the claims that a JWT would carry. No grant: a client's own.
CREATE TABLE oidc_access_tokens (
    token_hash BLOB   NOT NULL PRIMARY KEY,
    client_uid TEXT   NOT NULL REFERENCES oidc_clients (id) ON DELETE CASCADE,
    grant_id   TEXT   REFERENCES oidc_grants (id) ON DELETE CASCADE,
    claims     TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX oidc_access_tokens_by_client ON oidc_access_tokens (client_uid);
CREATE INDEX oidc_access_tokens_by_grant ON oidc_access_tokens (grant_id);
CREATE INDEX oidc_access_tokens_by_expiry ON oidc_access_tokens (expires_at);

-- Logout tokens on their way (OpenID Connect Back-Channel Logout 1.0).
CREATE TABLE oidc_logout_notices (
    id              TEXT   NOT NULL PRIMARY KEY,
    client_uid      TEXT   NOT NULL REFERENCES oidc_clients (id) ON DELETE CASCADE,
    -- As the client knows them.
    sub             TEXT   NOT NULL,
    sid             TEXT,
    attempts        BIGINT NOT NULL DEFAULT 0,
    -- Also how one replica at a time takes it: it moves this on before it tries.
    next_attempt_at BIGINT NOT NULL,
    last_error      TEXT,
    created_at      BIGINT NOT NULL,
    delivered_at    BIGINT,
    expires_at      BIGINT NOT NULL
);
CREATE INDEX oidc_logout_notices_due ON oidc_logout_notices (next_attempt_at) WHERE delivered_at IS NULL;
CREATE INDEX oidc_logout_notices_by_client ON oidc_logout_notices (client_uid);
CREATE INDEX oidc_logout_notices_by_expiry ON oidc_logout_notices (expires_at);

-- Dynamic registration (RFC 7591, RFC 7592).
CREATE TABLE oidc_initial_access_tokens (
    id         TEXT   NOT NULL PRIMARY KEY,
    token_hash BLOB   NOT NULL UNIQUE,
    name       TEXT   NOT NULL,
    -- NULL: any number of times.
    uses_left  BIGINT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX oidc_initial_access_tokens_by_expiry ON oidc_initial_access_tokens (expires_at);
CREATE TABLE oidc_registrations (
    client_uid TEXT   NOT NULL PRIMARY KEY REFERENCES oidc_clients (id) ON DELETE CASCADE,
    token_hash BLOB   NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    -- NULL: until it is deleted.
    expires_at BIGINT
) WITHOUT ROWID;
CREATE INDEX oidc_registrations_by_expiry ON oidc_registrations (expires_at);

-- The session as the client knows it, what its tokens are bound to (RFC 9449, RFC 8705), and who acts
-- for the person (RFC 8693).
ALTER TABLE oidc_grants ADD COLUMN sid TEXT;
ALTER TABLE oidc_grants ADD COLUMN dpop_jkt TEXT;
ALTER TABLE oidc_grants ADD COLUMN x5t_s256 TEXT;
ALTER TABLE oidc_grants ADD COLUMN actor TEXT;

-- One key of each algorithm waits for its turn.
CREATE UNIQUE INDEX jwks_keys_one_next ON jwks_keys (algorithm) WHERE state = 'next';
