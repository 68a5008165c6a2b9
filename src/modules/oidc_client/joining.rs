//! Whose account an identity is.

use assay_reconciler::spec::{upstream_provider::LinkingPolicy, webhook::WebhookEvent};
use serde_json::{Map, Value, json};

use super::{
    error::UpstreamError,
    exchange::UpstreamTokens,
    identity::Identity,
    link,
    offer::{self, Offer},
    shown_name,
};
use crate::{
    clock::UnixMillis,
    generation::Upstream,
    modules::{
        Context,
        hooks::{self, Happening},
        mail::{self, Letter, Recipient},
        pages::Language,
        session::SignedIn,
        sign_in::Arrival,
        user::{
            self, AttributeRules, Attributes, CreateUserError, Email, NewUser, User, UserState,
        },
    },
    store::{StoreError, Tx, execute},
};

/// An identity that has arrived, and at which browser.
pub(super) struct Joining<'a> {
    pub(super) context: &'a Context,
    pub(super) upstream: &'a Upstream,
    pub(super) identity: &'a Identity,
    pub(super) tokens: &'a UpstreamTokens,
    pub(super) arrival: &'a Arrival,
    /// Whoever is signed in there.
    pub(super) person: Option<&'a SignedIn>,
    pub(super) return_to: &'a str,
    /// What whoever is there reads.
    pub(super) language: &'static Language,
}

/// What follows.
pub(super) enum Outcome {
    /// It is this account.
    SignIn(User),
    /// It may be an account whose owner has to say so, signed in.
    Ask,
    /// It is nobody's.
    Refuse(Refusal),
    /// It would be a new account, and a service of the operator's does not want it.
    NotWanted(hooks::Refused),
}

/// Why an identity is nobody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// There is an account of its address, which it must not come into.
    Exists,
    /// There is none, and none is made.
    NoAccount,
    /// There would be one, were there an address.
    NoEmail,
    /// The account is closed.
    Closed,
    /// It is linked to another account.
    LinkedElsewhere,
}

impl Refusal {
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::Exists => "account_exists",
            Self::NoAccount => "no_account",
            Self::NoEmail => "no_email",
            Self::Closed => "account_closed",
            Self::LinkedElsewhere => "linked_elsewhere",
        }
    }
}

