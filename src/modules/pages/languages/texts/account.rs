//! Texts of the pages where people look after their account.

use super::Text;
use crate::modules::pages::languages::Phrase;

texts! {
    /// The page of one's own account.
    Account {
        /// The heading.
        title: Text,
        /// A button.
        sign_out: Text,
        /// Over a list of browsers.
        sessions: Text,
        /// In that list: the browser that shows the page.
        this_one: Text,
        /// In that list.
        unknown_browser: Text,
        /// In that list; `{time}` is a date with a time.
        last_used: Phrase,
        /// A button in that list: ends the sign-in of that browser.
        end: Text,
        /// A button under the list.
        end_others: Text,
        /// Over a list of applications.
        access: Text,
        /// In that list, under what the application may do, with the texts of `scopes` and `claims`.
        access_since: Phrase,
        /// A button in that list.
        withdraw: Text,
        /// A heading: the page from which something was asked was too old.
        stale: Text,
        /// Under that heading.
        stale_message: Text,
    }
    /// The pages on which people change or leave their account.
    SelfService {
        /// A link, and the heading of the page.
        profile: Text,
        /// A button.
        save: Text,
        /// After saving.
        saved: Text,
        /// On the page of a profile that people cannot change themselves.
        nothing_to_tell: Text,
        /// A link, a heading and a button.
        change_password: Text,
        /// The same, for somebody who has none.
        set_password: Text,
        /// The label of a field.
        old_password: Text,
        /// The label of a field.
        new_password: Text,
        /// Over the button that sets the password.
        others_signed_out: Text,
        /// Why the page is shown again.
        wrong_password: Text,
        /// After the password was changed.
        password_changed: Text,
        /// A link, a heading and a button.
        export: Text,
        /// Under that heading.
        export_note: Text,
        /// A link, a heading and a button.
        delete: Text,
        /// Under that heading.
        delete_note: Text,
        /// `{days}` is a number.
        delete_after: Phrase,
        /// In its place, when there is no way back.
        delete_now: Text,
        /// The label of a field.
        type_email: Phrase,
        /// Why the page is shown again.
        other_email: Text,
        /// A heading.
        deleted: Text,
        /// Under it.
        deleted_message: Text,
        /// A heading.
        scheduled: Text,
        /// Under it; `{time}` is a date with a time.
        scheduled_for: Phrase,
        /// A button.
        keep: Text,
        /// A heading.
        kept: Text,
        /// Under it.
        kept_message: Text,
        /// Between a browser and a system, as in "Firefox on Linux".
        on: Text,
    }
    /// Labels of fields (OpenID Connect Core 5.1).
    ProfileFields {
        /// The whole name, as it is written.
        name: Text,
        /// The first or given name.
        given_name: Text,
        /// The middle name.
        middle_name: Text,
        /// The surname.
        family_name: Text,
        /// What friends say.
        nickname: Text,
        /// The name somebody goes by.
        preferred_username: Text,
        /// Any text.
        gender: Text,
        /// The date of birth.
        birthdate: Text,
        /// The language somebody reads.
        locale: Text,
        /// As in "Europe/London".
        zoneinfo: Text,
        /// The phone number.
        phone_number: Text,
        /// The web address of a picture.
        picture: Text,
        /// The web address of a page about the person.
        profile: Text,
        /// The web address of their own site.
        website: Text,
        /// Street and house number.
        street_address: Text,
        /// The town.
        locality: Text,
        /// State or province.
        region: Text,
        /// The postal code.
        postal_code: Text,
        /// The country.
        country: Text,
        /// After a label: the field may stay empty.
        optional: Text,
    }
    /// The e-mail address of the account.
    EmailAddress {
        /// The heading, and a link to the page.
        title: Text,
        /// The address was not shown to be the person's yet.
        unconfirmed: Text,
        /// The button under that.
        send: Text,
        /// The heading over the field for another address, and its label.
        new: Text,
        /// Under that heading.
        explain: Text,
        /// The button.
        change: Text,
        /// The other address is the one that the account has.
        same: Text,
        /// A heading and its button: the address in the letter is the person's.
        confirm: Text,
        /// Under that heading, over the address.
        confirm_message: Text,
        /// A heading, afterwards.
        confirmed: Text,
        /// Under it.
        confirmed_message: Text,
        /// A heading and its button: the account is to have its old address again.
        undo: Text,
        /// Under that heading, over the old address.
        undo_message: Text,
        /// A heading, afterwards.
        undone: Text,
        /// Under it.
        undone_message: Text,
    }
}
