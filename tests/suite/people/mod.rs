//! People and their groups: how they are found, and what clients learn of them.

mod attribute_schema;
mod bulk;
mod groups;
mod search;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Assay, Reply};

pub const USERS: &str = "/auth/admin/auth/users";
pub const GROUPS: &str = "/auth/admin/auth/groups";

/// What the admin API answers.
pub async fn ask(assay: &Assay, method: Method, path: &str) -> Reply {
    Reply::to(assay.admin(method, path)).await
}

/// What the admin API answers to a body.
pub async fn send(assay: &Assay, method: Method, path: &str, body: &Value) -> Reply {
    Reply::to(assay.admin(method, path).json(body)).await
}

/// Makes a person without a password, and gives their id.
pub async fn person(assay: &Assay, email: &str, more: &Value) -> String {
    let mut body = json!({ "email": email });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    let made = send(assay, Method::POST, USERS, &body).await;
    let made = made.expect_status(201).json();
    made["id"].as_str().unwrap().to_owned()
}

/// Makes a group, and gives its id.
pub async fn group(assay: &Assay, name: &str) -> String {
    let made = send(assay, Method::POST, GROUPS, &json!({ "name": name })).await;
    let made = made.expect_status(201).json();
    made["id"].as_str().unwrap().to_owned()
}

/// The members of this name in a list of objects.
pub fn all<'a>(list: &'a Value, member: &str) -> Vec<&'a str> {
    let list = list.as_array().unwrap();
    list.iter()
        .map(|item| item[member].as_str().unwrap())
        .collect()
}
