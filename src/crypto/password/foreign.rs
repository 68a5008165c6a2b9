//! Password hashes that other systems made: verified as they are, until the owner signs in.
//!
//! In PHC form, and in the forms of Django, passlib and Werkzeug. What one of them may cost is limited,
//! because whoever gives the hash says what it costs.

use std::num::NonZeroU32;

use argon2::{
    Algorithm, Argon2, Params, PasswordVerifier, Version, password_hash::phc::PasswordHash,
};
use aws_lc_rs::{
    digest::{SHA256, digest},
    pbkdf2,
};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use subtle::ConstantTimeEq as _;

use crate::crypto::Secret;

/// What stands before a hash that another system made, where passwords are stored.
pub(super) const PREFIX: &str = "imported:";
/// Longer than any of them.
const MAX_LENGTH: usize = 512;
const MAX_BCRYPT_COST: u32 = 14;
const MAX_PBKDF2_ROUNDS: u32 = 2_000_000;
/// 128 MiB, as OWASP recommends for scrypt.
const MAX_MEMORY_KIB: u64 = 128 * 1_024;
/// `N` times `r` times `p`.
const MAX_SCRYPT_WORK: u64 = 1 << 21;
/// KiB of memory times passes.
const MAX_ARGON2_WORK: u64 = 1 << 20;
const MAX_LANES: u32 = 16;
/// Bytes of the hash itself: a short one is found by chance.
const DIGEST: std::ops::RangeInclusive<usize> = 16..=64;

/// A password hash in the form in which it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredHash(String);

impl StoredHash {
    /// What the column `password_hash` holds.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What the other system made, if what is stored is of another system. A hash of ours is of no use
/// elsewhere, because the pepper stays here.
pub fn portable(stored: &str) -> Option<&str> {
    stored.strip_prefix(PREFIX)
}

impl From<StoredHash> for String {
    fn from(hash: StoredHash) -> Self {
        hash.0
    }
}

impl std::fmt::Debug for StoredHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StoredHash(***)")
    }
}

/// Why a hash of another system is not taken. Never shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForeignHashError {
    /// It begins like none of them.
    #[error(
        "this is no password hash that can be imported: bcrypt, scrypt, PBKDF2 and Argon2 can, in PHC form or as Django, passlib and Werkzeug write them"
    )]
    Unknown,
    /// It begins like one and does not go on like it.
    #[error("this password hash begins like one of {0}, but the rest is not")]
    Malformed(&'static str),
    /// Verifying it would keep the server from its work.
    #[error("this password hash costs more than a sign-in may: {0}")]
    Cost(&'static str),
}

use ForeignHashError::{Cost, Malformed, Unknown};

/// Takes the hash of another system for storing.
pub fn accept(text: &str) -> Result<StoredHash, ForeignHashError> {
    let text = text.trim();
    parse(text)?;
    Ok(StoredHash(format!("{PREFIX}{text}")))
}

/// Whether `password` is the one whose hash, without [`PREFIX`], is `text`.
pub(super) fn verify(text: &str, password: &Secret<String>) -> Result<bool, ForeignHashError> {
    Ok(parse(text)?.is_of(password.expose().as_bytes()))
}

enum Foreign<'a> {
    Bcrypt {
        hash: &'a str,
        /// Of the password's SHA-256 in hex, so that it counts beyond 72 bytes (Django).
        of_sha256: bool,
    },
    Pbkdf2 {
        algorithm: pbkdf2::Algorithm,
        rounds: NonZeroU32,
        salt: Vec<u8>,
        digest: Vec<u8>,
    },
    Scrypt {
        params: scrypt::Params,
        salt: Vec<u8>,
        digest: Vec<u8>,
    },
    Argon2(Box<PasswordHash>),
}

