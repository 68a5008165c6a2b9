-- What somebody confirms by a letter: with its link, or with its code.
CREATE TABLE auth.confirmations (
    link_hash           BYTEA  NOT NULL PRIMARY KEY,
    -- What the page where the code is typed knows it by.
    id                  TEXT   NOT NULL UNIQUE,
    purpose             TEXT   NOT NULL,
    -- NULL: asked for an account that is not there; nobody is told.
    user_id             TEXT   REFERENCES auth.users (id) ON DELETE CASCADE,
    -- Where the letter went, or the address that is to be taken back.
    email               TEXT   NOT NULL,
    -- The account as it was; NULL where another one does not make it void.
    account_email       TEXT,
    password_changed_at BIGINT,
    code_hash           BYTEA  NOT NULL,
    tries_left          BIGINT NOT NULL,
    return_to           TEXT   NOT NULL,
    created_at          BIGINT NOT NULL,
    expires_at          BIGINT NOT NULL,
    used_at             BIGINT
);
CREATE INDEX confirmations_by_user ON auth.confirmations (user_id);
CREATE INDEX confirmations_by_expiry ON auth.confirmations (expires_at);
