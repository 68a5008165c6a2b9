-- What a directory calls the person (`externalId` and `userName` of SCIM, RFC 7643), and the `name` among
-- the attributes in lower case, by which people are searched for. Compared byte by byte: an index of a
-- language's order finds no beginnings of texts.
ALTER TABLE auth.users ALTER COLUMN email TYPE TEXT COLLATE "C";
ALTER TABLE auth.users ADD COLUMN external_id TEXT COLLATE "C";
ALTER TABLE auth.users ADD COLUMN user_name TEXT COLLATE "C";
ALTER TABLE auth.users ADD COLUMN name_key TEXT COLLATE "C";
UPDATE auth.users SET name_key = lower(CAST(attributes AS jsonb) ->> 'name');
CREATE UNIQUE INDEX users_by_external_id ON auth.users (external_id);
CREATE UNIQUE INDEX users_by_user_name ON auth.users (user_name);
CREATE INDEX users_by_name ON auth.users (name_key);
CREATE INDEX users_by_state ON auth.users (state, id);

CREATE TABLE auth.groups (
    id          TEXT   NOT NULL PRIMARY KEY,
    name        TEXT   NOT NULL,
    -- The name in lower case, so that no two look alike.
    name_key    TEXT   COLLATE "C" NOT NULL UNIQUE,
    external_id TEXT   COLLATE "C" UNIQUE,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL
);
CREATE TABLE auth.group_members (
    group_id   TEXT   NOT NULL REFERENCES auth.groups (id) ON DELETE CASCADE,
    user_id    TEXT   NOT NULL REFERENCES auth.users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (group_id, user_id)
);
CREATE INDEX group_members_by_user ON auth.group_members (user_id, group_id);
