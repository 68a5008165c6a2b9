//! Parameters of a request, from its query or its form, taken strictly.

use std::{borrow::Cow, fmt};

/// Most parameters of one request.
const MAX_PARAMETERS: usize = 64;
/// Longest name.
const MAX_NAME: usize = 128;

/// The only parameter that a request may have several times (RFC 8707 2).
const REPEATABLE: &str = "resource";

/// Names and values of `application/x-www-form-urlencoded`, each name at most once, but `resource`.
///
/// A parameter without a value counts as left out (RFC 6749 3.1).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Parameters(Vec<(String, String)>);

/// Why parameters were not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParametersError {
    /// RFC 6749 3.1 and 3.2: a parameter must not be included more than once.
    #[error("the parameter `{0}` was sent more than once")]
    Duplicate(String),
    /// Not the encoding, or not UTF-8 under it.
    #[error("the parameters are not UTF-8 in application/x-www-form-urlencoded")]
    Malformed,
    /// More than anybody sends.
    #[error("there may be {MAX_PARAMETERS} parameters at most")]
    TooMany,
    /// A name longer than any that is known.
    #[error("a parameter's name may have {MAX_NAME} bytes at most")]
    LongName,
}

impl Parameters {
    /// Reads a query or a form.
    pub fn parse(text: &[u8]) -> Result<Self, ParametersError> {
        let pairs = pairs(text)?;
        let mut kept: Vec<(String, String)> = Vec::with_capacity(pairs.len());
        for (name, value) in pairs {
            if name != REPEATABLE && kept.iter().any(|(other, _)| *other == name) {
                return Err(ParametersError::Duplicate(name));
            }
            kept.push((name, value));
        }
        kept.retain(|(_, value)| !value.is_empty());
        Ok(Self(kept))
    }

    /// Reads a query or a form of which only the first value of each name counts: to find out where
    /// the refusal of a request with duplicates goes to. Only names that were sent once are kept.
    pub fn unambiguous(text: &[u8]) -> Self {
        let Ok(pairs) = pairs(text) else {
            return Self::default();
        };
        let once = |name: &str| pairs.iter().filter(|(other, _)| other == name).count() == 1;
        Self(
            pairs
                .iter()
                .filter(|(name, value)| !value.is_empty() && once(name))
                .cloned()
                .collect(),
        )
    }

    /// From pairs that were checked before.
    pub fn from_pairs(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// The value of `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
    }

    /// Every value of `name`.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.iter()
            .filter(move |(other, _)| *other == name)
            .map(|(_, value)| value)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, in the order they were sent.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The pairs themselves.
    pub fn into_pairs(self) -> Vec<(String, String)> {
        self.0
    }
}

/// Names only: a value may be a password or a token.
impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

fn pairs(text: &[u8]) -> Result<Vec<(String, String)>, ParametersError> {
    let mut pairs = Vec::new();
    for pair in text
        .split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
    {
        if pairs.len() == MAX_PARAMETERS {
            return Err(ParametersError::TooMany);
        }
        let (name, value) = match pair.iter().position(|byte| *byte == b'=') {
            Some(at) => (&pair[..at], &pair[at + 1..]),
            None => (pair, &[][..]),
        };
        let name = decode(name).ok_or(ParametersError::Malformed)?;
        if name.len() > MAX_NAME {
            return Err(ParametersError::LongName);
        }
        let value = decode(value).ok_or(ParametersError::Malformed)?;
        pairs.push((name, value));
    }
    Ok(pairs)
}

/// Undoes the encoding of `application/x-www-form-urlencoded`; `None` if what comes out is not
/// UTF-8 or a `%` is not followed by two hex digits.
pub fn decode(text: &[u8]) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => hex(*rest.next()?)? << 4 | hex(*rest.next()?)?,
            other => *other,
        });
    }
    String::from_utf8(bytes).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

/// Appends parameters to a URI that may have a query of its own, without touching what is there.
pub fn append(uri: &str, parameters: &[(&str, Cow<'_, str>)]) -> String {
    let separator = match uri.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some((_, query)) if query.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{uri}{separator}{}", encode(parameters))
}

/// Makes parameters the fragment of a URI that has none.
pub fn append_fragment(uri: &str, parameters: &[(&str, Cow<'_, str>)]) -> String {
    format!("{uri}#{}", encode(parameters))
}

fn encode(parameters: &[(&str, Cow<'_, str>)]) -> String {
    let mut encoded = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in parameters {
        encoded.append_pair(name, value);
    }
    encoded.finish()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn values_are_decoded_and_empty_ones_left_out() {
        let parameters = Parameters::parse(b"scope=openid+email&state=a%26b&nonce=&x").unwrap();
        assert_eq!(parameters.get("scope"), Some("openid email"));
        assert_eq!(parameters.get("state"), Some("a&b"));
        assert_eq!(parameters.get("nonce"), None);
        assert_eq!(parameters.get("x"), None);
    }

    #[test]
    fn a_parameter_sent_twice_is_refused_even_if_it_says_the_same() {
        for text in ["a=1&a=1", "a=1&%61=2", "a=&a=1", "a&a"] {
            assert_eq!(
                Parameters::parse(text.as_bytes()),
                Err(ParametersError::Duplicate("a".into())),
                "{text}"
            );
        }
    }

    #[test]
    fn a_request_may_name_several_resources() {
        let parameters = Parameters::parse(b"resource=a&x=1&resource=b&resource=").unwrap();
        assert_eq!(parameters.all("resource").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(parameters.all("y").count(), 0);
    }

    #[test]
    fn what_is_ambiguous_is_not_used_to_answer() {
        let parameters = Parameters::unambiguous(b"state=1&state=2&client_id=app");
        assert_eq!(parameters.get("state"), None);
        assert_eq!(parameters.get("client_id"), Some("app"));
    }

    #[test]
    fn broken_encodings_are_refused_rather_than_repaired() {
        for text in [
            "a=%",
            "a=%4",
            "a=%zz",
            "a=%ff",
            "%ed%a0%80=1",
            "a=%ed%a0%80",
        ] {
            assert_eq!(
                Parameters::parse(text.as_bytes()),
                Err(ParametersError::Malformed),
                "{text}"
            );
        }
        let many = "a=1&".repeat(1_000);
        assert!(Parameters::parse(many.as_bytes()).is_err());
    }

    #[test]
    fn a_query_that_is_there_stays_as_it_is() {
        let add = [("code", Cow::Borrowed("x y"))];
        assert_eq!(append("https://a/cb", &add), "https://a/cb?code=x+y");
        assert_eq!(
            append("https://a/cb?t=%7E", &add),
            "https://a/cb?t=%7E&code=x+y"
        );
        assert_eq!(append("app:/cb?", &add), "app:/cb?code=x+y");
    }

    #[test]
    fn values_are_not_printed() {
        let parameters = Parameters::parse(b"password=hunter2").unwrap();
        assert_eq!(format!("{parameters:?}"), r#"["password"]"#);
    }
}
