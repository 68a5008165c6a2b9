-- Resource servers that the person let the client have tokens for (RFC 8707), separated by blanks.
ALTER TABLE oidc_consents ADD COLUMN resource TEXT NOT NULL DEFAULT '';
