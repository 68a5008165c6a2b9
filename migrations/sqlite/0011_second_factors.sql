-- Authenticator apps (RFC 6238), each confirmed by a code before it stands here. The secret is sealed.
CREATE TABLE totp_factors (
    user_id    TEXT   NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    secret     BLOB   NOT NULL,
    -- The time step of the last code that was taken: none before it, nor it again, is taken.
    last_step  BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at    BIGINT
) WITHOUT ROWID;

-- Codes on paper, for when the authenticator is lost. Each counts once.
CREATE TABLE recovery_codes (
    code_hash  BLOB   NOT NULL PRIMARY KEY,
    user_id    TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    used_at    BIGINT
) WITHOUT ROWID;
CREATE INDEX recovery_codes_by_user ON recovery_codes (user_id);

-- Browsers whose owner does not want to be asked again.
CREATE TABLE remembered_devices (
    id         TEXT   NOT NULL PRIMARY KEY,
    token_hash BLOB   NOT NULL UNIQUE,
    user_id    TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    user_agent TEXT,
    created_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX remembered_devices_by_user ON remembered_devices (user_id);
CREATE INDEX remembered_devices_by_expiry ON remembered_devices (expires_at);

-- Sign-ins of which one thing is proved and the second is not. No session comes of the first alone.
CREATE TABLE pending_sign_ins (
    token_hash BLOB   NOT NULL PRIMARY KEY,
    user_id    TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- JSON array of RFC 8176 values.
    amr        TEXT   NOT NULL,
    return_to  TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX pending_sign_ins_by_user ON pending_sign_ins (user_id);
CREATE INDEX pending_sign_ins_by_expiry ON pending_sign_ins (expires_at);

-- Since when people are asked to set up a second factor: their time to do so begins then.
CREATE TABLE second_factor_requests (
    user_id  TEXT   NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    asked_at BIGINT NOT NULL
) WITHOUT ROWID;
