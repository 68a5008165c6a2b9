-- When the next try may be made, for tries that have to wait longer and longer.
ALTER TABLE auth.attempts ADD COLUMN next_at BIGINT NOT NULL DEFAULT 0;
