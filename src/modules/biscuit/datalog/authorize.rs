use biscuit_auth::{
    PublicKey,
    builder::{CheckKind, PolicyKind, Scope},
};

use super::{
    program::{Block, Check, Fact, Policies, Rule},
    run::{Externs, Failure, Limits, Run},
    shown::shown_check,
    world::{Placed, World},
};

/// What the verifier says comes from here.
const AUTHORIZER: u128 = 1 << 127;
/// The first block of a token, which its root key has signed.
const AUTHORITY: u128 = 1;

/// What was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::modules::biscuit) struct Decision {
    /// The first policy that matches, if any does.
    pub(in crate::modules::biscuit) policy: Option<Matched>,
    /// Every check that failed.
    pub(in crate::modules::biscuit) failed: Vec<FailedCheck>,
}

impl Decision {
    /// Whether the request is allowed: a policy says so, and no check forbids it.
    pub(in crate::modules::biscuit) fn is_allowed(&self) -> bool {
        self.failed.is_empty() && matches!(self.policy, Some(Matched { allows: true, .. }))
    }
}

/// A policy that matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::modules::biscuit) struct Matched {
    /// Which, from 0.
    pub(in crate::modules::biscuit) index: usize,
    /// Whether it is `allow if`.
    pub(in crate::modules::biscuit) allows: bool,
}

/// A check that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::modules::biscuit) struct FailedCheck {
    /// Of which block; of the verifier, if of none.
    pub(in crate::modules::biscuit) block: Option<usize>,
    /// Which, from 0.
    pub(in crate::modules::biscuit) check: usize,
    /// As it is written.
    pub(in crate::modules::biscuit) text: String,
}

/// Decides whether the policies allow what a token of these blocks asks for.
pub(in crate::modules::biscuit) fn authorize(
    blocks: &[Block],
    policies: &Policies,
    limits: Limits,
    externs: &Externs,
) -> Result<Decision, Failure> {
    let mut run = Run::new(limits, externs);
    let keys = Keys::of(blocks);
    let mut world = World::default();
    let mut rules = Vec::new();
    let of_token = blocks
        .iter()
        .enumerate()
        .map(|(number, block)| (block, 1 << number));
    for (block, origin) in of_token.chain([(&policies.block, AUTHORIZER)]) {
        for (name, terms) in &block.facts {
            let fact = Fact {
                name: name.clone(),
                terms: terms.clone(),
                origin,
            };
            world.add(fact, &run)?;
        }
        let default = keys.trusted(&block.scopes, AUTHORIZER | AUTHORITY, origin);
        rules.extend(block.rules.iter().map(|rule| Placed {
            rule,
            block: origin,
            trusted: keys.trusted(&rule.scopes, default, origin),
        }));
    }
    if !rules.is_empty() {
        world.saturate(&rules, &mut run)?;
    }

    let mut asking = Asking {
        world: &world,
        keys: &keys,
        failed: Vec::new(),
    };
    asking.checks(&policies.block, None, &mut run)?;
    if let Some(authority) = blocks.first() {
        asking.checks(authority, Some(0), &mut run)?;
    }
    let policy = asking.policy(policies, &mut run)?;
    for (number, block) in blocks.iter().enumerate().skip(1) {
        asking.checks(block, Some(number), &mut run)?;
    }
    let failed = asking.failed;
    Ok(Decision { policy, failed })
}

/// The blocks that each third party has signed.
struct Keys(Vec<(PublicKey, u128)>);

impl Keys {
    fn of(blocks: &[Block]) -> Self {
        let signed = blocks.iter().enumerate().filter_map(|(number, block)| {
            let key = block.external_key?;
            Some((key, 1 << number))
        });
        Self(signed.collect())
    }

    /// The blocks whose facts are taken by what stands in the block `origin`.
    fn trusted(&self, scopes: &[Scope], default: u128, origin: u128) -> u128 {
        if scopes.is_empty() {
            return default | origin | AUTHORIZER;
        }
        let mut trusted = origin | AUTHORIZER;
        for scope in scopes {
            trusted |= match scope {
                Scope::Authority => AUTHORITY,
                // This block and all before it; nothing comes before the verifier.
                Scope::Previous if origin != AUTHORIZER => origin | (origin - 1),
                Scope::Previous | Scope::Parameter(_) => 0,
                Scope::PublicKey(key) => {
                    let signed = self.0.iter().filter(|(signer, _)| signer == key);
                    signed.fold(0, |all, (_, block)| all | block)
                }
            };
        }
        trusted
    }
}

struct Asking<'a> {
    world: &'a World,
    keys: &'a Keys,
    failed: Vec<FailedCheck>,
}

impl Asking<'_> {
    fn checks(
        &mut self,
        block: &Block,
        number: Option<usize>,
        run: &mut Run<'_>,
    ) -> Result<(), Failure> {
        let origin = number.map_or(AUTHORIZER, |number| 1 << number);
        let default = self
            .keys
            .trusted(&block.scopes, AUTHORIZER | AUTHORITY, origin);
        for (index, check) in block.checks.iter().enumerate() {
            if !self.passes(check, default, origin, run)? {
                self.failed.push(FailedCheck {
                    block: number,
                    check: index,
                    text: shown_check(&check.written),
                });
            }
        }
        Ok(())
    }

    fn passes(
        &self,
        check: &Check,
        default: u128,
        origin: u128,
        run: &mut Run<'_>,
    ) -> Result<bool, Failure> {
        for query in &check.queries {
            let trusted = self.keys.trusted(&query.scopes, default, origin);
            let is_found = match check.kind {
                CheckKind::One | CheckKind::Reject => self.world.any(query, trusted, run)?,
                CheckKind::All => self.world.all(query, trusted, run)?,
            };
            if is_found {
                return Ok(check.kind != CheckKind::Reject);
            }
        }
        // The reference implementation lets `reject if a or b` pass if one of both is not there. Whoever
        // writes it means that neither may be.
        Ok(check.kind == CheckKind::Reject)
    }

    fn policy(&self, policies: &Policies, run: &mut Run<'_>) -> Result<Option<Matched>, Failure> {
        let scopes = &policies.block.scopes;
        let default = self
            .keys
            .trusted(scopes, AUTHORIZER | AUTHORITY, AUTHORIZER);
        let matches = |query: &Rule, run: &mut Run<'_>| {
            let trusted = self.keys.trusted(&query.scopes, default, AUTHORIZER);
            self.world.any(query, trusted, run)
        };
        for (index, policy) in policies.policies.iter().enumerate() {
            for query in &policy.queries {
                if matches(query, run)? {
                    let allows = policy.kind == PolicyKind::Allow;
                    return Ok(Some(Matched { index, allows }));
                }
            }
        }
        Ok(None)
    }
}
