//! Who of those in a batch is known already, and what becomes of each.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::{Incoming, LineProblem};
use crate::{
    clock::UnixMillis,
    crypto::token,
    modules::user::{
        AttributeRules, Attributes, AttributesRefused, Key, Known, Record, UserState, find_all,
        find_and_hold,
    },
    store::{StoreError, Tx, bulk},
};

/// Those who are known, by each thing that they are known by.
#[derive(Default)]
pub(super) struct Matches {
    by_id: HashMap<String, Known>,
    by_email: HashMap<String, Known>,
    by_external_id: HashMap<String, Known>,
    by_user_name: HashMap<String, Known>,
    /// Ids that are names of clients.
    clients: HashSet<String>,
}

impl Matches {
    pub(super) async fn of(tx: &mut Tx, people: &[Incoming]) -> Result<Self, StoreError> {
        let ids: Vec<&str> = people.iter().filter_map(|p| p.id.as_deref()).collect();
        let emails: Vec<&str> = people.iter().map(|p| p.email.as_str()).collect();
        let external = people.iter().filter_map(|p| p.external_id.as_deref());
        let user_names = people.iter().filter_map(|p| p.user_name.as_deref());
        let clients: Vec<(String,)> = bulk::fetch_all(
            tx,
            ["name"],
            "SELECT name FROM oidc_clients WHERE name IN (SELECT name FROM batch)",
            ids.iter().map(|id| [(*id).into()]),
        )
        .await?;
        let mut matches = Self {
            clients: clients.into_iter().map(|(name,)| name).collect(),
            ..Self::default()
        };
        for known in find_all(tx, Key::Id, &ids).await? {
            matches.by_id.insert(known.id.clone(), known);
        }
        for known in find_all(tx, Key::Email, &emails).await? {
            matches.by_email.insert(known.email.clone(), known);
        }
        let external: Vec<&str> = external.collect();
        for known in find_all(tx, Key::ExternalId, &external).await? {
            let key = known.external_id.clone().unwrap_or_default();
            matches.by_external_id.insert(key, known);
        }
        let user_names: Vec<&str> = user_names.collect();
        for known in find_all(tx, Key::UserName, &user_names).await? {
            let key = known.user_name.clone().unwrap_or_default();
            matches.by_user_name.insert(key, known);
        }
        Ok(matches)
    }

    /// Whose account the line speaks of; nobody's, if they are new.
    pub(super) fn known(&self, person: &Incoming) -> Result<Option<&Known>, LineProblem> {
        let by = |map: &'_ HashMap<String, Known>, key: Option<&str>| -> Option<String> {
            map.get(key?).map(|known| known.id.clone())
        };
        let wrong = |field, message| Err(LineProblem::of(person.line, field, message));
        let id = person.id.as_deref();
        if id.is_some_and(|id| self.clients.contains(id)) {
            return wrong(
                "id",
                "a client has this name, and tokens of its own say so in `sub`".into(),
            );
        }
        let found = [
            ("id", by(&self.by_id, id)),
            (
                "externalId",
                by(&self.by_external_id, person.external_id.as_deref()),
            ),
            ("email", by(&self.by_email, Some(person.email.as_str()))),
            (
                "userName",
                by(&self.by_user_name, person.user_name.as_deref()),
            ),
        ];
        let mut found = found
            .iter()
            .filter_map(|(field, id)| Some((*field, id.as_deref()?)));
        let Some((first, account)) = found.next() else {
            return Ok(None);
        };
        if let Some((field, _)) = found.find(|(_, other)| *other != account) {
            let message = format!("this is of another account than the one with this `{first}`");
            return wrong(field, message);
        }
        if id.is_some_and(|id| id != account) {
            let message = format!(
                "the account with this `{first}` has another id, and an id never changes; leave it out"
            );
            return wrong("id", message);
        }
        let all = [
            &self.by_id,
            &self.by_external_id,
            &self.by_email,
            &self.by_user_name,
        ];
        let mut all = all.into_iter().flat_map(HashMap::values);
        Ok(all.find(|known| known.id == account))
    }
}

