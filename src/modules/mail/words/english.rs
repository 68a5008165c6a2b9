use assay_reconciler::spec::LetterKind;

use super::{LetterWords, Words, words};

pub(super) static ENGLISH: Words = Words {
    code: "Or type this code where you asked for it:",
    expires: "Both work once, within {{ minutes }} minutes.",
    address: "If the button does not work, open this address:",
    ignore: "If you did not ask for this, you need not do anything: nothing will change.",
    not_you: "If this was not you, change your password at once and look through your account: {{ account }}",
    sent_to: "This message was sent to {{ email }} by {{ product }}.",
    letter,
};

fn letter(kind: LetterKind) -> LetterWords {
    match kind {
        LetterKind::Verification => words(
            "Confirm your e-mail address",
            "Please confirm that {{ email }} is your address.",
            "Confirm address",
        ),
        LetterKind::Recovery => words(
            "Get back into your account",
            "Somebody, probably you, asked for a way back into the account of {{ email }} at {{ product }}. The link leads you there.",
            "Get back into my account",
        ),
        LetterKind::Registration => words(
            "Finish creating your account",
            "You are one step from your account at {{ product }}: confirm that {{ email }} is your address.",
            "Create account",
        ),
        LetterKind::AlreadyRegistered => words(
            "You already have an account",
            "Somebody, probably you, wanted to create an account at {{ product }} with {{ email }}. There is one already, so just sign in.",
            "Sign in",
        ),
        LetterKind::Invitation => words(
            "You are invited to {{ product }}",
            "You are invited to create an account at {{ product }}. The invitation is good for {{ days }} days.",
            "Accept invitation",
        ),
        LetterKind::EmailChange => words(
            "Confirm your new e-mail address",
            "Please confirm that {{ email }} is to be the address of your account at {{ product }}.",
            "Confirm new address",
        ),
        LetterKind::EmailChanged => words(
            "Your e-mail address was changed",
            "The address of your account at {{ product }} was changed to {{ newEmail }} ({{ time }}). If this was not you, undo it within {{ days }} days.",
            "Undo the change",
        ),
        LetterKind::NewDevice => words(
            "New sign-in to your account",
            "Somebody signed in to your account at {{ product }} from a browser you had not used before: {{ device }}, {{ place }} ({{ time }}).",
            "",
        ),
        LetterKind::PasswordChanged => words(
            "Your password was changed",
            "The password of your account at {{ product }} was changed ({{ time }}). Other browsers have been signed out.",
            "",
        ),
        LetterKind::PasskeyAdded => words(
            "A passkey was added",
            "The passkey \"{{ name }}\" was added to your account at {{ product }} ({{ time }}).",
            "",
        ),
        LetterKind::PasskeyRemoved => words(
            "A passkey was removed",
            "The passkey \"{{ name }}\" was removed from your account at {{ product }} ({{ time }}).",
            "",
        ),
        LetterKind::PasskeySuspected => words(
            "A passkey of yours may have been copied",
            "The passkey \"{{ name }}\" of your account at {{ product }} was used in a way that only a copy of it explains ({{ time }}). Nobody can sign in with it any more. Remove it, add a new one, and look through your account.",
            "See your passkeys",
        ),
        LetterKind::SecondFactorAdded => words(
            "Second factor switched on",
            "Signing in to your account at {{ product }} now also takes a code from your authenticator app ({{ time }}).",
            "",
        ),
        LetterKind::SecondFactorRemoved => words(
            "Second factor switched off",
            "Signing in to your account at {{ product }} no longer takes a second factor ({{ time }}).",
            "",
        ),
        LetterKind::RecoveryCodeUsed => words(
            "A recovery code was used",
            "One of your recovery codes was used to sign in at {{ product }} ({{ time }}). Codes left: {{ left }}.",
            "",
        ),
        LetterKind::RecoveryCodesMade => words(
            "New recovery codes",
            "New recovery codes were made for your account at {{ product }} ({{ time }}). Those you had before no longer work.",
            "",
        ),
        LetterKind::AccountLinked => words(
            "{{ provider }} was linked to your account",
            "You can now sign in to your account at {{ product }} with {{ provider }} ({{ time }}).",
            "",
        ),
        LetterKind::AccountUnlinked => words(
            "{{ provider }} was unlinked from your account",
            "You can no longer sign in to your account at {{ product }} with {{ provider }} ({{ time }}).",
            "",
        ),
        LetterKind::DeletionScheduled => words(
            "Your account will be deleted",
            "Your account at {{ product }} will be deleted in {{ days }} days, as was asked for on {{ time }}. Until then you can keep it.",
            "Keep the account",
        ),
        LetterKind::AccountDeleted => words(
            "Your account was deleted",
            "Your account at {{ product }} and everything known about you there were deleted ({{ time }}).",
            "",
        ),
    }
}
