//! What cannot be right about a theme, though every field by itself is.

use super::{Finding, localized};
use crate::spec::{
    ThemeSpec,
    theme::{DARK, LIGHT, Palette, Tones},
};

/// Longest line under a page.
const MAX_FOOTER: usize = 500;

pub(super) fn check(theme: &ThemeSpec, findings: &mut Vec<Finding>) {
    let mut add = |finding| findings.push(finding);
    super::length(
        "productName",
        theme.product_name.as_deref(),
        1,
        100,
        &mut add,
    );
    if let Some(footer) = &theme.footer {
        localized::texts("footer", footer, MAX_FOOTER, &mut add);
    }
    if let Some(logo) = &theme.logo {
        // `img-src` ends at a semicolon or comma, and `http` would be mixed content.
        if logo.is_insecure() || logo.as_str().contains([';', ',', '?', '#']) {
            add(Finding::in_spec(
                "theme",
                "logo",
                format!("browsers cannot be allowed to load `{logo}` and nothing else"),
            )
            .help("use an `https` address of a path alone, as in `https://example.com/logo.svg`"));
        }
    }
    for (field, palette, base) in [
        ("colors/light", &theme.colors.light, LIGHT),
        ("colors/dark", &theme.colors.dark, DARK),
    ] {
        contrasts(field, palette, base, &mut add);
    }
}

/// At the colours that the theme gives, since those can be changed.
fn contrasts(field: &'static str, palette: &Palette, base: Tones, add: &mut impl FnMut(Finding)) {
    if *palette == Palette::default() {
        return;
    }
    for contrast in palette.over(base).contrasts() {
        if contrast.ratio < contrast.least {
            let message = format!(
                "`{}` on `{}` has a contrast of {:.2}, and {:.1} is the least (WCAG 2.2 AA)",
                contrast.front,
                contrast.behind,
                floor(contrast.ratio),
                contrast.least
            );
            add(Finding::in_spec("contrast", field, message).help(
                "make one of the two darker or lighter; what is left out is as without a theme",
            ));
        }
    }
}

/// Not rounded up to what would be enough.
fn floor(ratio: f64) -> f64 {
    (ratio * 100.0).floor() / 100.0
}
