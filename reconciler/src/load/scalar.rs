//! What an unquoted YAML scalar means: the core schema of YAML 1.2 (section 10.3.2).

use std::borrow::Cow;

use serde_json::Number;

use super::tree::Content;

/// The meaning of the unquoted `text`. `yes`, `on` and dates are text; only YAML 1.1 thought
/// otherwise.
pub(super) fn resolve(text: Cow<'_, str>) -> Content<'_> {
    match &*text {
        "" | "~" | "null" | "Null" | "NULL" => return Content::Null,
        "true" | "True" | "TRUE" => return Content::Bool(true),
        "false" | "False" | "FALSE" => return Content::Bool(false),
        _ => {}
    }
    let may_be_number = text
        .bytes()
        .next()
        .is_some_and(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.'));
    match may_be_number.then(|| number(&text)).flatten() {
        Some(number) => Content::Number(number),
        None => Content::Text(text),
    }
}

fn number(text: &str) -> Option<Number> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if let Some(digits) = text.strip_prefix("0o") {
        return plain_digits(digits, 8)
            .then(|| u64::from_str_radix(digits, 8).ok())?
            .map(Number::from);
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return plain_digits(digits, 16)
            .then(|| u64::from_str_radix(digits, 16).ok())?
            .map(Number::from);
    }
    if plain_digits(unsigned, 10) {
        let text = text.strip_prefix('+').unwrap_or(text);
        if let Ok(value) = text.parse::<u64>() {
            return Some(Number::from(value));
        }
        if let Ok(value) = text.parse::<i64>() {
            return Some(Number::from(value));
        }
    }
    is_float(unsigned)
        .then(|| text.parse::<f64>().ok().and_then(Number::from_f64))
        .flatten()
}

fn plain_digits(text: &str, radix: u32) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_digit(radix))
}

/// `(\. [0-9]+ | [0-9]+ (\. [0-9]*)?) ([eE] [-+]? [0-9]+)?`. Infinity and NaN stay text: nothing
/// here has a use for them, and JSON cannot say them.
fn is_float(text: &str) -> bool {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let is_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let mantissa_is_right = match mantissa.split_once('.') {
        Some((whole, fraction)) => {
            is_digits(whole) && is_digits(fraction) && !(whole.is_empty() && fraction.is_empty())
        }
        None => plain_digits(mantissa, 10),
    };
    mantissa_is_right
        && exponent.is_none_or(|exponent| {
            plain_digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent), 10)
        })
}

#[cfg(test)]
#[allow(clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn unquoted_scalars_mean_what_yaml_1_2_says() {
        for text in [
            "yes",
            "no",
            "on",
            "off",
            "1_000",
            "1:30",
            "2027-01-01",
            "0o9",
            "--1",
            "1e",
            ".",
            "+",
            "-",
            "0x",
            ".inf",
            "١",
        ] {
            assert!(matches!(resolve(text.into()), Content::Text(_)), "{text}");
        }
        for (text, value) in [("0", 0), ("007", 7), ("+7", 7), ("0o17", 15), ("0xff", 255)] {
            let Content::Number(number) = resolve(text.into()) else {
                panic!("{text}");
            };
            assert_eq!(number, Number::from(value));
        }
        for text in [
            "-1",
            "1.5",
            "1.",
            ".5",
            "1e3",
            "-1.5E-3",
            "99999999999999999999999",
        ] {
            assert!(matches!(resolve(text.into()), Content::Number(_)), "{text}");
        }
    }
}
