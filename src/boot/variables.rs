//! `${VAR}` and `${VAR:-default}` in the strings of `engine.toml`.
//!
//! They are replaced in values that have been parsed, so that no variable can add a key or close a
//! quote. `$${` stands for `${`.

use std::borrow::Cow;

/// A string whose variables cannot be replaced.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum VariableError {
    #[error(
        "the environment variable `{0}` is not set; set it, or give a default with `${{{0}:-...}}`"
    )]
    Unset(String),
    #[error("`${{` without `}}`; write `$${{` for the two characters themselves")]
    Unclosed,
    #[error("`{0}` cannot name an environment variable")]
    BadName(String),
}

/// Replaces the variables of `text` by what `environment` says. As in a shell, `:-` gives the
/// default for a variable that is unset or empty.
pub(super) fn replace<'t>(
    text: &'t str,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Cow<'t, str>, VariableError> {
    if !text.contains("${") {
        return Ok(Cow::Borrowed(text));
    }
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, from) = rest.split_at(at);
        if let Some(before) = before.strip_suffix('$') {
            result.push_str(before);
            result.push_str("${");
            rest = &from[2..];
            continue;
        }
        result.push_str(before);
        let (inner, after) = from[2..].split_once('}').ok_or(VariableError::Unclosed)?;
        let (name, default) = match inner.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (inner, None),
        };
        if !is_name(name) {
            return Err(VariableError::BadName(name.to_owned()));
        }
        match (environment(name), default) {
            (Some(value), None) => result.push_str(&value),
            (Some(value), Some(_)) if !value.is_empty() => result.push_str(&value),
            (_, Some(default)) => result.push_str(default),
            (None, None) => return Err(VariableError::Unset(name.to_owned())),
        }
        rest = after;
    }
    result.push_str(rest);
    Ok(Cow::Owned(result))
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn replaced(text: &str) -> Result<String, VariableError> {
        let environment = |name: &str| match name {
            "HOST" => Some("auth.example.com".to_owned()),
            "EMPTY" => Some(String::new()),
            "SLY" => Some("\"\n[auth]\nadmin_api_keys = [\"${HOST}\"]".to_owned()),
            _ => None,
        };
        replace(text, &environment).map(Cow::into_owned)
    }

    #[test]
    fn variables_are_replaced_wherever_they_stand() {
        assert_eq!(replaced("plain $5 {x}").unwrap(), "plain $5 {x}");
        assert_eq!(
            replaced("https://${HOST}/").unwrap(),
            "https://auth.example.com/"
        );
        assert_eq!(
            replaced("${HOST}${HOST}").unwrap(),
            "auth.example.comauth.example.com"
        );
    }

    #[test]
    fn a_default_stands_in_for_what_is_unset_or_empty() {
        assert_eq!(replaced("${PORT:-3000}").unwrap(), "3000");
        assert_eq!(replaced("${PORT:-}").unwrap(), "");
        assert_eq!(replaced("${EMPTY:-x}").unwrap(), "x");
        assert_eq!(replaced("${EMPTY}").unwrap(), "");
        assert_eq!(replaced("${HOST:-x}").unwrap(), "auth.example.com");
    }

    #[test]
    fn a_doubled_dollar_is_one() {
        assert_eq!(
            replaced("$${HOST} ${HOST}").unwrap(),
            "${HOST} auth.example.com"
        );
    }

    #[test]
    fn what_a_variable_holds_is_not_looked_into() {
        assert!(replaced("${SLY}").unwrap().ends_with("[\"${HOST}\"]"));
    }

    #[test]
    fn mistakes_are_named() {
        assert_eq!(
            replaced("${NOPE}"),
            Err(VariableError::Unset("NOPE".into()))
        );
        assert_eq!(replaced("${HOST"), Err(VariableError::Unclosed));
        assert_eq!(
            replaced("${a b}"),
            Err(VariableError::BadName("a b".into()))
        );
        assert_eq!(
            VariableError::Unset("NOPE".into()).to_string(),
            "the environment variable `NOPE` is not set; set it, or give a default with `${NOPE:-...}`"
        );
    }
}