impl Foreign<'_> {
    fn is_of(&self, password: &[u8]) -> bool {
        match self {
            Self::Bcrypt {
                hash,
                of_sha256: false,
            } => bcrypt::verify(password, hash).unwrap_or(false),
            Self::Bcrypt {
                hash,
                of_sha256: true,
            } => {
                let password = HEXLOWER.encode(digest(&SHA256, password).as_ref());
                bcrypt::verify(password, hash).unwrap_or(false)
            }
            Self::Pbkdf2 {
                algorithm,
                rounds,
                salt,
                digest,
            } => pbkdf2::verify(*algorithm, *rounds, salt, password, digest).is_ok(),
            Self::Scrypt {
                params,
                salt,
                digest,
            } => {
                let mut computed = vec![0; digest.len()];
                scrypt::scrypt(password, salt, params, &mut computed).is_ok()
                    && computed.ct_eq(digest).into()
            }
            // Algorithm, version and cost are those of the hash.
            Self::Argon2(hash) => {
                Argon2::new(Algorithm::default(), Version::default(), Params::DEFAULT)
                    .verify_password(password, hash.as_ref())
                    .is_ok()
            }
        }
    }
}

fn parse(text: &str) -> Result<Foreign<'_>, ForeignHashError> {
    if text.len() > MAX_LENGTH || !text.is_ascii() {
        return Err(Unknown);
    }
    if let Some(hash) = text.strip_prefix("bcrypt_sha256$") {
        return bcrypt(hash, true);
    }
    if let Some(hash) = text.strip_prefix("bcrypt$") {
        return bcrypt(hash, false);
    }
    if let Some(hash) = text.strip_prefix("argon2$") {
        return argon2(&format!("${hash}"));
    }
    let fields: Vec<&str> = text.split('$').collect();
    match fields.as_slice() {
        ["", "2a" | "2b" | "2y", ..] => bcrypt(text, false),
        ["", "argon2id" | "argon2i" | "argon2d", ..] => argon2(text),
        ["", "scrypt", params, salt, digest] => {
            let [log_n, r, p] = named(params, ["ln", "r", "p"]).ok_or(Malformed("scrypt"))?;
            let log_n = u8::try_from(log_n).map_err(|_| Malformed("scrypt"))?;
            scrypt(log_n, r, p, unbase64(salt), unbase64(digest))
        }
        // Django: the salt is text.
        ["scrypt", n, salt, r, p, digest] => {
            let number = |text: &str| text.parse().map_err(|_| Malformed("scrypt"));
            let log_n = log_of(number(n)?)?;
            let salt = Some(salt.as_bytes().to_vec());
            scrypt(log_n, number(r)?, number(p)?, salt, unbase64(digest))
        }
        // passlib says the rounds alone, PHC with their name.
        ["", name, rounds, salt, digest] if name.starts_with("pbkdf2") => {
            let hash = name.strip_prefix("pbkdf2-").unwrap_or("sha1");
            let rounds = named(rounds, ["i"]).map(|[rounds]| rounds);
            let rounds = rounds.or_else(|| fields[2].parse().ok());
            pbkdf2(hash, rounds, unbase64(salt), unbase64(digest))
        }
        [name, rounds, salt, digest] if name.starts_with("pbkdf2_") => {
            let salt = Some(salt.as_bytes().to_vec());
            let hash = &name["pbkdf2_".len()..];
            pbkdf2(hash, rounds.parse().ok(), salt, unbase64(digest))
        }
        // Werkzeug: method, salt as text, hash in hex.
        [method, salt, digest] => {
            let salt = Some(salt.as_bytes().to_vec());
            let digest = HEXLOWER_PERMISSIVE.decode(digest.as_bytes()).ok();
            match method.split(':').collect::<Vec<_>>().as_slice() {
                ["scrypt", n, r, p] => {
                    let number = |text: &str| text.parse().map_err(|_| Malformed("scrypt"));
                    scrypt(log_of(number(n)?)?, number(r)?, number(p)?, salt, digest)
                }
                ["pbkdf2", hash, rounds] => pbkdf2(hash, rounds.parse().ok(), salt, digest),
                _ => Err(Unknown),
            }
        }
        _ => Err(Unknown),
    }
}

