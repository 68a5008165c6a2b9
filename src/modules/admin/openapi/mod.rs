//! What the admin API is, for those who write clients.

mod bulk;
mod deliveries;
mod groups;
mod schemas;
mod zanzibar;

use axum::{Json, Router, routing::get};
use serde_json::{Map, Value, json};

use self::schemas::{refer, schemas, text};
use crate::modules::Context;

/// One operation: what a client needs to know of it.
struct Operation {
    method: &'static str,
    path: &'static str,
    summary: &'static str,
    permission: &'static str,
    /// The schema of the body, by name.
    body: Option<&'static str>,
    /// The status of success, and the schema of the answer, by name.
    answer: (&'static str, Option<&'static str>),
    /// Names of parameters in the query.
    query: &'static [&'static str],
}

macro_rules! operations {
    ($name:ident: $($method:ident $path:literal $permission:literal ($($query:literal)*)
       $body:expr => $status:literal $answer:expr, $summary:literal;)*) => {
        pub(in crate::modules::admin::openapi) const $name: &[Operation] = &[$(Operation {
            method: stringify!($method),
            path: $path,
            summary: $summary,
            permission: $permission,
            body: $body,
            answer: ($status, $answer),
            query: &[$($query),*],
        }),*];
    };
}
use operations;

operations! {
    OPERATIONS:
    post "/auth/admin/reconcile/plan" "config.read" () Some("PlanRequest") => "200" Some("Plan"),
        "What would change if these manifests were applied";
    post "/auth/admin/reconcile/apply" "config.apply" () Some("ApplyRequest") => "200" Some("ApplyReply"),
        "Make manifests, or a saved plan, the configuration; answered once it is served";
    post "/auth/admin/reconcile/rollback" "config.apply" () Some("RollbackRequest") => "200" Some("ApplyReply"),
        "Make a new generation with the content of an earlier one";
    get "/auth/admin/reconcile/generations" "config.read" ("limit" "before") None => "200" Some("Generations"),
        "The generations there were, newest first";
    get "/auth/admin/reconcile/export" "config.read" ("set") None => "200" Some("Export"),
        "The configuration as manifests";
    get "/auth/admin/reconcile/status" "config.read" () None => "200" Some("Status"),
        "What is stored, and who serves it";
    get "/auth/admin/auth/modules" "config.read" () None => "200" Some("Modules"),
        "Every module, whether it is on, and whether this build has it";
    patch "/auth/admin/auth/modules" "config.apply" () Some("SwitchRequest") => "200" Some("ApplyReply"),
        "Switch modules on or off, all in one generation";
    get "/auth/admin/auth/users" "users.read" ("limit" "after" "email" "externalId" "state" "group" "search") None => "200" Some("Users"),
        "One page of people, oldest account first; those alone whose e-mail address, user name, name or external id begins with `search`, if given";
    post "/auth/admin/auth/users" "users.write" () Some("CreateUser") => "201" Some("User"),
        "Make an account";
    post "/auth/admin/auth/users/import" "users.write" ("dryRun" "update" "makeGroups") Some("PersonLine") => "200" Some("Imported"),
        "Make accounts of lines, one person each; 422 with what is wrong in `imported`, and nothing done from the batch on in which the first problem is";
    get "/auth/admin/auth/users/export" "users.read" ("after" "limit" "passwordHashes") None => "200" Some("PersonLine"),
        "Everybody as lines that can be imported, by id; `passwordHashes` needs the permission `users.export` too";
    get "/auth/admin/auth/users/{id}" "users.read" () None => "200" Some("User"),
        "One account";
    patch "/auth/admin/auth/users/{id}" "users.write" () Some("UpdateUser") => "200" Some("User"),
        "Change an account; disabling it ends its sessions";
    delete "/auth/admin/auth/users/{id}" "users.write" () None => "204" None,
        "Delete an account and all that hangs on it";
    put "/auth/admin/auth/users/{id}/password" "users.write" () Some("SetPassword") => "204" None,
        "Set another password and end all sessions";
    get "/auth/admin/auth/users/{id}/groups" "users.read" () None => "200" Some("GroupsOfUser"),
        "The groups that the user is in, by name";
    get "/auth/admin/auth/groups" "users.read" ("limit" "after" "name" "externalId" "search") None => "200" Some("Groups"),
        "One page of groups, oldest first; those alone whose name begins with `search`, if given";
    post "/auth/admin/auth/groups" "users.write" () Some("NewGroup") => "201" Some("Group"),
        "Make a group";
    get "/auth/admin/auth/groups/{id}" "users.read" () None => "200" Some("Group"),
        "One group";
    patch "/auth/admin/auth/groups/{id}" "users.write" () Some("UpdateGroup") => "200" Some("Group"),
        "Give a group another name or external id";
    delete "/auth/admin/auth/groups/{id}" "users.write" () None => "204" None,
        "Forget a group; the people in it stay";
    put "/auth/admin/auth/groups/{id}/members/{user}" "users.write" () None => "204" None,
        "Take a user into a group; who is in it is listed by users?group=";
    delete "/auth/admin/auth/groups/{id}/members/{user}" "users.write" () None => "204" None,
        "Take a user out of a group";
    get "/auth/admin/auth/users/{id}/consents" "users.read" () None => "200" Some("Consents"),
        "Which clients the user lets see or do something, by consent or by a sign-in that lives";
    delete "/auth/admin/auth/users/{id}/consents/{client}" "users.write" () None => "204" None,
        "Take back what the client of this name was given, and end its sign-ins and tokens for the user";
    get "/auth/admin/auth/users/{id}/passkeys" "users.read" () None => "200" Some("Passkeys"),
        "The passkeys of the user, the oldest first";
    delete "/auth/admin/auth/users/{id}/passkeys/{passkey}" "users.write" () None => "204" None,
        "Remove a passkey, also the last way of the user to sign in";
    get "/auth/admin/auth/users/{id}/second-factors" "users.read" () None => "200" Some("SecondFactors"),
        "What the user proves themselves with beside the password";
    delete "/auth/admin/auth/users/{id}/second-factors" "users.write" () None => "204" None,
        "Take the authenticator, recovery codes and remembered browsers from a user who has lost them, and end all sessions";
    get "/auth/admin/auth/users/{id}/upstream-tokens/{provider}" "tokens.read" () None => "200" Some("UpstreamToken"),
        "The access token that the upstream provider of this name gave for the user, refreshed if it has expired";
    get "/auth/admin/auth/sessions" "sessions.read" ("user") None => "200" Some("Sessions"),
        "The live sessions of the user with this id, the latest used first";
    delete "/auth/admin/auth/sessions/{id}" "sessions.write" () None => "204" None,
        "End a session, and what was granted in it except for offline use";
    get "/auth/admin/auth/audit" "audit.read" ("limit" "before" "user" "action") None => "200" Some("AuditEvents"),
        "What happened, newest first; by or to the user with this id, if given";
    get "/auth/admin/auth/oidc-clients" "config.read" ("limit" "after") None => "200" Some("Configured"),
        "The clients, by name; changed by applying manifests";
    get "/auth/admin/auth/oidc-clients/{id}" "config.read" () None => "200" Some("ConfiguredObject"),
        "The client of this name";
    get "/auth/admin/auth/scopes" "config.read" ("limit" "after") None => "200" Some("Configured"),
        "The scopes, by name; changed by applying manifests";
    get "/auth/admin/auth/scopes/{id}" "config.read" () None => "200" Some("ConfiguredObject"),
        "The scope of this name";
    get "/auth/admin/auth/themes" "config.read" ("limit" "after") None => "200" Some("Configured"),
        "The themes, by name; changed by applying manifests";
    get "/auth/admin/auth/themes/{id}" "config.read" () None => "200" Some("ConfiguredObject"),
        "The theme of this name";
    get "/auth/admin/auth/upstream" "config.read" ("limit" "after") None => "200" Some("Configured"),
        "The upstream providers, by name; changed by applying manifests";
    get "/auth/admin/auth/upstream/{id}" "config.read" () None => "200" Some("ConfiguredObject"),
        "The upstream provider of this name";
    get "/auth/admin/auth/webhooks" "config.read" ("limit" "after") None => "200" Some("Configured"),
        "The webhooks, by name; changed by applying manifests";
    get "/auth/admin/auth/webhooks/{id}" "config.read" () None => "200" Some("ConfiguredObject"),
        "The webhook of this name";
    get "/auth/admin/auth/mail-templates" "config.read" ("limit" "after") None => "200" Some("Configured"),
        "The words of letters, by name; changed by applying manifests";
    get "/auth/admin/auth/mail-templates/{id}" "config.read" () None => "200" Some("ConfiguredObject"),
        "The words of the letter of this name";
    get "/auth/admin/logout-notices" "sessions.read" ("state" "limit") None => "200" Some("LogoutNotices"),
        "Clients that could not be told of a logout: those still tried (state=pending), or given up (state=failed)";
    get "/auth/admin/webhook-deliveries" "audit.read" ("state" "limit") None => "200" Some("WebhookDeliveries"),
        "What webhooks could not be told: what is still tried (state=pending), or given up (state=failed)";
    get "/auth/admin/auth/mails" "users.read" ("state" "limit") None => "200" Some("Mails"),
        "Mails, the newest first, without what they say: those still tried (state=pending), delivered, or given up (state=failed)";
    post "/auth/admin/auth/mails/{id}/resend" "users.write" () None => "204" None,
        "Deliver a mail once more; its links are no longer good for that";
    get "/auth/admin/auth/registration-tokens" "config.read" () None => "200" Some("RegistrationTokens"),
        "Initial access tokens with which clients can register themselves";
    post "/auth/admin/auth/registration-tokens" "config.apply" () Some("NewRegistrationToken") => "201" Some("RegistrationToken"),
        "Make an initial access token, which is shown this once";
    delete "/auth/admin/auth/registration-tokens/{id}" "config.apply" () None => "204" None,
        "Take an initial access token out of use; clients that came with it stay";
    get "/auth/admin/auth/invitations" "users.read" () None => "200" Some("Invitations"),
        "The invitations that can be accepted, the newest first";
    post "/auth/admin/auth/invitations" "users.write" () Some("NewInvitation") => "201" Some("Invitation"),
        "Invite somebody to create an account, by a letter or by a link that is shown this once";
    delete "/auth/admin/auth/invitations/{id}" "users.write" () None => "204" None,
        "Take an invitation back; accounts that came of it stay";
    get "/auth/admin/auth/jwks" "keys.read" () None => "200" Some("SigningKeys"),
        "The keys that sign tokens, and those that only verify";
    post "/auth/admin/auth/jwks/rotate" "keys.rotate" () None => "200" Some("RotatedKeys"),
        "Put a new key in the place of each active one";
    get "/auth/admin/auth/biscuit/keys" "keys.read" () None => "200" Some("RootKeys"),
        "The keys that sign biscuits, the one that signs first";
    post "/auth/admin/auth/biscuit/keys/rotate" "keys.rotate" () None => "200" Some("RotatedKeys"),
        "Put a new key in the place of the one that signs; tokens that it signed stay valid for `maxTokenTtl`";
    delete "/auth/admin/auth/biscuit/keys/{id}" "keys.rotate" () None => "204" None,
        "Forget a retired key at once: tokens that it signed are good for nothing any more";
}

