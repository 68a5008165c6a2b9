//! One line: a person in JSON, checked as far as the line alone can tell.

use std::fmt;

use jiff::Timestamp;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::Value;

use super::{Line, LineProblem, MAX_LINE};
use crate::{
    clock::UnixMillis,
    crypto::password::{self, StoredHash},
    modules::user::{self, AttributeRules, Attributes, Email, GroupName, UserState},
};

/// What a line can say of somebody.
const FIELDS: [&str; 11] = [
    "id",
    "email",
    "emailVerified",
    "externalId",
    "userName",
    "state",
    "attributes",
    "groups",
    "identities",
    "createdAt",
    "passwordHash",
];
/// Groups that a line can name, and identities.
const MAX_ENTRIES: usize = 100;
/// Characters of a subject at an upstream provider (OpenID Connect Core 2), and of an issuer.
const MAX_SUBJECT: usize = 255;

/// Somebody, as a line says. What it leaves out is `None`.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// Where it stands.
    pub line: u64,
    pub(super) id: Option<String>,
    pub(super) email: Email,
    pub(super) email_verified: Option<bool>,
    pub(super) external_id: Option<String>,
    pub(super) user_name: Option<String>,
    pub(super) state: Option<UserState>,
    /// A change to what is known, which is nothing for somebody new.
    pub(super) attributes: Option<Value>,
    pub(super) groups: Option<Vec<GroupName>>,
    pub(super) identities: Vec<IncomingIdentity>,
    pub(super) created_at: Option<UnixMillis>,
    pub(super) password_hash: Option<StoredHash>,
}

/// An identity at an upstream provider.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Hash)]
#[serde(deny_unknown_fields)]
pub(super) struct IncomingIdentity {
    /// The name of the manifest.
    pub(super) provider: String,
    pub(super) subject: String,
    /// That of the manifest, unless set.
    #[serde(default)]
    pub(super) issuer: Option<String>,
}

impl Incoming {
    /// Reads a line, or says all that is wrong with it.
    pub fn read(line: &Line, now: UnixMillis) -> Result<Self, Vec<LineProblem>> {
        let number = line.number;
        let only = |message: String| vec![LineProblem::of_line(number, message)];
        let Some(text) = &line.text else {
            return Err(only(format!("a line may have {MAX_LINE} bytes at most")));
        };
        let Members(members) = serde_json::from_slice(text).map_err(|error| {
            only(if error.is_data() {
                // The error's own words would show what stands there.
                "a line is a JSON object".to_owned()
            } else {
                // A line is all of the text, so `at line 1` says nothing.
                format!("this is not JSON (column {})", error.column())
            })
        })?;
        let mut reading = Reading {
            line: number,
            now,
            problems: Vec::new(),
        };
        let mut fields: [Option<Value>; FIELDS.len()] = Default::default();
        for (name, value) in members {
            match FIELDS.iter().position(|field| *field == name) {
                None => reading.unknown(&name),
                Some(place) if fields[place].is_some() => {
                    reading.wrong(&name, "this stands here twice");
                }
                // As if it were left out.
                Some(_) if value.is_null() => {}
                Some(place) => fields[place] = Some(value),
            }
        }
        reading.person(fields)
    }
}

/// An object as it stands there, with what stands there twice.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

struct Reading {
    line: u64,
    now: UnixMillis,
    problems: Vec<LineProblem>,
}

impl Reading {
    fn wrong(&mut self, field: &str, message: impl fmt::Display) {
        self.problems
            .push(LineProblem::of(self.line, field, message));
    }

    fn unknown(&mut self, name: &str) {
        let is_a_name = name.len() <= 64 && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        let field = if is_a_name { name } else { "?" };
        let message = match name {
            "isAdmin" => "a file makes no administrators; say it of each with the admin API",
            "password" => "a password cannot be imported, only its hash, in `passwordHash`",
            _ => "there is no such field",
        };
        self.wrong(field, message);
    }

