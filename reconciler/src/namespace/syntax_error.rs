//! What is wrong with the text of an expression.

use super::TextRange;

/// The text is not an expression.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("found {found}, expected {expected}{}", suggested(self.help.as_deref()))]
pub struct SyntaxError {
    /// Which bytes of the text are wrong.
    pub range: TextRange,
    /// What is there.
    pub found: String,
    /// What could be there.
    pub expected: String,
    /// What to write instead.
    pub help: Option<String>,
}

fn suggested(help: Option<&str>) -> String {
    help.map(|help| format!("; {help}")).unwrap_or_default()
}
