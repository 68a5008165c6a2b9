//! The `Authorization` header (RFC 9110 11.6.2).

use axum::http::{HeaderMap, header::AUTHORIZATION};

/// Why the header says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unclear {
    /// There is more than one.
    Repeated,
    /// It is no text.
    NotText,
    /// It is one word, where a scheme and what it shows belong.
    OneWord,
}

/// A scheme and what comes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credentials<'a> {
    scheme: &'a str,
    /// What is shown, without blanks around it.
    pub shown: &'a str,
}

impl<'a> Credentials<'a> {
    /// What the request shows, if it shows anything.
    pub fn of(headers: &'a HeaderMap) -> Result<Option<Self>, Unclear> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let value = match (values.next(), values.next()) {
            (None, _) => return Ok(None),
            (Some(only), None) => only,
            (Some(_), Some(_)) => return Err(Unclear::Repeated),
        };
        let text = value.to_str().map_err(|_| Unclear::NotText)?;
        let (scheme, shown) = text.split_once(' ').ok_or(Unclear::OneWord)?;
        let shown = shown.trim();
        Ok(Some(Self { scheme, shown }))
    }

    /// Whether the scheme is this one, whatever its case.
    pub fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read(lines: &[&'static [u8]]) -> Result<Option<(bool, String)>, Unclear> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(AUTHORIZATION, (*line).try_into().unwrap());
        }
        let credentials = Credentials::of(&headers)?;
        Ok(credentials.map(|found| (found.is("bearer"), found.shown.to_owned())))
    }

    #[test]
    fn one_header_says_one_thing() {
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&[b"BEARER  a "]), Ok(Some((true, "a".into()))));
        assert_eq!(read(&[b"Basic a b"]), Ok(Some((false, "a b".into()))));
        assert_eq!(read(&[b"Bearer a", b"Bearer a"]), Err(Unclear::Repeated));
        assert_eq!(read(&[b"Bearer"]), Err(Unclear::OneWord));
        assert_eq!(read(&[b"Bearer \xff"]), Err(Unclear::NotText));
    }
}
