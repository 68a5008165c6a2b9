//! Starts assay, makes people and clients, and speaks OpenID Connect, so that a test reads like the
//! promise it checks and never builds a URL by hand.
//!
//! Every test has a database, a folder and a port of its own; tests run in parallel and leave
//! nothing behind.
#![allow(
    dead_code,
    unused_imports,
    unused_macros,
    reason = "the harness offers what black-box tests need, whether or not one uses it today"
)]

mod authenticator;
mod command;
mod database;
mod form;
mod html;
mod jwt;
mod logout_receiver;
mod mail_server;
mod mailbox;
mod mails;
mod manifests;
pub mod passkey;
mod port;
mod relying_party;
mod reply;
mod server;
mod tls_front;
mod upstream;
mod visitor;
mod webhook;

pub use authenticator::Authenticator;
pub use command::{Command, Output, binary};
pub use database::TestDb;
pub use form::Form;
pub use html::{Tag, tags};
pub use jwt::claims_of;
pub use logout_receiver::LogoutReceiver;
pub use mail_server::{CREDENTIALS, MailServer, Mood, Security};
pub use mailbox::{Mail, Mailbox, mails_in};
pub use mails::{LetterSeen, letter_to, letters_to};
pub use manifests::Manifests;
pub use passkey::SecurityKey;
pub use port::free_port;
pub use relying_party::{Authorization, ClientAuthentication, Registration, RelyingParty, Tokens};
pub use reply::{Reply, with_form};
pub use server::{ADMIN_KEY, Assay, Setup, User};
pub use tls_front::TlsFront;
pub use upstream::{
    Document, Signer, UPSTREAM_CLIENT, UPSTREAM_SECRET, Upstream, post_answer, seconds,
};
pub use visitor::{Arrival, Page, Visitor};
pub use webhook::{WEBHOOK_SECRET, WebhookReceiver};

/// Runs each of the named stories, `async fn(TestDb)`, on both databases: the tests are called
/// `story::on_sqlite` and `story::on_postgres`.
macro_rules! both_databases {
    ($($story:ident),+ $(,)?) => {$(
        mod $story {
            #[tokio::test]
            async fn on_sqlite() {
                super::$story($crate::harness::TestDb::sqlite()).await;
            }

            #[tokio::test]
            async fn on_postgres() {
                super::$story($crate::harness::TestDb::postgres().await).await;
            }
        }
    )+};
}
