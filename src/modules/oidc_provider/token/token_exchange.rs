use std::sync::Arc;

use assay_reconciler::spec::oidc_client::{ClientType, GrantType, TokenExchange};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::{
    super::{
        access_token::{self, Living},
        error::{ErrorCode, OAuthError, ascii},
        grant::LiveGrant,
        id_token, presented,
        resource::Resources,
        scope::Scopes,
        subject,
    },
    TokenRequest, hooks,
    response::{self, Exchanged},
};
use crate::{
    clock::UnixMillis,
    generation::Client,
    modules::{
        Context,
        audit::{self, AuditEvent},
        biscuit::{self, Desk, Issued, Person, Refused},
        hooks::Happening,
        jwt::Audience,
        parameters::Parameters,
    },
};

/// An access token, as RFC 8693 3 names it.
pub(super) const ACCESS_TOKEN_TYPE: &str = "urn:ietf:params:oauth:token-type:access_token";
/// An ID token.
const ID_TOKEN_TYPE: &str = "urn:ietf:params:oauth:token-type:id_token";

/// A biscuit. Nobody has given it a name.
const BISCUIT_TYPE: &str = "urn:assay:token-type:biscuit";

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    AccessToken,
    Biscuit,
}

/// Most actors one behind the other: each makes the token longer.
const MAX_ACTORS: usize = 5;

/// RFC 8693 2.2.2: also a token that is not taken makes the *request* invalid.
fn invalid(description: impl Into<std::borrow::Cow<'static, str>>) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidRequest, description)
}

/// `grant_type=urn:ietf:params:oauth:grant-type:token-exchange` (RFC 8693 2). One commit, for the audit.
pub(super) async fn exchange(asked: &TokenRequest<'_>) -> Result<Response, OAuthError> {
    let TokenRequest {
        context,
        client,
        form,
        ..
    } = *asked;
    let policy = policy(client)?;
    let wanted = Wanted::of(policy, form)?;
    let audience = audience(policy, form)?;
    let now = context.clock.now();
    let subject = subject(context, policy, form, now).await?;
    let actor = actor(context, client, form, now).await?;
    if actor.is_none() && !policy.impersonation {
        return Err(invalid(
            "this client may not act without saying who acts: send an actor_token",
        ));
    }
    let scopes = scopes(client, &subject, form.get("scope"))?;
    let ends_at = actor
        .as_ref()
        .map_or(subject.exp, |actor| actor.exp.min(subject.exp));
    let act = act(actor.as_ref(), subject.act)?;
    let mut actor_gids = subject.actor_gids;
    actor_gids.extend(actor.and_then(|actor| actor.gid));

    let scope = scopes.to_string();
    let happening = Happening::Token {
        client: &client.name,
        user_id: Some(&subject.grant.user_id),
        grant_type: GrantType::TokenExchange.name(),
        scope: Some(&scope),
    };
    hooks::before(context, &happening).await?;

    let by = format!("client:{}", client.name);
    let person = format!("user:{}", subject.grant.user_id);
    let event = AuditEvent {
        actor: &by,
        action: "oidc.token_exchanged",
        subject: Some(&person),
        detail: json!({
            "of": subject.client.name,
            "grant": subject.grant.id,
            "audience": audience,
            "scope": scopes.to_string(),
            "act": act,
        }),
        ip: None,
    };
    if wanted == Wanted::Biscuit {
        let biscuit = Biscuit {
            user_id: &subject.grant.user_id,
            audience: &audience,
            scopes: &scopes,
            act: act.as_ref(),
            ends_at: UnixMillis::from_seconds(ends_at),
        };
        let issued = biscuit.make(asked).await?;
        let mut tx = context.store.begin().await?;
        audit::record(&mut tx, event, now).await?;
        let user_id = Some(subject.grant.user_id.as_str());
        asked.tell(&mut tx, user_id, &scope, now).await?;
        tx.commit().await?;
        let life = (issued.expires_at.as_seconds() - now.as_seconds()).max(0);
        return Ok(
            response::of_biscuit(issued.token, life.unsigned_abs(), &scopes).into_response(),
        );
    }
    let exchanged = Exchanged {
        grant: &subject.grant,
        audience: audience.clone(),
        scopes: &scopes,
        act: act.clone(),
        actor_gids,
        ends_at,
    };
    let claims = response::exchanged_claims(asked, exchanged)?;
    let expires_at = claims.exp;
    let mut tx = context.store.begin().await?;
    let access_token = access_token::make(&mut tx, context, client, claims).await?;
    audit::record(&mut tx, event, now).await?;
    let user_id = Some(subject.grant.user_id.as_str());
    asked.tell(&mut tx, user_id, &scope, now).await?;
    tx.commit().await?;
    Ok(response::of_exchange(asked, access_token, &scopes, expires_at)?.into_response())
}

