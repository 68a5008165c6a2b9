//! The attributes of people and groups: one table, from which schemas, filters, changes and answers are made.

use super::attribute::{Attribute, Kind, named};

pub(super) const USER_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub(super) const GROUP_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
pub(super) const ENTERPRISE_SCHEMA: &str =
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// Attributes with a name of their own.
#[derive(Debug)]
pub(super) struct Schema {
    pub(super) urn: &'static str,
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) attributes: &'static [Attribute],
}

/// What there can be one of.
#[derive(Debug)]
pub(super) struct ResourceType {
    pub(super) name: &'static str,
    /// Under which path, beginning with `/`.
    pub(super) endpoint: &'static str,
    pub(super) about: &'static str,
    pub(super) schema: &'static Schema,
    pub(super) extension: Option<&'static Schema>,
}

pub(super) static USER: ResourceType = ResourceType {
    name: "User",
    endpoint: "/Users",
    about: "People with an account",
    schema: &Schema {
        urn: USER_SCHEMA,
        name: "User",
        about: "A person with an account",
        attributes: USER_ATTRIBUTES,
    },
    extension: Some(&Schema {
        urn: ENTERPRISE_SCHEMA,
        name: "EnterpriseUser",
        about: "What an organisation knows of a person",
        attributes: ENTERPRISE_ATTRIBUTES,
    }),
};

pub(super) static GROUP: ResourceType = ResourceType {
    name: "Group",
    endpoint: "/Groups",
    about: "Groups of people",
    schema: &Schema {
        urn: GROUP_SCHEMA,
        name: "Group",
        about: "People with something in common",
        attributes: GROUP_ATTRIBUTES,
    },
    extension: None,
};

/// In the order in which they are found together.
pub(super) static RESOURCE_TYPES: [&ResourceType; 2] = [&USER, &GROUP];

/// What every resource has (RFC 7643 3.1); not in any schema.
const COMMON_ATTRIBUTES: &[Attribute] = &[
    Attribute::of("schemas", Kind::Reference(&["uri"]), "What it is made of")
        .list()
        .case_exact()
        .read_only()
        .always(),
    Attribute::text("id", "Made once, never given to another")
        .case_exact()
        .read_only()
        .always(),
    Attribute::text("externalId", "What the directory calls it").case_exact(),
    Attribute::of("meta", Kind::Complex(META), "About the resource itself").read_only(),
];

const META: &[Attribute] = &[
    Attribute::text("resourceType", "User or Group")
        .case_exact()
        .read_only(),
    Attribute::of("created", Kind::Moment, "When it was made").read_only(),
    Attribute::of("lastModified", Kind::Moment, "When it was changed last").read_only(),
    Attribute::of("location", Kind::Reference(&["uri"]), "Where it is")
        .case_exact()
        .read_only(),
    Attribute::text("version", "Another one after each change")
        .case_exact()
        .read_only(),
];

const USER_ATTRIBUTES: &[Attribute] = &[
    Attribute::text("userName", "What the directory calls the person")
        .required()
        .unique(),
    Attribute::of("name", Kind::Complex(NAME), "The parts of the name"),
    Attribute::text("displayName", "The name as it is shown: the claim name"),
    Attribute::text("nickName", "The claim nickname"),
    Attribute::of(
        "profileUrl",
        Kind::Reference(&["external"]),
        "The claim profile",
    ),
    Attribute::text("title", "What the person is called at work"),
    Attribute::text("userType", "As in Employee or Contractor"),
    Attribute::text(
        "preferredLanguage",
        "The claim locale, if there is no locale",
    ),
    Attribute::text("locale", "The claim locale, as in de or pt-BR"),
    Attribute::text("timezone", "The claim zoneinfo, as in Europe/London"),
    Attribute::of(
        "active",
        Kind::Flag,
        "Whether the account may be used, true unless said; false ends all sessions",
    )
    .required(),
    Attribute::text("password", "Another password").secret(),
    Attribute::of(
        "emails",
        Kind::Complex(EMAIL),
        "The one address of the account",
    )
    .list()
    .required(),
    Attribute::of("phoneNumbers", Kind::Complex(PHONE_NUMBER), "Telephones").list(),
    Attribute::of("photos", Kind::Complex(PHOTO), "Pictures").list(),
    Attribute::of("addresses", Kind::Complex(ADDRESS), "Postal addresses").list(),
    Attribute::of(
        "groups",
        Kind::Complex(GROUP_OF_USER),
        "The groups the person is in; changed by changing the groups",
    )
    .list()
    .read_only(),
];

