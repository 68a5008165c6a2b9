-- One more kind of configuration, with the same columns as the others (0001).
CREATE TABLE mail_templates (
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
