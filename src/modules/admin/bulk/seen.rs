use std::collections::HashMap;

use aws_lc_rs::digest::{SHA256, digest};

use super::{Incoming, LineProblem, line::IncomingIdentity};

/// By what earlier lines know people: 16 bytes of a hash of each, and not the people.
#[derive(Debug, Default)]
pub struct Seen(HashMap<[u8; 16], u64>);

impl Seen {
    /// Notes somebody. What an earlier line has already is a problem here; with it comes that line.
    pub fn note(&mut self, person: &Incoming) -> Vec<(u64, LineProblem)> {
        let texts = [
            ("id", person.id.as_deref()),
            ("email", Some(person.email.as_str())),
            ("externalId", person.external_id.as_deref()),
            ("userName", person.user_name.as_deref()),
        ];
        let texts = texts
            .into_iter()
            .filter_map(|(field, text)| Some((field.to_owned(), vec![field, text?])));
        let identities = person.identities.iter().enumerate();
        let identities = identities.map(|(place, identity)| {
            let IncomingIdentity {
                provider,
                subject,
                issuer,
            } = identity;
            let issuer = issuer.as_deref().unwrap_or_default();
            let parts = vec!["identities", provider, issuer, subject];
            (format!("identities[{place}]"), parts)
        });
        let mut problems = Vec::new();
        for (field, parts) in texts.chain(identities) {
            if let Some(earlier) = self.0.insert(hash(&parts), person.line) {
                let message = format!("line {earlier} has the same");
                problems.push((earlier, LineProblem::of(person.line, field, message)));
            }
        }
        problems
    }
}

/// No part has a control character, so no two lists are one text.
fn hash(parts: &[&str]) -> [u8; 16] {
    let digest = digest(&SHA256, parts.join("\0").as_bytes());
    let mut beginning = [0; 16];
    beginning.copy_from_slice(&digest.as_ref()[..16]);
    beginning
}