impl Joining<'_> {
    /// Signs somebody in, up, or asks.
    pub(super) async fn sign_in(&self) -> Result<Outcome, UpstreamError> {
        let now = self.context.clock.now();
        let store = &self.context.store;
        let (owner, email) = (
            link::owner(store, self.upstream, self.identity).await?,
            self.email(),
        );
        // Whoever has its address, where it is nobody's yet.
        let holder = match &email {
            Some(email) if owner.is_none() => user::by_email(store, email).await?,
            _ => None,
        };
        let owner = match owner {
            Some(id) => Some(user::by_id(store, &id).await?),
            None => None,
        };
        // Asked before anything is locked: the answer may take seconds.
        if let (None, None, Some(email)) = (&owner, &holder, &email)
            && self.signs_up()
            && let Err(refused) = self.ask_webhooks(email).await
        {
            return Ok(Outcome::NotWanted(refused));
        }
        let mut tx = store.begin().await?;
        let outcome = match owner {
            Some(owner) => self.known(&mut tx, owner, now).await?,
            None => self.unknown(&mut tx, email, holder, now).await?,
        };
        match &outcome {
            Outcome::SignIn(user) => {
                link::keep_tokens(
                    &mut tx,
                    &self.context.keyring,
                    self.upstream,
                    self.identity,
                    self.tokens,
                )
                .await?;
                let browser = self.arrival.browser.id();
                super::sessions::expect(
                    &mut tx,
                    self.context,
                    self.upstream,
                    self.identity,
                    &user.id,
                    browser,
                )
                .await?;
            }
            Outcome::Ask => {
                let offer = Offer {
                    identity: self.identity.clone(),
                    tokens: self.tokens.clone(),
                    return_to: self.return_to.to_owned(),
                };
                let browser = &self.arrival.browser;
                offer::keep(&mut tx, self.context, self.upstream, browser, &offer).await?;
            }
            Outcome::Refuse(_) | Outcome::NotWanted(_) => {}
        }
        tx.commit().await?;
        self.context.mails.wake();
        hooks::committed(self.context, WebhookEvent::AfterRegistration);
        Ok(outcome)
    }

    /// Whether somebody whom nobody here is becomes an account of their own.
    fn signs_up(&self) -> bool {
        let spec = &self.upstream.spec;
        spec.sign_up && (spec.linking == LinkingPolicy::Never || self.person.is_none())
    }

    /// Asks the operator's services whether there may be such an account.
    async fn ask_webhooks(&self, email: &Email) -> Result<(), hooks::Refused> {
        let rules = AttributeRules::of(&self.context.snapshot);
        let happening = Happening::Registration {
            user_id: None,
            email: email.as_str(),
            attributes: &json!(fitting(&self.identity.attributes, &rules)),
            ip: self.arrival.address.text(),
        };
        hooks::before(self.context, &happening).await
    }

    /// Links the identity to the account of somebody who is signed in and wants it.
    pub(super) async fn link_to(
        &self,
        person: &SignedIn,
    ) -> Result<Option<Refusal>, UpstreamError> {
        let user_id = &person.user_id;
        let now = self.context.clock.now();
        let store = &self.context.store;
        let owner = link::owner(store, self.upstream, self.identity).await?;
        let mut tx = store.begin().await?;
        let is_theirs = if let Some(owner) = owner {
            owner == *user_id
        } else {
            let is_new = self.link(&mut tx, user_id, "asked", now).await?;
            if is_new {
                let to = Recipient::signed_in(person, self.language);
                self.write(&mut tx, &to, now).await?;
            }
            is_new
        };
        let refusal = (!is_theirs).then_some(Refusal::LinkedElsewhere);
        if refusal.is_none() {
            let keyring = &self.context.keyring;
            link::keep_tokens(&mut tx, keyring, self.upstream, self.identity, self.tokens).await?;
        }
        tx.commit().await?;
        self.context.mails.wake();
        Ok(refusal)
    }

    fn email(&self) -> Option<Email> {
        self.identity.email.as_deref()?.parse().ok()
    }

    async fn known(
        &self,
        tx: &mut Tx,
        owner: Option<User>,
        now: UnixMillis,
    ) -> Result<Outcome, UpstreamError> {
        let Some(user) = owner.filter(|user| user.state == UserState::Active) else {
            return Ok(Outcome::Refuse(Refusal::Closed));
        };
        link::touch(tx, self.upstream, self.identity, now).await?;
        if self.upstream.spec.update_attributes {
            let rules = AttributeRules::of(&self.context.snapshot);
            for (name, value) in &self.identity.attributes {
                let patch = json!({ name: value });
                // What does not fit stays as it was.
                let changed = user::change_attributes(tx, &user.id, &patch, &rules, now).await;
                if let Err(user::ChangeAttributesError::Store(error)) = changed {
                    return Err(error.into());
                }
            }
        }
        Ok(Outcome::SignIn(user))
    }

    async fn unknown(
        &self,
        tx: &mut Tx,
        email: Option<Email>,
        holder: Option<User>,
        now: UnixMillis,
    ) -> Result<Outcome, UpstreamError> {
        let spec = &self.upstream.spec;
        let may_ask = spec.linking != LinkingPolicy::Never;
        match holder {
            Some(user) if self.is_surely(&user) => {
                if user.state != UserState::Active {
                    return Ok(Outcome::Refuse(Refusal::Closed));
                }
                if !self.link(tx, &user.id, "verified_email", now).await? {
                    return Ok(Outcome::Refuse(Refusal::LinkedElsewhere));
                }
                let to = Recipient::of(&user, self.language);
                self.write(tx, &to, now).await?;
                Ok(Outcome::SignIn(user))
            }
            Some(_) if may_ask => Ok(Outcome::Ask),
            Some(_) => Ok(Outcome::Refuse(Refusal::Exists)),
            None if !self.signs_up() && may_ask => Ok(Outcome::Ask),
            None if !self.signs_up() => Ok(Outcome::Refuse(Refusal::NoAccount)),
            None => match email {
                Some(email) => self.sign_up(tx, email, now).await,
                None => Ok(Outcome::Refuse(Refusal::NoEmail)),
            },
        }
    }

    /// Whether the address alone shows whose the identity is: verified there, by somebody whose word we
    /// take, and verified here. An address that was never verified here may be the bait of whoever made
    /// the account.
    fn is_surely(&self, user: &User) -> bool {
        let spec = &self.upstream.spec;
        spec.linking == LinkingPolicy::VerifiedEmail
            && spec.trust_email
            && self.identity.email_verified
            && user.email_verified
    }

    async fn sign_up(
        &self,
        tx: &mut Tx,
        email: Email,
        now: UnixMillis,
    ) -> Result<Outcome, UpstreamError> {
        let rules = AttributeRules::of(&self.context.snapshot);
        let is_verified = self.upstream.spec.trust_email && self.identity.email_verified;
        let told = json!(fitting(&self.identity.attributes, &rules));
        let new = NewUser {
            id: None,
            email,
            password_hash: None,
            is_admin: false,
            // Together they have to be what somebody new needs.
            attributes: Attributes::of_new(&told, &rules)?,
        };
        let mut user = match user::create(tx, new, now).await {
            Ok(user) => user,
            // Somebody was quicker with the same address.
            Err(CreateUserError::Exists(_)) => return Ok(Outcome::Refuse(Refusal::Exists)),
            Err(CreateUserError::Store(error)) => return Err(error.into()),
        };
        if is_verified {
            execute!(
                tx,
                "UPDATE users SET email_verified = TRUE WHERE id = $1",
                &user.id,
            )?;
            user.email_verified = true;
        }
        let ip = self.arrival.address.text();
        let detail = self.detail(None);
        link::record(tx, "user.sign_up", &user.id, detail, ip, now).await?;
        self.link(tx, &user.id, "sign_up", now).await?;
        let attributes: Value = serde_json::from_str(&user.attributes).unwrap_or_default();
        let happening = Happening::Registration {
            user_id: Some(&user.id),
            email: &user.email,
            attributes: &attributes,
            ip,
        };
        hooks::after(tx, self.context, &happening, now).await?;
        Ok(Outcome::SignIn(user))
    }

    async fn link(
        &self,
        tx: &mut Tx,
        user_id: &str,
        why: &'static str,
        now: UnixMillis,
    ) -> Result<bool, StoreError> {
        let is_new = link::insert(tx, self.upstream, self.identity, user_id, now).await?;
        if is_new {
            let ip = self.arrival.address.text();
            let detail = self.detail(Some(why));
            link::record(tx, "user.upstream_linked", user_id, detail, ip, now).await?;
        }
        Ok(is_new)
    }

    /// The owner learns of a new way into their account.
    async fn write(
        &self,
        tx: &mut Tx,
        to: &Recipient<'_>,
        now: UnixMillis,
    ) -> Result<(), StoreError> {
        let provider = shown_name(self.upstream);
        let letter = Letter::AccountLinked { provider };
        mail::queue(tx, self.context, to, letter, now).await
    }

    fn detail(&self, why: Option<&'static str>) -> Map<String, Value> {
        let mut detail = Map::new();
        detail.insert("upstream".into(), self.upstream.name.clone().into());
        if let Some(why) = why {
            detail.insert("by".into(), why.into());
        }
        detail
    }
}

/// Those attributes that can be a person's.
fn fitting(attributes: &Map<String, Value>, rules: &AttributeRules) -> Attributes {
    let mut fitting = Attributes::default();
    for (name, value) in attributes {
        if let Ok(more) = fitting.clone().patched(&json!({ name: value }), rules) {
            fitting = more;
        }
    }
    fitting
}
