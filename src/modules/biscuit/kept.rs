//! What a server keeps of tokens between requests.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use aws_lc_rs::digest::{SHA256, digest};
use biscuit_auth::PublicKey;

use super::{
    datalog::Block,
    revoked::{Mark, Revoked, mark},
    token::{self, TokenError},
};
use crate::{
    crypto::CpuPool,
    generation::RootKeys,
    store::{Store, StoreError},
};

/// Bytes of the tokens that are kept, half of them seen lately.
const MAX_KEPT: usize = 32 * 1024 * 1024;
/// What a token takes beside what it says.
const TOKEN: usize = 1_024;

/// What a server keeps of tokens, whatever the generation.
#[derive(Debug)]
pub struct Biscuits {
    pub(super) revoked: Revoked,
    seen: Mutex<Seen>,
    /// Does what may take long, so that whoever asks for it keeps nobody else waiting.
    pub(super) cpu: CpuPool,
}

/// Tokens by the hash of their text: those of this time, and those of the time before.
#[derive(Debug, Default)]
struct Seen {
    young: HashMap<[u8; 32], Arc<Opened>>,
    old: HashMap<[u8; 32], Arc<Opened>>,
    weight: usize,
}

/// A token whose signatures hold.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) blocks: Vec<Block>,
    pub(super) root_key_id: u32,
    /// What signed it when it was looked at.
    root_key: PublicKey,
    /// By which its blocks are revoked.
    pub(super) marks: Vec<Mark>,
    pub(super) bytes: Vec<u8>,
}

impl Biscuits {
    /// Nothing yet.
    pub fn new(cpu: CpuPool) -> Self {
        Self {
            revoked: Revoked::default(),
            seen: Mutex::default(),
            cpu,
        }
    }

    /// Learns what was revoked since.
    pub async fn catch_up(&self, store: &Store) -> Result<(), StoreError> {
        self.revoked.catch_up(store).await
    }

    /// The token, if it was seen before and the key that signed it is still one of ours.
    pub(super) fn seen(&self, keys: &RootKeys, text: &str) -> Option<Arc<Opened>> {
        let hash = hash(text);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let opened = if let Some(opened) = seen.young.get(&hash) {
            Arc::clone(opened)
        } else {
            let opened = seen.old.remove(&hash)?;
            seen.keep(hash, &opened);
            opened
        };
        drop(seen);
        let key = keys.get(opened.root_key_id)?;
        (key.public == opened.root_key).then_some(opened)
    }

    /// Checks the token's signatures and compiles what it says. Takes a while.
    pub(super) fn open(
        &self,
        keys: &RootKeys,
        text: &str,
        longest: usize,
    ) -> Result<Arc<Opened>, TokenError> {
        let bytes = token::decode(text, longest)?;
        token::check_signatures(&bytes, |id| Some(keys.get(id)?.public))?;
        let contents = token::read(&bytes)?;
        let blocks = contents.compile()?;
        let root_key_id = contents.root_key_id.ok_or(TokenError::UnknownRootKey)?;
        let root_key = keys.get(root_key_id).ok_or(TokenError::UnknownRootKey)?;
        let opened = Arc::new(Opened {
            blocks,
            root_key_id,
            root_key: root_key.public,
            marks: contents.revocation_ids().map(mark).collect(),
            bytes,
        });
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.keep(hash(text), &opened);
        Ok(opened)
    }
}

impl Seen {
    fn keep(&mut self, hash: [u8; 32], opened: &Arc<Opened>) {
        self.weight += opened.weight();
        self.young.insert(hash, Arc::clone(opened));
        if self.weight > MAX_KEPT / 2 {
            self.old = std::mem::take(&mut self.young);
            self.weight = 0;
        }
    }
}

impl Opened {
    fn weight(&self) -> usize {
        let said: usize = self.blocks.iter().map(|block| block.weight).sum();
        // Text, its words in what is compiled, and those in what failed checks show.
        TOKEN + self.bytes.len() + 3 * said
    }
}

fn hash(text: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    hash
}
