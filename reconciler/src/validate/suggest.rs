//! "Did you mean ...?"

/// The one of `known` that `word` was probably meant to be.
pub(crate) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let plain = fold(word);
    // One slip in three letters still shows what was meant; more is guessing.
    let furthest = (plain.chars().count() / 3).max(1);
    let known: Vec<&str> = known.into_iter().collect();
    known
        .iter()
        .copied()
        .map(|candidate| (strsim::osa_distance(&plain, &fold(candidate)), candidate))
        // A candidate with no letter in common was not meant, however short it is.
        .filter(|(distance, candidate)| {
            *distance <= furthest && *distance < candidate.chars().count()
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
        .or_else(|| beginning(&plain, known))
}

/// The only one that goes on where `word` ends, as `refresh_token` does after `refresh`.
fn beginning<'k>(word: &str, known: Vec<&'k str>) -> Option<&'k str> {
    let mut longer = known
        .into_iter()
        .filter(|known| word.len() > 3 && fold(known).starts_with(word));
    longer.next().filter(|_| longer.next().is_none())
}

/// `redirect_uris`, `redirect-uris` and `RedirectURIs` are all meant to be `redirectUris`.
fn fold(word: &str) -> String {
    word.chars()
        .filter(|c| !matches!(c, '_' | '-' | '.' | ' '))
        .flat_map(char::to_lowercase)
        .take(200)
        .collect()
}

/// What to say about `word`, which is none of `known`.
pub(crate) fn did_you_mean(word: &str, known: &[&str]) -> String {
    if let Some(candidate) = nearest(word, known.iter().copied()) {
        return format!("did you mean `{candidate}`?");
    }
    match known {
        [] => String::from("nothing can be set here"),
        [one] => format!("only `{one}` can stand here"),
        _ => {
            let names: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
            format!("known here: {}", names.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_and_other_spellings_are_understood() {
        let known = ["redirectUris", "requirePkce", "scopes"];
        for (word, meant) in [
            ("redirectUri", Some("redirectUris")),
            ("redirect_uris", Some("redirectUris")),
            ("requirePKCE", Some("requirePkce")),
            ("scpoes", Some("scopes")),
            ("colour", None),
            ("redir", Some("redirectUris")),
        ] {
            assert_eq!(nearest(word, known), meant, "{word}");
        }
    }
}
