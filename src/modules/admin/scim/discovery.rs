//! What this service provider can do (RFC 7643 5 to 7, RFC 7644 4).

use axum::{
    Router,
    extract::{Path, State},
    http::{StatusCode, Uri},
    routing::get,
};
use serde_json::{Value, json};

use super::{
    PATH,
    answer::Answer,
    attribute::{Attribute, Kind, Mutability, Returned, Uniqueness},
    directory::Directory,
    error::ScimError,
    limits::{MAX_BODY, MAX_PAGE},
    schema::{RESOURCE_TYPES, ResourceType, Schema},
};
use crate::modules::{Context, Site};

pub(super) fn routes() -> Router<Context> {
    Router::new()
        .route("/auth/scim/v2/ServiceProviderConfig", get(configuration))
        .route("/auth/scim/v2/ResourceTypes", get(resource_types))
        .route("/auth/scim/v2/ResourceTypes/{id}", get(resource_type))
        .route("/auth/scim/v2/Schemas", get(schemas))
        .route("/auth/scim/v2/Schemas/{urn}", get(schema))
}

async fn configuration(_: Directory, State(context): State<Context>) -> Answer {
    let body = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": MAX_BODY },
        "filter": { "supported": true, "maxResults": MAX_PAGE },
        "changePassword": { "supported": true },
        "sort": { "supported": false },
        "etag": { "supported": true },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Admin key",
            "description": "An admin key that has the permission scim, in `Authorization: Bearer`",
            "specUri": "https://www.rfc-editor.org/rfc/rfc6750",
            "primary": true,
        }],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": at(&context.site, "/ServiceProviderConfig"),
        },
    });
    Answer::new(StatusCode::OK, body)
}

async fn resource_types(
    _: Directory,
    State(context): State<Context>,
    uri: Uri,
) -> Result<Answer, ScimError> {
    check_no_filter(&uri)?;
    let all = RESOURCE_TYPES.map(|resource| resource.document(&context.site));
    Ok(Answer::list(all.len(), 1, all.into()))
}

async fn resource_type(
    _: Directory,
    State(context): State<Context>,
    Path(id): Path<String>,
) -> Result<Answer, ScimError> {
    let found = RESOURCE_TYPES.iter().find(|resource| resource.name == id);
    let found = found.ok_or_else(|| ScimError::not_found("resource type"))?;
    Ok(Answer::new(StatusCode::OK, found.document(&context.site)))
}

async fn schemas(
    _: Directory,
    State(context): State<Context>,
    uri: Uri,
) -> Result<Answer, ScimError> {
    check_no_filter(&uri)?;
    let all: Vec<Value> = all_schemas()
        .map(|schema| schema.document(&context.site))
        .collect();
    Ok(Answer::list(all.len(), 1, all))
}

async fn schema(
    _: Directory,
    State(context): State<Context>,
    Path(urn): Path<String>,
) -> Result<Answer, ScimError> {
    let found = all_schemas().find(|schema| schema.urn.eq_ignore_ascii_case(&urn));
    let found = found.ok_or_else(|| ScimError::not_found("schema"))?;
    Ok(Answer::new(StatusCode::OK, found.document(&context.site)))
}

/// RFC 7644 4: a filter here is 403, so that nobody takes all for some.
fn check_no_filter(uri: &Uri) -> Result<(), ScimError> {
    let query = uri.query().unwrap_or_default();
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    if pairs.any(|(name, _)| name.eq_ignore_ascii_case("filter")) {
        let words = "schemas and resource types are not filtered";
        return Err(ScimError::plain(StatusCode::FORBIDDEN, words));
    }
    Ok(())
}

fn all_schemas() -> impl Iterator<Item = &'static Schema> {
    RESOURCE_TYPES
        .iter()
        .flat_map(|resource| [Some(resource.schema), resource.extension])
        .flatten()
}

fn at(site: &Site, path: &str) -> String {
    site.url(&format!("{PATH}{path}"))
}

impl ResourceType {
    fn document(&self, site: &Site) -> Value {
        let extensions: Vec<Value> = self
            .extension
            .iter()
            .map(|extension| json!({ "schema": extension.urn, "required": false }))
            .collect();
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
            "id": self.name,
            "name": self.name,
            "description": self.about,
            "endpoint": self.endpoint,
            "schema": self.schema.urn,
            "schemaExtensions": extensions,
            "meta": {
                "resourceType": "ResourceType",
                "location": at(site, &format!("/ResourceTypes/{}", self.name)),
            },
        })
    }
}

impl Schema {
    fn document(&self, site: &Site) -> Value {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
            "id": self.urn,
            "name": self.name,
            "description": self.about,
            "attributes": self.attributes.iter().map(Attribute::document).collect::<Vec<_>>(),
            "meta": {
                "resourceType": "Schema",
                "location": at(site, &format!("/Schemas/{}", self.urn)),
            },
        })
    }
}

impl Attribute {
    fn document(&self) -> Value {
        let mut document = json!({
            "name": self.name,
            "type": match self.kind {
                Kind::Text => "string",
                Kind::Flag => "boolean",
                Kind::Moment => "dateTime",
                Kind::Reference(_) => "reference",
                Kind::Complex(_) => "complex",
            },
            "multiValued": self.is_list,
            "description": self.about,
            "required": self.is_required,
            "caseExact": self.is_case_exact,
            "mutability": match self.mutability {
                Mutability::ReadWrite => "readWrite",
                Mutability::ReadOnly => "readOnly",
                Mutability::WriteOnly => "writeOnly",
            },
            "returned": match self.returned {
                Returned::Default => "default",
                Returned::Always => "always",
                Returned::Never => "never",
            },
            "uniqueness": match self.uniqueness {
                Uniqueness::None => "none",
                Uniqueness::Server => "server",
            },
        });
        if !self.suggested.is_empty() {
            document["canonicalValues"] = self.suggested.into();
        }
        match self.kind {
            Kind::Reference(types) => document["referenceTypes"] = types.into(),
            Kind::Complex(parts) => {
                document["subAttributes"] = parts.iter().map(Self::document).collect();
            }
            _ => {}
        }
        document
    }
}
