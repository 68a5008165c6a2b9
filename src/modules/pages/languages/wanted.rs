//! Which language of ours a person wants, from lists that are written in two ways. A region that we
//! know nothing of does not matter: `de-CH` is content with `de` (RFC 4647 3.4).

use super::LANGUAGES;

/// Most entries of a list that count; people do not read more languages.
const MAX_ENTRIES: usize = 32;

/// The first that we speak of `ui_locales` (OpenID Connect Core 3.1.2.1): tags with blanks between.
pub(super) fn by_order(tags: &str) -> Option<&'static str> {
    tags.split(' ')
        .filter(|tag| !tag.is_empty())
        .take(MAX_ENTRIES)
        .find_map(spoken)
}

/// The best that we speak of `Accept-Language` (RFC 9110 12.5.4): of equal weights, the first.
pub(super) fn by_weight(header: &str) -> Option<&'static str> {
    let mut best: Option<(f32, &'static str)> = None;
    for entry in header.split(',').take(MAX_ENTRIES) {
        let mut parts = entry.split(';').map(str::trim);
        let Some(tag) = parts.next().and_then(spoken) else {
            continue;
        };
        let weight = parts
            .find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")))
            .map_or(Some(1.0), |weight| weight.parse().ok())
            .filter(|weight| (0.0..=1.0).contains(weight));
        match (weight, best) {
            (Some(weight), None) if weight > 0.0 => best = Some((weight, tag)),
            (Some(weight), Some((least, _))) if weight > least => best = Some((weight, tag)),
            _ => {}
        }
    }
    best.map(|(_, tag)| tag)
}

/// Our language for a tag. Some write `de_CH` (OpenID Connect Core 5.1, `locale`).
fn spoken(tag: &str) -> Option<&'static str> {
    let primary = tag.split(['-', '_']).next()?;
    LANGUAGES
        .into_iter()
        .map(|language| language.tag)
        .find(|ours| ours.eq_ignore_ascii_case(primary))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_language_that_is_spoken_here_counts() {
        assert_eq!(by_order("fr de-CH-1996 en"), Some("de"));
        assert_eq!(by_order("TR"), Some("tr"));
        assert_eq!(by_order("ar_EG"), Some("ar"));
        assert_eq!(by_order("fr  zh-Hant"), None);
        assert_eq!(by_order(""), None);
        // Not a prefix of a word: German is not Delaware, whatever that is.
        assert_eq!(by_order("deu"), None);
        assert_eq!(by_order(&format!("{}de", "fr ".repeat(100))), None);
    }

    #[test]
    fn a_browser_weighs_its_languages() {
        assert_eq!(by_weight("de"), Some("de"));
        assert_eq!(by_weight("fr, en;q=0.5, ja;q=0.8"), Some("ja"));
        assert_eq!(by_weight("de;q=0.5,tr;q=0.5"), Some("de"));
        assert_eq!(by_weight("de;q=0, *"), None);
        assert_eq!(by_weight("de;q=nonsense, tr;q=0.1"), Some("tr"));
        assert_eq!(by_weight("de;q=7, tr ; q=0.1"), Some("tr"));
        assert_eq!(by_weight("*"), None);
    }
}
