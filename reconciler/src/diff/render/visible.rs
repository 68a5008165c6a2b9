//! Text that shows what is in it.

use std::borrow::Cow;

/// `text` with every character that a terminal or a browser would obey or hide written out, as in
/// `\u{202e}`: control characters (a line break, an escape sequence), characters that turn the
/// direction of writing, and characters without width. Otherwise a value in a manifest could forge
/// lines of a diff.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(deceives) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if deceives(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

fn deceives(c: char) -> bool {
    c.is_control()
        || matches!(c,
            // Soft hyphen, Arabic letter mark, Mongolian vowel separator.
            '\u{ad}' | '\u{61c}' | '\u{180e}'
            // Without width, marks of direction, line and paragraph separators, embeddings and
            // overrides, word joiner, invisible operators, isolates.
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            // Hangul fillers, byte order mark, interlinear annotation, tags.
            | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_deceives_is_written_out() {
        assert_eq!(
            visible("a\u{1b}[31m\r\n+ b \u{202e}txt\u{2028}\u{200b}"),
            r"a\u{1b}[31m\u{d}\u{a}+ b \u{202e}txt\u{2028}\u{200b}"
        );
    }

    #[test]
    fn what_people_write_stays() {
        let text = "Zürich, 東京, مرحبا, → é";
        assert!(matches!(visible(text), Cow::Borrowed(same) if same == text));
    }
}
