//! How much of anything a directory may ask for or send.

/// Bytes of a body: a group with ten thousand members fits.
pub(super) const MAX_BODY: usize = 4 * 1024 * 1024;
/// Bytes of a filter.
pub(super) const MAX_FILTER: usize = 4 * 1024;
/// Comparisons in a filter.
pub(super) const MAX_TERMS: usize = 100;
/// Parentheses and brackets within each other in a filter.
pub(super) const MAX_DEPTH: usize = 16;
/// Resources of one page, unless asked for fewer.
pub(super) const PAGE: usize = 100;
/// Resources of one page, however many are asked for; said as `maxResults`.
pub(super) const MAX_PAGE: usize = 200;
/// Resources that are looked at one by one for a filter that no index answers.
pub(super) const MAX_SCAN: usize = 1_000;
/// Operations of one PATCH.
pub(super) const MAX_OPERATIONS: usize = 1_000;
/// Attributes that `attributes` or `excludedAttributes` names.
pub(super) const MAX_NAMES: usize = 100;
/// Values of one attribute, but the members of a group.
pub(super) const MAX_VALUES: usize = 50;
/// Members that one request names, or that one answer tells.
pub(super) const MAX_MEMBERS: usize = 20_000;
/// Characters of one value.
pub(super) const MAX_TEXT: usize = 2_000;
/// Bytes of all that a directory says of a person, as JSON.
pub(super) const MAX_KEPT: usize = 16 * 1024;
/// Characters of a user name.
pub(super) const MAX_USER_NAME: usize = 255;
/// Versions that one `If-Match` names.
pub(super) const MAX_VERSIONS: usize = 10;
