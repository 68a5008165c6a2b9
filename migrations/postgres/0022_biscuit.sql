-- Keys that sign biscuits, by the number that a token names (`root_key_id`). Numbers are never used twice:
-- the active key is never deleted, and has the highest.
CREATE TABLE auth.biscuit_root_keys (
    id          BIGINT NOT NULL PRIMARY KEY,
    state       TEXT   NOT NULL CHECK (state IN ('active', 'retired')),
    public_key  TEXT   NOT NULL UNIQUE,
    private_key BYTEA,
    created_at  BIGINT NOT NULL,
    retired_at  BIGINT,
    expires_at  BIGINT
);
CREATE UNIQUE INDEX biscuit_root_keys_one_active ON auth.biscuit_root_keys (state) WHERE state = 'active';

-- Blocks that are good for nothing any more, by their revocation id. `position` follows the order of commits,
-- so a server reads what is new to it and no more.
CREATE TABLE auth.biscuit_revocations (
    revocation_id TEXT   NOT NULL PRIMARY KEY,
    position      BIGINT NOT NULL UNIQUE,
    revoked_at    BIGINT NOT NULL,
    revoked_by    TEXT   NOT NULL
);
