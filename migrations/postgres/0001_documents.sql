-- Configuration: one table a kind, all with the same columns; each row is the canonical JSON of its spec.
-- `id` is made once and survives a rename, so runtime rows point at it and not at the name.
CREATE TABLE auth.oidc_clients (
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
CREATE TABLE auth.upstream_providers (
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
CREATE TABLE auth.zanzibar_namespaces (
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
CREATE TABLE engine.admin_keys (
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
CREATE TABLE engine.modules (
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

-- Every version a document ever had; feeds incremental snapshots and rollback. Never updated.
CREATE TABLE engine.object_revisions (
    kind       TEXT    NOT NULL,
    id         TEXT    NOT NULL,
    generation BIGINT  NOT NULL,
    name       TEXT    NOT NULL,
    owner      TEXT    NOT NULL,
    metadata   TEXT    NOT NULL,
    spec       TEXT    NOT NULL,
    hash       TEXT    NOT NULL,
    deleted    BOOLEAN NOT NULL,
    PRIMARY KEY (kind, id, generation)
);
CREATE INDEX object_revisions_by_generation ON engine.object_revisions (generation);

CREATE TABLE engine.generations (
    number        BIGINT NOT NULL PRIMARY KEY,
    created_at    BIGINT NOT NULL,
    actor         TEXT   NOT NULL,
    set_name      TEXT,
    source_commit TEXT,
    source_dirty  BOOLEAN,
    source_url    TEXT,
    digest        TEXT   NOT NULL,
    summary       TEXT   NOT NULL,
    plan          TEXT   NOT NULL
);

-- Counters of runtime facts that a snapshot holds and that are not configuration (topic `keys`).
CREATE TABLE engine.revisions (
    topic TEXT   NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);

-- Live servers and the generation each one serves.
CREATE TABLE engine.replicas (
    id         TEXT   NOT NULL PRIMARY KEY,
    started_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    error      TEXT
);

-- Facts about this installation, such as the check value of its master key.
CREATE TABLE engine.instance (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
