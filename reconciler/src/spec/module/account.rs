use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    attribute_schema::AttributeSchema, deletion::DeletionSettings, notices::NoticeSettings,
    profile::ProfileSettings, registration::RegistrationSettings,
};
use crate::spec::Span;

/// Settings of `account`: what people may do with their own account.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AccountSettings {
    /// What people prove themselves with beside their password.
    pub second_factor: SecondFactorSettings,
    /// Whether people must show that their e-mail address is theirs.
    pub verification: Verification,
    /// Whether people can create accounts for themselves.
    pub registration: RegistrationSettings,
    /// What people can change about themselves.
    pub profile: ProfileSettings,
    /// Whether people can delete their account.
    pub deletion: DeletionSettings,
    /// What the attributes of people must be, whoever writes them. Anything, unless set. What is stored already
    /// stays until it is written again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribute_schema: Option<AttributeSchema>,
    /// What people are told of by letters that they have not asked for.
    pub notices: NoticeSettings,
}

/// When people prove themselves with a second thing: an authenticator app, a recovery code, a passkey.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SecondFactorSettings {
    /// Whether there are second factors. Single clients demand one with `requireSecondFactor`.
    pub policy: SecondFactorPolicy,
    /// Demand one of administrators, whatever the policy, unless it is `off`.
    pub required_for_admins: bool,
    /// How long people who have none may put it off under the policy `required`, from the first sign-in
    /// that asks them to set one up. They cannot, unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grace: Option<Span>,
    /// How long a browser is not asked again, if its owner says so. Each sign-in asks, unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remember_for: Option<Span>,
}

/// Whether there are second factors.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SecondFactorPolicy {
    /// None is asked for, and nobody can set one up.
    Off,
    /// People who want one set it up, and are asked for it from then on.
    #[default]
    Offered,
    /// Everybody has one; who does not sets it up while signing in.
    Required,
}

/// Whether people must show that their e-mail address is theirs.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Verification {
    /// Nobody signs in before: who tries is sent a letter, and goes on once it is confirmed.
    pub required: bool,
}
