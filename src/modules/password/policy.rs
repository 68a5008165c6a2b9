//! What a password that somebody chooses has to be.

use std::path::Path;

use assay_reconciler::spec::module::PasswordSettings;

use super::{
    Password, PasswordRefused,
    breached::{Breached, BreachedError},
};

/// How much of a password may be the e-mail address or the name: the similarity of Django's validator.
const MAX_SIMILARITY: f64 = 0.7;
/// Shorter parts of an address or a name are in too many good passwords.
const MIN_PART: usize = 3;

/// Whose password it is to be, as far as that is known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Who<'a> {
    /// The e-mail address.
    pub email: Option<&'a str>,
    /// The full name.
    pub name: Option<&'a str>,
}

/// Why a password cannot be chosen.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotChosen {
    #[error(transparent)]
    Refused(#[from] PasswordRefused),
    #[error(transparent)]
    Breached(#[from] BreachedError),
}

/// Whether the file that the settings name is such a list.
pub(super) fn check(settings: &PasswordSettings) -> Result<(), BreachedError> {
    match &settings.policy.breached_passwords {
        None => Ok(()),
        Some(path) => Breached::open(Path::new(path)).map(drop),
    }
}

/// Takes what is to be somebody's password. What is cheap is looked at first.
pub(super) fn chosen(
    settings: &PasswordSettings,
    text: &str,
    who: Who<'_>,
) -> Result<Password, NotChosen> {
    let password = Password::chosen(text, settings.min_length)?;
    let secret = password.secret();
    let text = secret.expose();
    let parts = parts(who);
    if parts.iter().any(|part| is_similar(text, part)) {
        return Err(PasswordRefused::Similar.into());
    }
    let policy = &settings.policy;
    let known: Vec<&str> = parts.iter().map(String::as_str).collect();
    let score = u8::from(zxcvbn::zxcvbn(text, &known).score());
    if score < policy.min_score {
        return Err(PasswordRefused::Guessable {
            score,
            least: policy.min_score,
        }
        .into());
    }
    if let Some(path) = &policy.breached_passwords
        && Breached::open(Path::new(path))?.contains(text)?
    {
        return Err(PasswordRefused::Breached.into());
    }
    Ok(password)
}

/// The address, the name, and what they are made of.
fn parts(who: Who<'_>) -> Vec<String> {
    let mut parts = Vec::new();
    for whole in [who.email, who.name].into_iter().flatten() {
        let whole = whole.to_lowercase();
        parts.extend(
            whole
                .split(|character: char| !character.is_alphanumeric())
                .map(str::to_owned),
        );
        if let Some((local, _)) = whole.split_once('@') {
            parts.push(local.to_owned());
        }
        parts.push(whole);
    }
    parts.retain(|part| part.chars().count() >= MIN_PART);
    parts
}

fn is_similar(password: &str, part: &str) -> bool {
    // The lengths alone tell of most pairs, and a password may be long.
    let (length, part_length) = (password.chars().count(), part.chars().count());
    if length > part_length * 2 {
        return false;
    }
    strsim::normalized_levenshtein(&password.to_lowercase(), part) >= MAX_SIMILARITY
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use assay_reconciler::spec::module::PasswordPolicy;

    use super::*;

    fn refused(text: &str, min_score: u8) -> Option<PasswordRefused> {
        let settings = PasswordSettings {
            policy: PasswordPolicy {
                min_score,
                breached_passwords: None,
            },
            ..PasswordSettings::default()
        };
        let ada = Who {
            email: Some("ada.lovelace@example.com"),
            name: Some("Augusta Ada King"),
        };
        match chosen(&settings, text, ada) {
            Ok(_) => None,
            Err(NotChosen::Refused(refused)) => Some(refused),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn a_password_is_not_the_name_or_the_address_of_its_owner() {
        for text in [
            "ada.lovelace@example.com",
            "Ada.Lovelace@Example.com!",
            "ada.lovelace1",
            "l0velace",
            "augusta ada king",
        ] {
            assert_eq!(refused(text, 0), Some(PasswordRefused::Similar), "{text}");
        }
        assert_eq!(refused("a lovelace of silver and of gold", 0), None);
    }

    #[test]
    fn a_password_that_is_soon_guessed_is_refused_by_the_score_that_is_wanted() {
        for text in ["password", "12345678", "qwertyuiop", "aaaaaaaaaaaa"] {
            let found = refused(text, 2);
            assert!(
                matches!(found, Some(PasswordRefused::Guessable { least: 2, .. })),
                "{text}: {found:?}"
            );
            assert_eq!(refused(text, 0), None, "{text}");
        }
        assert_eq!(refused("correct horse battery staple", 4), None);
        assert_eq!(refused("short", 0), Some(PasswordRefused::TooShort(8)));
    }
}
