//! What people may have put into tokens for themselves: what `grants` of the module's settings say, and
//! nothing else.

use std::collections::BTreeSet;

use assay_reconciler::spec::{Span, module::BiscuitGrant};
use biscuit_auth::builder::{Fact, Term};
use serde_json::Value;

use super::{
    datalog::{self, Parameters, Parsed},
    issue::{IssueRequest, Issued, sign},
    problem::Refused,
    request::Desk,
    said,
};
use crate::{
    clock::UnixMillis,
    store::{Store, StoreError, fetch_all, fetch_optional},
};

/// Groups of one person that count; a grant with `{group}` has a fact for each.
const MAX_GROUPS: i64 = 100;

/// What grants look at.
#[derive(Clone, Debug)]
pub(in crate::modules) struct Person {
    id: String,
    /// The address, if the person has proved that it is theirs.
    email: Option<String>,
    groups: Vec<String>,
}

impl Person {
    /// The person with this id, if their account works.
    pub(in crate::modules) async fn find(
        store: &Store,
        id: &str,
    ) -> Result<Option<Self>, StoreError> {
        let found = fetch_optional!(
            store,
            (String, bool),
            "SELECT email, email_verified FROM users WHERE id = $1 AND state = 'active'",
            id
        )?;
        let Some((email, is_verified)) = found else {
            return Ok(None);
        };
        let groups = fetch_all!(
            store,
            (String,),
            "SELECT name FROM groups
              WHERE id IN (SELECT group_id FROM group_members WHERE user_id = $1)
              ORDER BY name LIMIT $2",
            id,
            MAX_GROUPS
        )?;
        Ok(Some(Self {
            id: id.to_owned(),
            email: is_verified.then_some(email),
            groups: groups.into_iter().map(|(name,)| name).collect(),
        }))
    }

    fn has(&self, grant: &BiscuitGrant) -> bool {
        grant.anyone || self.groups.iter().any(|group| grant.groups.contains(group))
    }

    /// The facts that a grant gives this person.
    fn facts_of(&self, grant: &BiscuitGrant) -> Vec<Fact> {
        let mut facts = Vec::new();
        for template in &grant.facts {
            if template.contains("{group}") {
                for group in &self.groups {
                    facts.extend(self.fact(template, Some(group)));
                }
            } else {
                facts.extend(self.fact(template, None));
            }
        }
        facts
    }

    /// The fact; `None` where there is nothing to put into it.
    fn fact(&self, template: &str, group: Option<&str>) -> Option<Fact> {
        let mut parameters = Parameters::new();
        for (name, value) in [
            ("user", Some(self.id.as_str())),
            ("email", self.email.as_deref()),
            ("group", group),
        ] {
            if template.contains(&format!("{{{name}}}")) {
                parameters.insert(name.to_owned(), Value::String(value?.to_owned()));
            }
        }
        let mut parsed = datalog::parse_block(template, &parameters).ok()?;
        parsed.facts.pop()
    }
}

/// Makes the token that a person asks for. Facts must be among those that they may have, and are all of
/// them if none are named. Checks may be any: they only forbid. Rules would say more than was granted.
pub(in crate::modules) fn made_for(
    desk: &Desk,
    person: &Person,
    request: &IssueRequest,
) -> Result<Issued, Refused> {
    if !request.rules.is_empty() {
        return Err(Refused::NotGranted(String::from(
            "rules: people may not add any",
        )));
    }
    let settings = desk.snapshot.biscuit_settings();
    let grants: Vec<(&BiscuitGrant, Vec<Fact>)> = settings
        .grants
        .iter()
        .filter(|grant| person.has(grant))
        .map(|grant| (grant, person.facts_of(grant)))
        .collect();
    let mut said = request.statements().parse()?;
    if said.facts.is_empty() {
        said.facts = grants.iter().flat_map(|(_, facts)| facts.clone()).collect();
    }
    if said.facts.is_empty() {
        let why = "nothing is granted to this person in tokens: `grants` of module `biscuit` says what is";
        return Err(Refused::NotGranted(why.to_owned()));
    }
    let mut longest = settings.max_token_ttl.duration();
    for (index, fact) in said.facts.iter().enumerate() {
        let of_fact = grants
            .iter()
            .filter(|(_, facts)| {
                facts
                    .iter()
                    .any(|granted| granted.predicate == fact.predicate)
            })
            .map(|(grant, _)| grant.max_ttl.map_or(longest, Span::duration));
        let Some(life) = of_fact.max() else {
            let why = format!("facts[{index}]: this person may not have it in a token");
            return Err(Refused::NotGranted(why));
        };
        longest = longest.min(life);
    }
    let default = settings.token_ttl.duration().min(longest);
    let expires_at = said::ends_at(request.expires_in, default, longest, desk.now)?;
    sign(
        &desk.snapshot,
        without_repetition(said),
        request.context.as_deref(),
        expires_at,
    )
}

/// Makes the token that a client exchanges a person's for: all that is granted to the person, and what is
/// said of the exchange, as names of facts with their only text.
pub(in crate::modules) fn made_in_exchange(
    desk: &Desk,
    person: &Person,
    says: &[(&'static str, String)],
    ends_at: UnixMillis,
) -> Result<Issued, Refused> {
    let settings = desk.snapshot.biscuit_settings();
    let mut said = Parsed::default();
    let mut longest = settings.token_ttl.duration();
    for grant in settings.grants.iter().filter(|grant| person.has(grant)) {
        let facts = person.facts_of(grant);
        if let Some(ttl) = grant.max_ttl.filter(|_| !facts.is_empty()) {
            longest = longest.min(ttl.duration());
        }
        said.facts.extend(facts);
    }
    if said.facts.is_empty() {
        return Err(Refused::NotGranted(String::from(
            "nothing is granted to this person in tokens",
        )));
    }
    let fact = |(name, text): &(&'static str, String)| {
        Fact::new((*name).to_owned(), vec![Term::Str(text.clone())])
    };
    said.facts.extend(says.iter().map(fact));
    let ends_at = ends_at.min(desk.now + longest);
    sign(&desk.snapshot, without_repetition(said), None, ends_at)
}

fn without_repetition(mut said: Parsed) -> Parsed {
    let mut seen = BTreeSet::new();
    said.facts
        .retain(|fact| seen.insert(datalog::shown_fact(fact)));
    said
}
