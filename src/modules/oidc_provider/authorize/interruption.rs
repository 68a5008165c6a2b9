//! A page on the way from a request to its answer, where the person is asked something.

use axum::{
    http::{StatusCode, Uri},
    response::Response,
};

use super::{
    answer::redirect,
    next_step, opened, refuse,
    request::{self, AuthorizationRequest},
    resume,
    step::Step,
    unreadable,
};
use crate::modules::{
    Context, Problem,
    oidc_provider::flow::Flow,
    pages::{Link, Look, Reader, Trouble},
    parameters::Parameters,
    session::{Browser, SignedIn, Visitor},
};

/// What is asked, and whom.
pub(in crate::modules::oidc_provider) struct Interruption {
    pub(in crate::modules::oidc_provider) look: Look,
    pub(in crate::modules::oidc_provider) request: AuthorizationRequest,
    pub(in crate::modules::oidc_provider) person: SignedIn,
    /// Bound to this session: another one that begins here meanwhile does not find it answered.
    pub(in crate::modules::oidc_provider) flow: Flow,
    /// Where it goes on.
    pub(in crate::modules::oidc_provider) resume: String,
}

/// What `step` asks, if that is what comes next here; else what leads to where it goes on.
pub(in crate::modules::oidc_provider) async fn at(
    step: Step,
    context: &Context,
    browser: &Browser,
    reader: &Reader,
    visitor: Visitor,
    uri: &Uri,
) -> Result<Result<Interruption, Response>, Problem> {
    let Some(flow) = opened(context, uri.query().unwrap_or_default()) else {
        let look = reader.look(None, visitor.person.as_ref());
        return Ok(Err(unreadable(&look)));
    };
    let look = reader.look(flow.asked.ui_locales(), visitor.person.as_ref());
    let request = match request::check(&context.snapshot, &flow.asked) {
        Ok(request) => request,
        Err(refusal) => return Ok(Err(refuse(context, &look, &refusal))),
    };
    let resume = resume(context, &flow)?;
    let Some(person) = visitor.person.filter(|_| flow.bound_to == browser.id()) else {
        return Ok(Err(redirect(&resume)));
    };
    if next_step(context, &request, Some(&person), &flow).await? != step {
        return Ok(Err(redirect(&resume)));
    }
    Ok(Ok(Interruption {
        look,
        request,
        flow: Flow {
            bound_to: person.session_id.clone(),
            ..flow
        },
        person,
        resume,
    }))
}

/// An answer, and who gave it.
pub(in crate::modules::oidc_provider) struct Answered {
    pub(in crate::modules::oidc_provider) look: Look,
    /// Bound to the browser again.
    pub(in crate::modules::oidc_provider) flow: Flow,
    /// Whoever was asked; `None` if somebody else is signed in by now, or nobody.
    pub(in crate::modules::oidc_provider) person: Option<SignedIn>,
}

/// The answer in this form; a page for one whose flow is none of ours.
pub(in crate::modules::oidc_provider) fn answered(
    context: &Context,
    browser: &Browser,
    reader: &Reader,
    visitor: Visitor,
    form: &Parameters,
) -> Result<Answered, Box<Response>> {
    let sealed = form.get("flow").unwrap_or_default();
    let Some(flow) = Flow::open(&context.keyring, sealed) else {
        let look = reader.look(None, visitor.person.as_ref());
        return Err(Box::new(unreadable(&look)));
    };
    let look = reader.look(flow.asked.ui_locales(), visitor.person.as_ref());
    let was_asked = |person: &SignedIn| person.session_id == flow.bound_to;
    let person = visitor.person.filter(was_asked);
    Ok(Answered {
        look,
        flow: Flow {
            bound_to: browser.id().to_owned(),
            ..flow
        },
        person,
    })
}

/// The page in the place of an answer that does not count, with the way to `again`.
pub(in crate::modules::oidc_provider) fn stale(
    look: &Look,
    title: &str,
    message: &str,
    again: &str,
) -> Response {
    Trouble {
        look,
        title,
        message,
        detail: None,
        link: Some(Link {
            href: again,
            text: look.language.consent.again,
        }),
    }
    .show(StatusCode::FORBIDDEN)
}
