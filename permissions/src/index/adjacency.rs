//! Who is next to whom, in one direction: sorted numbers in rows.

/// The neighbours of one object, in order. `conditions` is as long as `ids`, or empty where no tuple
/// of the whole set depends on anything; 0 is a tuple that does not.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Row<'a> {
    pub(crate) ids: &'a [u32],
    pub(crate) conditions: &'a [u32],
}

impl<'a> Row<'a> {
    pub(crate) const fn len(self) -> usize {
        self.ids.len()
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.ids.is_empty()
    }

    /// The condition of the tuple with `id`, if there is one.
    pub(crate) fn find(self, id: u32) -> Option<u32> {
        // Most rows are short, and a look at each is faster than jumping.
        let at = if self.ids.len() <= 8 {
            self.ids.iter().position(|other| *other == id)?
        } else {
            self.ids.binary_search(&id).ok()?
        };
        Some(self.condition(at))
    }

    pub(crate) fn condition(self, at: usize) -> u32 {
        self.conditions.get(at).copied().unwrap_or(0)
    }

    /// Every neighbour with the condition of its tuple.
    pub(crate) fn iter(self) -> impl Iterator<Item = (u32, u32)> + 'a {
        let ids = self.ids.iter().copied().enumerate();
        ids.map(move |(at, id)| (id, self.condition(at)))
    }
}

/// A row of its own.
#[derive(Clone, Debug, Default)]
pub(super) struct OwnedRow {
    ids: Vec<u32>,
    conditions: Vec<u32>,
}

impl OwnedRow {
    pub(super) fn copy(row: Row<'_>) -> Self {
        Self {
            ids: row.ids.to_vec(),
            conditions: row.conditions.to_vec(),
        }
    }

    pub(super) fn row(&self) -> Row<'_> {
        Row {
            ids: &self.ids,
            conditions: &self.conditions,
        }
    }

    pub(super) fn insert(&mut self, id: u32, condition: u32) {
        if condition != 0 && self.conditions.is_empty() {
            self.conditions = vec![0; self.ids.len()];
        }
        let has_conditions = condition != 0 || !self.conditions.is_empty();
        match self.ids.binary_search(&id) {
            Ok(at) if has_conditions => self.conditions[at] = condition,
            Ok(_) => {}
            Err(at) => {
                self.ids.insert(at, id);
                if has_conditions {
                    self.conditions.insert(at, condition);
                }
            }
        }
    }

    pub(super) fn remove(&mut self, id: u32) {
        if let Ok(at) = self.ids.binary_search(&id) {
            self.ids.remove(at);
            if !self.conditions.is_empty() {
                self.conditions.remove(at);
            }
        }
    }
}

/// The rows of many objects.
#[derive(Debug, Default)]
pub(super) struct Adjacency {
    starts: Starts,
    ids: Vec<u32>,
    conditions: Vec<u32>,
}

/// Where each row begins. One more follows the last.
#[derive(Debug)]
enum Starts {
    /// Of every object up to the last that has a row.
    Dense(Vec<u32>),
    /// Of those that have one, where they are few among many.
    Sparse { keys: Vec<u32>, starts: Vec<u32> },
}

impl Default for Starts {
    fn default() -> Self {
        Self::Dense(Vec::new())
    }
}

/// With so many objects to a row, keeping places for those without costs more than it saves.
const SPARSE: usize = 6;

impl Adjacency {
    /// `edges` are key, neighbour and condition, in order and each pair once.
    pub(super) fn new(edges: &[(u32, u32, u32)]) -> Self {
        let Some((last, ..)) = edges.last() else {
            return Self::default();
        };
        let rows = edges.chunk_by(|(a, ..), (b, ..)| a == b);
        let filled = rows.clone().count();
        // Edges are counted in 32 bits: 4 billion of one relation are more than a memory has.
        let position = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let objects = *last as usize + 1;
        let starts = if objects <= filled.saturating_mul(SPARSE) {
            let mut starts = Vec::with_capacity(objects + 1);
            for (at, (key, ..)) in edges.iter().enumerate() {
                while starts.len() <= *key as usize {
                    starts.push(position(at));
                }
            }
            starts.push(position(edges.len()));
            Starts::Dense(starts)
        } else {
            let mut keys = Vec::with_capacity(filled);
            let mut starts = Vec::with_capacity(filled + 1);
            let mut at = 0;
            for row in rows {
                keys.push(row[0].0);
                starts.push(position(at));
                at += row.len();
            }
            starts.push(position(at));
            Starts::Sparse { keys, starts }
        };
        let conditional = edges.iter().any(|(.., condition)| *condition != 0);
        Self {
            starts,
            ids: edges.iter().map(|(_, id, _)| *id).collect(),
            conditions: if conditional {
                edges.iter().map(|(.., condition)| *condition).collect()
            } else {
                Vec::new()
            },
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether most objects have a row, of tuples that depend on nothing.
    pub(super) const fn is_plain(&self) -> bool {
        matches!(self.starts, Starts::Dense(_)) && self.conditions.is_empty()
    }

    pub(super) fn row(&self, key: u32) -> Row<'_> {
        let (starts, at) = match &self.starts {
            Starts::Dense(starts) => (starts, key as usize),
            Starts::Sparse { keys, starts } => match keys.binary_search(&key) {
                Ok(at) => (starts, at),
                Err(_) => return Row::default(),
            },
        };
        let Some([start, end]) = starts.get(at..at + 2) else {
            return Row::default();
        };
        let range = *start as usize..*end as usize;
        Row {
            ids: &self.ids[range.clone()],
            conditions: self.conditions.get(range).unwrap_or_default(),
        }
    }

    /// The objects that have a row, in order.
    pub(super) fn keys(&self) -> Vec<u32> {
        match &self.starts {
            Starts::Sparse { keys, .. } => keys.clone(),
            Starts::Dense(starts) => {
                let rows = (0_u32..).zip(starts.windows(2));
                let filled = rows.filter(|(_, bounds)| bounds[0] < bounds[1]);
                filled.map(|(key, _)| key).collect()
            }
        }
    }

    /// Bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        let starts = match &self.starts {
            Starts::Dense(starts) => starts.len(),
            Starts::Sparse { keys, starts } => keys.len() + starts.len(),
        };
        4 * (starts + self.ids.len() + self.conditions.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_whether_many_or_few_objects_have_one() {
        for spread in [1, 3, 1_000] {
            let edges: Vec<(u32, u32, u32)> = (0..100)
                .flat_map(|key| (0..key % 4).map(move |id| (key * spread, id * 2, key % 3)))
                .collect();
            let adjacency = Adjacency::new(&edges);
            for key in 0..100 * spread + 10 {
                let expected: Vec<_> = edges
                    .iter()
                    .filter(|(other, ..)| *other == key)
                    .map(|(_, id, condition)| (*id, *condition))
                    .collect();
                let found: Vec<_> = adjacency.row(key).iter().collect();
                assert_eq!(found, expected, "{key} of {spread}");
            }
        }
        assert!(Adjacency::new(&[]).row(0).is_empty());
    }
}
