//! Every text that a person sees, with what a translator has to know about it.

use super::Phrase;

macro_rules! texts {
    ($($(#[$about:meta])* $name:ident { $($(#[$text_about:meta])* $text:ident: $kind:ty,)* })*) => {
        $(
            $(#[$about])*
            #[derive(Clone, Copy, Debug)]
            #[cfg_attr(test, derive(serde::Serialize))]
            pub struct $name {
                $($(#[$text_about])* pub $text: $kind,)*
            }
        )*
    };
}

/// A text without a placeholder.
type Text = &'static str;

texts! {
    /// What several pages say.
    Common {
        /// `{person}` is an e-mail address.
        signed_in_as: Phrase,
        /// A link: leads to the sign-in page.
        other_account: Text,
        /// A button: the application may.
        allow: Text,
        /// A button: the application may not.
        deny: Text,
        /// A button or link: on to the next step.
        go_on: Text,
        /// A link to the page with the title `account.title`.
        open_account: Text,
        /// Above a technical message in English.
        for_developers: Text,
        /// A link under each page.
        support: Text,
        /// A link under each page.
        privacy: Text,
    }
    /// The page where people sign in.
    Login {
        /// The heading.
        title: Text,
        /// Under the heading, when an application waits for the sign-in.
        continue_to: Phrase,
        /// The label of a field.
        email: Text,
        /// The label of a field.
        password: Text,
        /// The button.
        submit: Text,
        /// Neither of the two is said to be the wrong one.
        wrong: Text,
        /// A field was left empty.
        incomplete: Text,
        /// The page was too old.
        stale: Text,
        /// The server has more sign-ins to do than it can.
        busy: Text,
        /// A heading: a service of the operator's does not let the person in.
        refused: Text,
        /// Under it, unless that service says something itself.
        refused_message: Text,
        /// Somebody guesses passwords: for this account, or where the person is.
        too_many: Text,
    }
    /// What people prove themselves with beside their password.
    SecondFactors {
        /// The heading of the page that asks for a code.
        title: Text,
        /// Under it; `{person}` is an e-mail address.
        signing_in_as: Phrase,
        /// Over the field.
        type_code: Text,
        /// The label of the field.
        code: Text,
        /// A box to tick under it; `{days}` is a number, 1 or more.
        remember: Phrase,
        /// Opens the field for a recovery code.
        no_authenticator: Text,
        /// The label of that field.
        recovery_code: Text,
        /// The code is wrong, too old, or was used before; it is not said which.
        wrong: Text,
        /// Somebody may be guessing codes.
        too_many: Text,
        /// The page was too old.
        stale: Text,
        /// The heading of the page where an authenticator app is set up, and the link to it.
        set_up: Text,
        /// Under the heading, when it was not the person's own idea.
        demanded: Text,
        /// Over the picture.
        scan: Text,
        /// What the picture is, for people who do not see it.
        picture: Text,
        /// Under the picture, before the secret as text.
        or_type: Text,
        /// Over the field for the first code.
        then_type: Text,
        /// `{time}` is a date with a time.
        later_until: Phrase,
        /// A button: not now.
        later: Text,
        /// A heading.
        recovery_codes: Text,
        /// Under it, over the codes.
        keep_codes: Text,
        /// A link under the codes, on to the next page.
        codes_kept: Text,
        /// The heading of the page where all of it is looked after, and the link to it.
        manage: Text,
        /// A heading on that page.
        authenticator: Text,
        /// Under it; `{time}` is a date with a time.
        set_up_at: Phrase,
        /// A button.
        remove: Text,
        /// A link: sets up another app in the place of this one.
        replace: Text,
        /// `{count}` is a number, also 0 or 1.
        codes_left: Phrase,
        /// A button: makes new codes.
        renew_codes: Text,
        /// Over a list of browsers.
        devices: Text,
        /// A button in that list.
        ask_again: Text,
        /// When there is no authenticator yet.
        why: Text,
    }
    /// Why a password cannot be chosen.
    PasswordRules {
        /// `{count}` is a number: so many characters are the least.
        too_short: Phrase,
        /// `{count}` is a number: so many characters are the most.
        too_long: Phrase,
        /// It has a character that no keyboard types.
        control: Text,
        /// The e-mail address or the name is in it.
        similar: Text,
        /// It is a common one, or short.
        guessable: Text,
        /// It is in a list of passwords that were stolen somewhere else.
        breached: Text,
    }
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
    /// An application wants the person to say which account it is to be.
    AccountChoice {
        /// The heading. Under it stands `login.continue_to`.
        title: Text,
        /// A button; `{person}` is an e-mail address.
        continue_as: Phrase,
        /// A heading: the answer cannot be taken.
        stale: Text,
        /// Under that heading.
        stale_message: Text,
    }
    /// After signing out.
    SignedOut {
        /// The heading.
        title: Text,
        /// Under it.
        message: Text,
        /// Under it, when the browser goes on by itself.
        going_back: Text,
        /// A link.
        sign_in_again: Text,
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
}
