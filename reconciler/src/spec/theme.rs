//! Kind `Theme`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Color, Localized, WebUri};

/// What the pages that people see look like. The one named `default` is in force.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ThemeSpec {
    /// The name over each page, and in its title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 100))]
    pub product_name: Option<String>,
    /// A picture over each page. Browsers may load this address and no other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo: Option<WebUri>,
    /// The colours.
    #[serde(default)]
    pub colors: Colors,
    /// A line under each page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub footer: Option<Localized<String>>,
    /// Links under each page.
    #[serde(default)]
    pub links: ThemeLinks,
}

/// Links under each page; what they are called, the pages know in their languages.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ThemeLinks {
    /// Where people find help.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub support: Option<Localized<WebUri>>,
    /// What becomes of what is known of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub privacy: Option<Localized<WebUri>>,
}

/// The colours of pages, for people who read dark on light and for those who read light on dark.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Colors {
    /// Dark on light. What is left out is as without a theme.
    pub light: Palette,
    /// Light on dark. What is left out is as without a theme.
    pub dark: Palette,
}

/// Some of the colours. Contrasts are checked together with those that are left out (WCAG 2.2, AA).
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Palette {
    /// Around the card.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<Color>,
    /// Behind the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card: Option<Color>,
    /// The text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Color>,
    /// Text of less weight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub soft: Option<Color>,
    /// Around fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<Color>,
    /// Buttons and links.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accent: Option<Color>,
    /// The text on buttons.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_accent: Option<Color>,
}

/// All the colours of a page.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(missing_docs, reason = "as in `Palette`")]
pub struct Tones {
    pub page: Color,
    pub card: Color,
    pub text: Color,
    pub soft: Color,
    pub line: Color,
    pub accent: Color,
    pub on_accent: Color,
}

/// The colours of pages without a theme, dark on light.
pub const LIGHT: Tones = Tones {
    page: Color::rgb(0xf4, 0xf5, 0xf7),
    card: Color::rgb(0xff, 0xff, 0xff),
    text: Color::rgb(0x1c, 0x20, 0x24),
    soft: Color::rgb(0x54, 0x5b, 0x64),
    line: Color::rgb(0x7d, 0x85, 0x8f),
    accent: Color::rgb(0x1f, 0x5f, 0xbf),
    on_accent: Color::rgb(0xff, 0xff, 0xff),
};

/// The colours of pages without a theme, light on dark.
pub const DARK: Tones = Tones {
    page: Color::rgb(0x12, 0x14, 0x17),
    card: Color::rgb(0x1c, 0x20, 0x25),
    text: Color::rgb(0xec, 0xee, 0xf1),
    soft: Color::rgb(0xb0, 0xb7, 0xc0),
    line: Color::rgb(0x87, 0x90, 0x9b),
    accent: Color::rgb(0x8a, 0xb4, 0xf8),
    on_accent: Color::rgb(0x10, 0x14, 0x1a),
};

/// What must be told from what, and how well (WCAG 2.2, 1.4.3 and 1.4.11).
pub struct Contrast {
    /// The field that is in front.
    pub front: &'static str,
    /// The field behind it.
    pub behind: &'static str,
    /// The least ratio.
    pub least: f64,
    /// The ratio.
    pub ratio: f64,
}

impl Palette {
    /// All colours: these, and the others as without a theme.
    pub fn over(&self, base: Tones) -> Tones {
        Tones {
            page: self.page.unwrap_or(base.page),
            card: self.card.unwrap_or(base.card),
            text: self.text.unwrap_or(base.text),
            soft: self.soft.unwrap_or(base.soft),
            line: self.line.unwrap_or(base.line),
            accent: self.accent.unwrap_or(base.accent),
            on_accent: self.on_accent.unwrap_or(base.on_accent),
        }
    }
}

impl Tones {
    /// Every pair that people have to tell apart.
    pub fn contrasts(&self) -> [Contrast; 8] {
        let pair =
            |(front, a): (&'static str, Color), (behind, b): (&'static str, Color), least| {
                Contrast {
                    front,
                    behind,
                    least,
                    ratio: a.contrast(b),
                }
            };
        let (page, card) = (("page", self.page), ("card", self.card));
        let (text, soft) = (("text", self.text), ("soft", self.soft));
        let (accent, on_accent) = (("accent", self.accent), ("onAccent", self.on_accent));
        [
            pair(text, card, 4.5),
            pair(text, page, 4.5),
            pair(soft, card, 4.5),
            pair(soft, page, 4.5),
            pair(accent, card, 4.5),
            pair(accent, page, 4.5),
            pair(on_accent, accent, 4.5),
            pair(("line", self.line), card, 3.0),
        ]
    }

    /// The accent under a pointer: further from what stands on it, so never harder to read.
    pub fn accent_hover(&self) -> Color {
        if self.on_accent.luminance() > self.accent.luminance() {
            self.accent.towards(Color::rgb(0, 0, 0))
        } else {
            self.accent.towards(Color::rgb(0xff, 0xff, 0xff))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_without_a_theme_can_be_read() {
        for tones in [LIGHT, DARK] {
            for contrast in tones.contrasts() {
                assert!(
                    contrast.ratio >= contrast.least,
                    "{} on {}: {}",
                    contrast.front,
                    contrast.behind,
                    contrast.ratio
                );
            }
            let hovered = tones.on_accent.contrast(tones.accent_hover());
            assert!(hovered > tones.on_accent.contrast(tones.accent));
        }
    }
}
