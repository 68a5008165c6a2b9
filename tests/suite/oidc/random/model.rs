//! What must be so: a family is what came from one code, and lives until something ends it.

use crate::harness::Authorization;

/// Everything that one code led to.
pub(super) struct Family {
    pub(super) client: usize,
    pub(super) person: usize,
    pub(super) is_for_offline_use: bool,
    pub(super) request: Authorization,
    pub(super) code: String,
    pub(super) is_redeemed: bool,
    pub(super) is_alive: bool,
    pub(super) access_tokens: Vec<String>,
    /// From the first to the newest, each the successor of the one before.
    pub(super) refresh_tokens: Vec<String>,
}

/// What ends families.
#[derive(Clone, Copy)]
pub(super) enum End {
    /// The session of this person: offline use goes on.
    Session(usize),
    /// What this person lets this client have was withdrawn.
    Access { person: usize, client: usize },
    /// The account or its password.
    Person(usize),
    /// The client was switched off or deleted.
    Client(usize),
}

impl Family {
    pub(super) fn end(&mut self, end: End) {
        let ends = match end {
            End::Session(person) => self.person == person && !self.is_for_offline_use,
            End::Access { person, client } => self.person == person && self.client == client,
            End::Person(person) => self.person == person,
            End::Client(client) => self.client == client,
        };
        self.is_alive &= !ends;
    }

    /// The code is used: `true` if it gives tokens. A second use ends the family (RFC 6749 4.1.2).
    pub(super) fn redeem(&mut self) -> bool {
        let is_first = !std::mem::replace(&mut self.is_redeemed, true);
        self.is_alive &= is_first;
        self.is_alive
    }

    /// A refresh token that was replaced is used: `true` if that is a lost answer, and the newest token
    /// is given once more. Anything else ends the family (RFC 9700 4.14.2).
    pub(super) fn use_replaced(&mut self, token: usize) -> bool {
        self.is_alive &= token + 2 == self.refresh_tokens.len();
        self.is_alive
    }

    /// All tokens, and whether introspection calls each of them active.
    pub(super) fn tokens(&self) -> Vec<(&str, bool)> {
        let newest = self.refresh_tokens.last();
        let access = self
            .access_tokens
            .iter()
            .map(|token| (token.as_str(), self.is_alive));
        let refresh = self
            .refresh_tokens
            .iter()
            .map(|token| (token.as_str(), self.is_alive && Some(token) == newest));
        access.chain(refresh).collect()
    }
}
