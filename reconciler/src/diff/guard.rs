//! What a plan does only when it is told `--yes`.

use std::{collections::BTreeSet, fmt};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Action, ObservedState, Owner, Plan, Reason, SetName, plan::Change};
use crate::{
    kind::Kind,
    object::{Object, Spec},
    spec::{
        AdminKeySpec, OidcClientSpec,
        admin_key::{AdminPermission, KeyHash},
        oidc_client::SubjectIdentifierType,
    },
};

/// Fewest deletes that [`Guard::MostOfSet`] speaks of: replacing one object by another is no
/// landslide.
const FEWEST_OF_MANY: usize = 2;

/// Something that is rarely meant, and needs `--yes`. Displays why.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(
    tag = "guard",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Guard {
    /// The manifests name nothing, and all that the set owns would go: most often a wrong folder.
    EmptySet {
        /// The set.
        #[schemars(with = "String")]
        set: SetName,
        /// How many objects it owns.
        deleted: usize,
    },
    /// More than half of what the set owns would go, and at least two objects.
    MostOfSet {
        /// The set; all sets and owners together in a rollback.
        #[schemars(with = "Option<String>")]
        set: Option<SetName>,
        /// How many objects go.
        deleted: usize,
        /// How many there are.
        owned: usize,
    },
    /// No key would be left that may change the configuration.
    LastAdminKey {
        /// The keys that may, until now.
        names: Vec<String>,
    },
    /// The key in use would go or be able to do less.
    KeyInUse {
        /// Its name.
        name: String,
        /// What would become of it.
        loss: KeyLoss,
    },
    /// A rollback would make a key valid that was taken out of use.
    KeyReturns {
        /// Its name.
        name: String,
    },
    /// A client would know everybody by another `sub`, and so nobody again.
    SubjectsChange {
        /// The client's name.
        client: String,
    },
}

/// What becomes of the key in use.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum KeyLoss {
    /// It is deleted.
    Deleted,
    /// Another key takes its name.
    Replaced,
    /// It loses these permissions.
    Permissions(BTreeSet<AdminPermission>),
    /// It expires earlier.
    Expiry,
}

impl fmt::Display for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Guard::EmptySet { set, deleted: 1 } => write!(
                f,
                "the manifests name nothing, and the only object of set `{set}` would be deleted"
            ),
            Guard::EmptySet { set, deleted } => write!(
                f,
                "the manifests name nothing, and all {deleted} objects of set `{set}` would be deleted"
            ),
            Guard::MostOfSet {
                set: Some(set),
                deleted,
                owned,
            } => write!(
                f,
                "{deleted} of the {owned} objects of set `{set}` would be deleted"
            ),
            Guard::MostOfSet {
                set: None,
                deleted,
                owned,
            } => write!(f, "{deleted} of all {owned} objects would be deleted"),
            Guard::LastAdminKey { names } => write!(
                f,
                "no admin key would be left that may change the configuration; AdminKey/{} may until now",
                names.join(" and AdminKey/")
            ),
            Guard::KeyInUse { name, loss } => {
                write!(f, "AdminKey/{name} is the key in use and would ")?;
                match loss {
                    KeyLoss::Deleted => f.write_str("be deleted"),
                    KeyLoss::Replaced => f.write_str("be replaced by another key"),
                    KeyLoss::Permissions(lost) => {
                        let names: Vec<&str> = lost.iter().map(|p| p.name()).collect();
                        write!(f, "lose `{}`", names.join("`, `"))
                    }
                    KeyLoss::Expiry => f.write_str("expire earlier"),
                }
            }
            Guard::KeyReturns { name } => write!(
                f,
                "AdminKey/{name} was taken out of use, and the rollback would make it valid again"
            ),
            Guard::SubjectsChange { client } => write!(
                f,
                "OidcClient/{client} would know everybody by another `sub` (`subjectType` or its sector changes) and take them for new people"
            ),
        }
    }
}

impl Plan {
    /// What in the plan needs `--yes`. `acting_key` is the key that the request came with, if it
    /// came with one.
    pub fn guards(&self, observed: &ObservedState, acting_key: Option<&KeyHash>) -> Vec<Guard> {
        self.too_many_deletes(observed)
            .into_iter()
            .chain(self.last_admin_key(observed))
            .chain(
                self.changes
                    .iter()
                    .flat_map(|change| {
                        [
                            loss(change, acting_key),
                            returning(change),
                            estranging(change),
                        ]
                    })
                    .flatten(),
            )
            .collect()
    }

    fn too_many_deletes(&self, observed: &ObservedState) -> Option<Guard> {
        let owner = self.set.clone().map(Owner::Set);
        let is_meant = |o: &Owner| owner.as_ref().is_none_or(|owner| owner == o);
        let owned = observed.objects.values().filter(|o| is_meant(&o.owner));
        let owned = owned.count();
        // What was deleted by name was named one by one.
        let deleted = self
            .changes
            .iter()
            .filter(|change| {
                change.action == Action::Delete
                    && !change.reasons.contains(&Reason::Deleted)
                    && change.owner_before.as_ref().is_some_and(is_meant)
            })
            .count();
        let names_nothing = self.unchanged == 0 && self.changes.iter().all(|c| c.after.is_none());
        match &self.set {
            Some(set) if names_nothing && deleted > 0 => Some(Guard::EmptySet {
                set: set.clone(),
                deleted,
            }),
            set => (deleted >= FEWEST_OF_MANY && deleted * 2 > owned).then(|| Guard::MostOfSet {
                set: set.clone(),
                deleted,
                owned,
            }),
        }
    }

