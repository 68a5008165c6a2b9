//! Texts of the pages on the way to an application and from it.

use super::Text;
use crate::modules::pages::languages::Phrase;

texts! {
    /// An application asks for a sign-in.
    Authorize {
        /// A heading: the application's request cannot be answered.
        refused: Text,
        /// Under it.
        refused_message: Text,
        /// A link under it, where it is known how the application begins a sign-in.
        way_back: Text,
        /// A heading: the address of the page is not one of ours.
        unreadable: Text,
        /// Under it.
        unreadable_message: Text,
        /// Seen for a moment, on the way back to the application.
        going_back: Text,
    }
    /// The question whether an application may see what it asks for.
    Consent {
        /// The heading.
        title: Text,
        /// Over a list of what it asks for, with the texts of `scopes`.
        asks: Phrase,
        /// Over a list of addresses: other servers that the application may use in the person's name.
        valid_at: Text,
        /// A warning: the application is here by its own doing.
        registered_itself: Text,
        /// `{host}` is where the browser goes after the answer.
        sent_to: Phrase,
        /// A link.
        policy: Text,
        /// A link.
        terms: Text,
        /// A heading: the answer cannot be taken.
        stale: Text,
        /// Under that heading.
        stale_message: Text,
        /// A link: shows the question anew.
        again: Text,
    }
    /// What an application may do; each goes on where `consent.asks` and `device.asks` end.
    ScopeMeanings {
        /// It learns that it is the same person each time.
        openid: Text,
        /// Name, picture, language and the like.
        profile: Text,
        /// The e-mail address.
        email: Text,
        /// The postal address.
        address: Text,
        /// The telephone number.
        phone: Text,
        /// Also while the person is not signed in.
        offline_access: Text,
    }
    /// What an application may see, claim by claim; each goes on like `scopes`.
    ClaimMeanings {
        /// The full name.
        name: Text,
        /// The first name.
        given_name: Text,
        /// The last name.
        family_name: Text,
        /// A further name between the two.
        middle_name: Text,
        /// What friends say.
        nickname: Text,
        /// The name by which the person goes in applications.
        preferred_username: Text,
        /// The page is on the web.
        profile: Text,
        /// A portrait, or what the person chose instead.
        picture: Text,
        /// The person's own.
        website: Text,
        /// As the person told it.
        gender: Text,
        /// Day, month, year, or the year alone.
        birthdate: Text,
        /// As in `Europe/Berlin`.
        zoneinfo: Text,
        /// The language the person reads.
        locale: Text,
        /// A date with a time.
        updated_at: Text,
    }
    /// A device without a keyboard, say a television, is connected to an account.
    Device {
        /// The heading of the page where the code is typed.
        title: Text,
        /// Over the field.
        type_it: Text,
        /// Over the field, when the code came with a link and is filled in.
        compare: Text,
        /// The label of the field.
        code: Text,
        /// The heading of the question.
        question: Text,
        /// Under the code, over a list of what the application asks for.
        asks: Phrase,
        /// Against people who talk others into typing a code of theirs.
        warning: Text,
        /// A heading, after the answer.
        allowed: Text,
        /// Under it.
        go_back: Text,
        /// A heading, after the answer.
        denied: Text,
        /// Under it.
        nothing: Text,
        /// The code is not known.
        wrong: Text,
        /// Somebody guesses codes.
        too_many: Text,
        /// The page was too old.
        stale: Text,
    }
    /// An application asks to sign the person out.
    Logout {
        /// The heading.
        title: Text,
        /// Under it.
        asks: Phrase,
        /// A button.
        sign_out: Text,
        /// A button.
        stay: Text,
        /// A heading: the application's request cannot be answered.
        refused: Text,
        /// Under it.
        refused_message: Text,
    }
}
