-- What a directory calls the person (`externalId` and `userName` of SCIM, RFC 7643), and the `name` among
-- the attributes in lower case, by which people are searched for.
ALTER TABLE users ADD COLUMN external_id TEXT;
ALTER TABLE users ADD COLUMN user_name TEXT;
ALTER TABLE users ADD COLUMN name_key TEXT;
UPDATE users SET name_key = lower(json_extract(attributes, '$.name'));
CREATE UNIQUE INDEX users_by_external_id ON users (external_id);
CREATE UNIQUE INDEX users_by_user_name ON users (user_name);
CREATE INDEX users_by_name ON users (name_key);
CREATE INDEX users_by_state ON users (state, id);

CREATE TABLE groups (
    id          TEXT   NOT NULL PRIMARY KEY,
    name        TEXT   NOT NULL,
    -- The name in lower case, so that no two look alike.
    name_key    TEXT   NOT NULL UNIQUE,
    external_id TEXT   UNIQUE,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL
);
CREATE TABLE group_members (
    group_id   TEXT   NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    user_id    TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (group_id, user_id)
) WITHOUT ROWID;
CREATE INDEX group_members_by_user ON group_members (user_id, group_id);
