use askama::Template;
use axum::{http::StatusCode, response::Response};

use super::{Look, Policy, page};

/// A page that says what went wrong and what to do now.
#[derive(Template)]
#[template(path = "pages/templates/trouble.html")]
pub struct Trouble<'a> {
    /// How it is shown.
    pub look: &'a Look,
    /// What happened, in a few words.
    pub title: &'a str,
    /// A sentence or two for the person.
    pub message: &'a str,
    /// What the client's developer needs to know.
    pub detail: Option<&'a str>,
    /// The way out.
    pub link: Option<Link<'a>>,
}

/// A way on.
pub struct Link<'a> {
    /// Where it leads.
    pub href: &'a str,
    /// What it says.
    pub text: &'a str,
}

impl Trouble<'_> {
    /// The page.
    pub fn show(&self, status: StatusCode) -> Response {
        page(status, self, self.look, &Policy::strict())
    }
}
