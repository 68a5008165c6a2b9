//! What cannot be right about an admin key.

use super::Finding;
use crate::spec::AdminKeySpec;

pub(super) fn check(key: &AdminKeySpec, findings: &mut Vec<Finding>) {
    let mut add = |finding| findings.push(finding);
    if key.permissions.is_empty() {
        add(Finding::in_spec(
            "admin-key",
            "permissions",
            "a key without permissions can do nothing",
        )
        .label("needs `permissions`")
        .help("as in `permissions: [config.read, config.apply]`"));
    }
    super::length("description", key.description.as_deref(), 0, 500, &mut add);
}
