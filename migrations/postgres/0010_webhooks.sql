-- One more kind of configuration, with the same columns as the others (0001).
CREATE TABLE auth.webhooks (
    id         TEXT   NOT NULL PRIMARY KEY,
    name       TEXT   NOT NULL UNIQUE,
    owner      TEXT   NOT NULL,
    metadata   TEXT   NOT NULL,
    spec       TEXT   NOT NULL,
    hash       TEXT   NOT NULL,
    generation BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- What webhooks are still to be told.
CREATE TABLE auth.webhook_deliveries (
    id              TEXT   NOT NULL PRIMARY KEY,
    webhook_uid     TEXT   NOT NULL REFERENCES auth.webhooks (id) ON DELETE CASCADE,
    event           TEXT   NOT NULL,
    payload         TEXT   NOT NULL,
    attempts        BIGINT NOT NULL DEFAULT 0,
    -- Also how one replica at a time takes it: it moves this on before it tries.
    next_attempt_at BIGINT NOT NULL,
    last_error      TEXT,
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL
);
CREATE INDEX webhook_deliveries_due ON auth.webhook_deliveries (next_attempt_at);
CREATE INDEX webhook_deliveries_by_webhook ON auth.webhook_deliveries (webhook_uid, next_attempt_at);
CREATE INDEX webhook_deliveries_by_expiry ON auth.webhook_deliveries (expires_at);
