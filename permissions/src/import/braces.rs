//! Where an expression in braces ends.

/// The text from `start` up to the `}` that belongs to the `{` before it, and where it goes on after that;
/// `None` if it is never closed. What is in quotes counts for nothing.
pub(super) fn body(source: &str, start: usize) -> Option<(&str, usize)> {
    let mut depth = 1_usize;
    let mut quote: Option<char> = None;
    let mut characters = source[start..].char_indices();
    while let Some((offset, c)) = characters.next() {
        match (quote, c) {
            (Some(_), '\\') => {
                characters.next();
            }
            (Some(open), c) => quote = (c != open).then_some(open),
            (None, '"' | '\'') => quote = Some(c),
            (None, '{') => depth += 1,
            (None, '}') => {
                depth -= 1;
                if depth == 0 {
                    return Some((&source[start..start + offset], start + offset + 1));
                }
            }
            _ => {}
        }
    }
    None
}
