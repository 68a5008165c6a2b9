//! What can happen, and how a seed becomes a sequence of it.

/// One step. Numbers choose among what is there when it is taken, so every sequence makes sense.
#[derive(Clone, Copy, Debug)]
pub(super) enum Operation {
    /// A person signs in at a client, as far as the code.
    Authorize { person: usize, client: usize },
    /// The code is exchanged, for the first time or again.
    Redeem { family: usize },
    /// The newest refresh token is used.
    Refresh { family: usize },
    /// A refresh token that was replaced is used.
    RefreshOld { family: usize, token: usize },
    /// A token is given back.
    Revoke { family: usize, token: usize },
    /// Another client uses, introspects and revokes a token.
    Meddle { family: usize, token: usize },
    /// The person signs out at the provider.
    SignOut { person: usize },
    /// The person withdraws a client's access.
    Withdraw { person: usize, client: usize },
    /// The account is disabled, or opened again.
    Disable { person: usize },
    /// An operator sets another password.
    ChangePassword { person: usize },
    /// A commit switches the client off, or on again.
    Switch { client: usize },
    /// A commit deletes the client, and the next one brings it back.
    Delete { client: usize },
}

/// The sequence of a seed.
pub(super) fn sequence(seed: u64, length: usize) -> Vec<Operation> {
    let mut random = SplitMix(seed);
    (0..length).map(|_| random.operation()).collect()
}

/// `SplitMix64` (Steele, Lea and Flood, 2014): small, and the same everywhere.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % 1_000).expect("three digits")
    }

    fn operation(&mut self) -> Operation {
        let choice = self.next() % 100;
        let (one, two) = (self.next(), self.next());
        match choice {
            0..20 => Operation::Authorize {
                person: one,
                client: two,
            },
            20..42 => Operation::Redeem { family: one },
            42..64 => Operation::Refresh { family: one },
            64..74 => Operation::RefreshOld {
                family: one,
                token: two,
            },
            74..80 => Operation::Revoke {
                family: one,
                token: two,
            },
            80..86 => Operation::Meddle {
                family: one,
                token: two,
            },
            86..89 => Operation::SignOut { person: one },
            89..91 => Operation::Withdraw {
                person: one,
                client: two,
            },
            91..93 => Operation::Disable { person: one },
            93..95 => Operation::ChangePassword { person: one },
            95..98 => Operation::Switch { client: one },
            _ => Operation::Delete { client: one },
        }
    }
}

#[test]
fn a_seed_always_gives_the_same() {
    let text = |seed| format!("{:?}", sequence(seed, 20));
    assert_eq!(text(7), text(7));
    assert_ne!(text(7), text(8));
}
