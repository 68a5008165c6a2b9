//! Every limit of loading, in one place. Generous for people, small enough that no input can take
//! much time or memory.

/// Bytes of one file, or of standard input.
pub const MAX_FILE_BYTES: u64 = 8 * 1024 * 1024;
/// Bytes of all files of one load together.
pub const MAX_TOTAL_BYTES: u64 = 256 * 1024 * 1024;
/// Files of one load.
pub const MAX_FILES: usize = 200_000;
/// Folders within folders.
pub const MAX_FOLDER_DEPTH: usize = 64;
/// Lists and mappings within each other.
pub const MAX_DEPTH: usize = 64;
/// Values in one file, aliases expanded.
pub const MAX_NODES: usize = 1_000_000;
/// Values that aliases and merge keys may add in one file, with their text: one is counted for
/// every value and one for every [`ALIAS_TEXT_UNIT`] bytes of it.
pub const MAX_ALIAS_COST: usize = 100_000;
/// See [`MAX_ALIAS_COST`].
pub const ALIAS_TEXT_UNIT: usize = 16;
/// Characters of a key.
pub const MAX_KEY_LENGTH: usize = 1_024;
/// Documents sent to the admin API in one request.
pub const MAX_DOCUMENTS: usize = 200_000;
/// Problems kept of one load. The rest is counted.
pub const MAX_PROBLEMS: usize = 1_000;
/// Problems kept of one document.
pub const MAX_PROBLEMS_PER_DOCUMENT: usize = 50;
/// Bytes of a secret, in a file or a variable.
pub const MAX_SECRET_BYTES: usize = 64 * 1024;
/// Fewest characters of a secret.
pub const MIN_SECRET_LENGTH: usize = 16;
