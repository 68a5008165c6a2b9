use std::{convert::Infallible, sync::Arc};

use axum::{
    extract::FromRequestParts,
    http::{header::ACCEPT_LANGUAGE, request::Parts},
};

use super::{Language, Theme};
use crate::modules::{Context, session::SignedIn};

/// How a page is to be shown.
#[derive(Clone, Debug)]
pub struct Look {
    /// What it is written in.
    pub language: &'static Language,
    /// Its colours and what stands around it.
    pub theme: Arc<Theme>,
}

/// Whoever will read the answer, as far as their browser tells.
#[derive(Clone, Debug)]
pub struct Reader {
    theme: Arc<Theme>,
    accepts: Option<&'static Language>,
}

impl Reader {
    /// How they are shown a page: in the language that the client asks for, else the one they told us,
    /// else the one that their browser prefers.
    pub fn look(&self, ui_locales: Option<&str>, person: Option<&SignedIn>) -> Look {
        let own = || Language::among(person?.locale.as_deref()?);
        let language = ui_locales
            .and_then(Language::among)
            .or_else(own)
            .or(self.accepts)
            .unwrap_or_else(Language::fallback);
        Look {
            language,
            theme: Arc::clone(&self.theme),
        }
    }
}

impl FromRequestParts<Context> for Reader {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, context: &Context) -> Result<Self, Infallible> {
        let header = parts.headers.get(ACCEPT_LANGUAGE);
        Ok(Self {
            theme: Arc::clone(&context.theme),
            accepts: header
                .and_then(|header| header.to_str().ok())
                .and_then(Language::accepted),
        })
    }
}
