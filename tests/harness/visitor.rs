//! Someone at a browser without script: keeps cookies, follows redirects, fills in forms.

use std::collections::BTreeMap;

use reqwest::header::{
    ACCEPT_LANGUAGE, CONTENT_TYPE, COOKIE, LOCATION, ORIGIN, SET_COOKIE, USER_AGENT,
};
use reqwest::{Method, RequestBuilder, Url};
use serde_json::Value;

use super::html::{Tag, tags};
use super::reply::with_form;
use super::{Form, Reply, User};

/// More redirects in a row than any flow has.
const REDIRECT_LIMIT: usize = 10;

/// A browser's worth of cookies, and a person to press the buttons.
pub struct Visitor {
    http: reqwest::Client,
    /// By name alone: every test has one host, and a path narrower than it is nothing a test relies on.
    pub cookies: BTreeMap<String, String>,
    languages: Option<String>,
    forwarded_for: Option<String>,
    user_agent: Option<String>,
}

/// A page that was shown.
#[derive(Clone, Debug)]
pub struct Page {
    pub url: Url,
    pub reply: Reply,
}

/// Where following links and redirects has led.
#[derive(Clone, Debug)]
pub enum Arrival {
    /// A page of the provider.
    Page(Page),
    /// A URL elsewhere, which was not opened: back at the client.
    Left(Url),
}

impl Page {
    #[track_caller]
    pub fn expect_status(&self, status: u16) -> &Self {
        assert_eq!(self.reply.status.as_u16(), status, "{self:#?}");
        self
    }

    /// The form with this field; panics if the page has none.
    #[track_caller]
    pub fn form_with(&self, field: &str) -> Form {
        self.forms()
            .into_iter()
            .find(|form| form.has_field(field))
            .unwrap_or_else(|| panic!("no form with a field {field}: {self:#?}"))
    }

    /// The form with this button; panics if the page has none.
    #[track_caller]
    pub fn form_with_button(&self, button: &str) -> Form {
        self.forms()
            .into_iter()
            .find(|form| form.buttons.iter().any(|(name, _)| name == button))
            .unwrap_or_else(|| panic!("no form with a button {button}: {self:#?}"))
    }

    pub fn forms(&self) -> Vec<Form> {
        Form::all(&self.reply.body, &self.url)
    }

    /// The page's tags of this name.
    pub fn tags(&self, name: &str) -> Vec<Tag> {
        let mut tags = tags(&self.reply.body);
        tags.retain(|tag| tag.name == name);
        tags
    }

    fn asks_for_a_password(&self) -> bool {
        self.forms().iter().any(|form| form.has_field("password"))
    }
}

impl Arrival {
    #[track_caller]
    pub fn page(self) -> Page {
        match self {
            Self::Page(page) => page,
            Self::Left(url) => panic!("a page expected, but was sent to {url}"),
        }
    }

    #[track_caller]
    pub fn left(self) -> Url {
        match self {
            Self::Left(url) => url,
            Self::Page(page) => panic!("a redirect to the client expected, but got {page:#?}"),
        }
    }
}

impl Visitor {
    pub(super) fn new(http: reqwest::Client) -> Self {
        Self {
            http,
            cookies: BTreeMap::new(),
            languages: None,
            forwarded_for: None,
            user_agent: None,
        }
    }

    /// Their browser asks for these languages from now on.
    pub fn reading(mut self, languages: &str) -> Self {
        self.languages = Some(languages.to_owned());
        self
    }

    /// A proxy in between says that they are at this address.
    pub fn forwarded_for(mut self, address: &str) -> Self {
        self.forwarded_for = Some(address.to_owned());
        self
    }

    /// Their browser says this of itself from now on.
    pub fn calling_itself(mut self, user_agent: &str) -> Self {
        self.user_agent = Some(user_agent.to_owned());
        self
    }

    /// Follows a link.
    pub async fn open(&mut self, url: &Url) -> Arrival {
        let request = self.http.get(url.clone());
        self.follow(url, request).await
    }

