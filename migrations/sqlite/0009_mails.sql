-- Letters on their way to people. What a letter says is sealed: its links are secrets.
CREATE TABLE mails (
    id              TEXT   NOT NULL PRIMARY KEY,
    -- NULL: to somebody who has no account.
    user_id         TEXT   REFERENCES users (id) ON DELETE CASCADE,
    recipient       TEXT   NOT NULL,
    language        TEXT   NOT NULL,
    kind            TEXT   NOT NULL,
    variables       BLOB   NOT NULL,
    attempts        BIGINT NOT NULL DEFAULT 0,
    -- Also how one replica at a time takes it: it moves this on before it tries.
    next_attempt_at BIGINT NOT NULL,
    last_error      TEXT,
    created_at      BIGINT NOT NULL,
    delivered_at    BIGINT,
    -- When it is given up.
    expires_at      BIGINT NOT NULL
);
CREATE INDEX mails_due ON mails (next_attempt_at) WHERE delivered_at IS NULL;
CREATE INDEX mails_by_user ON mails (user_id);
CREATE INDEX mails_by_expiry ON mails (expires_at);
