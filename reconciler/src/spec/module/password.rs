use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::spec::Span;

/// Settings of `password`: the cost of one Argon2id hash (RFC 9106), and how often somebody may guess. A
/// change of the cost rehashes each password at its owner's next sign-in.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PasswordSettings {
    /// Memory in KiB.
    #[schemars(range(min = 8_192, max = 1_048_576))]
    pub memory_kib: u32,
    /// Passes over the memory.
    #[schemars(range(min = 1, max = 20))]
    pub iterations: u32,
    /// Lanes.
    #[schemars(range(min = 1, max = 16))]
    pub parallelism: u32,
    /// Fewest characters of a new password.
    #[schemars(range(min = 8, max = 128))]
    pub min_length: u32,
    /// What a new password has to be, beside long enough.
    pub policy: PasswordPolicy,
    /// How many wrong passwords are taken, from whom.
    pub sign_in_limits: SignInLimits,
}

impl Default for PasswordSettings {
    fn default() -> Self {
        Self {
            memory_kib: 19_456,
            iterations: 2,
            parallelism: 1,
            min_length: 8,
            policy: PasswordPolicy::default(),
            sign_in_limits: SignInLimits::default(),
        }
    }
}

/// What a new password has to be. One that resembles the e-mail address or the name of its owner is refused
/// in any case.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PasswordPolicy {
    /// How hard to guess, as zxcvbn estimates it: 0 (anything) to 4 (more than ten billion guesses).
    #[schemars(range(min = 0, max = 4))]
    pub min_score: u8,
    /// A file on each server with passwords that were stolen elsewhere, which nobody may choose: the SHA-1
    /// hashes of Pwned Passwords, ordered by hash. It is searched on disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breached_passwords: Option<String>,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self {
            min_score: 2,
            breached_passwords: None,
        }
    }
}

/// How many wrong passwords are taken. A browser at which the account has signed in before is counted by
/// itself, like an account; what strangers do elsewhere does not slow it down.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SignInLimits {
    /// For one account, whether or not there is one of that address.
    pub account: SignInLimit,
    /// From one IPv4 address or one IPv6 network (/64).
    pub address: SignInLimit,
    /// From everywhere, for all accounts together.
    pub whole: SignInLimit,
}

impl Default for SignInLimits {
    fn default() -> Self {
        Self {
            account: SignInLimit {
                tries: 5,
                window: Span::hours(24),
                longest_wait: Span::minutes(15),
            },
            address: SignInLimit {
                tries: 100,
                window: Span::hours(1),
                longest_wait: Span::minutes(15),
            },
            whole: SignInLimit {
                tries: 10_000,
                window: Span::minutes(10),
                longest_wait: Span::seconds(1),
            },
        }
    }
}

/// So many wrong passwords at once. After them each has to wait twice as long as the one before it, from one
/// second on.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignInLimit {
    /// How many, before anybody waits.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub tries: u32,
    /// How long they are remembered, from the first one.
    pub window: Span,
    /// The longest that one has to wait.
    pub longest_wait: Span,
}