fn policy(client: &Client) -> Result<&TokenExchange, OAuthError> {
    let refused = |what: &'static str| OAuthError::new(ErrorCode::UnauthorizedClient, what);
    // Anybody could be a public client.
    if client.spec.client_type == ClientType::Public {
        return Err(refused("a public client cannot exchange tokens"));
    }
    let policy = client.spec.token_exchange.as_ref();
    policy.ok_or_else(|| refused("nothing says which tokens this client may exchange"))
}

impl Wanted {
    fn of(policy: &TokenExchange, form: &Parameters) -> Result<Self, OAuthError> {
        match form.get("requested_token_type") {
            None | Some(ACCESS_TOKEN_TYPE) => Ok(Self::AccessToken),
            Some(BISCUIT_TYPE) if policy.biscuits => Ok(Self::Biscuit),
            Some(_) => Err(invalid(
                "requested_token_type: this client is not given such tokens for others",
            )),
        }
    }
}

/// What a biscuit says of an exchange, beside what is granted to the person.
struct Biscuit<'a> {
    user_id: &'a str,
    audience: &'a Audience,
    scopes: &'a Scopes,
    act: Option<&'a Value>,
    ends_at: UnixMillis,
}

impl Biscuit<'_> {
    async fn make(&self, asked: &TokenRequest<'_>) -> Result<Issued, OAuthError> {
        let TokenRequest {
            context, client, ..
        } = *asked;
        let person = Person::find(&context.store, self.user_id).await?;
        let person =
            person.ok_or_else(|| invalid("the subject_token is not a living token of a person"))?;
        let actors = std::iter::successors(self.act, |act| act.get("act"));
        let actors = actors.filter_map(|act| act["sub"].as_str().map(str::to_owned));
        let mut says = vec![("client", client.name.clone())];
        says.extend(actors.map(|actor| ("actor", actor)));
        says.extend(
            self.audience
                .iter()
                .map(|audience| ("audience", audience.to_owned())),
        );
        says.extend(self.scopes.iter().map(|scope| ("scope", scope.to_owned())));
        biscuit::made_in_exchange(&Desk::from(context), &person, &says, self.ends_at).map_err(
            |refused| match refused {
                Refused::NotGranted(_) => invalid("nothing is granted to this person in biscuits"),
                Refused::Token(_) => {
                    invalid("what is granted to this person does not fit into a biscuit")
                }
                refused => OAuthError::internal(&refused),
            },
        )
    }
}

/// Whom the new token is for: those that the policy names, and the only one if none is asked for.
fn audience(policy: &TokenExchange, form: &Parameters) -> Result<Audience, OAuthError> {
    let refused = |what: String| OAuthError::new(ErrorCode::InvalidTarget, what);
    let mut asked = Resources::named_in(form).map_err(refused)?.into_set();
    asked.extend(form.get("audience").map(str::to_owned));
    if asked.is_empty() {
        let mut allowed = policy.audiences.iter();
        if let (Some(only), None) = (allowed.next(), allowed.next()) {
            return Ok(Audience::one(only));
        }
        let what = "say whom the token is for: audience or resource is missing";
        return Err(refused(what.to_owned()));
    }
    if asked.is_subset(&policy.audiences) {
        Ok(Audience::all(asked))
    } else {
        let what = "this client may not get tokens for this audience";
        Err(refused(what.to_owned()))
    }
}

/// The person that the new token is about, and what it can rest on.
struct Subject {
    grant: LiveGrant,
    /// The client whose token was shown.
    client: Arc<Client>,
    scopes: Scopes,
    exp: i64,
    act: Option<Value>,
    /// The grants of those people who act already.
    actor_gids: Vec<String>,
}

