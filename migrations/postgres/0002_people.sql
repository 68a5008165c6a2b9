CREATE TABLE auth.users (
    id                  TEXT    NOT NULL PRIMARY KEY,
    -- In its normalised form, so that one address is one account.
    email               TEXT    NOT NULL UNIQUE,
    email_verified      BOOLEAN NOT NULL DEFAULT FALSE,
    state               TEXT    NOT NULL CHECK (state IN ('active', 'disabled', 'pending')),
    is_admin            BOOLEAN NOT NULL DEFAULT FALSE,
    -- Argon2id in PHC form; NULL for a person who has no password.
    password_hash       TEXT,
    password_changed_at BIGINT,
    -- JSON object of OpenID Connect standard claims (name, given_name, locale, ...).
    attributes          TEXT    NOT NULL DEFAULT '{}',
    created_at          BIGINT  NOT NULL,
    updated_at          BIGINT  NOT NULL
);

CREATE TABLE auth.sessions (
    id               TEXT   NOT NULL PRIMARY KEY,
    -- Keyed hash of the cookie's token; the token itself is stored nowhere.
    token_hash       BYTEA  NOT NULL UNIQUE,
    user_id          TEXT   NOT NULL REFERENCES auth.users (id) ON DELETE CASCADE,
    csrf_secret      TEXT   NOT NULL,
    -- When the person last proved who they are (`auth_time` of OpenID Connect).
    authenticated_at BIGINT NOT NULL,
    -- JSON array of RFC 8176 values.
    amr              TEXT   NOT NULL,
    acr              TEXT,
    ip               TEXT,
    user_agent       TEXT,
    created_at       BIGINT NOT NULL,
    seen_at          BIGINT NOT NULL,
    expires_at       BIGINT NOT NULL,
    revoked_at       BIGINT
);
CREATE INDEX sessions_by_user ON auth.sessions (user_id);
CREATE INDEX sessions_by_expiry ON auth.sessions (expires_at);

-- What happened, who did it, to what. No foreign keys: a record outlives what it speaks of.
CREATE TABLE auth.audit (
    id          TEXT   NOT NULL PRIMARY KEY,
    occurred_at BIGINT NOT NULL,
    actor       TEXT   NOT NULL,
    action      TEXT   NOT NULL,
    subject     TEXT,
    detail      TEXT   NOT NULL DEFAULT '{}',
    ip          TEXT
);
CREATE INDEX audit_by_time ON auth.audit (occurred_at);
CREATE INDEX audit_by_subject ON auth.audit (subject, occurred_at);
