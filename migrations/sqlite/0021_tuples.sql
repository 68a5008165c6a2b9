-- Who has which relation to what. Ids are compared by their bytes, on every server alike.
CREATE TABLE zanzibar_tuples (
    resource_type TEXT NOT NULL,
    resource_id   TEXT NOT NULL,
    relation      TEXT NOT NULL,
    subject_type  TEXT NOT NULL,
    subject_id    TEXT NOT NULL,
    -- Empty for subjects that are no usersets.
    subject_rel   TEXT NOT NULL,
    caveat        TEXT,
    -- What the tuple says of the caveat's parameters: a JSON object.
    context       TEXT,
    expires_at    BIGINT,
    PRIMARY KEY (resource_type, resource_id, relation, subject_type, subject_id, subject_rel)
) WITHOUT ROWID;
CREATE INDEX zanzibar_tuples_by_subject ON zanzibar_tuples (subject_type, subject_id, subject_rel, resource_type, relation);
CREATE INDEX zanzibar_tuples_of_usersets ON zanzibar_tuples (resource_type, resource_id, relation) WHERE subject_rel <> '';
CREATE INDEX zanzibar_tuples_by_end ON zanzibar_tuples (expires_at) WHERE expires_at IS NOT NULL;

-- Every change, in the order of commits: who writes holds the row of `zanzibar_head` until it has committed, so
-- revisions have no gaps, and none appears before an earlier one.
CREATE TABLE zanzibar_log (
    revision      BIGINT  NOT NULL,
    place         BIGINT  NOT NULL,
    written_at    BIGINT  NOT NULL,
    -- Whether the tuple is there from now on, or no more.
    is_there      BOOLEAN NOT NULL,
    resource_type TEXT    NOT NULL,
    resource_id   TEXT    NOT NULL,
    relation      TEXT    NOT NULL,
    subject_type  TEXT    NOT NULL,
    subject_id    TEXT    NOT NULL,
    subject_rel   TEXT    NOT NULL,
    caveat        TEXT,
    context       TEXT,
    expires_at    BIGINT,
    PRIMARY KEY (revision, place)
) WITHOUT ROWID;
CREATE TABLE zanzibar_head (
    id       BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    -- The newest revision.
    revision BIGINT NOT NULL,
    -- The newest revision that the log does not hold any more.
    trimmed  BIGINT NOT NULL
);
INSERT INTO zanzibar_head (id, revision, trimmed) VALUES (1, 0, 0);