const NAME: &[Attribute] = &[
    Attribute::text("formatted", "The whole name"),
    Attribute::text("familyName", "The claim family_name"),
    Attribute::text("givenName", "The claim given_name"),
    Attribute::text("middleName", "The claim middle_name"),
    Attribute::text("honorificPrefix", "As in Dr."),
    Attribute::text("honorificSuffix", "As in III"),
];

const PRIMARY: Attribute = Attribute::of("primary", Kind::Flag, "Whether it is the first to take");

const EMAIL: &[Attribute] = &[
    Attribute::text("value", "The address").required(),
    Attribute::text("display", "How it is shown"),
    Attribute::text("type", "What it is for").suggests(&["work", "home", "other"]),
    PRIMARY,
];

const PHONE_NUMBER: &[Attribute] = &[
    Attribute::text("value", "The number"),
    Attribute::text("display", "How it is shown"),
    Attribute::text("type", "What it is for")
        .suggests(&["work", "home", "mobile", "fax", "pager", "other"]),
    PRIMARY,
];

const PHOTO: &[Attribute] = &[
    Attribute::of("value", Kind::Reference(&["external"]), "The picture").case_exact(),
    Attribute::text("display", "How it is shown"),
    Attribute::text("type", "What it is").suggests(&["photo", "thumbnail"]),
    PRIMARY,
];

const ADDRESS: &[Attribute] = &[
    Attribute::text("formatted", "All of it, in lines"),
    Attribute::text("streetAddress", "Street and number"),
    Attribute::text("locality", "City"),
    Attribute::text("region", "State or region"),
    Attribute::text("postalCode", "Postal code"),
    Attribute::text("country", "Country, as in GB"),
    Attribute::text("type", "What it is for").suggests(&["work", "home", "other"]),
    PRIMARY,
];

const GROUP_OF_USER: &[Attribute] = &[
    Attribute::text("value", "The id of the group")
        .case_exact()
        .read_only(),
    Attribute::of("$ref", Kind::Reference(&["Group"]), "Where the group is")
        .case_exact()
        .read_only(),
    Attribute::text("display", "What the group is called").read_only(),
    Attribute::text("type", "Always direct")
        .suggests(&["direct"])
        .read_only(),
];

const ENTERPRISE_ATTRIBUTES: &[Attribute] = &[
    Attribute::text("employeeNumber", "The attribute employee_number"),
    Attribute::text("costCenter", "The attribute cost_center"),
    Attribute::text("organization", "The attribute organization"),
    Attribute::text("division", "The attribute division"),
    Attribute::text("department", "The attribute department"),
    Attribute::of(
        "manager",
        Kind::Complex(MANAGER),
        "The attribute manager has the value",
    ),
];

const MANAGER: &[Attribute] = &[
    Attribute::text("value", "The id of the manager").case_exact(),
    Attribute::of("$ref", Kind::Reference(&["User"]), "Where the manager is").case_exact(),
];

const GROUP_ATTRIBUTES: &[Attribute] = &[
    Attribute::text("displayName", "What the claim groups says")
        .required()
        .unique(),
    Attribute::of("members", Kind::Complex(MEMBER), "Who is in it").list(),
];

const MEMBER: &[Attribute] = &[
    Attribute::text("value", "The id of the person").case_exact(),
    Attribute::of("$ref", Kind::Reference(&["User"]), "Where the person is").case_exact(),
    Attribute::text("type", "Always User").suggests(&["User"]),
];

impl ResourceType {
    /// The attribute of this name in the schema, or of this schema, whatever its case.
    pub(super) fn attribute(
        &self,
        schema: Option<&str>,
        name: &str,
    ) -> Option<(Option<&'static Schema>, &'static Attribute)> {
        let is_core = schema.is_none_or(|urn| urn.eq_ignore_ascii_case(self.schema.urn));
        if is_core {
            return named(self.schema.attributes, name)
                .or_else(|| named(COMMON_ATTRIBUTES, name))
                .map(|attribute| (None, attribute));
        }
        let extension = self.extension_of(schema?)?;
        named(extension.attributes, name).map(|attribute| (Some(extension), attribute))
    }

    /// The extension of this name, whatever its case.
    pub(super) fn extension_of(&self, urn: &str) -> Option<&'static Schema> {
        self.extension
            .filter(|extension| extension.urn.eq_ignore_ascii_case(urn))
    }
}