/// The document (OpenAPI 3.1).
fn document() -> Value {
    let mut paths = Map::new();
    for operation in OPERATIONS.iter().chain(zanzibar::OPERATIONS) {
        let path = paths
            .entry(operation.path)
            .or_insert_with(|| Value::Object(Map::new()));
        path[operation.method] = described(operation);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "assay admin API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Each operation names the permission that the admin key needs. SCIM 2.0 is at /auth/scim/v2, and describes itself at /auth/scim/v2/Schemas.",
        },
        "security": [{ "adminKey": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "adminKey": { "type": "http", "scheme": "bearer" } },
            "schemas": schemas(),
        },
    })
}

fn described(operation: &Operation) -> Value {
    let in_query = operation
        .query
        .iter()
        .map(|name| json!({ "name": name, "in": "query", "schema": { "type": parameter(operation, name) } }));
    let in_path = ["id", "client", "user"]
        .into_iter()
        .filter(|name| operation.path.contains(&format!("{{{name}}}")))
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": text() }));
    let (status, answer) = operation.answer;
    let mut described = json!({
        "summary": operation.summary,
        "x-permission": operation.permission,
        "parameters": in_path.chain(in_query).collect::<Vec<_>>(),
        "responses": {
            status: { "description": "Done" },
            "default": {
                "description": "A problem document (RFC 9457)",
                "content": { "application/problem+json": { "schema": refer("Problem") } },
            },
        },
    });
    if let Some(name) = answer {
        described["responses"][status]["content"] =
            json!({ media_type(name): { "schema": refer(name) } });
    }
    if let Some(name) = operation.body {
        described["requestBody"] = json!({
            "required": true,
            "content": { media_type(name): { "schema": refer(name) } },
        });
    }
    described
}

/// Lines have the schema of each.
fn media_type(schema: &str) -> &'static str {
    match schema {
        "PersonLine" | "Tuple" => "application/x-ndjson",
        _ => "application/json",
    }
}

fn parameter(operation: &Operation, name: &str) -> &'static str {
    match name {
        // Generations are numbered.
        "before" if operation.path.ends_with("/generations") => "integer",
        "limit" => "integer",
        "dryRun" | "update" | "makeGroups" | "passwordHashes" | "all" => "boolean",
        _ => "string",
    }
}

pub(in crate::modules::admin) fn routes() -> Router<Context> {
    // Anybody may know what the API is; nothing in it is of this installation.
    Router::new().route(
        "/auth/admin/openapi.json",
        get(|| async { Json(document()) }),
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document();
        let text = document.to_string();
        for reference in text.split("#/components/schemas/").skip(1) {
            let name = reference.split('"').next().unwrap();
            assert!(
                document["components"]["schemas"][name].is_object(),
                "{name}"
            );
        }
    }
}