    fn person(
        mut self,
        fields: [Option<Value>; FIELDS.len()],
    ) -> Result<Incoming, Vec<LineProblem>> {
        let [
            id,
            email,
            email_verified,
            external_id,
            user_name,
            state,
            attributes,
            groups,
            identities,
            created_at,
            password_hash,
        ] = fields;
        let id = self.text("id", id, |text| {
            // Tokens of clients have their names as `sub`, so an id must not look like one.
            let id = uuid::Uuid::parse_str(text).ok().map(|id| id.to_string());
            id.filter(|id| id == text).ok_or(
                "an id is a UUID in lower case; what else another system calls the person goes into `externalId`",
            )
        });
        if email.is_none() {
            self.wrong("email", "everybody needs one");
        }
        let email = self.text("email", email, str::parse::<Email>);
        let external_id = self.text("externalId", external_id, |text| {
            let is_fine = user::is_external_id(text);
            is_fine
                .then(|| text.to_owned())
                .ok_or(user::ExternalIdError::Malformed)
        });
        let user_name = self.text("userName", user_name, |text| {
            let is_fine = user::is_external_id(text);
            is_fine.then(|| user::search_key(text)).ok_or(
                "a user name has 1 to 255 characters, none of them a control character or a blank at an end",
            )
        });
        let state = self.text("state", state, |text| match text {
            "active" => Ok(UserState::Active),
            "disabled" => Ok(UserState::Disabled),
            "pending" => Ok(UserState::Pending),
            _ => Err("must be `active`, `disabled` or `pending`"),
        });
        let email_verified = match email_verified {
            Some(Value::Bool(is_verified)) => Some(is_verified),
            None => None,
            Some(_) => {
                self.wrong("emailVerified", "must be true or false");
                None
            }
        };
        if let Some(attributes) = &attributes
            && let Err(refused) = Attributes::of_new(attributes, &AttributeRules::default())
        {
            self.wrong("attributes", refused);
        }
        let groups = groups.map(|groups| self.groups(groups));
        let identities = identities.map(|identities| self.identities(identities));
        let now = self.now;
        let created_at = self.text("createdAt", created_at, |text| {
            let moment = text.parse::<Timestamp>().ok();
            let moment = moment.map(|at| UnixMillis::from_millis(at.as_millisecond()));
            let is_past = |at: &UnixMillis| (0..=now.as_i64()).contains(&at.as_i64());
            moment
                .filter(is_past)
                .ok_or("must be a moment in the past, as in `2021-03-04T05:06:07Z`")
        });
        let password_hash = self.text("passwordHash", password_hash, password::accept_foreign);
        match email {
            Some(email) if self.problems.is_empty() => Ok(Incoming {
                line: self.line,
                id,
                email,
                email_verified,
                external_id,
                user_name,
                state,
                attributes,
                groups,
                identities: identities.unwrap_or_default(),
                created_at,
                password_hash,
            }),
            _ => Err(self.problems),
        }
    }

    /// What a text says, if it is one and says it right.
    fn text<T, E: fmt::Display>(
        &mut self,
        field: &str,
        value: Option<Value>,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let value = value?;
        let Some(text) = value.as_str() else {
            self.wrong(field, "must be a text");
            return None;
        };
        read(text).map_err(|error| self.wrong(field, error)).ok()
    }

    /// The members of a list, each with the path to it.
    fn list(&mut self, field: &str, value: Value) -> Vec<(String, Value)> {
        match value {
            Value::Array(values) if values.len() <= MAX_ENTRIES => {
                let path = |place: usize| format!("{field}[{place}]");
                let entries = values.into_iter().enumerate();
                entries.map(|(place, value)| (path(place), value)).collect()
            }
            _ => {
                self.wrong(field, format!("must be a list of {MAX_ENTRIES} at most"));
                Vec::new()
            }
        }
    }

    fn groups(&mut self, value: Value) -> Vec<GroupName> {
        let mut groups: Vec<GroupName> = Vec::new();
        for (path, value) in self.list("groups", value) {
            if let Some(name) = self.text(&path, Some(value), str::parse::<GroupName>) {
                if groups.iter().any(|group| group.key() == name.key()) {
                    self.wrong(&path, "this group stands here twice");
                } else {
                    groups.push(name);
                }
            }
        }
        groups
    }

    fn identities(&mut self, value: Value) -> Vec<IncomingIdentity> {
        let mut identities = Vec::new();
        for (path, value) in self.list("identities", value) {
            let read = serde_json::from_value::<IncomingIdentity>(value);
            let is_bounded = |identity: &IncomingIdentity| {
                let is_subject = |text: &str| {
                    (1..=MAX_SUBJECT).contains(&text.len()) && !text.contains(char::is_control)
                };
                is_subject(&identity.provider)
                    && is_subject(&identity.subject)
                    && identity.issuer.as_deref().is_none_or(is_subject)
            };
            match read.ok().filter(is_bounded) {
                Some(identity) => identities.push(identity),
                None => self.wrong(
                    &path,
                    "must be an object with `provider`, the name of a manifest, and `subject`, of 255 bytes at most; `issuer` may stand beside them",
                ),
            }
        }
        identities
    }
}
