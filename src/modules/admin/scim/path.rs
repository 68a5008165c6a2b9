//! How attributes are named in filters, changes and lists (RFC 7644 3.10).

use std::fmt;

use super::{
    attribute::{Attribute, Returned},
    schema::{ResourceType, Schema},
};

/// `userName`, `name.givenName`, or either after the name of a schema and a colon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AttributePath {
    schema: Option<String>,
    name: String,
    part: Option<String>,
}

/// An attribute that there is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target {
    /// In which extension it is, if in any.
    pub(super) extension: Option<&'static Schema>,
    pub(super) attribute: &'static Attribute,
    pub(super) part: Option<&'static Attribute>,
}

/// What a path leads to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// All of an extension.
    Extension(&'static Schema),
    Attribute(Target),
}

impl AttributePath {
    /// Reads one; `None` if it is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (schema, rest) = match text.rsplit_once(':') {
            Some((schema, rest)) => (Some(schema), rest),
            None => (None, text),
        };
        let is_schema = |urn: &str| {
            urn.starts_with(|c: char| c.is_ascii_alphabetic())
                && urn
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b":.-_".contains(&byte))
        };
        if schema.is_some_and(|urn| !is_schema(urn)) {
            return None;
        }
        let (name, part) = match rest.split_once('.') {
            Some((name, part)) => (name, Some(part)),
            None => (rest, None),
        };
        if !is_name(name) || part.is_some_and(|part| !is_name(part)) {
            return None;
        }
        Some(Self {
            schema: schema.map(str::to_owned),
            name: name.to_owned(),
            part: part.map(str::to_owned),
        })
    }

    /// What it names among the attributes of a resource.
    pub(super) fn among(&self, resource: &ResourceType) -> Option<Target> {
        let (extension, attribute) = resource.attribute(self.schema.as_deref(), &self.name)?;
        let part = match &self.part {
            None => None,
            Some(part) => Some(attribute.part(part)?),
        };
        Some(Target {
            extension,
            attribute,
            part,
        })
    }

    /// What it names among the parts of an attribute.
    pub(super) fn within(&self, attribute: &Attribute) -> Option<Target> {
        let is_plain = self.schema.is_none() && self.part.is_none();
        let part = attribute.part(&self.name).filter(|_| is_plain)?;
        Some(Target {
            extension: None,
            attribute: part,
            part: None,
        })
    }
}

impl Target {
    /// The attribute that its values are of.
    pub(super) fn last(self) -> &'static Attribute {
        self.part.unwrap_or(self.attribute)
    }

    /// Whether its values are for nobody to see, and so not to be guessed by filters either.
    pub(super) fn is_secret(self) -> bool {
        self.attribute.returned == Returned::Never
    }
}

impl Place {
    /// Where a path without a filter leads in a resource.
    pub(super) fn find(resource: &ResourceType, text: &str) -> Option<Self> {
        if let Some(extension) = resource.extension_of(text) {
            return Some(Self::Extension(extension));
        }
        AttributePath::parse(text)?
            .among(resource)
            .map(Self::Attribute)
    }
}

fn is_name(text: &str) -> bool {
    let text = text.strip_prefix('$').unwrap_or(text);
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

impl fmt::Display for AttributePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schema) = &self.schema {
            write!(f, "{schema}:")?;
        }
        f.write_str(&self.name)?;
        match &self.part {
            Some(part) => write!(f, ".{part}"),
            None => Ok(()),
        }
    }
}
