//! What people are put into, and known by elsewhere: groups and identities at upstream providers.

use std::collections::{HashMap, HashSet};

use assay_reconciler::spec::UpstreamProviderSpec;

use super::{LineProblem, line::IncomingIdentity, matched::Step};
use crate::{
    clock::UnixMillis,
    crypto::token,
    modules::{
        oidc_client,
        user::{self, GroupError, GroupName},
    },
    store::{StoreError, Tx, bulk, fetch_all},
};

/// The groups that a batch names.
pub(super) struct Groups {
    /// Their ids, by the names as they are compared.
    ids: HashMap<String, String>,
    /// Those that are not there, by the same.
    missing: HashMap<String, GroupName>,
}

impl Groups {
    pub(super) async fn named(tx: &mut Tx, steps: &[Step<'_>]) -> Result<Self, StoreError> {
        let named = steps
            .iter()
            .flat_map(|step| step.person.groups.iter().flatten());
        let mut missing: HashMap<String, GroupName> =
            named.map(|name| (name.key(), name.clone())).collect();
        let found: Vec<(String, String)> = bulk::fetch_all(
            tx,
            ["name_key"],
            "SELECT name_key, id FROM groups WHERE name_key IN (SELECT name_key FROM batch)",
            missing.keys().map(|key| [key.into()]),
        )
        .await?;
        for (key, _) in &found {
            missing.remove(key);
        }
        let ids = found.into_iter().collect();
        Ok(Self { ids, missing })
    }

    /// Those that are not there.
    pub(super) fn missing(&self) -> impl Iterator<Item = &String> {
        self.missing.keys()
    }

    /// The problems that there are if none is to be made.
    pub(super) fn problems(&self, steps: &[Step<'_>]) -> Vec<LineProblem> {
        let mut problems = Vec::new();
        for step in steps {
            for (place, name) in step.person.groups.iter().flatten().enumerate() {
                if self.missing.contains_key(&name.key()) {
                    let field = format!("groups[{place}]");
                    let message = "there is no such group; make it, or say that missing ones are made (`--make-groups`, `makeGroups=true`)";
                    problems.push(LineProblem::of(step.person.line, field, message));
                }
            }
        }
        problems
    }

    /// Makes those that are not there. `false` if somebody else does at the same time.
    pub(super) async fn make(&mut self, tx: &mut Tx, now: UnixMillis) -> Result<bool, GroupError> {
        for (key, name) in self.missing.drain() {
            match user::make_group(tx, &name, None, now).await {
                Ok(group) => self.ids.insert(key, group.id),
                Err(GroupError::Taken(_)) => return Ok(false),
                Err(error) => return Err(error),
            };
        }
        Ok(true)
    }

    fn ids<'a>(&'a self, step: &'a Step<'_>) -> impl Iterator<Item = &'a str> {
        let names = step.person.groups.iter().flatten();
        names.filter_map(|name| self.ids.get(&name.key()).map(String::as_str))
    }
}

/// Who is put into which group, and taken out of which.
#[derive(Default)]
pub(super) struct Memberships {
    added: Vec<(String, String)>,
    removed: Vec<(String, String)>,
}

impl Memberships {
    /// What there is to do so that everybody is in the groups that their line names, if it names any, and in
    /// no other.
    pub(super) async fn of(
        tx: &mut Tx,
        groups: &Groups,
        steps: &[&Step<'_>],
    ) -> Result<Self, StoreError> {
        let known = steps
            .iter()
            .filter(|step| step.known.is_some() && step.person.groups.is_some());
        let there: Vec<(String, String)> = bulk::fetch_all(
            tx,
            ["user_id"],
            "SELECT user_id, group_id FROM group_members WHERE user_id IN (SELECT user_id FROM batch)",
            known.map(|step| [(&step.record.id).into()]),
        )
        .await?;
        let mut there: HashSet<(String, String)> = there.into_iter().collect();
        let mut added = Vec::new();
        for step in steps {
            for group in groups.ids(step) {
                let membership = (step.record.id.clone(), group.to_owned());
                if !there.remove(&membership) {
                    added.push(membership);
                }
            }
        }
        let removed = there.into_iter().collect();
        Ok(Self { added, removed })
    }

    /// Whose groups change.
    pub(super) fn users(&self) -> impl Iterator<Item = &str> {
        let all = self.added.iter().chain(&self.removed);
        all.map(|(user, _)| user.as_str())
    }

    pub(super) async fn write(&self, tx: &mut Tx, now: UnixMillis) -> Result<(), StoreError> {
        let all = self.added.iter().chain(&self.removed);
        let mut touched: Vec<&str> = all.map(|(_, group)| group.as_str()).collect();
        touched.sort_unstable();
        touched.dedup();
        bulk::execute(
            tx,
            ["id", "changed_at"],
            "UPDATE groups SET updated_at = batch.changed_at FROM batch WHERE groups.id = batch.id",
            touched.iter().map(|id| [(*id).into(), now.into()]),
        )
        .await?;
        bulk::execute(
            tx,
            ["group_id", "user_id", "created_at"],
            "INSERT INTO group_members (group_id, user_id, created_at)
             SELECT group_id, user_id, created_at FROM batch WHERE TRUE ON CONFLICT DO NOTHING",
            self.added
                .iter()
                .map(|(user, group)| [group.into(), user.into(), now.into()]),
        )
        .await?;
        bulk::execute(
            tx,
            ["group_id", "user_id"],
            "DELETE FROM group_members WHERE (group_id, user_id) IN (SELECT group_id, user_id FROM batch)",
            self.removed
                .iter()
                .map(|(user, group)| [group.into(), user.into()]),
        )
        .await?;
        Ok(())
    }
}

/// The upstream providers that manifests declare.
pub(super) struct Upstreams(HashMap<String, (String, UpstreamProviderSpec)>);

impl Upstreams {
    pub(super) async fn all(tx: &mut Tx) -> Result<Self, StoreError> {
        let rows = fetch_all!(
            tx,
            (String, String, String),
            "SELECT name, id, spec FROM upstream_providers"
        )?;
        let read = rows.into_iter().filter_map(|(name, uid, spec)| {
            // One that this binary cannot read is served by nobody.
            Some((name, (uid, serde_json::from_str(&spec).ok()?)))
        });
        Ok(Self(read.collect()))
    }

