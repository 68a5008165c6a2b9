//! Does what was confirmed, in the transaction that used the confirmation up.

use axum::{http::StatusCode, response::Response};
use serde_json::json;

use super::EMAIL_PATH;
use crate::{
    clock::UnixMillis,
    modules::{
        Context, Problem,
        account::recovery::{Means, RECOVER_PATH},
        audit::{self, AuditEvent},
        confirmation::{self, Confirmation, NewConfirmation, Purpose},
        mail::{self, Letter, Recipient},
        pages::{Link, Look, Trouble},
        session::ReturnTo,
        sign_in::Arrival,
        user,
    },
    store::Tx,
};

/// Days within which the old address can be taken back.
const UNDO_DAYS: u32 = Purpose::EmailUndo.minutes() / (24 * 60);

pub(super) async fn carry_out(
    context: &Context,
    mut tx: Tx,
    purpose: Purpose,
    confirmed: &Confirmation,
    arrival: &Arrival,
    look: &Look,
    now: UnixMillis,
) -> Result<Response, Problem> {
    let (id, email) = (&confirmed.user_id, &confirmed.email);
    let action = match purpose {
        Purpose::EmailChange => {
            let Some(old) = user::change_email(&mut tx, id, email, now).await? else {
                tx.rollback().await?;
                return Ok(confirmation::gone(look, EMAIL_PATH));
            };
            tell_old_address(context, &mut tx, id, &old, email, look, now).await?;
            "user.change_email"
        }
        Purpose::EmailUndo => {
            if user::change_email(&mut tx, id, email, now).await?.is_none() {
                tx.rollback().await?;
                return Ok(confirmation::gone(look, EMAIL_PATH));
            }
            user::end_all(&mut tx, id, None, now).await?;
            confirmation::withdraw_all(&mut tx, id).await?;
            "user.undo_email"
        }
        Purpose::Verification | Purpose::Recovery => {
            user::verify_email(&mut tx, id, email, now).await?;
            "user.verify_email"
        }
    };
    let person = format!("user:{id}");
    let event = AuditEvent {
        actor: &person,
        action,
        subject: Some(&person),
        detail: json!({ "email": email }),
        ip: arrival.address.text(),
    };
    audit::record(&mut tx, event, now).await?;
    tx.commit().await?;
    context.mails.wake();
    context.logout_notices.wake();
    Ok(done(context, purpose, confirmed, look))
}

async fn tell_old_address(
    context: &Context,
    tx: &mut Tx,
    id: &str,
    old: &str,
    new: &str,
    look: &Look,
    now: UnixMillis,
) -> Result<(), Problem> {
    let undo = NewConfirmation {
        purpose: Purpose::EmailUndo,
        user_id: Some(id),
        email: old,
        return_to: &ReturnTo::account(),
    };
    let undo = confirmation::issue(tx, context, undo, now).await?;
    let to = Recipient {
        user_id: Some(id),
        email: old,
        language: look.language,
    };
    let letter = Letter::EmailChanged {
        link: undo.link.expose(),
        new_email: new,
        days: UNDO_DAYS,
    };
    Ok(mail::queue(tx, context, &to, letter, now).await?)
}

fn done(context: &Context, purpose: Purpose, confirmed: &Confirmation, look: &Look) -> Response {
    let texts = &look.language.email_address;
    let place = ReturnTo::wished(&context.site, Some(&confirmed.return_to));
    let go_on = Link {
        href: place.as_str(),
        text: look.language.common.go_on,
    };
    let (title, message, link) = match purpose {
        Purpose::EmailUndo => {
            let means = Means::of(context).ok();
            let recover = means.map(|means| Link {
                href: RECOVER_PATH,
                text: means.button(look.language),
            });
            (texts.undone, texts.undone_message, recover)
        }
        _ => (texts.confirmed, texts.confirmed_message, Some(go_on)),
    };
    Trouble {
        look,
        title,
        message,
        detail: None,
        link,
    }
    .show(StatusCode::OK)
}
