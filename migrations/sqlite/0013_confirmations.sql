-- What somebody confirms by a letter: with its link, or with its code.
CREATE TABLE confirmations (
    link_hash           BLOB   NOT NULL PRIMARY KEY,
    -- What the page where the code is typed knows it by.
    id                  TEXT   NOT NULL UNIQUE,
    purpose             TEXT   NOT NULL,
    -- NULL: asked for an account that is not there; nobody is told.
    user_id             TEXT   REFERENCES users (id) ON DELETE CASCADE,
    -- Where the letter went, or the address that is to be taken back.
    email               TEXT   NOT NULL,
    -- The account as it was; NULL where another one does not make it void.
    account_email       TEXT,
    password_changed_at BIGINT,
    code_hash           BLOB   NOT NULL,
    tries_left          BIGINT NOT NULL,
    return_to           TEXT   NOT NULL,
    created_at          BIGINT NOT NULL,
    expires_at          BIGINT NOT NULL,
    used_at             BIGINT
) WITHOUT ROWID;
CREATE INDEX confirmations_by_user ON confirmations (user_id);
CREATE INDEX confirmations_by_expiry ON confirmations (expires_at);
