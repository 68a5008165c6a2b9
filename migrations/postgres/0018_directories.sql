-- What a directory says of the person by SCIM and no other column keeps: a JSON object (RFC 7643).
ALTER TABLE auth.users ADD COLUMN directory TEXT;
-- Whether a directory has disabled the account, and may enable it again; what an operator has disabled
-- stays so.
ALTER TABLE auth.users ADD COLUMN disabled_by_directory BOOLEAN NOT NULL DEFAULT FALSE;
-- Directories ask what has changed since they asked last.
CREATE INDEX users_by_change ON auth.users (updated_at);
CREATE INDEX groups_by_change ON auth.groups (updated_at);