    /// Name and manifest of the one that rows refer to by `uid`.
    pub(super) fn by_uid(&self, uid: &str) -> Option<(&str, &UpstreamProviderSpec)> {
        let mut all = self.0.iter();
        all.find_map(|(name, (id, spec))| (id == uid).then_some((name.as_str(), spec)))
    }

    fn resolve(&self, identity: &IncomingIdentity) -> Result<Link, &'static str> {
        let (uid, spec) = self
            .0
            .get(&identity.provider)
            .ok_or("there is no upstream provider of this name; apply its manifest first")?;
        let issuer = match &identity.issuer {
            None if spec.has_tenants() => {
                return Err("needs `issuer`: each tenant of this provider has its own");
            }
            None => spec.issuer.as_str(),
            Some(issuer) if oidc_client::is_issuer(spec, issuer) => issuer,
            Some(_) => return Err("has another `issuer` than the manifest of the provider"),
        };
        Ok(Link {
            upstream_id: uid.clone(),
            issuer: issuer.to_owned(),
            subject: identity.subject.clone(),
        })
    }
}

/// An identity at an upstream provider, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Link {
    upstream_id: String,
    issuer: String,
    subject: String,
}

/// Which identities become whose.
#[derive(Default)]
pub(super) struct Links(Vec<(Link, String, String)>);

impl Links {
    /// What there is to do so that everybody has the identities that their line names, and what keeps it from
    /// being done.
    pub(super) async fn of(
        tx: &mut Tx,
        upstreams: &Upstreams,
        steps: &[Step<'_>],
    ) -> Result<(Self, Vec<LineProblem>), StoreError> {
        let mut problems = Vec::new();
        let mut wanted = Vec::new();
        for step in steps {
            for (place, identity) in step.person.identities.iter().enumerate() {
                match upstreams.resolve(identity) {
                    Ok(link) => wanted.push((link, step, place)),
                    Err(message) => {
                        let field = format!("identities[{place}]");
                        problems.push(LineProblem::of(step.person.line, field, message));
                    }
                }
            }
        }
        let taken: Vec<(String, String, String, String)> = bulk::fetch_all(
            tx,
            ["upstream_id", "issuer", "subject"],
            "SELECT upstream_id, issuer, subject, user_id FROM user_upstream
              WHERE (upstream_id, issuer, subject) IN (SELECT upstream_id, issuer, subject FROM batch)",
            wanted.iter().map(|(link, ..)| {
                [
                    (&link.upstream_id).into(),
                    (&link.issuer).into(),
                    (&link.subject).into(),
                ]
            }),
        )
        .await?;
        let mut owners = HashMap::new();
        for (upstream_id, issuer, subject, owner) in taken {
            let link = Link {
                upstream_id,
                issuer,
                subject,
            };
            owners.insert(link, owner);
        }
        let mut links = Vec::new();
        for (link, step, place) in wanted {
            match owners.get(&link) {
                None => {
                    owners.insert(link.clone(), step.record.id.clone());
                    links.push((link, step.record.id.clone(), step.record.email.clone()));
                }
                Some(owner) if *owner == step.record.id => {}
                Some(_) => {
                    let field = format!("identities[{place}]");
                    let message = "this identity is linked to another account";
                    problems.push(LineProblem::of(step.person.line, field, message));
                }
            }
        }
        Ok((Self(links), problems))
    }

    /// Who gets one.
    pub(super) fn users(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(_, user, _)| user.as_str())
    }

    /// Links them for these people. `false` if somebody else links one of them at the same time.
    pub(super) async fn write(
        &self,
        tx: &mut Tx,
        people: &HashSet<&str>,
        now: UnixMillis,
    ) -> Result<bool, StoreError> {
        let mut rows = Vec::new();
        for (link, user, shown) in &self.0 {
            if people.contains(user.as_str()) {
                rows.push((token::uuid_v7(now)?.to_string(), link, user, shown));
            }
        }
        let written = bulk::execute(
            tx,
            ["id", "user_id", "upstream_id", "issuer", "subject", "shown", "created_at"],
            "INSERT INTO user_upstream (id, user_id, upstream_id, issuer, subject, shown, claims, created_at, used_at)
             SELECT id, user_id, upstream_id, issuer, subject, shown, '{}', created_at, created_at
               FROM batch WHERE TRUE
             ON CONFLICT DO NOTHING",
            rows.iter().map(|(id, link, user, shown)| {
                [
                    id.into(),
                    (*user).into(),
                    (&link.upstream_id).into(),
                    (&link.issuer).into(),
                    (&link.subject).into(),
                    (*shown).into(),
                    now.into(),
                ]
            }),
        )
        .await?;
        Ok(written == rows.len() as u64)
    }
}
