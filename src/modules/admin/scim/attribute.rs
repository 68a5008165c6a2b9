//! What an attribute is (RFC 7643 2), as the tables in `schema.rs` say it.

/// An attribute of a resource, or a part of one.
#[derive(Debug)]
pub(super) struct Attribute {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// For whoever reads the schema.
    pub(super) about: &'static str,
    /// Whether it is a list of values.
    pub(super) is_list: bool,
    pub(super) is_required: bool,
    /// Whether values that differ in upper and lower case alone differ.
    pub(super) is_case_exact: bool,
    pub(super) mutability: Mutability,
    pub(super) returned: Returned,
    pub(super) uniqueness: Uniqueness,
    /// Values that are common (`canonicalValues`); others are taken too.
    pub(super) suggested: &'static [&'static str],
}

/// What its values are.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Text,
    Flag,
    Moment,
    /// A URL of one of these.
    Reference(&'static [&'static str]),
    /// An object of these.
    Complex(&'static [Attribute]),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mutability {
    ReadWrite,
    ReadOnly,
    WriteOnly,
}

/// Whether two resources can have the same value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Uniqueness {
    None,
    /// Not here.
    Server,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Returned {
    Default,
    Always,
    Never,
}

impl Attribute {
    pub(super) const fn of(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Self {
            name,
            kind,
            about,
            is_list: false,
            is_required: false,
            is_case_exact: false,
            mutability: Mutability::ReadWrite,
            returned: Returned::Default,
            uniqueness: Uniqueness::None,
            suggested: &[],
        }
    }

    pub(super) const fn text(name: &'static str, about: &'static str) -> Self {
        Self::of(name, Kind::Text, about)
    }

    pub(super) const fn list(mut self) -> Self {
        self.is_list = true;
        self
    }

    pub(super) const fn required(mut self) -> Self {
        self.is_required = true;
        self
    }

    pub(super) const fn case_exact(mut self) -> Self {
        self.is_case_exact = true;
        self
    }

    pub(super) const fn unique(mut self) -> Self {
        self.uniqueness = Uniqueness::Server;
        self
    }

    pub(super) const fn read_only(mut self) -> Self {
        self.mutability = Mutability::ReadOnly;
        self
    }

    pub(super) const fn always(mut self) -> Self {
        self.returned = Returned::Always;
        self
    }

    /// Taken and never shown.
    pub(super) const fn secret(mut self) -> Self {
        self.mutability = Mutability::WriteOnly;
        self.returned = Returned::Never;
        self
    }

    pub(super) const fn suggests(mut self, values: &'static [&'static str]) -> Self {
        self.suggested = values;
        self
    }

    /// Its parts; none if it is simple.
    pub(super) const fn parts(&self) -> &'static [Attribute] {
        match self.kind {
            Kind::Complex(parts) => parts,
            _ => &[],
        }
    }

    /// The part of this name, whatever its case (RFC 7643 2.1).
    pub(super) fn part(&self, name: &str) -> Option<&'static Attribute> {
        named(self.parts(), name)
    }
}

/// The attribute of this name, whatever its case.
pub(super) fn named(attributes: &'static [Attribute], name: &str) -> Option<&'static Attribute> {
    attributes
        .iter()
        .find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}
