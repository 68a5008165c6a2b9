use crate::modules::pages::Language;

/// Most characters of a name.
const MAX_NAME: usize = 60;

/// What a passkey is called: what its owner wrote, in one line, or just what it is.
pub(super) fn name(written: &str, language: &Language) -> String {
    let line: String = written
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let name: String = line.trim().chars().take(MAX_NAME).collect();
    if name.is_empty() {
        language.passkeys.unnamed.to_owned()
    } else {
        name
    }
}