/// What becomes of somebody.
pub(super) struct Step<'p> {
    pub(super) person: &'p Incoming,
    /// The account as it is, if there is one.
    pub(super) known: Option<Known>,
    /// The account as it is to be.
    pub(super) record: Record,
}

impl<'p> Step<'p> {
    pub(super) fn of(
        person: &'p Incoming,
        known: Option<Known>,
        rules: &AttributeRules,
        now: UnixMillis,
    ) -> Result<Self, StepError> {
        let none = Attributes::default();
        let before = known.as_ref().map_or(Ok(none), |known| {
            Attributes::try_from(known.attributes.clone())
        });
        let before = before.unwrap_or_default();
        let attributes = match (&known, &person.attributes) {
            (None, said) => Attributes::of_new(said.as_ref().unwrap_or(&Value::Null), rules)?,
            (Some(_), Some(change)) => before.patched(change, rules)?,
            (Some(_), None) => before,
        };
        let email = person.email.to_string();
        let was_verified = known
            .as_ref()
            .is_some_and(|known| known.email_verified && known.email == email);
        let had = |text: fn(&Known) -> &Option<String>| {
            known.as_ref().and_then(|known| text(known).clone())
        };
        let record = Record {
            id: match (&known, &person.id) {
                (Some(known), _) => known.id.clone(),
                (None, Some(id)) => id.clone(),
                (None, None) => token::uuid_v7(person.created_at.unwrap_or(now))
                    .map_err(StoreError::from)?
                    .to_string(),
            },
            // Never because of where it comes from: a line says so, or nobody does.
            email_verified: person.email_verified.unwrap_or(was_verified),
            email,
            external_id: person
                .external_id
                .clone()
                .or(had(|known| &known.external_id)),
            user_name: person.user_name.clone().or(had(|known| &known.user_name)),
            state: person
                .state
                .or(known.as_ref().map(|known| known.state))
                .unwrap_or(UserState::Active),
            attributes,
            // Who has a password may have changed it since the file was made.
            password_hash: person
                .password_hash
                .clone()
                .filter(|_| known.as_ref().is_none_or(|known| !known.has_password)),
            created_at: known
                .as_ref()
                .map(|known| known.created_at)
                .or(person.created_at)
                .unwrap_or(now),
        };
        Ok(Self {
            person,
            known,
            record,
        })
    }

    /// Whether the account is not as it is to be.
    pub(super) fn differs(&self) -> bool {
        let Some(known) = &self.known else {
            return true;
        };
        let record = &self.record;
        let is_same = known.email == record.email
            && known.email_verified == record.email_verified
            && known.external_id == record.external_id
            && known.user_name == record.user_name
            && known.state == record.state
            && record.password_hash.is_none()
            && Attributes::try_from(known.attributes.clone())
                .is_ok_and(|attributes| attributes == record.attributes);
        !is_same
    }

    /// Whether the account can be used now and is not to be.
    pub(super) fn closes(&self) -> bool {
        let was_open = |known: &Known| known.state == UserState::Active;
        self.known.as_ref().is_some_and(was_open) && self.record.state != UserState::Active
    }
}

/// Why somebody cannot be like that.
#[derive(Debug, thiserror::Error)]
pub(super) enum StepError {
    #[error(transparent)]
    Attributes(#[from] AttributesRefused),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Keeps everybody else from the accounts that change, and looks at them once more.
pub(super) async fn hold<'p>(
    tx: &mut Tx,
    steps: Vec<Step<'p>>,
    rules: &AttributeRules,
    now: UnixMillis,
) -> Result<Vec<Step<'p>>, StepError> {
    let mut ids: Vec<&str> = steps
        .iter()
        .filter(|step| step.known.is_some() && step.differs())
        .map(|step| step.record.id.as_str())
        .collect();
    ids.sort_unstable();
    let held = find_and_hold(tx, &ids).await?;
    let mut held: HashMap<String, Known> = held
        .into_iter()
        .map(|known| (known.id.clone(), known))
        .collect();
    steps
        .into_iter()
        .map(|step| match held.remove(&step.record.id) {
            Some(known) => Step::of(step.person, Some(known), rules, now),
            None => Ok(step),
        })
        .collect()
}
