use std::fmt;

use askama::filters::{Escaper as _, Html, HtmlSafe};

use super::languages::About;

/// Why a form is shown again.
#[derive(Debug)]
pub enum Notice {
    /// In words that are always the same.
    Text(&'static str),
    /// In words about something.
    About(About),
    /// In words that were put together before.
    Told(String),
}

impl HtmlSafe for Notice {}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => Html.write_escaped_str(f, text),
            Self::About(about) => about.fmt(f),
            Self::Told(text) => Html.write_escaped_str(f, text),
        }
    }
}

impl From<&'static str> for Notice {
    fn from(text: &'static str) -> Self {
        Self::Text(text)
    }
}

impl From<String> for Notice {
    fn from(text: String) -> Self {
        Self::Told(text)
    }
}

impl From<About> for Notice {
    fn from(about: About) -> Self {
        Self::About(about)
    }
}
