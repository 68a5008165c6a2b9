//! What relations, permissions and namespaces may be called.

/// Longest name of a relation or permission, in characters.
pub const MAX_NAME_LENGTH: usize = 64;

/// Longest name of a namespace, prefixes included, in characters.
pub const MAX_NAMESPACE_NAME_LENGTH: usize = 128;

/// Most relations and permissions in one namespace.
pub const MAX_NAMES: usize = 1_000;

/// Words that mean something in an expression.
const RESERVED: [&str; 2] = ["nil", "self"];

/// What stands where a caveat would, in `user with expiration`.
pub(super) const EXPIRATION: &str = "expiration";

/// Why a text cannot be a name.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NameError {
    /// Nothing there.
    #[error("a name must not be empty")]
    Empty,
    /// Over [`MAX_NAME_LENGTH`] or [`MAX_NAMESPACE_NAME_LENGTH`].
    #[error("a name may have {0} characters at most")]
    TooLong(usize),
    /// `nil` or `self`.
    #[error("`{0}` has a meaning of its own in expressions and cannot be a name")]
    Reserved(String),
    /// Hyphens, blanks, a digit in front, an underscore at the end, or the like.
    #[error(
        "`{}` is not a valid name: letters, digits and underscores, \
         with a letter or underscore first and a letter or digit last", .0.escape_debug()
    )]
    Relation(String),
    /// A caveat called `expiration`.
    #[error("`expiration` has a meaning of its own after `with` and cannot be a caveat")]
    Expiration,
    /// Not an identifier of CEL.
    #[error(
        "`{}` is not a valid name of a parameter: letters, digits and underscores, with a letter \
         or underscore first, and no word of CEL's own", .0.escape_debug()
    )]
    Parameter(String),
    /// A caveat that is no name.
    #[error(
        "`{}` is not a valid name of a caveat: letters, digits and underscores, \
         with a letter or underscore first and a letter or digit last; prefixes end in `/`",
        .0.escape_debug()
    )]
    Caveat(String),
    /// The same for a namespace, which may also have hyphens and prefixes.
    #[error(
        "`{}` is not a valid name of a namespace: letters, digits, hyphens and \
         underscores, with a letter or underscore first and a letter or digit last; \
         prefixes end in `/`", .0.escape_debug()
    )]
    Namespace(String),
}

/// Whether `text` may name a relation or permission.
///
/// SpiceDB's rule (`^[a-z_][a-z0-9_]{1,62}[a-z0-9]$`), and also names of one or two characters and
/// capitals, which other systems' models have.
pub fn name(text: &str) -> Result<(), NameError> {
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    if text.chars().count() > MAX_NAME_LENGTH {
        return Err(NameError::TooLong(MAX_NAME_LENGTH));
    }
    if RESERVED.contains(&text) {
        return Err(NameError::Reserved(text.to_owned()));
    }
    if !is_segment(text, false) {
        return Err(NameError::Relation(text.to_owned()));
    }
    Ok(())
}

/// Whether `text` may name a namespace: `document`, `acme/document`, `asset-category`.
pub fn namespace_name(text: &str) -> Result<(), NameError> {
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    if text.chars().count() > MAX_NAMESPACE_NAME_LENGTH {
        return Err(NameError::TooLong(MAX_NAMESPACE_NAME_LENGTH));
    }
    if !text.split('/').all(|segment| is_segment(segment, true)) {
        return Err(NameError::Namespace(text.to_owned()));
    }
    Ok(())
}

/// Whether `text` may name a caveat: `office_hours`, `acme/office_hours`.
pub fn caveat_name(text: &str) -> Result<(), NameError> {
    if text == EXPIRATION {
        return Err(NameError::Expiration);
    }
    if text.chars().count() > MAX_NAMESPACE_NAME_LENGTH {
        return Err(NameError::TooLong(MAX_NAMESPACE_NAME_LENGTH));
    }
    if !text.split('/').all(|segment| is_segment(segment, false)) {
        return Err(NameError::Caveat(text.to_owned()));
    }
    Ok(())
}

/// Words that CEL keeps for itself ("Syntax" in its language definition).
const CEL_WORDS: [&str; 20] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "false",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "namespace",
    "null",
    "package",
    "return",
    "true",
    "var",
    "while",
];

/// Whether `text` may name a parameter of a caveat.
pub fn parameter_name(text: &str) -> Result<(), NameError> {
    if text.chars().count() > MAX_NAME_LENGTH {
        return Err(NameError::TooLong(MAX_NAME_LENGTH));
    }
    let is_identifier = !text.starts_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if text.is_empty() || !is_identifier || CEL_WORDS.contains(&text) {
        return Err(NameError::Parameter(text.to_owned()));
    }
    Ok(())
}

// A relation has no hyphens: `viewer-banned` is an exclusion.
fn is_segment(text: &str, hyphens: bool) -> bool {
    let inner =
        |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || (hyphens && *byte == b'-');
    match text.as_bytes() {
        [only] => only.is_ascii_alphabetic(),
        [first, middle @ .., last] => {
            (first.is_ascii_alphabetic() || *first == b'_')
                && middle.iter().all(inner)
                && last.is_ascii_alphanumeric()
        }
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_schemas_use_are_taken() {
        for text in [
            "v",
            "id",
            "viewer",
            "can_view",
            "level1",
            "_internal",
            "canView",
            "V",
            "any",
            "all",
        ] {
            assert_eq!(name(text), Ok(()), "{text}");
        }
        for text in [
            "user",
            "Document",
            "acme/document",
            "asset-category",
            "a/b/c",
        ] {
            assert_eq!(namespace_name(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn other_names_are_refused() {
        let long = "a".repeat(65);
        for text in [
            "", "nil", "self", "1st", "view_", "_", "can-view", "é", "a b", &long,
        ] {
            assert!(name(text).is_err(), "{text}");
        }
        let long = "a".repeat(129);
        for text in [
            "",
            "a//b",
            "/a",
            "a/",
            "user#member",
            "user:*",
            "-a",
            "a-",
            &long,
        ] {
            assert!(namespace_name(text).is_err(), "{text}");
        }
    }
}