async fn subject(
    context: &Context,
    policy: &TokenExchange,
    form: &Parameters,
    now: UnixMillis,
) -> Result<Subject, OAuthError> {
    let Some(token) = form.get("subject_token") else {
        return Err(invalid("the request has no subject_token"));
    };
    let refused = || invalid("the subject_token is not a living token of a person");
    let shown = match form.get("subject_token_type") {
        Some(ACCESS_TOKEN_TYPE) => {
            let living = access_token::living(context, token, now).await?;
            let Living {
                claims,
                client,
                grant,
            } = living.ok_or_else(refused)?;
            let grant = grant.ok_or_else(refused)?;
            Subject {
                client,
                scopes: Scopes::parse(claims.scope.as_deref().unwrap_or_default()),
                exp: claims.exp,
                act: claims.act,
                actor_gids: claims
                    .exchange
                    .map(|exchange| exchange.actor_gids)
                    .unwrap_or_default(),
                grant,
            }
        }
        Some(ID_TOKEN_TYPE) => {
            let basis = id_token::shown(context, token, now).ok_or_else(refused)?;
            let grant = presented::living(context, &basis.gid, now).await?;
            let grant = grant.ok_or_else(refused)?;
            Subject {
                client: presented::client_of(context, &grant)
                    .cloned()
                    .ok_or_else(refused)?,
                scopes: Scopes::parse(&grant.scope),
                exp: basis.exp,
                act: None,
                actor_gids: Vec::new(),
                grant,
            }
        }
        Some(_) => {
            return Err(invalid(
                "subject_token_type is neither access_token nor id_token",
            ));
        }
        None => return Err(invalid("the request has no subject_token_type")),
    };
    if policy.subjects.contains(&shown.client.name) {
        Ok(shown)
    } else {
        Err(invalid(
            "this client may not exchange tokens of that client",
        ))
    }
}

/// Who acts for the person.
struct Actor {
    sub: String,
    exp: i64,
    /// The grant of a person who acts. A client that acts by itself has none.
    gid: Option<String>,
}

/// The actor, who must have their token from this client: nobody acts who did not come to it.
async fn actor(
    context: &Context,
    client: &Client,
    form: &Parameters,
    now: UnixMillis,
) -> Result<Option<Actor>, OAuthError> {
    let refused = || invalid("the actor_token is not a living token of this client");
    let token = match (form.get("actor_token"), form.get("actor_token_type")) {
        (None, None) => return Ok(None),
        (None, Some(_)) => return Err(invalid("actor_token_type without actor_token")),
        (Some(_), None) => return Err(invalid("the request has no actor_token_type")),
        (Some(token), Some(ACCESS_TOKEN_TYPE)) => token,
        (Some(token), Some(ID_TOKEN_TYPE)) => {
            let basis = id_token::shown(context, token, now).ok_or_else(refused)?;
            let grant = presented::live_grant(context, client, &basis.gid, now).await?;
            let grant = grant.ok_or_else(refused)?;
            return Ok(Some(Actor {
                sub: subject::of(&context.keyring, client, &grant.user_id),
                exp: basis.exp,
                gid: Some(basis.gid),
            }));
        }
        (Some(_), Some(_)) => {
            return Err(invalid(
                "actor_token_type is neither access_token nor id_token",
            ));
        }
    };
    let living = access_token::living(context, token, now).await?;
    let Living { claims, grant, .. } = living
        // A token that says that somebody acts is nobody's own.
        .filter(|living| living.claims.exchange.is_none() && living.client.uid == client.uid)
        .ok_or_else(refused)?;
    Ok(Some(Actor {
        sub: claims.sub,
        exp: claims.exp,
        gid: grant.map(|grant| grant.id),
    }))
}

/// RFC 8693 4.1: the actor, and within it those who acted before. They are never left out.
fn act(actor: Option<&Actor>, before: Option<Value>) -> Result<Option<Value>, OAuthError> {
    let Some(actor) = actor else {
        return Ok(before);
    };
    let mut act = json!({ "sub": actor.sub });
    if let Some(before) = before {
        if actors(&before) >= MAX_ACTORS {
            return Err(invalid(
                "too many act for this person, one behind the other",
            ));
        }
        act["act"] = before;
    }
    Ok(Some(act))
}

fn actors(act: &Value) -> usize {
    std::iter::successors(Some(act), |act| act.get("act")).count()
}

/// What was asked for; everything that is left, if nothing was. Never more than the token shown allows,
/// nor than its client or this one may have.
fn scopes(client: &Client, subject: &Subject, asked: Option<&str>) -> Result<Scopes, OAuthError> {
    let mut allowed = subject
        .scopes
        .within(&subject.client.spec.scopes)
        .within(&client.spec.scopes);
    // There is no refresh token, and so nothing to do while the person is away.
    allowed.remove("offline_access");
    let Some(asked) = asked else {
        return Ok(allowed);
    };
    let asked = Scopes::parse(asked);
    if let Some(scope) = asked.iter().find(|scope| !allowed.contains(scope)) {
        return Err(OAuthError::new(
            ErrorCode::InvalidScope,
            format!("the scope {} is not to be had for this token", ascii(scope)),
        ));
    }
    Ok(asked)
}
