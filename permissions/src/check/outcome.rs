//! Yes, no, and what cannot be said yet.

/// In the order of truth, so that a union is the greatest and an intersection the least.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) enum Truth {
    No,
    Unknown,
    Has,
}

impl Truth {
    pub(crate) const fn negated(self) -> Self {
        match self {
            Self::No => Self::Has,
            Self::Unknown => Self::Unknown,
            Self::Has => Self::No,
        }
    }
}

/// What is known of a truth while its parts are still being worked out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Bounds {
    pub(super) low: Truth,
    pub(super) high: Truth,
}

impl Bounds {
    pub(super) const NO: Self = Self::exactly(Truth::No);
    pub(super) const HAS: Self = Self::exactly(Truth::Has);
    pub(super) const OPEN: Self = Self {
        low: Truth::No,
        high: Truth::Has,
    };

    pub(super) const fn exactly(truth: Truth) -> Self {
        Self {
            low: truth,
            high: truth,
        }
    }

    pub(super) fn decided(self) -> Option<Truth> {
        (self.low == self.high).then_some(self.low)
    }

    pub(super) fn or(self, other: Self) -> Self {
        Self {
            low: self.low.max(other.low),
            high: self.high.max(other.high),
        }
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self {
            low: self.low.min(other.low),
            high: self.high.min(other.high),
        }
    }

    pub(super) fn without(self, other: Self) -> Self {
        self.and(Self {
            low: other.high.negated(),
            high: other.low.negated(),
        })
    }
}
