//! SCIM 2.0: a company's directory makes, changes and deletes people and groups.

mod access;
mod filters;
mod groups;
mod patches;
mod people;
mod standing;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{ADMIN_KEY, Assay, Reply};

pub const USERS: &str = "/auth/scim/v2/Users";
pub const GROUPS: &str = "/auth/scim/v2/Groups";
pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// What a directory is answered.
pub async fn ask(assay: &Assay, method: Method, path: &str) -> Reply {
    Reply::to(assay.admin(method, path)).await
}

/// What a directory is answered to a body.
pub async fn send(assay: &Assay, method: Method, path: &str, body: &Value) -> Reply {
    let request = assay.request(method, path).bearer_auth(ADMIN_KEY);
    let request = request.header("content-type", "application/scim+json");
    Reply::to(request.body(body.to_string())).await
}

/// What a directory is answered to operations.
pub async fn patch(assay: &Assay, path: &str, operations: &Value) -> Reply {
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": operations,
    });
    send(assay, Method::PATCH, path, &body).await
}

/// Makes a person, and gives their id.
pub async fn person(assay: &Assay, user_name: &str, more: &Value) -> String {
    let mut body =
        json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": user_name });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    let made = send(assay, Method::POST, USERS, &body).await;
    made.expect_status(201).json()["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// Makes a group, and gives its id.
pub async fn group(assay: &Assay, name: &str, members: &[&str]) -> String {
    let members: Vec<Value> = members.iter().map(|id| json!({ "value": id })).collect();
    let body = json!({ "displayName": name, "members": members });
    let made = send(assay, Method::POST, GROUPS, &body).await;
    made.expect_status(201).json()["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// Refusals in the form of RFC 7644 3.12.
#[track_caller]
pub fn expect_refusal(reply: &Reply, status: u16, scim_type: Option<&str>) {
    assert_eq!(reply.status.as_u16(), status, "{reply:#?}");
    assert_eq!(reply.header("content-type"), Some("application/scim+json"));
    let body = reply.json();
    assert_eq!(
        body["schemas"],
        json!(["urn:ietf:params:scim:api:messages:2.0:Error"])
    );
    assert_eq!(body["status"], status.to_string(), "{reply:#?}");
    assert_eq!(body["scimType"].as_str(), scim_type, "{reply:#?}");
    assert!(body["detail"].is_string(), "{reply:#?}");
}

/// What a list has in this attribute.
pub fn all<'a>(list: &'a Value, attribute: &str) -> Vec<&'a str> {
    let resources = list["Resources"].as_array().unwrap();
    resources
        .iter()
        .map(|resource| resource[attribute].as_str().unwrap())
        .collect()
}

/// A path and a query.
pub fn query(path: &str, parameters: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(format!("{path}?"));
    // The serializer begins after what is there.
    for (name, value) in parameters {
        query.append_pair(name, value);
    }
    query.finish().replacen("?&", "?", 1)
}