    fn last_admin_key(&self, observed: &ObservedState) -> Option<Guard> {
        if !self.changes.iter().any(|c| c.key.kind == Kind::AdminKey) {
            return None;
        }
        let may_change =
            |object: Option<&Object>| object.and_then(admin_key).is_some_and(can_apply);
        let names: Vec<String> = observed
            .objects
            .iter()
            .filter(|(_, found)| may_change(found.object.as_ref()))
            .map(|(key, _)| key.name.clone())
            .collect();
        let resulting = super::Resulting::of(observed, self, |_| None);
        let is_left = resulting
            .of_kind(Kind::AdminKey)
            .any(|(_, there)| may_change(there.object));
        (!names.is_empty() && !is_left).then_some(Guard::LastAdminKey { names })
    }
}

fn admin_key(object: &Object) -> Option<&AdminKeySpec> {
    match &object.spec {
        Spec::AdminKey(spec) => Some(spec),
        _ => None,
    }
}

fn can_apply(spec: &AdminKeySpec) -> bool {
    spec.permissions.contains(&AdminPermission::All)
        || spec.permissions.contains(&AdminPermission::ConfigApply)
}

fn loss(change: &Change, acting_key: Option<&KeyHash>) -> Option<Guard> {
    let before = change.before.as_ref()?;
    let spec = admin_key(before).filter(|spec| Some(&spec.hash) == acting_key)?;
    let loss = match change.after.as_ref().and_then(|(o, _)| admin_key(o)) {
        None => KeyLoss::Deleted,
        Some(after) if after.hash != spec.hash => KeyLoss::Replaced,
        Some(after) => {
            let lost: BTreeSet<AdminPermission> = spec
                .permissions
                .difference(&after.permissions)
                .copied()
                .collect();
            if !lost.is_empty() && !after.permissions.contains(&AdminPermission::All) {
                KeyLoss::Permissions(lost)
            } else if after
                .expires_at
                .is_some_and(|end| spec.expires_at.is_none_or(|old| end < old))
            {
                KeyLoss::Expiry
            } else {
                return None;
            }
        }
    };
    Some(Guard::KeyInUse {
        name: before.name().to_owned(),
        loss,
    })
}

fn returning(change: &Change) -> Option<Guard> {
    let after = change.after.as_ref().and_then(|(o, _)| admin_key(o))?;
    let before = change.before.as_ref().and_then(admin_key);
    let is_valid_now = before.is_some_and(|before| before.hash == after.hash);
    (change.reasons.contains(&Reason::RolledBack) && !is_valid_now).then(|| Guard::KeyReturns {
        name: change.key.name.clone(),
    })
}

fn estranging(change: &Change) -> Option<Guard> {
    let client = |object: &Object| match &object.spec {
        Spec::OidcClient(spec) => Some(subjects(spec)),
        _ => None,
    };
    let before = change.before.as_ref().and_then(client)?;
    let after = change.after.as_ref().and_then(|(after, _)| client(after))?;
    (before != after).then(|| Guard::SubjectsChange {
        client: change.key.name.clone(),
    })
}