    /// Sends a form of the page.
    pub async fn submit(&mut self, form: &Form) -> Arrival {
        let request = if form.method == Method::POST {
            let request = self
                .http
                .post(form.action.clone())
                .header(ORIGIN, form.action.origin().ascii_serialization())
                .header("sec-fetch-site", "same-origin");
            with_form(request, &form.fields)
        } else {
            self.http.get(form.action.clone()).query(&form.fields)
        };
        self.follow(&form.action, request).await
    }

    /// What a script on a page of ours sends.
    pub async fn post_json(&mut self, url: &Url, body: &Value) -> Reply {
        let mut request = self
            .http
            .post(url.clone())
            .header(ORIGIN, url.origin().ascii_serialization())
            .header("sec-fetch-site", "same-origin")
            .header(CONTENT_TYPE, "application/json")
            .header(COOKIE, self.cookie_header())
            .body(body.to_string());
        if let Some(address) = &self.forwarded_for {
            request = request.header("x-forwarded-for", address);
        }
        let reply = Reply::to(request).await;
        self.remember(&reply);
        reply
    }

    /// Signs in with a password, to no client.
    pub async fn sign_in_here(&mut self, login: &Url, user: &User) -> Page {
        let page = self.open(login).await.page();
        let form = page
            .form_with("password")
            .fill("email", &user.email)
            .fill("password", &user.password);
        self.submit(&form).await.page()
    }

    /// Opens the URL, signs in if asked to, allows what is asked for, and returns where it led back to.
    pub async fn sign_in(&mut self, url: &Url, user: &User) -> Url {
        let mut arrival = self.open(url).await;
        let mut has_signed_in = false;
        loop {
            let page = match arrival {
                Arrival::Left(url) => return url,
                Arrival::Page(page) => page,
            };
            let form = if page.asks_for_a_password() {
                assert!(!has_signed_in, "the password was refused: {page:#?}");
                has_signed_in = true;
                page.form_with("password")
                    .fill("email", &user.email)
                    .fill("password", &user.password)
            } else {
                page.form_with_button("decision").press("decision", "allow")
            };
            arrival = self.submit(&form).await;
        }
    }

    async fn follow(&mut self, from: &Url, request: RequestBuilder) -> Arrival {
        let mut url = from.clone();
        let mut request = request;
        for _ in 0..REDIRECT_LIMIT {
            if let Some(languages) = &self.languages {
                request = request.header(ACCEPT_LANGUAGE, languages);
            }
            if let Some(address) = &self.forwarded_for {
                request = request.header("x-forwarded-for", address);
            }
            if let Some(user_agent) = &self.user_agent {
                request = request.header(USER_AGENT, user_agent);
            }
            let reply = Reply::to(request.header(COOKIE, self.cookie_header())).await;
            self.remember(&reply);
            if !reply.status.is_redirection() {
                return Arrival::Page(Page { url, reply });
            }
            let location = reply.header(LOCATION.as_str()).expect("a place to go to");
            let next = url.join(location).expect("a URL");
            if next.origin() != url.origin() {
                return Arrival::Left(next);
            }
            // RFC 9700 section 4.12: 307 would send a password on to where it does not belong.
            assert!(
                matches!(reply.status.as_u16(), 302 | 303),
                "a redirect that may repeat the form: {reply:#?}"
            );
            request = self.http.get(next.clone());
            url = next;
        }
        panic!("redirected in a circle, last to {url}");
    }

    fn cookie_header(&self) -> String {
        let pairs: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    fn remember(&mut self, reply: &Reply) {
        for cookie in reply.headers.get_all(SET_COOKIE) {
            let cookie = cookie.to_str().expect("a cookie of ASCII");
            let mut parts = cookie.split(';').map(str::trim);
            let (name, value) = parts
                .next()
                .and_then(|pair| pair.split_once('='))
                .expect("a name and a value");
            if parts.any(|attribute| attribute.eq_ignore_ascii_case("max-age=0")) {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}
