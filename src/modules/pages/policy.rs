use std::collections::BTreeSet;

use axum::http::HeaderValue;
use url::Url;

use super::{Theme, theme::source};

/// What a browser may do with a page (Content Security Policy Level 3). Without additions: show it,
/// and send its forms back to us.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    form_targets: Vec<String>,
    image: Option<String>,
    frames: BTreeSet<String>,
    script: Option<&'static str>,
    asks_us: bool,
}

impl Policy {
    /// Its forms go to us and nowhere else.
    pub fn strict() -> Self {
        Self::default()
    }

    /// Lets a form's answer lead the browser on to `uri`.
    ///
    /// Chromium holds every redirect that follows a form against `form-action`, also those that the
    /// client makes after its callback. So an `https` client needs `https:`, not just its own origin;
    /// anything else gets exactly its origin or scheme.
    #[must_use]
    pub fn leading_to(mut self, uri: &str) -> Self {
        let Ok(url) = Url::parse(uri) else {
            return self;
        };
        if matches!(url.scheme(), "http" | "https") {
            self.form_targets.push("https:".to_owned());
        } else {
            self.form_targets.push(format!("{}:", url.scheme()));
        }
        if url.scheme() == "http" {
            self.form_targets.push(url.origin().ascii_serialization());
        }
        self
    }

    /// Shows this picture.
    #[must_use]
    pub fn showing(mut self, picture: Option<&str>) -> Self {
        self.image = picture
            .and_then(|uri| Url::parse(uri).ok())
            .filter(|url| matches!(url.scheme(), "http" | "https"))
            .map(|url| url.origin().ascii_serialization());
        self
    }

    /// Shows pages of these origins within it.
    #[must_use]
    pub fn framing(mut self, origins: impl IntoIterator<Item = String>) -> Self {
        self.frames.extend(origins);
        self
    }

    /// Runs this script, and no other.
    #[must_use]
    pub fn running(mut self, script: &'static str) -> Self {
        self.script = Some(script);
        self
    }

    /// Lets its script ask us, and nobody else.
    #[must_use]
    pub fn asking_us(mut self) -> Self {
        self.asks_us = true;
        self
    }

    pub(super) fn header(&self, theme: &Theme) -> HeaderValue {
        let mut policy = format!(
            "default-src 'none'; style-src {}; base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
            theme.style_source
        );
        for target in &self.form_targets {
            policy.push(' ');
            policy.push_str(target);
        }
        let images = theme.logo.iter().chain(&self.image);
        for (index, image) in images.enumerate() {
            policy.push_str(if index == 0 { "; img-src " } else { " " });
            policy.push_str(image);
        }
        for (index, origin) in self.frames.iter().enumerate() {
            policy.push_str(if index == 0 { "; frame-src " } else { " " });
            policy.push_str(origin);
        }
        if let Some(script) = self.script {
            policy.push_str("; script-src ");
            policy.push_str(&source(script));
        }
        if self.asks_us {
            policy.push_str("; connect-src 'self'");
        }
        // Origins and schemes of parsed URLs are ASCII; should one not be, nothing is allowed.
        HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static(
            "default-src 'none'; frame-ancestors 'none'",
        ))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use assay_reconciler::spec::ThemeSpec;

    use super::*;

    fn plain() -> Theme {
        Theme::new(&ThemeSpec::default())
    }

    fn form_action(policy: &Policy) -> String {
        let header = policy.header(&plain());
        let text = header.to_str().unwrap();
        let at = text.find("form-action").unwrap();
        text[at..].split(';').next().unwrap().to_owned()
    }

    #[test]
    fn forms_stay_here_unless_a_client_waits() {
        assert_eq!(form_action(&Policy::strict()), "form-action 'self'");
        assert_eq!(
            form_action(&Policy::strict().leading_to("https://app.example.com/cb")),
            "form-action 'self' https:"
        );
        assert_eq!(
            form_action(&Policy::strict().leading_to("http://127.0.0.1:8090/cb")),
            "form-action 'self' https: http://127.0.0.1:8090"
        );
        assert_eq!(
            form_action(&Policy::strict().leading_to("com.example.app:/cb")),
            "form-action 'self' com.example.app:"
        );
    }

    #[test]
    fn nothing_is_loaded_and_nobody_frames_it() {
        let header = Policy::strict().header(&plain());
        let text = header.to_str().unwrap();
        assert!(text.starts_with("default-src 'none'; style-src 'sha256-"));
        assert!(text.contains("frame-ancestors 'none'"));
        assert!(!text.contains("script-src") && !text.contains("unsafe"));
    }

    #[test]
    fn the_logo_of_a_theme_and_the_one_of_a_client_are_shown() {
        let logo = "https://cdn.example/logo.svg".parse().unwrap();
        let theme = Theme::new(&ThemeSpec {
            logo: Some(logo),
            ..ThemeSpec::default()
        });
        let policy = Policy::strict().showing(Some("https://app.example/logo.png"));
        let header = policy.header(&theme);
        let images = "; img-src https://cdn.example/logo.svg https://app.example";
        assert!(header.to_str().unwrap().ends_with(images));
    }

    #[test]
    fn a_picture_cannot_add_a_directive() {
        let policy = Policy::strict().showing(Some("https://x.example/;script-src *"));
        let header = policy.header(&plain());
        assert!(
            header
                .to_str()
                .unwrap()
                .ends_with("img-src https://x.example")
        );
    }
}