/// By what a client's subjects are made: nothing of its own, or its sector if it has one.
fn subjects(spec: &OidcClientSpec) -> (SubjectIdentifierType, Option<String>) {
    let sector = match spec.subject_type {
        SubjectIdentifierType::Public => None,
        SubjectIdentifierType::Pairwise => spec.sector(),
    };
    (spec.subject_type, sector)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::diff::{
        Ownership, Restored,
        fixture::{admin_key, client, desired, id_of, observed, set},
    };

    const PRUNE: Ownership = Ownership {
        prune: true,
        take_over: false,
    };

    fn own(object: Object) -> (Owner, Object) {
        (set("default"), object)
    }

    fn clients(count: usize) -> impl Iterator<Item = Object> {
        (0..count).map(|n| client(&format!("c{n}"), "C"))
    }

    fn guards(there: &ObservedState, wanted: Vec<Object>, acting: Option<&str>) -> Vec<String> {
        let plan = Plan::between(there, &desired(wanted), PRUNE).unwrap();
        let acting = acting.map(KeyHash::of);
        plan.guards(there, acting.as_ref())
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn an_empty_folder_deletes_everything_only_with_yes() {
        let one = observed(clients(1).map(own));
        assert_eq!(
            guards(&one, vec![], None),
            ["the manifests name nothing, and the only object of set `default` would be deleted"]
        );
        let many = observed(clients(12).map(own));
        assert_eq!(
            guards(&many, vec![], None),
            ["the manifests name nothing, and all 12 objects of set `default` would be deleted"]
        );
        assert_eq!(guards(&observed([]), vec![], None), [""; 0]);
    }

    #[test]
    fn more_than_half_needs_yes_and_half_does_not() {
        let there = observed(clients(4).map(own));
        assert_eq!(guards(&there, clients(2).collect(), None), [""; 0]);
        assert_eq!(
            guards(&there, clients(1).collect(), None),
            ["3 of the 4 objects of set `default` would be deleted"]
        );
    }

    #[test]
    fn replacing_the_only_object_by_another_needs_no_yes() {
        let there = observed(clients(1).map(own));
        assert_eq!(guards(&there, vec![client("other", "O")], None), [""; 0]);
    }

    #[test]
    fn objects_of_other_owners_do_not_count() {
        let others = clients(9).map(|object| (set("other"), object));
        let mine = ["a", "b", "c"].map(|name| own(client(name, name)));
        let there = observed(others.chain(mine));
        assert_eq!(
            guards(&there, vec![client("a", "a")], None),
            ["2 of the 3 objects of set `default` would be deleted"]
        );
    }

    #[test]
    fn the_last_key_that_may_apply_is_kept_unless_told() {
        let there = observed([
            own(admin_key("ci", &["config.apply"])),
            (set("other"), admin_key("reader", &["config.read"])),
            own(client("a", "A")),
        ]);
        let expected = [
            "no admin key would be left that may change the configuration; AdminKey/ci may until now",
        ];
        assert_eq!(guards(&there, vec![client("a", "A")], None), expected);
        let weaker = vec![client("a", "A"), admin_key("ci", &["config.read"])];
        assert_eq!(guards(&there, weaker, None), expected);
        let replaced = vec![client("a", "A"), admin_key("new", &["*"])];
        assert_eq!(guards(&there, replaced, None), [""; 0]);
    }

    #[test]
    fn the_key_in_use_is_not_weakened_unless_told() {
        let there = observed([
            own(admin_key("ci", &["config.apply", "config.read"])),
            own(admin_key("root", &["*"])),
        ]);
        let root = || admin_key("root", &["*"]);
        let in_use = Some("ci");

        assert_eq!(
            guards(&there, vec![root()], in_use),
            ["AdminKey/ci is the key in use and would be deleted"]
        );
        let mut other = admin_key("other", &["*"]);
        other.metadata.name = "ci".into();
        assert_eq!(
            guards(&there, vec![root(), other], in_use),
            ["AdminKey/ci is the key in use and would be replaced by another key"]
        );
        let weaker = vec![root(), admin_key("ci", &["config.read"])];
        assert_eq!(
            guards(&there, weaker, in_use),
            ["AdminKey/ci is the key in use and would lose `config.apply`"]
        );
        let stronger = vec![root(), admin_key("ci", &["*"])];
        assert_eq!(guards(&there, stronger, in_use), [""; 0]);
        assert_eq!(guards(&there, vec![root()], Some("root")), [""; 0]);
    }

    #[test]
    fn a_rollback_that_revives_a_key_needs_yes() {
        let there = observed([own(admin_key("root", &["*"]))]);
        let restored = |object: Object| Restored {
            id: id_of(&object),
            owner: set("default"),
            hash: object.hash().unwrap(),
            object,
        };
        let target = [
            restored(admin_key("root", &["*"])),
            restored(admin_key("leaked", &["*"])),
        ];

        let plan = Plan::restoring(&there, &target, "").unwrap();

        assert_eq!(
            plan.guards(&there, None)[0].to_string(),
            "AdminKey/leaked was taken out of use, and the rollback would make it valid again"
        );
    }

    #[test]
    fn whom_a_client_knows_by_which_sub_changes_only_when_told() {
        let pairwise = |hosts: &[&str], is_pairwise: bool| {
            let mut client = client("a", "A");
            if let Spec::OidcClient(spec) = &mut client.spec {
                let uris = hosts.iter().map(|host| format!("https://{host}/cb"));
                spec.redirect_uris = uris.map(|uri| uri.parse().unwrap()).collect();
                if is_pairwise {
                    spec.subject_type = SubjectIdentifierType::Pairwise;
                }
            }
            client
        };
        let there = observed([own(pairwise(&["a.example"], true))]);
        let expected = [
            "OidcClient/a would know everybody by another `sub` (`subjectType` or its sector changes) and take them for new people",
        ];
        let other_host = vec![pairwise(&["b.example"], true)];
        assert_eq!(guards(&there, other_host, None), expected);
        let public = vec![pairwise(&["a.example"], false)];
        assert_eq!(guards(&there, public, None), expected);
        let mut renamed = pairwise(&["a.example"], true);
        if let Spec::OidcClient(spec) = &mut renamed.spec {
            spec.display_name = Some("B".into());
        }
        assert_eq!(guards(&there, vec![renamed], None), [""; 0]);
        let there = observed([own(pairwise(&["a.example"], false))]);
        let moved = vec![pairwise(&["b.example"], false)];
        assert_eq!(guards(&there, moved, None), [""; 0]);
    }
}
