//! Texts of the pages where people sign in, join, and get back in.

use super::Text;
use crate::modules::pages::languages::Phrase;

texts! {
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
}