fn bcrypt(hash: &str, of_sha256: bool) -> Result<Foreign<'_>, ForeignHashError> {
    let is_version = ["$2a$", "$2b$", "$2y$"]
        .iter()
        .any(|version| hash.starts_with(version));
    let parts = hash
        .parse::<bcrypt::HashParts>()
        .ok()
        .filter(|_| is_version)
        .ok_or(Malformed("bcrypt"))?;
    match parts.get_cost() {
        4..=MAX_BCRYPT_COST => Ok(Foreign::Bcrypt { hash, of_sha256 }),
        0..4 => Err(Malformed("bcrypt")),
        _ => Err(Cost("bcrypt may have cost 14 at most")),
    }
}

fn argon2(hash: &str) -> Result<Foreign<'static>, ForeignHashError> {
    const MALFORMED: ForeignHashError = Malformed("Argon2");
    let parsed = PasswordHash::new(hash).map_err(|_| MALFORMED)?;
    let params = Params::try_from(&parsed).map_err(|_| MALFORMED)?;
    let is_whole = parsed.salt.is_some()
        && parsed
            .hash
            .is_some_and(|digest| DIGEST.contains(&digest.as_ref().len()));
    if !is_whole || !params.keyid().is_empty() || !params.data().is_empty() {
        return Err(MALFORMED);
    }
    let memory = u64::from(params.m_cost());
    if memory > MAX_MEMORY_KIB
        || memory.saturating_mul(params.t_cost().into()) > MAX_ARGON2_WORK
        || params.p_cost() > MAX_LANES
    {
        return Err(Cost(
            "Argon2 may take 128 MiB and 16 lanes at most, and memory in KiB times passes may be 1048576",
        ));
    }
    Ok(Foreign::Argon2(Box::new(parsed)))
}

fn pbkdf2(
    hash: &str,
    rounds: Option<u32>,
    salt: Option<Vec<u8>>,
    digest: Option<Vec<u8>>,
) -> Result<Foreign<'static>, ForeignHashError> {
    const MALFORMED: ForeignHashError = Malformed("PBKDF2");
    let algorithm = match hash {
        "sha1" => pbkdf2::PBKDF2_HMAC_SHA1,
        "sha256" => pbkdf2::PBKDF2_HMAC_SHA256,
        "sha512" => pbkdf2::PBKDF2_HMAC_SHA512,
        _ => return Err(Unknown),
    };
    let rounds = rounds.and_then(NonZeroU32::new).ok_or(MALFORMED)?;
    if rounds.get() > MAX_PBKDF2_ROUNDS {
        return Err(Cost("PBKDF2 may have 2000000 rounds at most"));
    }
    Ok(Foreign::Pbkdf2 {
        algorithm,
        rounds,
        salt: salt.ok_or(MALFORMED)?,
        digest: whole(digest).ok_or(MALFORMED)?,
    })
}

fn scrypt(
    log_n: u8,
    r: u32,
    p: u32,
    salt: Option<Vec<u8>>,
    digest: Option<Vec<u8>>,
) -> Result<Foreign<'static>, ForeignHashError> {
    const MALFORMED: ForeignHashError = Malformed("scrypt");
    let n = 1_u64.checked_shl(log_n.into()).ok_or(MALFORMED)?;
    let block = n.saturating_mul(r.into());
    if block / 8 > MAX_MEMORY_KIB || block.saturating_mul(p.into()) > MAX_SCRYPT_WORK {
        return Err(Cost(
            "scrypt may take 128 MiB at most, and N times r times p may be 2097152",
        ));
    }
    Ok(Foreign::Scrypt {
        params: scrypt::Params::new(log_n, r, p).map_err(|_| MALFORMED)?,
        salt: salt.ok_or(MALFORMED)?,
        digest: whole(digest).ok_or(MALFORMED)?,
    })
}

fn whole(digest: Option<Vec<u8>>) -> Option<Vec<u8>> {
    digest.filter(|digest| DIGEST.contains(&digest.len()))
}

fn log_of(n: u32) -> Result<u8, ForeignHashError> {
    u8::try_from(n.trailing_zeros())
        .ok()
        .filter(|_| n.is_power_of_two())
        .ok_or(Malformed("scrypt"))
}

