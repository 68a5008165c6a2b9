//! An authenticator app (RFC 6238), written after the standard and not with what the server uses.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use data_encoding::BASE32_NOPAD;

use super::Page;

/// Seconds for which a code is shown.
const STEP: u64 = 30;
/// How much of a step must be left to begin with the code before: a busy machine takes its time.
const MARGIN: u64 = 10;

/// Somebody's telephone.
#[derive(Clone, Debug)]
pub struct Authenticator {
    secret: Vec<u8>,
    last_step: u64,
}

impl Authenticator {
    /// One that was set up with the key on this page.
    #[track_caller]
    pub fn set_up_with(page: &Page) -> Self {
        let key = page
            .tags("bdi")
            .into_iter()
            .find(|tag| tag.attribute("class") == Some("secret"))
            .unwrap_or_else(|| panic!("no key: {page:#?}"));
        let key: String = key.text.split_whitespace().collect();
        Self {
            secret: BASE32_NOPAD.decode(key.as_bytes()).expect("a key"),
            last_step: 0,
        }
    }

    /// A code that was not shown before, and that the server takes now. There are two or three at a
    /// time; then it waits for the next.
    pub async fn code(&mut self) -> String {
        let (now, left) = moment();
        let earliest = if left > MARGIN { now - 1 } else { now };
        let step = earliest.max(self.last_step + 1);
        while moment().0 + 1 < step {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        self.last_step = step;
        self.code_of(step)
    }

    /// What it showed last.
    pub fn same_code(&self) -> String {
        self.code_of(self.last_step)
    }

    /// What it showed long ago.
    pub fn old_code(&self) -> String {
        self.code_of(moment().0 - 5)
    }

    /// One that it shows neither now nor soon.
    pub fn wrong_code(&self) -> String {
        let now = moment().0;
        let shown: Vec<_> = (now - 3..now + 5).map(|step| self.code_of(step)).collect();
        let mut codes = (0..).map(|number: u32| format!("{number:06}"));
        codes.find(|code| !shown.contains(code)).expect("a code")
    }

    /// RFC 4226 5.3.
    fn code_of(&self, step: u64) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.secret);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let tag = tag.as_ref();
        let offset = usize::from(tag[tag.len() - 1] & 0xf);
        let word: [u8; 4] = tag[offset..offset + 4].try_into().expect("four bytes");
        let number = u32::from_be_bytes(word) & 0x7fff_ffff;
        format!("{:06}", number % 1_000_000)
    }
}

/// The step that it is, and the seconds that are left of it.
fn moment() -> (u64, u64) {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a time after 1970")
        .as_secs();
    (since_epoch / STEP, STEP - since_epoch % STEP)
}

#[test]
fn codes_are_those_of_rfc_6238() {
    let authenticator = Authenticator {
        secret: b"12345678901234567890".to_vec(),
        last_step: 0,
    };
    assert_eq!(authenticator.code_of(59 / STEP), "287082");
    assert_eq!(authenticator.code_of(20_000_000_000 / STEP), "353130");
}
