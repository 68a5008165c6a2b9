use super::{
    authorize::{self, RESUME_PATH, request},
    flow::Flow,
};
use crate::modules::{
    Context,
    session::{Browser, ReturnTo},
};
use assay_reconciler::spec::ModuleName;

/// The client for which somebody signs in, as far as the sign-in page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskingClient {
    /// Its name for people.
    pub name: String,
    /// Its picture.
    pub logo: Option<String>,
    /// Where the browser goes in the end.
    pub redirect_uri: String,
    /// Who is expected to sign in.
    pub login_hint: Option<String>,
    /// The languages that the client asks for.
    pub ui_locales: Option<String>,
}

/// The client that waits at this place; `None` if none does.
pub fn asking_client(context: &Context, place: &ReturnTo) -> Option<AskingClient> {
    if place.path() != RESUME_PATH || !context.snapshot.is_on(ModuleName::OidcProvider) {
        return None;
    }
    let flow = authorize::opened(context, place.query()?)?;
    let request = request::check(&context.snapshot, &flow.asked).ok()?;
    Some(AskingClient {
        name: request.client.shown_name().to_owned(),
        logo: request.client.logo().map(str::to_owned),
        redirect_uri: request.recipient.redirect_uri,
        login_hint: request.login_hint,
        ui_locales: flow.asked.ui_locales().map(str::to_owned),
    })
}

/// The place at which the client that waits at `place` goes on in this browser, where its person is about
/// to begin a session: they came by a letter, perhaps to another browser than the one that they left. The
/// session counts as fresh for the client. `None` if none waits there.
pub fn going_on_here(context: &Context, browser: &Browser, place: &ReturnTo) -> Option<ReturnTo> {
    if place.path() != RESUME_PATH || !context.snapshot.is_on(ModuleName::OidcProvider) {
        return None;
    }
    let flow = authorize::opened(context, place.query()?)?;
    let here = Flow::new(flow.asked, browser.id().to_owned(), context.clock.now());
    let address = authorize::resume(context, &here).ok()?;
    ReturnTo::parse(&context.site, &address)
}
