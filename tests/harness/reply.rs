//! What an HTTP request was answered with.

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{RequestBuilder, StatusCode};
use serde_json::Value;
use url::form_urlencoded;

/// The request with these fields as `application/x-www-form-urlencoded`, repeated names and all.
pub fn with_form<N: AsRef<str>, V: AsRef<str>>(
    request: RequestBuilder,
    fields: &[(N, V)],
) -> RequestBuilder {
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    request
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(body)
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Reply {
    /// Sends the request; panics unless it is answered.
    pub async fn to(request: RequestBuilder) -> Self {
        let response = request.send().await.expect("an answer");
        Self {
            status: response.status(),
            headers: response.headers().clone(),
            body: response.text().await.expect("a body"),
        }
    }

    /// The named header's only value.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next()?;
        assert!(values.next().is_none(), "more than one {name}: {self:?}");
        Some(value.to_str().expect("a header of ASCII"))
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("not JSON ({error}): {self:?}"))
    }

    #[track_caller]
    pub fn expect_status(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{self:#?}");
        self
    }

    /// An OAuth error (RFC 6749 section 5.2): a refusal with this code and no token.
    #[track_caller]
    pub fn expect_error(self, code: &str) -> Self {
        assert!(
            self.status.is_client_error(),
            "{code} expected, got {self:#?}"
        );
        let body = self.json();
        assert_eq!(body["error"], code, "{self:#?}");
        for token in ["access_token", "refresh_token", "id_token"] {
            assert!(body.get(token).is_none(), "{token} in a refusal: {self:#?}");
        }
        self
    }
}
