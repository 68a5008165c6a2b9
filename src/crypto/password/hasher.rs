//! One hash after the other, on the thread that asks.

use argon2::{
    Algorithm, Argon2, KeyId, Params, ParamsBuilder, Version,
    password_hash::phc::{Output, ParamsString, PasswordHash, Salt},
};
use aws_lc_rs::rand;
use subtle::ConstantTimeEq as _;

use super::{MAX_MEMORY_KIB, PasswordCost, PasswordError, Verdict, foreign, memory::Memory};
use crate::crypto::{CryptoError, Keyring, Secret};

/// What hashes are made with.
#[derive(Clone, Debug)]
pub(super) struct Hasher {
    keyring: Keyring,
    memory: Memory,
}

impl Hasher {
    pub(super) fn new(keyring: Keyring) -> Self {
        let memory = Memory::default();
        Self { keyring, memory }
    }

    /// Sees to it that memory which no hash needs any more is given back.
    pub(super) fn watch(&self) {
        self.memory.watch();
    }

    /// A new hash in PHC form.
    pub(super) fn hash(
        &self,
        cost: PasswordCost,
        password: &Secret<String>,
    ) -> Result<String, PasswordError> {
        let failed = || CryptoError::Library("hashing a password");
        let mut salt = [0_u8; 16];
        rand::fill(&mut salt).map_err(|_| CryptoError::Library("making random bytes"))?;
        let salt = Salt::new(&salt).map_err(|_| failed())?;
        let recipe = Recipe {
            algorithm: Algorithm::Argon2id,
            version: Version::V0x13,
            cost,
            pepper: self.keyring.peppers().current().as_bytes(),
        };
        let argon2 = self.argon2(&recipe)?;
        let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
        self.compute(&argon2, password, &salt, &mut output)?;
        let hash = PasswordHash {
            algorithm: recipe.algorithm.ident(),
            version: Some(recipe.version.into()),
            params: ParamsString::try_from(argon2.params()).map_err(|_| failed())?,
            salt: Some(salt),
            hash: Some(Output::new(&output).map_err(|_| failed())?),
        };
        Ok(hash.to_string())
    }

    /// Costs the same whether there is a hash or not, so that time does not tell who exists.
    pub(super) fn judge(
        &self,
        cost: PasswordCost,
        stored: Option<&str>,
        password: &Secret<String>,
    ) -> Result<Verdict, PasswordError> {
        match stored {
            Some(stored) => self.verify(cost, stored, password),
            None => self.hash(cost, password).map(|_| Verdict::Wrong),
        }
    }

    fn verify(
        &self,
        wanted: PasswordCost,
        stored: &str,
        password: &Secret<String>,
    ) -> Result<Verdict, PasswordError> {
        if let Some(foreign) = stored.strip_prefix(foreign::PREFIX) {
            return Ok(if foreign::verify(foreign, password)? {
                Verdict::Right { needs_rehash: true }
            } else {
                Verdict::Wrong
            });
        }
        let malformed = || PasswordError::Malformed;
        let parsed = PasswordHash::new(stored).map_err(|_| malformed())?;
        let params = Params::try_from(&parsed).map_err(|_| malformed())?;
        let recipe = Recipe {
            algorithm: parsed
                .algorithm
                .as_str()
                .try_into()
                .map_err(|_| malformed())?,
            version: parsed
                .version
                .map_or(Ok(Version::default()), Version::try_from)
                .map_err(|_| malformed())?,
            cost: PasswordCost {
                memory_kib: params.m_cost(),
                passes: params.t_cost(),
                lanes: params.p_cost(),
            },
            pepper: params.keyid(),
        };
        let (Some(salt), Some(expected)) = (&parsed.salt, &parsed.hash) else {
            return Err(malformed());
        };
        let mut output = [0; Output::MAX_LENGTH];
        let output = output.get_mut(..expected.len()).ok_or_else(malformed)?;
        self.compute(&self.argon2(&recipe)?, password, salt, output)?;
        if !bool::from(output.ct_eq(expected.as_ref())) {
            return Ok(Verdict::Wrong);
        }
        Ok(Verdict::Right {
            needs_rehash: recipe.cost != wanted
                || recipe.algorithm != Algorithm::Argon2id
                || recipe.version != Version::V0x13
                || recipe.pepper != self.keyring.peppers().current().as_bytes(),
        })
    }

    fn compute(
        &self,
        argon2: &Argon2<'_>,
        password: &Secret<String>,
        salt: &[u8],
        output: &mut [u8],
    ) -> Result<(), PasswordError> {
        let password = password.expose().as_bytes();
        self.memory
            .with(argon2.params().block_count(), |blocks| {
                argon2.hash_password_into_with_memory(password, salt, output, blocks)
            })
            .map_err(|_| CryptoError::Library("hashing a password").into())
    }

    fn argon2(&self, recipe: &Recipe<'_>) -> Result<Argon2<'_>, PasswordError> {
        let Recipe { cost, pepper, .. } = *recipe;
        let secret = if pepper.is_empty() {
            self.keyring.pepper().expose().as_slice()
        } else {
            self.keyring.peppers().named(pepper).ok_or_else(|| {
                PasswordError::NoPepper(String::from_utf8_lossy(pepper).into_owned())
            })?
        };
        let refused = |_| PasswordError::Cost(cost);
        let params = ParamsBuilder::new()
            .m_cost(cost.memory_kib)
            .t_cost(cost.passes)
            .p_cost(cost.lanes)
            .keyid(KeyId::new(pepper).map_err(refused)?)
            .build()
            .ok()
            .filter(|_| cost.memory_kib <= MAX_MEMORY_KIB)
            .ok_or(PasswordError::Cost(cost))?;
        Argon2::new_with_secret(secret, recipe.algorithm, recipe.version, params).map_err(refused)
    }
}

/// How a hash is made.
struct Recipe<'a> {
    algorithm: Algorithm,
    version: Version,
    cost: PasswordCost,
    /// The name of one that the operator gives; empty, the one that the master key gives. A hash has it in
    /// the field that Argon2 has for the identifier of a key.
    pepper: &'a [u8],
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use rustix::time::{ClockId, clock_gettime};

    use super::*;
    use crate::crypto::keyring;

    /// What this thread has computed; not what it waited for on a busy machine.
    fn computed() -> Duration {
        let spent = clock_gettime(ClockId::ThreadCPUTime);
        Duration::try_from(spent).unwrap()
    }

    #[test]
    fn an_unknown_user_costs_as_much_as_a_wrong_password() {
        let hasher = Hasher::new(keyring(1));
        let cost = PasswordCost {
            memory_kib: 4 * 1_024,
            passes: 1,
            lanes: 1,
        };
        let stored = hasher.hash(cost, &"ada's".into()).unwrap();
        let mut least = [Duration::MAX; 2];
        // Taking turns, so that what slows one down slows the other down too.
        for _ in 0..20 {
            for (least, stored) in least.iter_mut().zip([Some(stored.as_str()), None]) {
                let before = computed();
                let verdict = hasher.judge(cost, stored, &"guess".into());
                *least = computed().saturating_sub(before).min(*least);
                assert_eq!(verdict, Ok(Verdict::Wrong));
            }
        }
        let [known, unknown] = least;
        // Without a hash computed the ratio is in the hundreds.
        assert!(
            known < unknown * 3 && unknown < known * 3,
            "{known:?} against {unknown:?}"
        );
    }
}
