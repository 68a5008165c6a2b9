-- Claims that the person allowed one by one, beside what the scopes cover (OpenID Connect Core 5.5).
ALTER TABLE oidc_consents ADD COLUMN claims TEXT NOT NULL DEFAULT '';
