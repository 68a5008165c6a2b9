-- Tries that may be guesses, counted until `expires_at` and forgotten after it. The key says of what and
-- by whom, as a keyed hash: nobody's address stands here.
CREATE TABLE auth.attempts (
    key_hash   BYTEA  NOT NULL PRIMARY KEY,
    tries      BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX attempts_by_expiry ON auth.attempts (expires_at);
