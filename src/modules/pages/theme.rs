//! What a manifest of kind `Theme` makes of the pages, prepared once a generation.

use std::fmt::Write as _;

use assay_reconciler::spec::{
    Localized, ThemeSpec, WebUri,
    theme::{DARK, LIGHT, Palette, Tones},
};
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::Language;
use crate::generation::Snapshot;

/// The stylesheet, put into each page: a page is one answer, and no rolling upgrade can leave it bare.
const STYLESHEET: &str = include_str!("style.css");

/// The theme that is in force has this name.
const IN_FORCE: &str = "default";

/// How every page looks in one generation.
#[derive(Debug)]
pub struct Theme {
    /// All of the stylesheet.
    pub style: String,
    /// The stylesheet as the policy names it.
    pub(super) style_source: String,
    /// The name over each page.
    pub product_name: Option<String>,
    /// The picture over each page.
    pub logo: Option<String>,
    footer: Option<Localized<String>>,
    support: Option<Localized<WebUri>>,
    privacy: Option<Localized<WebUri>>,
}

impl Theme {
    /// The theme in force; the plain look, if there is none.
    pub fn of(snapshot: &Snapshot) -> Self {
        let plain = ThemeSpec::default();
        let theme = snapshot.theme(IN_FORCE);
        Self::new(theme.map_or(&plain, |theme| &theme.spec))
    }

    pub(super) fn new(spec: &ThemeSpec) -> Self {
        let mut style = STYLESHEET.to_owned();
        if let Some(tones) = colors(&spec.colors.light, LIGHT) {
            let _ = write!(style, ":root{{{tones}}}");
        }
        // Always again, if there is anything: the lines above would win over the dark ones.
        if spec.colors != assay_reconciler::spec::theme::Colors::default() {
            let tones = rules(&spec.colors.dark.over(DARK));
            let _ = write!(
                style,
                "@media (prefers-color-scheme:dark){{:root{{{tones}}}}}"
            );
        }
        Self {
            style_source: source(&style),
            style,
            product_name: spec.product_name.clone(),
            // One that adds to the policy was refused with its manifest; should it get here, it is not shown.
            logo: spec
                .logo
                .as_ref()
                .map(ToString::to_string)
                .filter(|logo| !logo.contains([';', ',', ' '])),
            footer: spec.footer.clone(),
            support: spec.links.support.clone(),
            privacy: spec.links.privacy.clone(),
        }
    }

    /// Whether something stands over the page.
    pub fn has_brand(&self) -> bool {
        self.product_name.is_some() || self.logo.is_some()
    }

    /// Whether something stands under the page.
    pub fn has_footer(&self) -> bool {
        self.footer.is_some() || self.support.is_some() || self.privacy.is_some()
    }

    /// The line under the page.
    pub fn footer(&self, language: &Language) -> Option<&str> {
        let footer = self.footer.as_ref()?.in_language(language.tag);
        footer.map(String::as_str)
    }

    /// Where people find help.
    pub fn support(&self, language: &Language) -> Option<&str> {
        let support = self.support.as_ref()?.in_language(language.tag);
        support.map(WebUri::as_str)
    }

    /// What becomes of what is known of them.
    pub fn privacy(&self, language: &Language) -> Option<&str> {
        let privacy = self.privacy.as_ref()?.in_language(language.tag);
        privacy.map(WebUri::as_str)
    }
}

fn colors(palette: &Palette, base: Tones) -> Option<String> {
    (*palette != Palette::default()).then(|| rules(&palette.over(base)))
}

/// Colours are six digits each: nothing else of a manifest gets into the stylesheet.
fn rules(tones: &Tones) -> String {
    format!(
        "--page:{};--card:{};--text:{};--soft:{};--line:{};--accent:{};--accent-hover:{};--on-accent:{}",
        tones.page,
        tones.card,
        tones.text,
        tones.soft,
        tones.line,
        tones.accent,
        tones.accent_hover(),
        tones.on_accent,
    )
}

/// A text as a policy names it (Content Security Policy Level 3, 2.3.1).
pub(super) fn source(text: &str) -> String {
    format!(
        "'sha256-{}'",
        STANDARD.encode(digest(&SHA256, text.as_bytes()))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a page without a theme is drawn with is what contrasts are checked with.
    #[test]
    fn the_stylesheet_has_the_colors_that_are_checked() {
        let (light, dark) = STYLESHEET
            .split_once("@media (prefers-color-scheme: dark)")
            .unwrap_or_default();
        for (part, tones) in [(light, LIGHT), (dark, DARK)] {
            for rule in rules(&tones).split(';') {
                let rule = rule.replace(':', ": ");
                let is_there = rule.starts_with("--accent-hover") || part.contains(&rule);
                assert!(is_there, "{rule}");
            }
        }
    }

    #[test]
    fn a_page_without_a_theme_has_the_stylesheet_alone() {
        let theme = Theme::new(&ThemeSpec::default());
        assert_eq!(theme.style, STYLESHEET);
        assert!(!theme.has_brand() && !theme.has_footer());
    }
}
