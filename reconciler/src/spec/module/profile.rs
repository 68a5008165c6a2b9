use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What people can change about themselves.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ProfileSettings {
    /// The fields of the page. Applications may take `preferred_username` for somebody's name in their own
    /// records: let people change it only if none does.
    pub fields: BTreeSet<ProfileField>,
}

impl Default for ProfileSettings {
    fn default() -> Self {
        Self {
            fields: BTreeSet::from([
                ProfileField::Name,
                ProfileField::GivenName,
                ProfileField::FamilyName,
                ProfileField::Nickname,
                ProfileField::Birthdate,
                ProfileField::Locale,
                ProfileField::Zoneinfo,
                ProfileField::PhoneNumber,
                ProfileField::Picture,
                ProfileField::Website,
            ]),
        }
    }
}

/// What people can tell about themselves: a standard claim (OpenID Connect Core 5.1).
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum ProfileField {
    Name,
    GivenName,
    MiddleName,
    FamilyName,
    Nickname,
    PreferredUsername,
    Gender,
    Birthdate,
    Locale,
    Zoneinfo,
    PhoneNumber,
    Picture,
    Profile,
    Website,
    Address,
}

impl ProfileField {
    /// The name of the claim.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::GivenName => "given_name",
            Self::MiddleName => "middle_name",
            Self::FamilyName => "family_name",
            Self::Nickname => "nickname",
            Self::PreferredUsername => "preferred_username",
            Self::Gender => "gender",
            Self::Birthdate => "birthdate",
            Self::Locale => "locale",
            Self::Zoneinfo => "zoneinfo",
            Self::PhoneNumber => "phone_number",
            Self::Picture => "picture",
            Self::Profile => "profile",
            Self::Website => "website",
            Self::Address => "address",
        }
    }
}
