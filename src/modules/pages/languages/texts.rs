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
        /// A button beside the field for the code.
        use_passkey: Text,
        /// On the page where second factors are looked after, before a link to the passkeys.
        passkeys_count: Text,
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
    /// The pages on which people create an account.
    Registration {
        /// The heading, a link on the sign-in page, and a button.
        title: Text,
        /// Under the heading.
        intro: Text,
        /// A link to the sign-in page.
        have_one: Text,
        /// A heading: a message was sent.
        sent: Text,
        /// Under it; `{email}` is an e-mail address.
        sent_to: Phrase,
        /// The label of a field.
        code: Text,
        /// A link: to have another message sent.
        again: Text,
        /// Why the page is shown again.
        wrong_code: Text,
        /// Too much was tried.
        too_many: Text,
        /// A heading: the address is confirmed, a password and the name are still missing.
        finish: Text,
        /// Under it; `{email}` is an e-mail address.
        finish_for: Phrase,
        /// The label of a field.
        password: Text,
        /// Under the field; `{count}` is a number.
        short_password: Phrase,
        /// A button under the form, where passkeys can be made.
        with_passkey: Text,
        /// What was entered is no e-mail address.
        bad_email: Text,
        /// `{domains}` is a list such as "example.com, example.org".
        other_domain: Phrase,
        /// `{field}` is a label of `profile_fields`.
        missing: Phrase,
        /// `{field}` is a label of `profile_fields`.
        bad_field: Phrase,
        /// The page was too old.
        stale: Text,
        /// A heading: nobody can create an account.
        closed: Text,
        /// Under it.
        closed_message: Text,
        /// A heading: only invited people can.
        invited_only: Text,
        /// Under it.
        invited_only_message: Text,
        /// A heading: the link was used, or is too old.
        gone: Text,
        /// Under it.
        gone_message: Text,
        /// A heading: there is an account of this address.
        exists: Text,
        /// Under it.
        exists_message: Text,
        /// A heading: the account cannot be used yet.
        waiting: Text,
        /// Under it.
        waiting_message: Text,
        /// A heading: the account cannot be used any more.
        disabled: Text,
        /// Under it.
        disabled_message: Text,
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
    /// A link and a code were sent by mail.
    Confirmation {
        /// A heading.
        sent: Text,
        /// Under it, when it is known that a letter was sent.
        sent_message: Text,
        /// The label of the field for the code.
        code: Text,
        /// The code is not the one of the letter.
        wrong: Text,
        /// A heading: the link confirms nothing any more.
        gone: Text,
        /// Under it.
        gone_message: Text,
        /// A link: asks for a further letter.
        again: Text,
        /// A heading: somebody asks for letters or tries codes too often.
        too_many: Text,
        /// Under it.
        too_many_message: Text,
        /// The page was too old.
        stale: Text,
    }
    /// The way back for somebody who has forgotten their password.
    Recovery {
        /// A link on the sign-in page, and the heading of the page that it leads to.
        title: Text,
        /// Under that heading.
        explain: Text,
        /// The button.
        send: Text,
        /// There is no e-mail address in the field.
        no_address: Text,
        /// Under `confirmation.sent`: whether there is an account is not said.
        sent_message: Text,
        /// The label of a field.
        new_password: Text,
        /// Over that field and the address of the account.
        choose: Text,
        /// The button, and the heading over it.
        set: Text,
        /// A heading.
        done: Text,
        /// Under it.
        done_message: Text,
        /// In the place of `title`, where there are passkeys and no passwords.
        title_passkey: Text,
        /// In the place of `explain`.
        explain_passkey: Text,
        /// In the place of `sent_message`.
        sent_message_passkey: Text,
        /// In the place of `choose`, over the address of the account.
        get_into: Text,
        /// In the place of `set`.
        get_in: Text,
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
    /// Signing in by an account elsewhere. `{provider}` is the name of where that is.
    Upstream {
        /// A button on the sign-in page.
        continue_with: Phrase,
        /// A heading: the sign-in came to nothing. Under it stands one of the texts that follow.
        failed: Text,
        /// The answer belongs to no sign-in that was begun in this browser.
        stale: Text,
        /// No answer came.
        unreachable: Phrase,
        /// An answer came that cannot be believed.
        refused: Phrase,
        /// The operator lets others in.
        not_allowed: Phrase,
        /// There is an account of the same e-mail address.
        exists: Text,
        /// There is no account.
        no_account: Phrase,
        /// An account would need an e-mail address.
        no_email: Phrase,
        /// The account cannot be used.
        closed: Text,
        /// The account elsewhere belongs to another account here.
        linked_elsewhere: Phrase,
        /// A link to the sign-in page.
        again: Text,
        /// The heading of a question.
        link_title: Phrase,
        /// Under it; `{account}` is the name or address of the account elsewhere.
        link_message: Phrase,
        /// A button.
        link: Text,
        /// A button: not that.
        leave: Text,
        /// A heading, and a link to its page: over a list of accounts elsewhere.
        linked: Text,
        /// In the place of the list.
        none_linked: Text,
        /// In the list; `{time}` is a date with a time.
        linked_since: Phrase,
        /// A button in the list.
        unlink: Text,
        /// A button under the list.
        link_another: Phrase,
        /// Why the last of the list stays.
        last_way: Text,
    }
    /// Where people look after their passkeys, and where they sign in with one. A passkey is a key in a
    /// phone, a computer or a security key; platforms have a word of their own for it in each language.
    Passkeys {
        /// The heading, and the link to the page.
        title: Text,
        /// Under the heading: what a passkey is good for.
        about: Text,
        /// Instead of the list.
        none: Text,
        /// The label of a field: what a passkey is called.
        name: Text,
        /// What a passkey is called without a name.
        unnamed: Text,
        /// A button.
        add: Text,
        /// A button, beside the name.
        rename: Text,
        /// A button.
        remove: Text,
        /// `{time}` is a date and time.
        added: Phrase,
        /// `{time}` is a date and time.
        last_used: Phrase,
        /// Instead of `last_used`.
        never_used: Text,
        /// The passkey is copied to the person's other devices.
        backed_up: Text,
        /// Two devices use the same passkey, one of them perhaps a thief's.
        suspected: Text,
        /// The last passkey of somebody without a password cannot be removed.
        only_way: Text,
        /// Shown where scripts are off.
        needs_script: Text,
        /// The device or the person did not want to.
        failed: Text,
        /// This device has one already.
        already: Text,
        /// The operator lets in other models only.
        not_allowed: Text,
        /// A button on the sign-in page.
        sign_in: Text,
        /// On the sign-in page.
        sign_in_failed: Text,
    }
}