/// The values of `a=1,b=2`, in this order; `l=32` may stand beside them and says what is seen anyway.
fn named<const N: usize>(text: &str, names: [&str; N]) -> Option<[u32; N]> {
    let mut values = [None; N];
    for pair in text.split(',') {
        let (name, value) = pair.split_once('=')?;
        match names.iter().position(|known| *known == name) {
            Some(place) => values[place] = Some(value.parse().ok()?),
            None if name == "l" => {}
            None => return None,
        }
    }
    let mut found = [0; N];
    for (found, value) in found.iter_mut().zip(values) {
        *found = value?;
    }
    Some(found)
}

/// Base64, padded or not; passlib writes `.` for `+`.
fn unbase64(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=').replace('.', "+");
    STANDARD_NO_PAD.decode(text).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;

    const PASSWORD: &str = "correct horse";
    /// Made by those they are named after.
    const HASHES: [(&str, &str); 17] = [
        (
            "passlib pbkdf2",
            "$pbkdf2-sha256$1000$FmIMISSE8F5LaW0tRQghxA$xyjjfFHN/HwSUom0oXLvD8Kq2QSTc5a0xOdIwzAjsts",
        ),
        (
            "passlib pbkdf2 sha512",
            "$pbkdf2-sha512$1000$JiSkFIKw1jqHsFYqhTBm7A$X7lgknZwLLKWmum3n0sWX/olUz49kz0Z24C/ByhXJp/hAdnrZTbd7qCiU58lE2CC/ELZiq2lto9PJb3OOvvxtQ",
        ),
        (
            "passlib pbkdf2 sha1",
            "$pbkdf2$1000$xfg/h3COEaLUujeG0Pp/Tw$G10mkToGT7uOCi/tFvWz..ma4ZA",
        ),
        (
            "passlib scrypt",
            "$scrypt$ln=4,r=8,p=1$SMkZQ6j1fo8xhvD+vxdCSA$FNf4tYKV3ofTpPBSTw1gfyagCA51+ccNVxVPFPxmR94",
        ),
        (
            "bcrypt",
            "$2b$04$luU930CcECXOiRL0/kdGWeaL6S5fsvwehi4zlMBjv.E8S6VnI7vPC",
        ),
        (
            "django pbkdf2",
            "pbkdf2_sha256$1000$salty1234567890$mWsEHpdo8+B1Ss69N3RzY8AwsyQKmCyNJwqtIg9QHco=",
        ),
        (
            "django bcrypt_sha256",
            "bcrypt_sha256$$2b$04$ARoTYJt6vUoqxyogkOerRu32BnwXJY82iMJFjHkI4tSgofrEwqtOi",
        ),
        (
            "django bcrypt",
            "bcrypt$$2b$04$bcCj6yeQhrX07qfWIz/i4uecHniq06xQcqGISzUTa4v1eiSAchPwK",
        ),
        (
            "django scrypt",
            "scrypt$16$salty1234567890$8$5$sJKtd+i2+yVzA2YAlC/yoFT3cbPA3A7uHo4mRQAAVrVVXS2w98uBpC4eHWc6Hix5LwaoDREfYuEWE855sWSoJg==",
        ),
        (
            "django argon2",
            "argon2$argon2id$v=19$m=64,t=1,p=2$cXJ2cEFzTTBzUGV2N0VQb0Ezek1kcw$2fApUaEWyYPLk60mFQiYjfJ+K7F8bic4cfuAqh/UxvE",
        ),
        (
            "werkzeug scrypt",
            "scrypt:4096:1:1$l3lhptjp2VmFoeOj$2b591c051c4d0157fc09090d598d187c706a5fab9a65b2af55f707e34b137ac3a42616c66aad431e31abed5a1aa2b441614381b3680038fdd970517e9fc509e2",
        ),
        (
            "werkzeug pbkdf2",
            "pbkdf2:sha256:1000$I2Fwr2AQ23OpjFbI$b41bbf7bc6dfe38ae389a88f9fce31e7c24c036723e3e4e63845f078d44f5768",
        ),
        (
            "argon2-cffi ID",
            "$argon2id$v=19$m=64,t=1,p=1$wEhyeG77EPIhzt3v8dFOeA$3TkNDVf1NLvHV2mYoYzBqB5vwoQEBlbkG3CEuEdtcNo",
        ),
        (
            "argon2-cffi I",
            "$argon2i$v=19$m=64,t=1,p=1$GSiFTaQdarocdgekJsRyoQ$y5uN0RswnxMzwD5/QlqVKCItc5Pvd27k61YIzIvtSew",
        ),
        (
            "argon2-cffi D",
            "$argon2d$v=19$m=64,t=1,p=1$M4ncQds29/9SqEdL8nKZKw$sl+Lu0UfnZ1NBbDpDi+05IbwiN/zr7pCWRjZMvFyX4A",
        ),
        (
            "phc pbkdf2",
            "$pbkdf2-sha256$i=1000,l=32$MDEyMzQ1Njc4OWFiY2RlZg$cBg8D2DungRB9k76szThf5ehfyBz991ay6PT8Srwk4M",
        ),
        (
            "crypt_blowfish",
            "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        ),
    ];

    #[test]
    fn hashes_of_other_systems_are_those_of_their_passwords_and_of_no_other() {
        for (maker, text) in HASHES {
            let stored = accept(text).unwrap_or_else(|error| panic!("{maker}: {error}"));
            let hash = stored.as_str().strip_prefix(PREFIX).unwrap();
            let right = if maker == "crypt_blowfish" {
                "U*U"
            } else {
                PASSWORD
            };
            assert_eq!(verify(hash, &right.into()), Ok(true), "{maker}");
            for wrong in ["", "Correct horse", "correct horse "] {
                assert_eq!(verify(hash, &wrong.into()), Ok(false), "{maker}: {wrong}");
            }
            // What is cut off does no harm.
            for length in 0..text.len() {
                let _ = accept(&text[..length]);
            }
        }
    }

    #[test]
    fn what_is_too_much_work_or_nonsense_is_refused() {
        let salted = "c2FsdHNhbHRzYWx0c2FsdA";
        for text in [
            "$2b$15$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW".to_owned(),
            format!("$pbkdf2-sha256$i=2000001${salted}${salted}"),
            format!("$scrypt$ln=18,r=8,p=1${salted}${salted}"),
            format!("$scrypt$ln=14,r=8,p=1000${salted}${salted}"),
            format!("$scrypt$ln=63,r=4294967295,p=1${salted}${salted}"),
            format!("$argon2id$v=19$m=131073,t=1,p=1${salted}${salted}"),
            format!("$argon2id$v=19$m=65536,t=17,p=1${salted}${salted}"),
            format!("$argon2id$v=19$m=1024,t=1,p=17${salted}${salted}"),
        ] {
            let refused = accept(&text).unwrap_err();
            assert!(matches!(refused, Cost(_)), "{text}: {refused}");
        }
        for text in [
            String::new(),
            "password".to_owned(),
            "5f4dcc3b5aa765d61d8327deb882cf99".to_owned(),
            "$1$salt$hash".to_owned(),
            "$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW".to_owned(),
            "é".repeat(60),
            "$".repeat(500),
            format!("$2b$10${}", "a".repeat(600)),
        ] {
            assert_eq!(accept(&text).unwrap_err(), Unknown, "{text}");
        }
        for text in [
            format!("$pbkdf2-sha256$i=0${salted}${salted}"),
            format!("$pbkdf2-sha256$i=1${salted}$c2FsdA"),
            format!("$argon2id$v=19$m=8,t=1,p=1${salted}$c2FsdA"),
            format!("$argon2id$v=19$m=8,t=1,p=1,keyid=YQ${salted}${salted}"),
            format!("scrypt$15$salt$8$1${salted}"),
            "$2b$04$short".to_owned(),
        ] {
            let refused = accept(&text).unwrap_err();
            assert!(matches!(refused, Malformed(_)), "{text}: {refused}");
            assert!(!refused.to_string().contains(salted));
        }
    }
}
