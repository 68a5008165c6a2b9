//! The names of a type's objects, by number.

use std::{collections::HashMap, hash::BuildHasher, sync::Arc};

use rustc_hash::FxBuildHasher;

/// Names, each with its number, in one piece of memory.
#[derive(Debug, Default)]
pub(super) struct Names {
    text: String,
    /// Where each name ends.
    ends: Vec<u32>,
    /// Open addressing, never more than three quarters full.
    table: Vec<Slot>,
}

/// Has all that is needed to compare a name: two looks at the memory find it.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    hash: u32,
    /// `number + 1`, or 0 where nothing is.
    next: u32,
    start: u32,
    end: u32,
}

impl Names {
    /// The number of a name, which is the next if it is new. `None`: there are more than can be counted.
    pub(super) fn intern(&mut self, name: &str) -> Option<u32> {
        let hash = hash_of(name);
        if let Some(number) = self.find(name, hash) {
            return Some(number);
        }
        let number = self.len();
        let end = u32::try_from(self.text.len() + name.len()).ok()?;
        if number == u32::MAX {
            return None;
        }
        if self.table.len() * 3 < (self.ends.len() + 1) * 4 {
            self.grow((self.table.len() * 2).max(16));
        }
        let start = self.ends.last().copied().unwrap_or(0);
        self.text.push_str(name);
        self.ends.push(end);
        let slot = Slot {
            hash,
            next: number + 1,
            start,
            end,
        };
        slot.place(&mut self.table);
        Some(number)
    }

    /// The same names in their order, and the new numbers by the old.
    pub(super) fn in_order(self) -> (Self, Vec<u32>) {
        // The beginning decides most comparisons, without a look at the text.
        let mut order: Vec<(u128, u32)> = (0..self.len())
            .map(|number| (beginning(self.name(number)), number))
            .collect();
        order.sort_unstable_by(|(a, one), (b, other)| {
            a.cmp(b)
                .then_with(|| self.name(*one).cmp(self.name(*other)))
        });
        let mut sorted = Self {
            text: String::with_capacity(self.text.len()),
            ends: Vec::with_capacity(self.ends.len()),
            table: Vec::new(),
        };
        let mut numbers = vec![0; order.len()];
        for (new, (_, old)) in (0_u32..).zip(&order) {
            numbers[*old as usize] = new;
            sorted.text.push_str(self.name(*old));
            let length = self.ends[*old as usize] - start(&self.ends, *old);
            let before = sorted.ends.last().copied().unwrap_or(0);
            sorted.ends.push(before + length);
        }
        // Hashes stay, numbers and places do not.
        sorted.table = self.table;
        for slot in &mut sorted.table {
            if let Some(number) = slot.number() {
                let number = numbers[number as usize];
                slot.next = number + 1;
                slot.start = start(&sorted.ends, number);
                slot.end = sorted.ends[number as usize];
            }
        }
        (sorted, numbers)
    }

    fn grow(&mut self, slots: usize) {
        let mut table = vec![Slot::default(); slots];
        for slot in self.table.iter().filter(|slot| slot.next != 0) {
            slot.place(&mut table);
        }
        self.table = table;
    }

    #[allow(clippy::cast_possible_truncation)]
    pub(super) fn len(&self) -> u32 {
        // As many as there are ends, which are numbers of 32 bits.
        self.ends.len() as u32
    }

    pub(super) fn name(&self, number: u32) -> &str {
        &self.text[start(&self.ends, number) as usize..self.ends[number as usize] as usize]
    }

    pub(super) fn get(&self, name: &str) -> Option<u32> {
        self.find(name, hash_of(name))
    }

    /// The first number whose name comes after `name`, where they are in order.
    pub(super) fn first_after(&self, name: &str) -> u32 {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.name(middle) <= name {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    fn find(&self, name: &str, hash: u32) -> Option<u32> {
        let mask = self.table.len().checked_sub(1)?;
        let mut at = hash as usize & mask;
        loop {
            let slot = self.table[at];
            let number = slot.number()?;
            let range = slot.start as usize..slot.end as usize;
            if slot.hash == hash && &self.text[range] == name {
                return Some(number);
            }
            at = (at + 1) & mask;
        }
    }

    /// Bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        self.text.len() + 4 * self.ends.len() + size_of::<Slot>() * self.table.len()
    }
}

// The upper bits of this hash are its good ones.
#[allow(clippy::cast_possible_truncation)]
fn hash_of(name: &str) -> u32 {
    let hash = FxBuildHasher.hash_one(name);
    (hash.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as u32
}

impl Slot {
    const fn number(self) -> Option<u32> {
        self.next.checked_sub(1)
    }

    fn place(self, table: &mut [Self]) {
        let mask = table.len() - 1;
        let mut at = self.hash as usize & mask;
        while table[at].next != 0 {
            at = (at + 1) & mask;
        }
        table[at] = self;
    }
}

/// Where a name begins: where the one before it ends.
fn start(ends: &[u32], number: u32) -> u32 {
    let before = (number as usize).checked_sub(1);
    before.map_or(0, |before| ends[before])
}

/// The first bytes, which compare as the text does.
fn beginning(name: &str) -> u128 {
    let mut bytes = [0; 16];
    let length = name.len().min(16);
    bytes[..length].copy_from_slice(&name.as_bytes()[..length]);
    u128::from_be_bytes(bytes)
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
        let all: Vec<String> = (0..5_000)
            .map(|n| format!("n{:05}", (n * 7) % 5_000))
            .collect();
        let mut names = Names::default();
        for (number, name) in (0..).zip(&all) {
            assert_eq!(names.intern(name), Some(number));
        }
        assert_eq!(names.intern(&all[17]), Some(17));
        let (sorted, numbers) = names.in_order();
        for (old, name) in all.iter().enumerate() {
            assert_eq!(sorted.get(name), Some(numbers[old]));
            assert_eq!(sorted.name(numbers[old]), name);
            assert_eq!(numbers[old], u32::try_from(old * 7 % 5_000).unwrap());
        }
        assert_eq!(sorted.get("n"), None);
        assert_eq!(sorted.get("n99999"), None);
        assert_eq!(Names::default().get("a"), None);
    }

    #[test]
    fn names_are_in_the_order_of_their_texts() {
        let mut names = Names::default();
        let mut all = [
            "b",
            "",
            "a\0",
            "a",
            "a-name-of-17-bytes",
            "a-name-of-17-bytea",
            "a-name-of-17-byt",
            "é",
        ];
        for name in all {
            names.intern(name);
        }
        let (sorted, _) = names.in_order();
        all.sort_unstable();
        let found: Vec<&str> = (0..sorted.len())
            .map(|number| sorted.name(number))
            .collect();
        assert_eq!(found, all);
    }
}
