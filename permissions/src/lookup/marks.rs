//! Sets of numbers, a bit each.

/// A set of numbers below a limit.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks {
    words: Vec<u64>,
}

impl Marks {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            words: vec![0; limit.div_ceil(64)],
        }
    }

    /// Puts a number in, and says whether it is new.
    pub(super) fn insert(&mut self, number: u32) -> bool {
        let word = &mut self.words[number as usize / 64];
        let bit = 1 << (number % 64);
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }

    pub(super) fn has(&self, number: u32) -> bool {
        let word = self.words.get(number as usize / 64);
        word.is_some_and(|word| word & (1 << (number % 64)) != 0)
    }

    /// In order.
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        (0_u32..).zip(&self.words).flat_map(|(at, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = left.trailing_zeros();
                left &= left.checked_sub(1)?;
                Some(at * 64 + bit)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_in_order() {
        let mut marks = Marks::new(200);
        for number in [63, 0, 199, 64, 63] {
            marks.insert(number);
        }
        assert!(!marks.insert(0) && marks.insert(1));
        assert!(marks.has(199) && !marks.has(198) && !marks.has(1_000));
        assert_eq!(marks.iter().collect::<Vec<_>>(), [0, 1, 63, 64, 199]);
        assert!(!Marks::default().has(0));
    }
}
