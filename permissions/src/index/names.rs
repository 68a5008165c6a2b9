//! The names of a type's objects, by number.

use std::{collections::HashMap, hash::BuildHasher, sync::Arc};

use rustc_hash::FxBuildHasher;

/// Names in order, each with its number, in one piece of memory.
#[derive(Debug, Default)]
pub(super) struct Names {
    text: String,
    /// Where each name ends.
    ends: Vec<u32>,
    /// Open addressing: `number + 1`, or 0 where nothing is. Never more than half full.
    table: Vec<u32>,
}

impl Names {
    /// The names must be in order and each there once.
    pub(super) fn new<'a>(names: impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut this = Self::default();
        for name in names {
            this.text.push_str(name);
            this.ends.push(u32::try_from(this.text.len()).ok()?);
        }
        this.text.shrink_to_fit();
        this.ends.shrink_to_fit();
        let slots = (this.ends.len() * 2).next_power_of_two();
        let mut table = vec![0_u32; slots];
        for number in 0..this.len() {
            let mut slot = slot_of(this.name(number), slots);
            while table[slot] != 0 {
                slot = (slot + 1) & (slots - 1);
            }
            table[slot] = number + 1;
        }
        this.table = table;
        Some(this)
    }

    #[allow(clippy::cast_possible_truncation)]
    pub(super) fn len(&self) -> u32 {
        // As many as there are ends, which are numbers of 32 bits.
        self.ends.len() as u32
    }

    pub(super) fn name(&self, number: u32) -> &str {
        let number = number as usize;
        let start = if number == 0 {
            0
        } else {
            self.ends[number - 1]
        };
        &self.text[start as usize..self.ends[number] as usize]
    }

    pub(super) fn get(&self, name: &str) -> Option<u32> {
        let slots = self.table.len();
        if slots == 0 {
            return None;
        }
        let mut slot = slot_of(name, slots);
        loop {
            let number = self.table[slot].checked_sub(1)?;
            if self.name(number) == name {
                return Some(number);
            }
            slot = (slot + 1) & (slots - 1);
        }
    }

    /// Bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        self.text.len() + 4 * (self.ends.len() + self.table.len())
    }
}

// The upper bits of this hash are its good ones.
#[allow(clippy::cast_possible_truncation)]
fn slot_of(name: &str, slots: usize) -> usize {
    let hash = FxBuildHasher.hash_one(name);
    (hash.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as usize & (slots - 1)
}

/// Names that came after the base was made, numbered from where it ends.
#[derive(Clone, Debug, Default)]
pub(super) struct LaterNames {
    numbers: HashMap<Arc<str>, u32, FxBuildHasher>,
    names: Vec<Arc<str>>,
}

impl LaterNames {
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    pub(super) fn get(&self, name: &str) -> Option<u32> {
        if self.numbers.is_empty() {
            return None;
        }
        self.numbers.get(name).copied()
    }

    /// The name at a place in the order of coming.
    pub(super) fn name(&self, place: u32) -> Option<&str> {
        self.names.get(place as usize).map(|name| &**name)
    }

    pub(super) fn add(&mut self, name: &str, number: u32) {
        let name: Arc<str> = name.into();
        self.numbers.insert(Arc::clone(&name), number);
        self.names.push(name);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_by_number_and_by_text() {
        let all: Vec<String> = (0..5_000).map(|n| format!("n{n:05}")).collect();
        let names = Names::new(all.iter().map(String::as_str)).unwrap();
        for (number, name) in (0..).zip(&all) {
            assert_eq!(names.get(name), Some(number));
            assert_eq!(names.name(number), name);
        }
        assert_eq!(names.get("n"), None);
        assert_eq!(names.get("n99999"), None);
        assert_eq!(Names::default().get("a"), None);
    }
}
