-- Who may create an account without having to ask. Its token is stored nowhere.
CREATE TABLE invitations (
    id         TEXT   NOT NULL PRIMARY KEY,
    token_hash BLOB   NOT NULL UNIQUE,
    -- NULL: whoever has the token.
    email      TEXT,
    -- Whether a letter to that address brings the token, so that who has it has the address.
    is_mailed  BOOLEAN NOT NULL,
    -- NULL: any number of accounts.
    uses_left  BIGINT,
    created_by TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX invitations_by_expiry ON invitations (expires_at);

-- People who have asked for an account and have not shown yet that the address is theirs. Addresses that
-- have an account stand here as well: their rows are as others, and their tokens nobody has.
CREATE TABLE registrations (
    id            TEXT   NOT NULL PRIMARY KEY,
    email         TEXT   NOT NULL,
    -- The browser in which the code can be typed.
    browser_hash  BLOB   NOT NULL,
    code_hash     BLOB   NOT NULL,
    token_hash    BLOB   NOT NULL UNIQUE,
    invitation_id TEXT   REFERENCES invitations (id) ON DELETE CASCADE,
    return_to     TEXT   NOT NULL,
    created_at    BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL
);
CREATE INDEX registrations_by_invitation ON registrations (invitation_id);
CREATE INDEX registrations_by_expiry ON registrations (expires_at);

-- Accounts that their owners have asked to delete, and can still keep.
CREATE TABLE account_deletions (
    user_id    TEXT   NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    -- Of the link in the letter with which the account is kept.
    token_hash BLOB   NOT NULL UNIQUE,
    asked_at   BIGINT NOT NULL,
    due_at     BIGINT NOT NULL
);
CREATE INDEX account_deletions_due ON account_deletions (due_at);
