-- Passkeys of people (Web Authentication Level 3).
CREATE TABLE passkeys (
    id            TEXT    NOT NULL PRIMARY KEY,
    user_id       TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- What the authenticator calls it; nobody else's may be called the same.
    credential_id BLOB    NOT NULL UNIQUE,
    -- JSON: the public key, and what was said of it when it was made.
    credential    TEXT    NOT NULL,
    -- What its owner calls it.
    name          TEXT    NOT NULL,
    -- The model of the authenticator; all zeroes if it does not tell.
    aaguid        TEXT    NOT NULL,
    -- How often it has signed, as it counts itself; 0 if it does not count.
    sign_count    BIGINT  NOT NULL,
    -- Whether a copy of it lies in somebody's cloud.
    backed_up     BOOLEAN NOT NULL,
    created_at    BIGINT  NOT NULL,
    last_used_at  BIGINT,
    -- Since when there may be a second one like it: it is good for nothing from then on.
    suspected_at  BIGINT
);
CREATE INDEX passkeys_by_user ON passkeys (user_id);

-- Challenges that wait for an authenticator.
CREATE TABLE passkey_ceremonies (
    challenge_hash BLOB   NOT NULL PRIMARY KEY,
    -- `register` or `authenticate`.
    purpose        TEXT   NOT NULL,
    -- The browser that began it, and the session if it is begun in one.
    browser_hash   BLOB   NOT NULL,
    session_id     TEXT   NOT NULL DEFAULT '',
    -- Whom the passkey is made for.
    user_id        TEXT,
    -- Keyed hash of the address that was entered to sign in with.
    address_hash   BLOB,
    state          TEXT   NOT NULL,
    expires_at     BIGINT NOT NULL
);
CREATE INDEX passkey_ceremonies_by_expiry ON passkey_ceremonies (expires_at);
